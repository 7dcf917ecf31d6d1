import gzip
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnbench.data import catalogue, check
from snnbench.data.catalogue import check_dataset, list_datasets, load_dataset
from snnbench.data.check import checked
from snnbench.data.cifar import BATCHES
from snnbench.data.idx import read_idx
from snnbench.data.sources import SOURCES, data_folders, find
from snnbench.errors import UserError
from snnbench.words.datasets import DATASETS

from .conftest import (
    batch_arrays,
    binary_batch,
    python2_batch,
    python2_pickle,
    write_idx,
    write_tar,
)

LABELS = np.arange(10)
IMAGES = np.arange(10 * 6, dtype=np.uint8).reshape(10, 2, 3)


def write_set(folder: Path, pack: bool = False, names: Callable[[str], str] = str) -> Path:
    """Write a tiny set of four IDX files: ten images of 2 x 3, one a class, in each part."""
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".gz" if pack else ""
    for part in ("train", "t10k"):
        write_idx(folder / names(f"{part}-images-idx3-ubyte{ending}"), IMAGES, pack)
        write_idx(folder / names(f"{part}-labels-idx1-ubyte{ending}"), LABELS, pack)
    return folder


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalogue expect the tiny files for the real ones."""
    for name, shape in (
        ("mnist", (1, 2, 3)),
        ("fashion-mnist", (1, 2, 3)),
        ("cifar10", (3, 32, 32)),
    ):
        counts = (10, 2) if name == "cifar10" else (10, 10)
        entry = DATASETS[name]
        for field, value in (("shape", shape), ("n_train", counts[0]), ("n_test", counts[1])):
            monkeypatch.setitem(entry.__dict__, field, value)


@pytest.mark.parametrize("below", ["mnist", ".", "MNIST/raw", "mnist/MNIST/raw"])
@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.usefixtures("tiny", "no_data")
def test_mnist_is_found_in_every_place_people_keep_it(
    tmp_path: Path, below: str, pack: bool
) -> None:
    write_set(tmp_path / "data" / below, pack)
    mnist = load_dataset("mnist", data_dir=tmp_path / "data")
    assert np.array_equal(mnist.x_train[:, 0], IMAGES)
    assert np.array_equal(mnist.y_test, LABELS)
    assert (mnist.scale, mnist.is_image, mnist.class_names[9]) == (1 / 255, True, "9")


@pytest.mark.usefixtures("tiny", "no_data")
def test_names_with_a_point_are_accepted(tmp_path: Path) -> None:
    write_set(tmp_path, names=lambda name: name.replace("-idx", ".idx"))
    assert len(load_dataset("mnist", data_dir=tmp_path).x_train) == 10


@pytest.mark.usefixtures("tiny", "no_data")
@pytest.mark.parametrize(
    ("make", "suffix", "subfolder"),
    [(binary_batch, ".bin", ""), (binary_batch, ".bin", "cifar-10-batches-bin"),
     (python2_batch, "", ""), (python2_batch, "", "cifar-10-batches-py"),
     (binary_batch, ".bin", "tar"), (python2_batch, "", "tar")],
)  # fmt: skip
def test_cifar10_is_found_in_every_form_it_is_handed_out_in(
    tmp_path: Path, make: Callable[[int, int], bytes], suffix: str, subfolder: str
) -> None:
    batches = {
        f"{name}{suffix}": make(seed, 2)
        for seed, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"])
    }
    if subfolder == "tar":
        version = "binary" if suffix else "python"
        write_tar(tmp_path / f"cifar-10-{version}.tar.gz", batches)
    else:
        (tmp_path / subfolder).mkdir(exist_ok=True)
        for name, content in batches.items():
            (tmp_path / subfolder / name).write_bytes(content)
    cifar10 = load_dataset("cifar10", data_dir=tmp_path)
    assert (cifar10.x_train.shape, cifar10.x_test.shape) == ((10, 3, 32, 32), (2, 3, 32, 32))
    assert cifar10.class_names[6] == "frog"


@pytest.mark.usefixtures("tiny")
def test_folders_are_searched_in_order(
    tmp_path: Path, no_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, environment = tmp_path / "named", tmp_path / "environment"
    for folder in (no_data, environment, named):
        write_set(folder / "mnist")
        monkeypatch.setenv("SNNBENCH_DATA", str(environment))
        assert data_folders(None) == [environment, no_data]
    places = [find(SOURCES["mnist"], data_folders(at)) for at in (named, None)]
    assert [place.folder for place in places if place] == [named / "mnist", environment / "mnist"]
    monkeypatch.delenv("SNNBENCH_DATA")
    place = find(SOURCES["mnist"], data_folders(None))
    assert place is not None
    assert place.folder == no_data / "mnist"


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10", "cifar10-pca128"])
def test_a_missing_data_set_says_what_to_type_and_where_it_was_looked_for(
    tmp_path: Path, no_data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SNNBENCH_DATA", str(tmp_path / "unmounted"))
    with pytest.raises(UserError) as caught:
        load_dataset(name, data_dir=tmp_path)
    for place in (tmp_path, tmp_path / "unmounted", no_data):
        assert str(place) in caught.value.problem
    assert caught.value.problem.count("(no such folder)") == 2
    source = "cifar10" if name == "cifar10-pca128" else name
    assert f"'snnbench datasets fetch {source}'" in caught.value.remedy
    assert "--data-dir" in caught.value.remedy


@pytest.mark.usefixtures("no_data")
def test_a_folder_with_the_name_of_the_data_set_comes_before_loose_files(tmp_path: Path) -> None:
    write_set(tmp_path)
    write_set(tmp_path / "fashion-mnist")
    place = find(SOURCES["fashion-mnist"], [tmp_path])
    assert place is not None
    assert place.folder == tmp_path / "fashion-mnist"


@pytest.mark.usefixtures("no_data")
def test_an_incomplete_set_names_what_is_missing(tmp_path: Path) -> None:
    write_set(tmp_path / "mnist")
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match="mnist lacks t10k-labels-idx1-ubyte"):
        load_dataset("mnist", data_dir=tmp_path)


@pytest.mark.usefixtures("no_data")
def test_a_slip_in_data_dir_does_not_end_in_other_data(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="data_dir: there is no folder"):
        load_dataset("mnist", data_dir=tmp_path / "dta")


@pytest.mark.usefixtures("no_data")
def test_a_part_of_mnist_is_not_taken_for_mnist(tmp_path: Path) -> None:
    write_set(tmp_path)
    with pytest.raises(UserError, match=r"10 training images of \(1, 2, 3\), but mnist has 60,000"):
        load_dataset("mnist", data_dir=tmp_path)


PARTS = {
    "train-images-idx3-ubyte": "training images",
    "train-labels-idx1-ubyte": "training labels",
    "t10k-images-idx3-ubyte": "test images",
    "t10k-labels-idx1-ubyte": "test labels",
}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, tiny: None, tmp_path: Path) -> dict[str, Path]:
    """Let two tiny sets of the same file names be what was published as MNIST and Fashion-MNIST."""
    folders = {}
    for number, name in enumerate(("mnist", "fashion-mnist")):
        folder = folders[name] = tmp_path / "published" / name
        folder.mkdir(parents=True)
        for place, file in enumerate(PARTS):
            shift = 3 * number + place
            content = IMAGES + shift if "images" in file else np.roll(LABELS, shift)
            write_idx(folder / file, content)
        sums = tuple(hashlib.md5((folder / file).read_bytes()).hexdigest() for file in PARTS)
        monkeypatch.setitem(check._IDX_MD5, name, sums)
        monkeypatch.delitem(check._SHA256, name)
    for name, folder in folders.items():
        source = load_dataset(name, data_dir=folder)
        assert source.notices == ()
        monkeypatch.setitem(check._SHA256, name, source.sha256)
    return folders


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_published_files_are_used_without_a_notice(
    published: dict[str, Path], name: str
) -> None:
    assert load_dataset(name, data_dir=published[name]).notices == ()


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("file", PARTS)
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_a_file_of_another_set_of_the_same_file_names_is_refused(
    published: dict[str, Path], name: str, file: str
) -> None:
    """MNIST and Fashion-MNIST have the same file names: only the contents tell them apart."""
    (other,) = published.keys() - {name}
    (published[name] / file).write_bytes((published[other] / file).read_bytes())
    words = f"hold the {PARTS[file]} of {other} as the {PARTS[file]} of {name}"
    with pytest.raises(UserError, match=words):
        load_dataset(name, data_dir=published[name])
    with pytest.raises(UserError, match=words):
        check_dataset(name, published[name])


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("file", PARTS)
@pytest.mark.parametrize("change", ["reversed", "black"])
def test_a_file_of_unknown_content_is_used_with_a_notice_and_fails_the_check(
    published: dict[str, Path], file: str, change: str
) -> None:
    folder = published["mnist"]
    whole = load_dataset("mnist", data_dir=folder)
    array = read_idx(folder / file)
    write_idx(folder / file, array[::-1] if change == "reversed" else 0 * array)
    changed = load_dataset("mnist", data_dir=folder)
    (notice,) = changed.notices
    assert f"{folder}: the {PARTS[file]} are not those that were published as mnist" in notice
    assert changed.sha256 != whole.sha256
    report = check_dataset("mnist", folder)
    assert [c.what for c in report.comparisons if c.what.endswith(PARTS[file]) and not c.ok]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("form", ["binary", "python", "shuffled", "packed", "tar", "python tar"])
def test_cifar10_is_known_by_its_content_in_every_form_and_order(
    tmp_path: Path, no_data: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    write_batches(tmp_path / "published", "binary")
    halves = (check._records_sha256(*half) for half in halves_of(tmp_path / "published"))
    monkeypatch.setitem(check._RECORDS, "cifar10", tuple(halves))
    write_batches(tmp_path / "mine", form)
    assert load_dataset("cifar10", data_dir=tmp_path / "mine").notices == ()
    assert check_dataset("cifar10", tmp_path / "mine").comparisons[2].ok
    # looked at once: from now on its checksum is known
    assert len(list((no_data / "known").iterdir())) == 1
    monkeypatch.setattr(check, "_contents", lambda source: pytest.fail("looked at again"))
    assert load_dataset("cifar10", data_dir=tmp_path / "mine").notices == ()


@pytest.mark.usefixtures("tiny", "no_data")
@pytest.mark.parametrize(
    "form", ["other binary", "other python", "other packed", "other tar", "other python tar"]
)
def test_cifar10_whose_labels_are_swapped_is_used_with_a_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    write_batches(tmp_path / "published", "binary")
    halves = (check._records_sha256(*half) for half in halves_of(tmp_path / "published"))
    monkeypatch.setitem(check._RECORDS, "cifar10", tuple(halves))
    write_batches(tmp_path / "mine", form)
    dataset = load_dataset("cifar10", data_dir=tmp_path / "mine")
    assert "the training records are not those" in dataset.notices[0]
    assert not check_dataset("cifar10", tmp_path / "mine").ok


def halves_of(folder: Path) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    dataset = load_dataset("cifar10", data_dir=folder)
    return (dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test)


def write_batches(folder: Path, form: str) -> None:
    """Write six batches of two images each, in a form in which CIFAR-10 is handed out."""
    folder.mkdir(parents=True)
    python = "python" in form
    batches = {}
    for seed, name in enumerate(BATCHES):
        pixels, labels = batch_arrays(seed, 2)
        if "other" in form and seed == 0:
            labels = 9 - labels
        if form == "shuffled":
            pixels, labels = pixels[::-1], labels[::-1]
        rows = np.concatenate([labels[:, np.newaxis].astype(np.uint8), pixels], axis=1)
        raw = python2_pickle(pixels.tobytes(), pixels.shape, labels.tolist()) if python else rows
        batches[name if python else f"{name}.bin"] = bytes(raw)
    if "tar" in form:
        write_tar(folder / f"cifar-10-{'python' if python else 'binary'}.tar.gz", batches)
        return
    for name, content in batches.items():
        packed = "packed" in form
        (folder / f"{name}{'.gz' if packed else ''}").write_bytes(
            gzip.compress(content) if packed else content
        )


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match="dataset: 'mnits' is not known") as caught:
        load_dataset("mnits")
    assert caught.value.remedy == "Did you mean 'mnist'?"


@pytest.mark.parametrize(
    ("argument", "value"),
    [("data_file", "x.csv"), ("target", "y"), ("test_fraction", 0.1), ("test_samples", 5)],
)
def test_arguments_of_a_table_have_no_effect_on_other_data(argument: str, value: object) -> None:
    with pytest.raises(UserError, match=f"{argument} has no effect on the data set 'digits'"):
        load_dataset("digits", **{argument: value})  # type: ignore[arg-type]


def test_a_table_needs_its_file_and_is_loaded_from_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file is named"):
        load_dataset("table", target="kind")
    path = tmp_path / "t.csv"
    path.write_text("a,kind\n" + "1,x\n2,y\n" * 5)
    table = load_dataset("table", data_file=str(path), target="kind", test_samples=4)
    assert (table.name, len(table.x_test)) == ("table", 4)


@pytest.mark.usefixtures("no_data")
def test_the_list_tells_what_is_there_without_opening_it(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "mnist" / f"{part}-ubyte.gz").write_text("no IDX file at all")
    places = {info.entry.name: info.location for info in list_datasets(tmp_path)}
    assert places == {
        "digits": "built in",
        "mnist": str(tmp_path / "mnist"),
        "fashion-mnist": None,
        "cifar10": None,
        "cifar10-pca128": None,
        "tabular-standin": "built in",
        "table": None,
    }


@pytest.mark.parametrize("name", ["digits", "tabular-standin"])
def test_the_catalogue_tells_the_truth_about_what_is_built_in(name: str) -> None:
    entry, dataset = DATASETS[name], load_dataset(name)
    assert dataset.name == name
    assert dataset.input_shape == entry.shape
    assert dataset.n_classes == entry.n_classes
    assert (len(dataset.x_train), len(dataset.x_test)) == (entry.n_train, entry.n_test)
    assert dataset.stand_in_for == entry.stand_in_for


def test_a_check_compares_with_what_is_published_and_finds_a_changed_label() -> None:
    report = check_dataset("digits")
    assert report.ok
    assert (report.name, report.location) == ("digits", "built in")
    digits = load_dataset("digits")
    assert report.sha256 == digits.sha256
    digits.y_train[0] = (digits.y_train[0] + 1) % 10
    changed = checked(digits, "here")
    assert not changed.ok
    assert changed.comparisons[0].expected == "178 182 177 183 181 182 181 179 174 180"


def test_a_table_cannot_be_checked() -> None:
    with pytest.raises(UserError, match="nothing published"):
        check_dataset("table")


def test_no_file_of_this_room_imports_torch_or_loads_libraries_early() -> None:
    import subprocess

    program = (
        "import sys, snnbench.data.catalogue, snnbench.data.download\n"
        "print([m for m in ('torch', 'pandas', 'sklearn', 'scipy', 'pooch', 'requests', 'pyarrow')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert catalogue.__name__ in sys.modules
