"""Inference step by step: what a run has decided and done by each step, and with early exits."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from snnbench.config import RunConfig
from snnbench.cost.effective import fan_out
from snnbench.cost.facts import LayerFacts
from snnbench.cost.formulas import effective_acs, energy_pj_compute45nm
from snnbench.network.build import Network
from snnbench.training.decisions import Decisions, codes_of, credits_of, hits_of_codes
from snnbench.training.exits import choose_margin, exit_steps
from snnbench.training.hits import accuracy

Ints = npt.NDArray[np.int64]
FanOut = int | torch.Tensor


class Flow(NamedTuple):
    """What went through a network, sample by sample and step by step.

    Attributes:
        spikes: of all neurons, int64 [B, T].
        operations: effective operations of every weight layer, int64 [L, B, T]. A layer that is
            applied once does all of its own at the first step.
    """

    spikes: Ints
    operations: Ints


class Watch(Protocol):
    """Takes in what an evaluation finds, batch by batch.

    Attributes:
        T: steps.
        fan_outs: as `StepSums` has them; None where the flow is not wanted.
    """

    T: int
    fan_outs: Sequence[FanOut] | None

    def add(self, decisions: Decisions, flow: Flow | None) -> None:
        """Add a batch."""


class ExitChoice:
    """Keeps the decisions on some samples, to choose by them when to exit; a `Watch`."""

    fan_outs: Sequence[FanOut] | None = None

    def __init__(self, config: RunConfig, network: Network) -> None:
        self.T, self.credit = config.T, credits_of(config, network.plan[-1].units)
        self._decisions: list[Decisions] = []

    def add(self, decisions: Decisions, flow: Flow | None) -> None:
        """See `Watch`."""
        self._decisions.append(decisions)

    @property
    def margin(self) -> float | None:
        """The margin of scores to exit at; None where inference should go on to its end."""
        codes = np.concatenate([batch.codes for batch in self._decisions])
        margins = np.concatenate([batch.margins for batch in self._decisions])
        return choose_margin(codes, margins, self.credit)


class StepSums:
    """Sums over samples of what a run does at every step; a `Watch`.

    Whole numbers, so that no sum depends on the batches, or on what runs beside it.

    Args:
        config: of the run.
        network: of the run, with the weights that are evaluated.
        margin: of scores, at which inference may end; None: never.

    Attributes:
        least: the margin, or 0.
        fan_outs: of every weight layer, by how many weights that are not 0 an input is multiplied:
            a number where it is the same for all inputs, else one for every input unit.
        right: code -> whether the decision is right, without a tie.
        counts: decisions of each code after every step, [T, codes].
        spikes: at each step, [T].
        operations: effective, of each layer at each step, [L, T].
        exits: samples that exit at each step, [T].
        exit_counts: of each code there, [codes].
        exit_spikes, exit_operations: until there, [1] and [L].
        kept: samples that end right, and the sum of the steps (from 1) from which they are right
            and stay so, [2].
    """

    def __init__(self, config: RunConfig, network: Network, margin: float | None) -> None:
        self.config, self.margin, self.least = config, margin, np.float32(margin or 0)
        classes, layers = network.plan[-1].units, len(network.plan)
        self.fan_outs: Sequence[FanOut] | None = _fan_outs(network)
        self.right = credits_of(config, classes) == 1
        codes, self.T = codes_of(classes), config.T
        T = self.T
        self.counts, self.spikes, self.operations, self.exits = (
            np.zeros(shape, np.int64) for shape in ((T, codes), T, (layers, T), T)
        )
        self.exit_counts, self.exit_spikes, self.exit_operations, self.kept = (
            np.zeros(size, np.int64) for size in (codes, 1, layers, 2)
        )

    def add(self, decisions: Decisions, flow: Flow | None) -> None:
        """See `Watch`; the reference."""
        assert flow is not None
        codes, T = decisions.codes, decisions.codes.shape[1]
        everyone = np.arange(len(codes))
        for t in range(T):
            self.counts[t] += np.bincount(codes[:, t], minlength=self.counts.shape[1])
        self.spikes += flow.spikes.sum(0)
        self.operations += flow.operations.sum(1)
        at = exit_steps(decisions.margins, self.margin)
        self.exits += np.bincount(at, minlength=T)
        self.exit_counts += np.bincount(codes[everyone, at], minlength=len(self.exit_counts))
        self.exit_spikes += flow.spikes.cumsum(1)[everyone, at].sum()
        self.exit_operations += flow.operations.cumsum(2)[:, everyone, at].sum(1)
        right = self.right[codes]
        ends_right = right[right[:, -1]]
        wrong_before = T - np.where(ends_right.all(1), T, (~ends_right[:, ::-1]).argmax(1))
        self.kept += np.array([len(ends_right), (wrong_before + 1).sum()])


@dataclass(frozen=True)
class Inference:
    """A run's inference on the test data, step by step.

    Attributes:
        rows: of `steps.csv`, without the run's name.
        columns: of `runs.csv`.
    """

    rows: tuple[dict[str, Any], ...] = ()
    columns: dict[str, Any] = field(default_factory=dict)


def inference_of(sums: StepSums, facts: Sequence[LayerFacts], chosen_on: str) -> Inference:
    """Turn sums into rows and columns.

    Args:
        sums: over all test samples.
        facts: of the run's layers, in order.
        chosen_on: the data by which the margin was chosen.
    """
    samples = int(sums.exits.sum())

    def rate(counts: Ints) -> float | None:  # without a decision it is not known
        return None if counts[0] else accuracy(sums.config, hits_of_codes(counts), samples)

    acs, energy = _costs(facts, sums.operations.cumsum(1) / samples)
    rows = tuple(
        {
            "step": t + 1,
            "test_accuracy": rate(sums.counts[t]),
            "spikes": float(spikes),
            "effective_acs": float(acs[t]),
            "energy_pj_compute45nm": float(energy[t]),
        }
        for t, spikes in enumerate(sums.spikes.cumsum() / samples)
    )
    kept, steps = sums.kept.tolist()
    exit_acs, exit_energy = _costs(facts, sums.exit_operations[:, None] / samples)
    steps_to_exit = (sums.exits * np.arange(1, len(rows) + 1)).sum()
    columns = {
        "inference_steps": len(rows),
        "latency_steps": steps / kept if kept else None,
        "exit_margin": sums.margin,
        "exit_chosen_on": chosen_on,
        "exit_steps": float(steps_to_exit) / samples,
        "exit_accuracy": rate(sums.exit_counts),
        "exit_spikes": float(sums.exit_spikes[0]) / samples,
        "exit_effective_acs": float(exit_acs[0]),
        "exit_energy_pj_compute45nm": float(exit_energy[0]),
    }
    return Inference(rows, columns)


def _costs(
    facts: Sequence[LayerFacts], operations: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return accumulates and energy of operations a sample [L, N], [N] each."""
    acs, energy = np.zeros(operations.shape[1]), np.zeros(operations.shape[1])
    for layer, own in zip(facts, operations, strict=True):
        counted = replace(layer, effective_operations=cast(float, own))  # all steps in one go
        acs = acs + cast(Any, effective_acs(counted))
        energy = energy + cast(Any, energy_pj_compute45nm(counted))
    return acs, energy


def _fan_outs(network: Network) -> list[FanOut]:
    return [
        _fan_out(module, entry.input_shape)
        for module, entry in zip(network.weight_modules, network.plan, strict=True)
    ]


def _fan_out(module: nn.Module, input_shape: tuple[int, ...]) -> FanOut:
    assert isinstance(module, nn.Linear | nn.Conv2d)
    weight = module.weight
    if isinstance(module, nn.Linear) and int(weight.count_nonzero()) == weight.numel():
        return module.out_features
    each = fan_out(module, input_shape)
    return int(each.flatten()[0]) if bool((each == each.flatten()[0]).all()) else each
