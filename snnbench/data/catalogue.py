"""The named data sets: what each is, where it lies, and how it is loaded and checked."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from snnbench.data import cifar, idx, synthetic
from snnbench.data.check import Report, checked, differences
from snnbench.data.dataset import PIXEL_SCALE, Dataset, Part
from snnbench.data.sources import SOURCES, Found, data_folders, find, missing
from snnbench.errors import UserError
from snnbench.words.datasets import DATASETS, DataSet

BUILT_IN = "built in"


@dataclass(frozen=True)
class DatasetInfo:
    """A data set and where its data are: a folder, "built in", or None if they are missing."""

    entry: DataSet
    location: str | None


def load_dataset(name: str, **settings: Any) -> Dataset:
    """Load a data set by name.

    Args:
        name: a row of `DATASETS`.
        settings: those that the row uses, as `data_dir` (a folder to look in before SNNBENCH_DATA
            and the cache), or `data_file`, `target`, `test_fraction` and `test_samples` of a
            `table`; None stands for not given.

    Raises:
        UserError: unknown name, missing, damaged or wrong files, a setting that has no effect on
            this data set.
    """
    row = DATASETS.find(name)
    for setting, value in settings.items():
        if value is not None and setting not in row.uses:
            raise UserError(
                f"{setting} has no effect on the data set '{name}'.", f"Leave {setting} out."
            )
    dataset: Dataset = row.load()(**{setting: settings.get(setting) for setting in row.uses})
    return dataset


def load_files(name: str, data_dir: str | Path | None = None) -> Dataset:
    """Load a data set whose files have a name of their own; see `load_dataset`.

    Files of unknown content are used, with a notice.
    """
    return _made(DATASETS[name], _load_source(DATASETS[name], data_dir))


load_mnist = partial(load_files, "mnist")
load_fashion_mnist = partial(load_files, "fashion-mnist")
load_cifar10 = partial(load_files, "cifar10")
load_cifar10_pca128 = partial(load_files, "cifar10-pca128")


def list_datasets(data_dir: str | Path | None = None) -> list[DatasetInfo]:
    """Return every entry with the place of its data; looks for files, but opens none.

    Raises:
        UserError: `data_dir` is no folder.
    """
    folders = data_folders(data_dir)
    infos = []
    for row in DATASETS.values():
        location = None if row.uses else BUILT_IN
        if row.source is not None:
            found = find(SOURCES[row.source], folders)
            location = str(found.folder) if found else None
        infos.append(DatasetInfo(row, location))
    return infos


def check_dataset(name: str, data_dir: str | Path | None = None) -> Report:
    """Load a named data set and compare it with what is published about it.

    Raises:
        UserError: as `load_dataset`: what cannot even be loaded. `table` has nothing
            published to be compared with.
    """
    row = DATASETS.find(name)
    if row.n_train is None:
        raise UserError(
            f"{name}: there is nothing published to check it against.",
            "Use it: its file is checked whenever it is loaded.",
        )
    if row.source is None:
        return checked(load_dataset(name), BUILT_IN)
    source = _load_source(row, data_dir)
    location = str(_found(row.source, data_dir).folder)
    return checked(_made(row, source), location, source)


def _load_source(row: DataSet, data_dir: str | Path | None) -> Dataset:
    """Return all that the files hold from which a data set is made."""
    assert row.source is not None
    found = _found(row.source, data_dir)
    remedy = (
        f"Replace the files in {found.folder}, or move them away and type "
        f"'snnbench datasets fetch {row.source}'."
    )
    train, test = _read(found, remedy)
    entry = DATASETS[row.source]
    _check_sizes(entry, train, test, found.folder, remedy)
    names = entry.class_names
    source = Dataset(
        entry.name, train.x, train.y, test.x, test.y, len(names), names, PIXEL_SCALE, True
    )
    wrong = differences(source, found.folder, remedy)
    if not wrong:
        return source
    notice = (
        f"{found.folder}: the {' and the '.join(wrong)} are not those that were published as "
        f"{entry.name}. They are used as they are, under a data_sha256 of their own."
    )
    return replace(source, notices=(notice,))


def _made(row: DataSet, source: Dataset) -> Dataset:
    """Return a data set that is made of what files hold."""
    if not row.features:
        return source
    train, test = (
        Part(source.x_train, source.y_train),
        Part(source.x_test, source.y_test),
    )
    made = synthetic.project_cifar(train, test, source.class_names)
    return replace(made, notices=source.notices)


def _found(source: str, data_dir: str | Path | None) -> Found:
    folders = data_folders(data_dir)
    found = find(SOURCES[source], folders)
    if found is None:
        raise missing(SOURCES[source], folders)
    return found


def _read(found: Found, remedy: str) -> tuple[Part, Part]:
    files = found.files
    match found.kind:
        case "idx":
            images, labels = "-images-idx3-ubyte", "-labels-idx1-ubyte"
            train, test = (
                idx.read_part(files[part + images], files[part + labels], remedy=remedy)
                for part in ("train", "t10k")
            )
            return train, test
        case "cifar-binary":
            return cifar.read_files(files, cifar.parse_binary, remedy)
        case "cifar-python":
            return cifar.read_files(files, cifar.parse_python, remedy)
        case "cifar-binary-archive":
            return cifar.read_archive(files["archive"], ".bin", cifar.parse_binary, remedy)
        case "cifar-python-archive":
            return cifar.read_archive(files["archive"], "", cifar.parse_python, remedy)
    raise AssertionError(found.kind)


def _check_sizes(entry: DataSet, train: Part, test: Part, folder: Path, remedy: str) -> None:
    """Refuse a part of a known data set under the name of the whole."""
    for part, called, count in ((train, "training", entry.n_train), (test, "test", entry.n_test)):
        if (len(part.x), part.x.shape[1:]) != (count, entry.shape):
            raise UserError(
                f"{folder}: {len(part.x):,} {called} images of {part.x.shape[1:]}, but "
                f"{entry.name} has {count:,} of {entry.shape}.",
                remedy + " (To use fewer samples, set train_samples.)",
            )
