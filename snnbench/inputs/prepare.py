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
    """Scale the selected samples of a data set and put them on the device."""
    arrays = [
        _values(dataset.x_train[selection.train], dataset.scale),
        _values(dataset.x_test[selection.test], dataset.scale),
    ]
    if selection.val is not None:
        arrays.append(_values(dataset.x_train[selection.val], dataset.scale))
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


def _values(x: np.ndarray, scale: float) -> np.ndarray:
    return x.astype(np.float32) * np.float32(scale)
