"""Readouts: what of the output layer is compared with the label."""

from dataclasses import dataclass
from typing import Any

from snnbench.words.table import Table, Word


@dataclass(frozen=True, kw_only=True)
class Readout(Word):
    """One row.

    Attributes:
        spiking: the output layer spikes.
        membrane: it looks at the output neurons' membrane.
        loss: the default loss.
        by_rate: predictions follow from the mean output over the steps; else from the mean of what
            it gives.
    """

    spiking: bool = True
    membrane: bool = False
    loss: str = "ce"
    by_rate: bool = False


def read(outputs: Any, membrane: Any) -> Any:
    """Return scores [N, B, C]: the loss is the mean of the losses of the N.

    Args:
        outputs: spikes or values of the output layer, [T, B, C].
        membrane: U of the output neurons before the reset, [T, B, C], where the row asks for it.
    """


_HOME = "snnbench.training.readouts"

READOUTS = Table(
    "readout",
    Readout,
    (
        Readout(
            "rate",
            "mean spikes of the output",
            f"{_HOME}:mean_over_steps",
            loss="mse",
            by_rate=True,
            called="rate readout",
        ),
        Readout(
            "current",
            "mean of a non-spiking output",
            f"{_HOME}:mean_over_steps",
            spiking=False,
            by_rate=True,
            called="current readout",
        ),
        Readout(
            "membrane",
            "loss on the output membrane at every step",
            f"{_HOME}:membrane_at_every_step",
            membrane=True,
            by_rate=True,
            called="membrane readout",
        ),
    ),
    signature=read,
)
