"""Which samples go where: validation parts, subsets, standardised features.

A sample is chosen by a hash of (seed, purpose, its index) and not by a library's random
stream, so that the choice is the same in every version of every library.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.data.dataset import Array, Indices, Labels
from snnbench.errors import UserError

# Different purposes with the same seed must not choose the same samples.
_VALIDATION, _SUBSET, _TEST = 1, 2, 3
_ROWS = 4096  # rows standardised at a time: bounds the float64 copies


def split_validation(
    y: Labels, val_samples: int | None, val_fraction: float | None, seed: int
) -> tuple[Indices, Indices]:
    """Choose a validation part, every class in proportion (within one sample).

    Args:
        y: class numbers [N].
        val_samples: how many samples, exactly; or
        val_fraction: which share of the N, rounded to whole samples. With neither, the
            validation part is empty.
        seed: another seed chooses other samples.

    Returns:
        Sorted indices of the training part and of the validation part.

    Raises:
        UserError: both are given, or one of the two parts would be empty.
    """
    if val_samples is None and val_fraction is None:
        return np.arange(len(y)), np.empty(0, np.int64)
    count = _part_size(len(y), val_samples, val_fraction, "val_samples", "val_fraction")
    chosen = _choose(y, count, seed, _VALIDATION)
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def split_test(
    y: Labels, test_samples: int | None, test_fraction: float | None, seed: int
) -> tuple[Indices, Indices]:
    """Choose a test part as `split_validation` does, independently of it.

    Returns:
        Sorted indices of the training part and of the test part.

    Raises:
        UserError: both or none are given, or one of the two parts would be empty.
    """
    count = _part_size(len(y), test_samples, test_fraction, "test_samples", "test_fraction")
    chosen = _choose(y, count, seed, _TEST)
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def subset(y: Labels, samples: int, seed: int) -> Indices:
    """Return sorted indices of exactly `samples` samples, every class in proportion.

    Raises:
        UserError: `samples` is below 1 or above the number of samples.
    """
    if not 1 <= samples <= len(y):
        raise UserError(
            f"A subset of {samples:,} samples was asked for, there are {len(y):,}.",
            f"Ask for 1 to {len(y):,} samples.",
        )
    return np.flatnonzero(_choose(y, samples, seed, _SUBSET))


def _part_size(
    total: int, samples: int | None, fraction: float | None, samples_name: str, fraction_name: str
) -> int:
    if samples is not None and fraction is not None:
        raise UserError(
            f"{samples_name} and {fraction_name} are both given.", "Give one of the two."
        )
    if samples is not None:
        count, asked = samples, f"{samples_name} = {samples}"
    elif fraction is not None:
        count, asked = int(fraction * total + 0.5), f"{fraction_name} = {fraction}"
    else:
        raise UserError(
            f"Neither {samples_name} nor {fraction_name} is given.", "Give one of the two."
        )
    if not 1 <= count < total:
        empty = "nothing in that part" if count < 1 else "nothing to train on"
        raise UserError(
            f"{asked} leaves {empty}: there are {total:,} samples.",
            f"Choose it so that 1 to {total - 1:,} samples are taken.",
        )
    return count


def _choose(y: Labels, count: int, seed: int, purpose: int) -> NDArray[np.bool_]:
    """Return a mask [N] with exactly `count` samples, shared out among the classes."""
    chosen = np.zeros(len(y), bool)
    keys = _hash(np.arange(len(y)), seed, purpose)
    classes, sizes = np.unique(y, return_counts=True)
    for label, share in zip(classes, _shares(sizes, count), strict=True):
        members = np.flatnonzero(y == label)
        chosen[members[np.argsort(keys[members], kind="stable")[:share]]] = True
    return chosen


def _shares(sizes: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Share `count` out in proportion to `sizes` (largest remainder; ties to the first)."""
    total = int(sizes.sum())
    shares, remainders = np.divmod(sizes.astype(np.int64) * count, total)
    left = count - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    return shares


def _hash(index: Indices, seed: int, purpose: int) -> NDArray[np.uint64]:
    """Return one 64-bit key an index: SplitMix64 (Steele, Lea and Flood 2014), seeded."""
    start = np.uint64((purpose << 60) ^ (seed & 0x0FFF_FFFF_FFFF_FFFF))
    return _mix(_mix(index.astype(np.uint64)) ^ _mix(np.full(1, start)))


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = z + np.uint64(0x9E3779B97F4A7C15)  # arrays of uint64 wrap around, as intended
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def standardize(train: Array, *others: Array) -> tuple[NDArray[np.float32], ...]:
    """Shift and scale every feature to mean 0 and standard deviation 1 on the training part.

    Mean and deviation (of the population) are those of `train` [N, *shape] alone; `others`
    are treated with the same numbers. A feature that is constant in `train` is only shifted.
    The result has no unit: a data set's `scale` no longer applies to it.

    Returns:
        `train` and `others` as float32 arrays, in this order.
    """
    mean = train.mean(axis=0, dtype=np.float64)
    # Compared as they are: rounding in the mean would give a constant a tiny deviation.
    constant = train.min(axis=0) == train.max(axis=0)
    mean[constant] = train[0][constant]
    squares = np.zeros_like(mean)
    for start in range(0, len(train), _ROWS):
        block = train[start : start + _ROWS].astype(np.float64)
        squares += np.square(block - mean).sum(axis=0)
    deviation = np.sqrt(squares / len(train))
    deviation[constant] = 1.0
    return tuple(_scaled(part, mean, deviation) for part in (train, *others))


def _scaled(
    part: Array, mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float32]:
    scaled = np.empty(part.shape, np.float32)
    for start in range(0, len(part), _ROWS):
        block = part[start : start + _ROWS].astype(np.float64)
        scaled[start : start + _ROWS] = (block - mean) / deviation
    return scaled
