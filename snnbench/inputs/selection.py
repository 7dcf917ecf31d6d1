"""Which samples a run trains, validates and tests on: index lists, without torch."""

from dataclasses import dataclass

import numpy as np

from snnbench.config import RunConfig
from snnbench.data.dataset import Dataset
from snnbench.data.splits import split_validation, subset
from snnbench.errors import UserError
from snnbench.network.plan import plan_layers
from snnbench.words.datasets import DATASETS
from snnbench.words.encodings import ENCODINGS

# The test set is the same for every seed, so that seeds differ in training only.
_TEST_SEED = 0


@dataclass(frozen=True)
class Selection:
    """Indices into the data set's training (train, val) and test arrays, int64."""

    train: np.ndarray
    val: np.ndarray | None
    test: np.ndarray


def select(config: RunConfig, dataset: Dataset, *, trains: bool = True) -> Selection:
    """Choose and split the samples of a run, and check that run and data fit each other.

    Args:
        config: the settings.
        dataset: the data they name.
        trains: a network is going to be trained, not only counted.

    Raises:
        UserError: the arch does not fit the data, the encoding needs values in 0..1 and the
            data leave that range, 32 bits cannot tell the data apart, more samples are wanted than
            there are, a batch is larger than the training part, or none has two samples where
            BatchNorm needs them.
    """
    _check_arch(config, dataset)
    _check_range(config, dataset)
    _check_precision(config, dataset)
    train = np.arange(len(dataset.y_train))
    if config.train_samples is not None:
        train = subset(dataset.y_train, config.train_samples, config.seed)
    val = None
    if config.has_validation:
        kept, held = split_validation(
            dataset.y_train[train], config.val_samples, config.val_fraction, config.seed
        )
        train, val = train[kept], train[held]
    if trains:
        _check_batches(config, len(train))
    test = np.arange(len(dataset.y_test))
    if config.test_samples is not None and "test_samples" not in DATASETS[config.dataset].uses:
        test = subset(dataset.y_test, config.test_samples, _TEST_SEED)
    return Selection(train, val, test)


def _check_batches(config: RunConfig, samples: int) -> None:
    if config.batch_size > samples:
        raise UserError(
            f"batch_size {config.batch_size} is larger than the {samples} training samples.",
            f"Use --batch-size {samples} or less.",
        )
    if config.batch_norm and config.batch_size == 1:
        raise UserError(
            "batch_norm with batch_size 1 trains on nothing: a single sample has no variance to "
            "normalise by.",
            "Use a larger --batch-size, or leave --batch-norm out.",
        )


def _check_arch(config: RunConfig, dataset: Dataset) -> None:
    plan = plan_layers(config, dataset.input_shape)
    if plan[-1].units != dataset.n_classes:
        raise UserError(
            f"arch '{config.arch}' ends with {plan[-1].units} outputs, but "
            f"{dataset.name} has {dataset.n_classes} classes.",
            f"End arch with -{dataset.n_classes}.",
        )


def _check_precision(config: RunConfig, dataset: Dataset) -> None:
    """Refuse what 32 bits, in which networks compute, can tell apart only when standardized."""
    if config.standardize or dataset.x_train.dtype != np.float64:
        return
    values = np.concatenate([dataset.x_train, dataset.x_test])
    wide = (values != values.astype(np.float32)).any(axis=0)
    place = tuple(np.argwhere(wide)[0].tolist())
    column = values[(slice(None), *place)]
    worst = column[np.argmax(np.abs(column - column.astype(np.float32)))]
    raise UserError(
        f"{config.data_file or dataset.name}: {dataset.feature(place)} has values that 32 bits "
        f"cannot tell apart: {float(worst)} becomes {float(np.float32(worst))}.",
        "Use --standardize, or subtract a number from the column.",
    )


def _check_range(config: RunConfig, dataset: Dataset) -> None:
    if config.model == "ann" or not ENCODINGS[config.encoding].unit_range:
        return
    low, high = dataset.value_range
    if low < 0 or high > 1:
        raise UserError(
            f"encoding '{config.encoding}' needs values in 0..1, but the data go from "
            f"{low:.4g} to {high:.4g}.",
            "Use --encoding repeat, or scale the data.",
        )
