"""What is published about the data sets, and the comparison with what was loaded."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnbench.data.dataset import Array, Dataset, Part
from snnbench.data.idx import idx_bytes


@dataclass(frozen=True)
class Comparison:
    """One published fact and what was found; both as text."""

    what: str
    expected: str
    found: str

    @property
    def ok(self) -> bool:
        """The two are the same."""
        return self.expected == self.found


@dataclass(frozen=True)
class Report:
    """What came out of a check.

    Attributes:
        name: of the data set.
        location: its folder, or "built in".
        sha256: of the arrays, as in the tables' `data_sha256`.
        comparisons: fact by fact.
    """

    name: str
    location: str
    sha256: str
    comparisons: tuple[Comparison, ...]

    @property
    def ok(self) -> bool:
        """Everything agrees."""
        return all(comparison.ok for comparison in self.comparisons)


# MD5 of the unpacked IDX files (training images, training labels, test images, test labels).
_IDX_MD5 = {
    "mnist": (
        "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637",
    ),
}  # fmt: skip
# MD5 of the unpacked training labels: which of the two data sets with the same file names it is.
_TRAIN_LABELS = {
    "a25bea736e30d166cdddb491f175f624": "mnist",
    "9018921c3c673c538a1fc5bad174d6f9": "fashion-mnist",
}
# Samples a class in the training and in the test part.
_CLASS_COUNTS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "mnist": (
        (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
        (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ),
    "fashion-mnist": ((6000,) * 10, (1000,) * 10),
    "cifar10": ((5000,) * 10, (1000,) * 10),
    "cifar10-pca128": ((5000,) * 10, (1000,) * 10),
}
# Of all 1,797; the split is ours.
_DIGITS_COUNTS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
# Mean and standard deviation of the training pixels (0..1), one a channel.
_MOMENTS = {
    "fashion-mnist": (("0.28604",), ("0.35302",)),
    "cifar10": (("0.4914", "0.4822", "0.4465"), ("0.2470", "0.2435", "0.2616")),
}


def checked(dataset: Dataset, location: str) -> Report:
    """Compare a loaded data set with everything published about it."""
    comparisons = (*_compare_counts(dataset), *_compare_md5(dataset), *_compare_moments(dataset))
    return Report(dataset.name, location, dataset.sha256, comparisons)


def content_of(train: Part) -> str | None:
    """Return which of MNIST and Fashion-MNIST this training part is; None if neither."""
    return _TRAIN_LABELS.get(_md5(train.y.astype(np.uint8)))


def _compare_counts(dataset: Dataset) -> Iterator[Comparison]:
    train, test = (
        np.bincount(y, minlength=dataset.n_classes) for y in (dataset.y_train, dataset.y_test)
    )
    if dataset.name == "digits":
        yield _counts("samples a class", _DIGITS_COUNTS, train + test)
    elif dataset.name in _CLASS_COUNTS:
        expected = _CLASS_COUNTS[dataset.name]
        yield _counts("training samples a class", expected[0], train)
        yield _counts("test samples a class", expected[1], test)


def _counts(what: str, expected: tuple[int, ...], found: NDArray[np.int64]) -> Comparison:
    return Comparison(what, " ".join(map(str, expected)), " ".join(map(str, found.tolist())))


def _compare_md5(dataset: Dataset) -> Iterator[Comparison]:
    if dataset.name not in _IDX_MD5:
        return
    arrays = (
        dataset.x_train[:, 0],
        dataset.y_train.astype(np.uint8),
        dataset.x_test[:, 0],
        dataset.y_test.astype(np.uint8),
    )
    names = ("training images", "training labels", "test images", "test labels")
    for name, expected, array in zip(names, _IDX_MD5[dataset.name], arrays, strict=True):
        yield Comparison(f"MD5 of the unpacked {name}", expected, _md5(array))


def _compare_moments(dataset: Dataset) -> Iterator[Comparison]:
    if dataset.name not in _MOMENTS:
        return
    for what, expected, found in zip(
        ("mean", "standard deviation"), _MOMENTS[dataset.name], _moments(dataset.x_train),
        strict=True,
    ):  # fmt: skip
        for channel, text in enumerate(expected):
            where = f" in channel {channel}" if len(expected) > 1 else ""
            decimals = len(text.partition(".")[2])
            yield Comparison(f"pixel {what}{where}", text, f"{found[channel]:.{decimals}f}")


def _moments(images: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation of the pixels / 255, [C], from their counts: no float copy."""
    value = np.arange(256) / 255
    channels = np.moveaxis(images, 1, 0)
    shares = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in channels])
    shares = shares / shares.sum(axis=1, keepdims=True)
    mean = shares @ value
    return mean, np.sqrt(shares @ value**2 - mean**2)


def _md5(array: Array) -> str:
    # Not for security: it is the checksum that is published.
    return hashlib.md5(idx_bytes(array), usedforsecurity=False).hexdigest()
