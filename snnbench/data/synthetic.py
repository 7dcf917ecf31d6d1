"""Data made here or shipped with scikit-learn: digits and the stand-ins for data not public."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.data.dataset import Array, Dataset, Part
from snnbench.data.splits import split_test, standardize
from snnbench.errors import UserError
from snnbench.words.datasets import DATASETS

DIGITS_TEST = 360
_DIGITS_SEED = 0  # of the fixed split, not of a run

COMPONENTS = 128
_GRID = 2**11  # steps a unit to which components are rounded
_ROWS = 1024  # images summed at a time: 1,024 products of at most 2^14 are exact in float32


def load_digits() -> Dataset:
    """Load scikit-learn's handwritten digits: 1,797 images of 8 x 8, pixels 0..16.

    They come without a test part: 360 are split off, stratified, always the same ones.
    """
    rows = np.loadtxt(_digits_file(), delimiter=",", dtype=np.float32).astype(np.uint8)
    pixels = rows[:, :64].reshape(-1, 1, 8, 8)
    labels = rows[:, 64].astype(np.int64)
    train, test = split_test(labels, DIGITS_TEST, None, _DIGITS_SEED)
    return Dataset(
        name="digits",
        x_train=pixels[train],
        y_train=labels[train],
        x_test=pixels[test],
        y_test=labels[test],
        n_classes=10,
        class_names=tuple("0123456789"),
        scale=1 / 16,
        is_image=True,
    )


def _digits_file() -> Path:
    """Return scikit-learn's file, found without importing it: that takes most of a second."""
    found = find_spec("sklearn")
    assert found is not None  # we depend on it
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"


def load_tabular_standin() -> Dataset:
    """Make a table of 50 features and 4 classes: 4,000 training rows, 1,000 test rows.

    Stands in for the table of COMP5434 Bonus 1 (Zhang et al., 2023), which is not public; a plain
    MLP levelled off on it at 80.47 % test accuracy. The features are standardised already, so that
    the setting `standardize` does not make it easier or harder.

    The difficulty is set by measurement. 50-256-256-4 with ReLU, Adam 0.001, batch 128 and
    cross-entropy, seeds 0, 1, 2 (scikit-learn's MLPClassifier, alpha 0): test accuracy 79.0,
    79.1 and 79.8 % as the mean of epochs 41 to 60, 81.5 to 82.9 % at best, and over 99 % on the
    training part.
    """
    from sklearn.datasets import make_classification

    x, y = make_classification(
        n_samples=5000,
        n_features=50,
        n_informative=20,
        n_redundant=10,
        n_classes=4,
        n_clusters_per_class=4,
        class_sep=1.6,
        flip_y=0.05,
        random_state=2024,
    )
    # Rounded, so that last bits, which differ between machines, do not change the checksum.
    train, test = (part.round(4) for part in standardize(x[:4000], x[4000:]))
    labels = y.astype(np.int64)
    return Dataset(
        name="tabular-standin",
        x_train=train,
        y_train=labels[:4000],
        x_test=test,
        y_test=labels[4000:],
        n_classes=4,
        class_names=tuple("0123"),
        scale=1.0,
        is_image=False,
        stand_in_for=DATASETS["tabular-standin"].stand_in_for,
    )


def project_cifar(train: Part, test: Part, class_names: tuple[str, ...]) -> Dataset:
    """Project images to 128 principal components of the training images.

    Stands in for the features of COMP5329 Assignment 1 (2022), whose origin is unknown (mean near
    0, deviation 1.17). All components are divided by one number, so that the training part has
    deviation 1 in all and the first components keep their greater spread.

    Bit for bit the same with any number of threads: sums are of integers and exact, and the
    components, the one thing that is not, are rounded to steps of 2^-11.

    Args:
        train, test: images [N, C, H, W], uint8.
        class_names: of the ten classes.

    Raises:
        UserError: fewer training images or pixels than components.
    """
    pixels = int(np.prod(train.x.shape[1:]))
    if min(len(train.x), pixels) < COMPONENTS:
        raise UserError(
            f"cifar10-pca128: {len(train.x):,} images of {pixels:,} pixels are too few for "
            f"{COMPONENTS} components.",
            "Use the whole CIFAR-10.",
        )
    components = _components(_centred_sums(train.x))
    scores = [_scores(part.x, components) for part in (train, test)]
    centre = scores[0].sum(axis=0, dtype=np.int64) / len(scores[0])
    # Three digits are enough to scale by, and are the same on every machine.
    deviation = float(f"{np.sqrt(np.mean(np.square(scores[0] - centre))):.3g}") or 1.0
    x_train, x_test = (((part - centre) / deviation).astype(np.float32) for part in scores)
    return Dataset(
        name="cifar10-pca128",
        x_train=x_train,
        y_train=train.y,
        x_test=x_test,
        y_test=test.y,
        n_classes=len(class_names),
        class_names=class_names,
        scale=1.0,
        is_image=False,
        stand_in_for=DATASETS["cifar10-pca128"].stand_in_for,
    )


def _shifted(images: Array) -> NDArray[np.float32]:
    """Return pixels [N, P] as integers -128..127: smaller products than from 0..255."""
    return images.reshape(len(images), -1).astype(np.float32) - np.float32(128)


def _centred_sums(images: Array) -> NDArray[np.float64]:
    """Return N times the covariance matrix [P, P] of the pixels; its lower triangle counts."""
    from scipy.linalg.blas import ssyrk  # type: ignore[import-untyped, unused-ignore]

    size = int(np.prod(images.shape[1:]))
    products = np.zeros((size, size), order="F")
    total = np.zeros(size)
    for start in range(0, len(images), _ROWS):
        block = _shifted(images[start : start + _ROWS])
        products += ssyrk(1.0, block.T, lower=1)
        total += block.sum(axis=0, dtype=np.float64)
    result: NDArray[np.float64] = products - np.outer(total, total) / len(images)
    return result


def _components(covariance: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the leading eigenvectors [P, 128], largest first, in integer steps of 1/_GRID.

    Each is turned so that its largest entry is positive: an eigenvector has no sign.
    """
    from scipy.linalg import eigh  # type: ignore[import-untyped, unused-ignore]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    size = len(covariance)
    leading = (size - COMPONENTS, size - 1)
    # One thread: 2 s, where waiting threads on a busy machine were seen to take 30 s.
    with threadpool_limits(1):
        _, vectors = eigh(covariance, lower=True, subset_by_index=leading)
    steps: NDArray[Any] = np.rint(vectors[:, ::-1] * _GRID)
    largest = np.argmax(np.abs(steps), axis=0)
    steps *= np.where(steps[largest, np.arange(COMPONENTS)] < 0, -1.0, 1.0)
    return steps.astype(np.float32)


def _scores(images: Array, components: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return exact integer scores [N, 128] of images.

    Exact in float32: a component has length 1, so its entries' absolute values add up to at
    most sqrt(3072) * 2^11, times 128 for the pixels, which is below 2^24.
    """
    return np.concatenate(
        [_shifted(images[start : start + _ROWS]) @ components
         for start in range(0, len(images), _ROWS)]
    )  # fmt: skip
