"""A data set -> the tensors of one run: chosen, split, scaled, on the device."""

from dataclasses import dataclass

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.data.dataset import Dataset
from snnbench.data.splits import split_validation, standardize, subset
from snnbench.errors import UserError

# The test set is the same for every seed, so that seeds differ in training only.
_TEST_SEED = 0


@dataclass(frozen=True)
class Part:
    """Training, validation or test part.

    Attributes:
        x: values in network units, float32 [N, ...].
        y: classes, int64 [N].
        samples: index of each sample in the data set, int64 [N]; names its encoding draws.
    """

    x: torch.Tensor
    y: torch.Tensor
    samples: torch.Tensor

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class RunData:
    """The parts of a run; `val` is None where nothing is kept for validation."""

    train: Part
    val: Part | None
    test: Part
    n_classes: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample, (F,) or (C, H, W)."""
        return tuple(self.train.x.shape[1:])


def prepare(config: RunConfig, dataset: Dataset, device: torch.device) -> RunData:
    """Choose, split and scale the data of a run.

    Raises:
        UserError: more samples wanted than there are, a batch larger than the training part,
            or an output layer that does not have one unit a class.
    """
    if config.layers[-1].width != dataset.n_classes:
        raise UserError(
            f"arch '{config.arch}' ends with {config.layers[-1].width} outputs, but "
            f"{dataset.name} has {dataset.n_classes} classes.",
            f"End arch with -{dataset.n_classes}.",
        )
    train = np.arange(len(dataset.y_train))
    if config.train_samples is not None:
        train = subset(dataset.y_train, config.train_samples, config.seed)
    val = None
    if config.val_samples is not None or config.val_fraction is not None:
        kept, held = split_validation(
            dataset.y_train[train], config.val_samples, config.val_fraction, config.seed
        )
        train, val = train[kept], train[held]
    if config.batch_size > len(train):
        raise UserError(
            f"batch_size {config.batch_size} is larger than the {len(train)} training samples.",
            f"Use --batch-size {len(train)} or less.",
        )
    test = np.arange(len(dataset.y_test))
    if config.test_samples is not None and config.dataset != "table":
        test = subset(dataset.y_test, config.test_samples, _TEST_SEED)
    arrays = [_values(dataset.x_train[train], dataset.scale)]
    arrays.append(_values(dataset.x_test[test], dataset.scale))
    if val is not None:
        arrays.append(_values(dataset.x_train[val], dataset.scale))
    if config.standardize:
        arrays = list(standardize(*arrays))
    elif config.model == "snn" and config.encoding != "repeat":
        _check_unit_range(config, arrays)

    def part(x: np.ndarray, y: np.ndarray, samples: np.ndarray) -> Part:
        tensors = (torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in (x, y, samples))
        return Part(*tensors)

    return RunData(
        train=part(arrays[0], dataset.y_train[train], train),
        val=None if val is None else part(arrays[2], dataset.y_train[val], val),
        test=part(arrays[1], dataset.y_test[test], test),
        n_classes=dataset.n_classes,
    )


def _values(x: np.ndarray, scale: float) -> np.ndarray:
    return x.astype(np.float32) * np.float32(scale)


def _check_unit_range(config: RunConfig, arrays: list[np.ndarray]) -> None:
    low, high = min(a.min() for a in arrays), max(a.max() for a in arrays)
    if low < 0 or high > 1:
        raise UserError(
            f"encoding '{config.encoding}' needs values in 0..1, but the data go from "
            f"{low:.4g} to {high:.4g}.",
            "Use --encoding repeat, or scale the data.",
        )
