"""The choice of an engine: what trains a cohort on this machine."""

from collections.abc import Sequence
from typing import Protocol

import torch

from snnbench.config import RunConfig
from snnbench.network.build import Network
from snnbench.network.plan import plan_layers
from snnbench.training.member import Evaluation
from snnbench.training.prepare import Part, RunData
from snnbench.training.reference import ReferenceEngine


class Engine(Protocol):
    """Trains and evaluates a cohort: runs that share data, order, encoding and shapes."""

    configs: list[RunConfig]
    data: RunData
    networks: list[Network]

    def begin_epoch(self) -> None:
        """Start the input rates of training anew."""

    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[int]]:
        """Take one optimizer step; return loss and correct predictions of the active runs."""

    def input_rates(self, member: int) -> list[float]:
        """Return the mean input of each weight layer of a run over this epoch's training."""

    def evaluate(self, part: Part, active: Sequence[int]) -> list[Evaluation]:
        """Run the active runs over a part once: loss, accuracy and tallies together."""

    def weights_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a copy of a run's state: parameters and BatchNorm's running statistics."""

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers."""


def make_engine(configs: Sequence[RunConfig], data: RunData, device: torch.device) -> Engine:
    """Return the engine that the configs ask for: `reference`, or the fastest that fits."""
    first = configs[0]
    if first.engine == "fast" and device.type == "cpu":
        # numba compiles on first use and costs half a second to import: only when needed
        from snnbench.training import perceptron, stacked

        plan = plan_layers(first, data.input_shape)
        if stacked.fits(first, plan):
            return stacked.StackedEngine(configs, data)
        if perceptron.fits(first, plan):
            return perceptron.PerceptronEngine(configs, data)
    return ReferenceEngine(configs, data, device)
