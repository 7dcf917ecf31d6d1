import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnbench.data import catalogue
from snnbench.data.catalogue import check_dataset, list_datasets, load_dataset
from snnbench.data.check import checked
from snnbench.data.sources import SOURCES, data_folders, find
from snnbench.errors import UserError
from snnbench.words.datasets import DATASETS

from .conftest import binary_batch, python2_batch, write_idx, write_tar

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


@pytest.mark.usefixtures("tiny", "no_data")
def test_mnist_is_not_taken_for_fashion_mnist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have the same file names: only the contents tell them apart."""
    import hashlib

    write_set(tmp_path)
    labels = hashlib.md5((tmp_path / "train-labels-idx1-ubyte").read_bytes()).hexdigest()
    monkeypatch.setattr("snnbench.data.check._TRAIN_LABELS", {labels: "mnist"})
    assert load_dataset("mnist", data_dir=tmp_path).name == "mnist"
    with pytest.raises(UserError, match="the files hold mnist, not fashion-mnist"):
        load_dataset("fashion-mnist", data_dir=tmp_path)


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
