"""What every loader returns: training and test arrays with what is known about them."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from snnbench.errors import UserError

Array = NDArray[np.generic]
Labels = NDArray[np.int64]
Indices = NDArray[np.int64]
PIXEL_SCALE = 1 / 255


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory.

    Attributes:
        name: its name in the catalogue.
        x_train, x_test: samples [N, *input_shape]: uint8 pixels or float32 features; float64 where
            float32 cannot tell these apart, which networks take only standardized.
        y_train, y_test: class numbers [N], int64, from 0.
        n_classes: number of classes.
        class_names: one name a class.
        scale: a value in network units is x * scale: 1/255 for uint8 pixels, 1.0 for features.
        is_image: the input shape is (C, H, W); otherwise it is (F,).
        stand_in_for: what data that are not public it stands in for; None for the real thing.
        feature_names: one name a feature, where the file has them.
        own_test: its file, a table of a user's, holds the test part: none was split off.
        notices: what whoever uses the data should know, a sentence each.
    """

    name: str
    x_train: Array
    y_train: Labels
    x_test: Array
    y_test: Labels
    n_classes: int
    class_names: tuple[str, ...]
    scale: float
    is_image: bool
    stand_in_for: str | None = None
    feature_names: tuple[str, ...] = ()
    own_test: bool = False
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for x, y in ((self.x_train, self.y_train), (self.x_test, self.y_test)):
            assert x.dtype in (np.uint8, np.float32, np.float64), x.dtype
            assert y.dtype == np.int64, y.dtype
            assert len(x) == len(y), (x.shape, y.shape)
            assert len(y) > 0
            assert y.min() >= 0, y.min()
            assert y.max() < self.n_classes, y.max()
        assert self.x_train.shape[1:] == self.x_test.shape[1:]
        assert self.x_train.dtype == self.x_test.dtype
        assert len(self.input_shape) == (3 if self.is_image else 1), self.input_shape
        assert len(self.class_names) == self.n_classes

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: (C, H, W) for images, (F,) for features."""
        return self.x_train.shape[1:]

    def feature(self, index: tuple[int, ...]) -> str:
        """Return what a message calls a feature, of which `index` is the place in a sample."""
        if self.feature_names:
            return f"column '{self.feature_names[index[0]]}'"
        return f"feature {', '.join(map(str, index))} (counted from 0)"

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest value, in network units."""
        parts = (self.x_train, self.x_test)
        low, high = min(x.min() for x in parts), max(x.max() for x in parts)
        return float(low) * self.scale, float(high) * self.scale

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over dtype, shape and values of the four arrays, 64 hex digits.

        The same however the files were packed, and on a machine of either byte order.
        """
        digest = hashlib.sha256()
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{little.dtype.str} {little.shape}\n".encode())
            digest.update(little.data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Part:
    """Samples with their labels as a file format gives them: one half of a data set."""

    x: Array
    y: Labels


def class_numbers(labels: Array, n_classes: int, source: str, remedy: str) -> Labels:
    """Return integer `labels` [N] as class numbers.

    Raises:
        UserError: a label lies outside 0..n_classes-1; `source` names the file.
    """
    wrong = np.flatnonzero((labels < 0) | (labels >= n_classes))  # type: ignore[operator]
    if len(wrong):
        raise UserError(
            f"{source}: label {labels[wrong[0]]} of sample {wrong[0]} (counted from 0) is "
            f"outside 0..{n_classes - 1}.",
            remedy,
        )
    return labels.astype(np.int64)
