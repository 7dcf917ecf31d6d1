"""The named data sets: what each is, where it lies, and how it is loaded and checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from snnbench.data import cifar, idx, synthetic
from snnbench.data.check import Report, checked, content_of
from snnbench.data.dataset import PIXEL_SCALE, Dataset, Part
from snnbench.data.sources import SOURCES, Found, data_folders, find, missing
from snnbench.data.table import load_table
from snnbench.errors import UserError, did_you_mean

BUILT_IN = "built in"


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue; what is None depends on the user's file.

    Attributes:
        name: what `--dataset` takes.
        description: one line for people.
        shape: of one sample, (C, H, W) or (F,).
        n_classes, n_train, n_test: counts.
        source: the data set in files that it is made of; None: it needs no named files.
        stand_in_for: what data that are not public it stands in for.
        class_names: where no file holds them.
    """

    name: str
    description: str
    shape: tuple[int, ...] | None
    n_classes: int | None
    n_train: int | None
    n_test: int | None
    source: str | None = None
    stand_in_for: str | None = None
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetInfo:
    """An entry and where its data are: a folder, "built in", or None if they are missing."""

    entry: Entry
    location: str | None


_GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_OBJECTS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_DIGITS = tuple("0123456789")

CATALOGUE: Mapping[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("digits", "handwritten digits that ship with scikit-learn",
              (1, 8, 8), 10, 1437, 360),
        Entry("mnist", "handwritten digits (LeCun et al. 1998)",
              (1, 28, 28), 10, 60_000, 10_000, "mnist", class_names=_DIGITS),
        Entry("fashion-mnist", "pictures of clothes (Xiao et al. 2017)",
              (1, 28, 28), 10, 60_000, 10_000, "fashion-mnist", class_names=_GARMENTS),
        Entry("cifar10", "colour pictures of ten kinds of things (Krizhevsky 2009)",
              cifar.SHAPE, 10, 50_000, 10_000, "cifar10", class_names=_OBJECTS),
        Entry("cifar10-pca128", "cifar10 on its 128 principal components",
              (synthetic.COMPONENTS,), 10, 50_000, 10_000, "cifar10",
              synthetic.PCA_STANDS_FOR, _OBJECTS),
        Entry("tabular-standin", "made by scikit-learn's make_classification",
              (50,), 4, 4_000, 1_000, stand_in_for=synthetic.TABULAR_STANDS_FOR),
        Entry("table", "your own .csv, .tsv, .parquet or .npz (--data-file, --target)",
              None, None, None, None),
    )
}  # fmt: skip

_BUILDERS: Mapping[str, Callable[[], Dataset]] = {
    "digits": synthetic.load_digits,
    "tabular-standin": synthetic.load_tabular_standin,
}


def load_dataset(
    name: str,
    *,
    data_dir: str | Path | None = None,
    data_file: str | Path | None = None,
    target: str | None = None,
    test_fraction: float | None = None,
    test_samples: int | None = None,
) -> Dataset:
    """Load a data set by name.

    Args:
        name: a name of the catalogue.
        data_dir: folder to look in before SNNBENCH_DATA and the cache.
        data_file: the file of a `table`.
        target: column of the labels of a `table`.
        test_fraction: share of a `table` split off for testing; or
        test_samples: its number of rows.

    Raises:
        UserError: unknown name, missing, damaged or wrong files, an argument that has no
            effect on this data set.
    """
    entry = find_entry(name)
    if name == "table":
        if data_file is None:
            raise UserError("table: no file is named.", "Name your table with --data-file.")
        return load_table(Path(data_file).expanduser(), target, test_fraction, test_samples)
    only_table = {"data_file": data_file, "target": target,
                  "test_fraction": test_fraction, "test_samples": test_samples}  # fmt: skip
    for argument, value in only_table.items():
        if value is not None:
            raise UserError(
                f"{argument} has no effect on the data set '{name}'.",
                f"Leave {argument} out, or choose the data set 'table'.",
            )
    if entry.source is None:
        return _BUILDERS[name]()
    return _load_files(entry, entry.source, data_dir)


def find_entry(name: str) -> Entry:
    """Return a line of the catalogue, or raise UserError that suggests the nearest name."""
    if name not in CATALOGUE:
        raise UserError(f"There is no data set '{name}'.", did_you_mean(name, CATALOGUE))
    return CATALOGUE[name]


def list_datasets(data_dir: str | Path | None = None) -> list[DatasetInfo]:
    """Return every entry with the place of its data; looks for files, but opens none.

    Raises:
        UserError: `data_dir` is no folder.
    """
    folders = data_folders(data_dir)
    infos = []
    for entry in CATALOGUE.values():
        location = BUILT_IN if entry.name in _BUILDERS else None
        if entry.source is not None:
            found = find(SOURCES[entry.source], folders)
            location = str(found.folder) if found else None
        infos.append(DatasetInfo(entry, location))
    return infos


def check_dataset(name: str, data_dir: str | Path | None = None) -> Report:
    """Load a named data set and compare it with what is published about it.

    Raises:
        UserError: as `load_dataset`: what cannot even be loaded. `table` has nothing
            published to be compared with.
    """
    entry = find_entry(name)
    if name == "table":
        raise UserError(
            "table: there is nothing published to check it against.",
            "Use it: a table is checked whenever it is loaded.",
        )
    location = BUILT_IN
    if entry.source is not None:
        location = str(_found(entry.source, data_dir).folder)
    return checked(load_dataset(name, data_dir=data_dir), location)


def _found(source: str, data_dir: str | Path | None) -> Found:
    folders = data_folders(data_dir)
    found = find(SOURCES[source], folders)
    if found is None:
        raise missing(SOURCES[source], folders)
    return found


def _load_files(entry: Entry, source: str, data_dir: str | Path | None) -> Dataset:
    found = _found(source, data_dir)
    remedy = (
        f"Replace the files in {found.folder}, or move them away and type "
        f"'snnbench datasets fetch {source}'."
    )
    train, test = _read(found, remedy)
    _check_sizes(CATALOGUE[source], train, test, found.folder, remedy)
    content = content_of(train)
    if content is not None and content != source:
        raise UserError(f"{found.folder}: the files hold {content}, not {source}.", remedy)
    if entry.name == "cifar10-pca128":
        return synthetic.project_cifar(train, test, entry.class_names)
    names = entry.class_names
    return Dataset(
        entry.name, train.x, train.y, test.x, test.y, len(names), names, PIXEL_SCALE, True
    )


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


def _check_sizes(entry: Entry, train: Part, test: Part, folder: Path, remedy: str) -> None:
    """Refuse a part of a known data set under the name of the whole."""
    for part, called, count in ((train, "training", entry.n_train), (test, "test", entry.n_test)):
        if (len(part.x), part.x.shape[1:]) != (count, entry.shape):
            raise UserError(
                f"{folder}: {len(part.x):,} {called} images of {part.x.shape[1:]}, but "
                f"{entry.name} has {count:,} of {entry.shape}.",
                remedy + " (To use fewer samples, set train_samples.)",
            )
