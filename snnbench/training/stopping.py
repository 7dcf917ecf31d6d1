"""Early stopping and the choice of the epoch to report: validation data only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class BestEpoch:
    """Remembers the epoch with the best validation accuracy, the smaller loss among equals.

    Attributes:
        patience: epochs without a better one after which to stop; None for never.
        epoch: the best epoch so far, from 1; 0 before the first.
    """

    patience: int | None
    epoch: int = 0
    _best: tuple[float, float] = field(default=(-1.0, 0.0))

    @property
    def state(self) -> tuple[int, float, float]:
        """The best epoch so far, its accuracy and the negative of its loss."""
        return (self.epoch, *self._best)

    @state.setter
    def state(self, state: Sequence[Any]) -> None:
        self.epoch, *best = state
        self._best = (best[0], best[1])

    def update(self, epoch: int, accuracy: float, loss: float) -> bool:
        """Take in an epoch's validation results; return whether it is the best so far."""
        if (accuracy, -loss) <= self._best:
            return False
        self._best, self.epoch = (accuracy, -loss), epoch
        return True

    def should_stop(self, epoch: int) -> bool:
        """Return whether `patience` epochs have passed since the best one."""
        return self.patience is not None and epoch - self.epoch >= self.patience
