"""A data set -> the tensors of one run: chosen, scaled, on the device."""

from dataclasses import dataclass

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.data.dataset import Dataset
from snnbench.data.splits import standardize
from snnbench.inputs.selection import Selection


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


def prepare(
    config: RunConfig, dataset: Dataset, selection: Selection, device: torch.device
) -> RunData:
    """Scale the selected samples of a data set and put them on the device.

    Values enter a network in 32 bits; those that 32 bits cannot tell apart are standardized in 64.
    """
    arrays = [dataset.x_train[selection.train], dataset.x_test[selection.test]]
    if selection.val is not None:
        arrays.append(dataset.x_train[selection.val])
    if dataset.x_train.dtype == np.float64:
        assert config.standardize, "`select` refuses it"
        arrays = _differences(arrays)
    else:
        arrays = [x.astype(np.float32) * np.float32(dataset.scale) for x in arrays]
    if config.standardize:
        arrays = list(standardize(*arrays))

    def part(x: np.ndarray, y: np.ndarray, samples: np.ndarray) -> Part:
        tensors = (torch.from_numpy(np.ascontiguousarray(a)).to(device) for a in (x, y, samples))
        return Part(*tensors)

    val = selection.val
    return RunData(
        train=part(arrays[0], dataset.y_train[selection.train], selection.train),
        val=None if val is None else part(arrays[2], dataset.y_train[val], val),
        test=part(arrays[1], dataset.y_test[selection.test], selection.test),
        n_classes=dataset.n_classes,
    )


def _differences(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return values as differences from the first sample, in powers of two of the largest.

    Standardized they are the same: but differences of values that lie close together far from 0
    are exact, and their squares neither overflow nor vanish.
    """
    arrays = [x - arrays[0][0] for x in arrays]
    largest = np.max([np.abs(x).max(axis=0) for x in arrays], axis=0)
    return [np.ldexp(x, -np.frexp(largest)[1]) for x in arrays]
