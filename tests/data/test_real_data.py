"""The loaders on the published files themselves; skipped where these are not there."""

from pathlib import Path

import numpy as np
import pytest

from snnbench.data import check, cifar, synthetic
from snnbench.data.catalogue import check_dataset, load_dataset
from snnbench.data.check import checked
from snnbench.data.dataset import Dataset, Part
from snnbench.errors import UserError

from .conftest import write_tar


@pytest.fixture(scope="module")
def cifar10(real_data: Path) -> Dataset:
    return load_dataset("cifar10", data_dir=real_data)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_idx_files_agree_with_their_published_checksums(real_data: Path, name: str) -> None:
    report = check_dataset(name, real_data)
    assert [comparison.what for comparison in report.comparisons if not comparison.ok] == []
    assert sum("MD5" in comparison.what for comparison in report.comparisons) == 4
    assert report.sha256 == check._SHA256[name]


@pytest.mark.parametrize("part", ["t10k-images-idx3", "t10k-labels-idx1", "train-images-idx3"])
def test_files_of_fashion_mnist_among_those_of_mnist_are_refused(
    real_data: Path, tmp_path: Path, part: str
) -> None:
    for name in ("mnist", "fashion-mnist"):
        for file in (real_data / name).glob("*.gz"):
            if name == "mnist" or part in file.name:
                link = tmp_path / file.name
                link.unlink(missing_ok=True)
                link.symlink_to(file)
    with pytest.raises(
        UserError, match=r"the files hold the .* of fashion-mnist as the .* of mnist"
    ):
        load_dataset("mnist", data_dir=tmp_path)


def test_fashion_mnist_agrees_with_its_published_mean_and_deviation(real_data: Path) -> None:
    report = check_dataset("fashion-mnist", real_data)
    found = {comparison.what: comparison.found for comparison in report.comparisons}
    assert found["pixel mean"] == "0.28604"
    assert found["pixel standard deviation"] == "0.35302"
    assert report.ok


def test_cifar10_has_its_published_channel_means(cifar10: Dataset) -> None:
    report = checked(cifar10, "here")
    found = {comparison.what: comparison.found for comparison in report.comparisons}
    means = [found[f"pixel mean in channel {channel}"] for channel in range(3)]
    assert means == ["0.4914", "0.4822", "0.4465"]
    assert found["training samples a class"] == " ".join(["5000"] * 10)
    assert sum("in any order" in what for what in found) == 2
    assert report.ok


def test_a_real_batch_packed_as_an_archive_is_the_same_data(
    cifar10: Dataset, tmp_path: Path
) -> None:
    """One batch stands for all six, to save time."""
    rows = np.concatenate(
        [
            cifar10.y_train[:200, np.newaxis].astype(np.uint8),
            cifar10.x_train[:200].reshape(200, -1),
        ],
        axis=1,
    )
    members = {f"cifar-10-batches-bin/{name}.bin": rows.tobytes() for name in cifar.BATCHES}
    archive = write_tar(tmp_path / "cifar-10-binary.tar.gz", members)
    train, test = cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")
    assert np.array_equal(test.x, cifar10.x_train[:200])
    assert np.array_equal(train.y, np.tile(cifar10.y_train[:200], 5))


def test_components_of_real_pictures_decay_and_are_uncorrelated(cifar10: Dataset) -> None:
    """A fifth of the training images, to save time."""
    part = Part(cifar10.x_train[::5], cifar10.y_train[::5])
    features = synthetic.project_cifar(part, part, cifar10.class_names)
    deviations = features.x_train.std(axis=0)
    assert (np.diff(deviations) < 0.01).all()
    assert features.x_train.std() == pytest.approx(1, abs=0.01)
    correlation = np.corrcoef(features.x_train.T) - np.eye(128)
    assert np.abs(correlation).max() < 0.02
