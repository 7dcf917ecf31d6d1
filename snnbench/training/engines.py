"""The choice of an engine: what trains a cohort on this machine."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.inputs.prepare import RunData
from snnbench.network.build import Network
from snnbench.training.evaluation import Evaluator
from snnbench.training.hits import Hits


class Engine(Evaluator, Protocol):
    """Trains and evaluates a cohort: runs that share data, order, encoding and shapes."""

    data: RunData
    networks: list[Network]

    def begin_epoch(self) -> None:
        """Start the input rates of training anew."""

    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[Hits]]:
        """Take one optimizer step.

        Args:
            epoch: from 1.
            rows: which training samples, int64 [B].
            learning_rates: one a run.
            active: positions of the runs that still train.

        Returns:
            loss and hits of every active run.
        """

    def input_rates(self, member: int) -> list[float]:
        """Return the mean input of each weight layer of a run over this epoch's training."""

    def weights_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a copy of a run's state: parameters and BatchNorm's running statistics."""

    def state_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return all on which a run's further training depends; not copied."""

    def load_state(self, member: int, state: Mapping[str, torch.Tensor]) -> None:
        """Take over what `state_of` gave; all runs are then at the same epoch."""

    def keep(self, members: Sequence[int]) -> None:
        """Go on, after an epoch, with some of the runs, numbered anew in the order given.

        Work and memory are then those of an engine of these runs, and so are the bits.
        """

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers."""


def make_engine(configs: Sequence[RunConfig], data: RunData) -> Engine:
    """Return the engine of the path that the configs take."""
    engine: Engine = path_of(configs[0]).load()(configs, data)
    return engine
