"""The images that all programs train on."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import BATCH, TEST_IMAGES, TRAIN_IMAGES, Case
from snnbench.data.catalogue import load_dataset
from snnbench.data.dataset import Dataset
from snnbench.errors import UserError

Values = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Images:
    """A data set cut to the size of a benchmark; `called` is its name in the tables."""

    dataset: Dataset
    called: str

    def train(self) -> tuple[Values, Labels]:
        """Return the training images in 0..1, [N, 1, 28, 28], and their classes."""
        return self._values(self.dataset.x_train), self.dataset.y_train

    def test(self) -> tuple[Values, Labels]:
        """Return the test images in 0..1 and their classes."""
        return self._values(self.dataset.x_test), self.dataset.y_test

    def _values(self, pixels: NDArray[np.generic]) -> Values:
        return pixels.astype(np.float32) * np.float32(self.dataset.scale)


def load_images(case: Case, data_dir: str | None, train: int = TRAIN_IMAGES) -> Images:
    """Load the images of a case: the real ones, or scikit-learn's digits where they are missing."""
    try:
        dataset, called = load_dataset(case.dataset, data_dir=data_dir), case.dataset
    except UserError:
        dataset = _enlarged(load_dataset("digits"))
        called = f"digits enlarged to 28x28 ({case.dataset} is missing)"
    train = min(train, len(dataset.y_train) // BATCH * BATCH)
    test = min(TEST_IMAGES, len(dataset.y_test) // BATCH * BATCH)
    if case.task == "evaluate":
        train = BATCH  # this program evaluates after an epoch: one of a single step
    elif case.task == "train":
        test = BATCH
    dataset = dataclasses.replace(
        dataset,
        x_train=dataset.x_train[:train].copy(),
        y_train=dataset.y_train[:train].copy(),
        x_test=dataset.x_test[:test].copy(),
        y_test=dataset.y_test[:test].copy(),
    )
    return Images(_lit(dataset, case.light), called)


def batches(count: int) -> Iterator[Labels]:
    """Yield rows of training batches in a new random order every epoch, without end."""
    draws = np.random.default_rng(0)
    while True:
        order = draws.permutation(count)
        for start in range(0, count, BATCH):
            yield order[start : start + BATCH]


def _enlarged(digits: Dataset) -> Dataset:
    """Make each of the 8 x 8 pixels a tile of 3 x 3, with a border of 2: 28 x 28."""

    def enlarge(x: NDArray[np.generic]) -> NDArray[np.generic]:
        tiles = np.repeat(np.repeat(x, 3, axis=2), 3, axis=3)
        return np.pad(tiles, ((0, 0), (0, 0), (2, 2), (2, 2)))

    return dataclasses.replace(
        digits, x_train=enlarge(digits.x_train), x_test=enlarge(digits.x_test)
    )


def _lit(dataset: Dataset, light: float | str) -> Dataset:
    if light == "dense":
        halves = {name: np.full_like(getattr(dataset, name), 128) for name in ("x_train", "x_test")}
        return dataclasses.replace(dataset, scale=1 / 256, **halves)
    return dataclasses.replace(dataset, scale=dataset.scale * float(light))
