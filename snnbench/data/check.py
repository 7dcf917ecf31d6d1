"""What is published about the data sets, and the comparison with what was loaded."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnbench.data import sources
from snnbench.data.dataset import Array, Dataset, Labels
from snnbench.data.idx import idx_bytes
from snnbench.errors import UserError


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


_IDX_PARTS = ("training images", "training labels", "test images", "test labels")
# MD5 of the unpacked IDX files, in this order.
_IDX_MD5 = {
    "mnist": (
        "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637",
    ),
    "fashion-mnist": (
        "f4a8712d7a061bf5bd6d2ca38dc4d50a", "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a", "15d484375f8d13e6eb1aabb0c3f46965",
    ),
}  # fmt: skip
# SHA-256 of the arrays made of exactly these files.
_SHA256 = {
    "mnist": "161dcace219dfb88ab6f7453772016287aca31a8e383c4e7092f4db60aad5f66",
    "fashion-mnist": "0547ee30173247dea0fe230d2eb0d0ae6baf4d83e3c3f9cc2ae179f9f863c77f",
}
# SHA-256 of the sorted SHA-256s of the training and of the test records: each is a label and its
# image, as in the binary version, so that all versions have the same, in whatever order.
_RECORDS = {
    "cifar10": (
        "55a61f79a40ece2ceda9fb5f9f7078f6ea2fc4952489cef56682bcf92cfcc260",
        "325704b01eb92e1e2a6215ae6a916bb7db7de054af0c496be1c7be2e0fcfbf5f",
    ),
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


def checked(dataset: Dataset, location: str, source: Dataset | None = None) -> Report:
    """Compare a data set, and the source it is made of, with what is published of them."""
    comparisons = (
        *_compare_counts(dataset),
        *(compared for _, compared in _contents(source or dataset)),
        *_compare_moments(dataset),
    )
    return Report(dataset.name, location, dataset.sha256, comparisons)


def differences(source: Dataset, folder: Path, remedy: str) -> tuple[str, ...]:
    """Return which parts of a data set in files are not the published ones; () if all are.

    The content decides, and is looked at once: what was found right is remembered in the cache.

    Args:
        source: all that the files hold.
        folder: where they lie, for messages.
        remedy: what to do about wrong files.

    Raises:
        UserError: a part is that of another data set.
    """
    if source.sha256 == _SHA256.get(source.name):
        return ()
    known = sources.cache_folder() / "known" / source.sha256
    if known.exists():
        return ()
    wrong = {part: compared for part, compared in _contents(source) if not compared.ok}
    for part, compared in wrong.items():
        for name, checksums in _IDX_MD5.items():
            if compared.found in checksums:
                other = _IDX_PARTS[checksums.index(compared.found)]
                raise UserError(
                    f"{folder}: the files hold the {other} of {name} as the {part} of "
                    f"{source.name}.",
                    remedy,
                )
    if not wrong:
        with suppress(OSError):  # a cache that cannot be written costs time, nothing else
            known.parent.mkdir(parents=True, exist_ok=True)
            known.touch()
    return tuple(wrong)


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


def _contents(dataset: Dataset) -> Iterator[tuple[str, Comparison]]:
    """Yield the parts of a data set in files with the checksums of their content."""
    if dataset.name in _IDX_MD5:
        arrays = (
            dataset.x_train[:, 0],
            dataset.y_train.astype(np.uint8),
            dataset.x_test[:, 0],
            dataset.y_test.astype(np.uint8),
        )
        for part, md5, array in zip(_IDX_PARTS, _IDX_MD5[dataset.name], arrays, strict=True):
            yield part, Comparison(f"MD5 of the unpacked {part}", md5, _md5(array))
    if dataset.name in _RECORDS:
        halves = ((dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test))
        names = ("training records", "test records")
        for part, sha256, (x, y) in zip(names, _RECORDS[dataset.name], halves, strict=True):
            what = f"SHA-256 of the {part}, in any order"
            yield part, Comparison(what, sha256, _records_sha256(x, y))


def _records_sha256(images: Array, labels: Labels) -> str:
    pairs = zip(labels.tolist(), images, strict=True)
    records = (hashlib.sha256(bytes([label]) + image.tobytes()) for label, image in pairs)
    return hashlib.sha256(b"".join(sorted(record.digest() for record in records))).hexdigest()


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
