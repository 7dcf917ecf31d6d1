"""One run of a cohort: its records, what it keeps of its best epoch, how it ends."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import torch

from snnbench.config import RunConfig
from snnbench.cost.report import NetworkCount
from snnbench.cost.tally import Tally
from snnbench.energy.measured import Measured, Use
from snnbench.network.build import Network
from snnbench.training.events import EpochRecord, RunDone
from snnbench.training.steps import Inference, StepSums
from snnbench.training.stopping import BestEpoch

_NETWORK, _OPTIMIZER = "network.", "optimizer."


@dataclass
class Evaluation:
    """One run's pass over a part.

    Attributes:
        tallies: what flowed through its layers.
        loss: mean.
        accuracy: share of right predictions.
        tied: share of samples in which several classes have the largest score.
        hits: of all its samples, from which accuracy and ties follow.
    """

    tallies: list[Tally]
    loss: float = 0.0
    accuracy: float = 0.0
    tied: float = 0.0
    hits: Any = 0


@dataclass(frozen=True)
class Held:
    """A run's evaluations on data held out.

    Attributes:
        test: on the test data.
        val: on the validation data; None without such.
        is_chosen: the epoch is the one to report, as far as is known.
        steps: of inference on the test data, of an SNN and a chosen epoch.
        chosen_on: "validation" or "training": by which the margin to exit at was chosen.
    """

    test: Evaluation
    val: Evaluation | None
    is_chosen: bool = False
    steps: StepSums | None = None
    chosen_on: str = "validation"

    @property
    def is_finite(self) -> bool:
        """Return whether all losses are finite numbers."""
        return math.isfinite(self.test.loss) and (self.val is None or math.isfinite(self.val.loss))


class Stateful(Protocol):
    """An optimizer whose state can be kept, run by run."""

    def state_of(self, member: int) -> Mapping[str, Any]:
        """Return arrays or tensors on which a run's further steps depend."""

    def load_state(self, member: int, state: Mapping[str, Any]) -> None:
        """Take over what `state_of` gave."""


Kept = TypeVar("Kept", bound=Stateful)


class OwnNetworks(Generic[Kept]):
    """What engines have in common: each run has a network, and its parameters are the run's.

    Attributes:
        configs, networks: of the runs.
        teachers: logits that each run learns, of all training samples, or None.
        optimizer: of them all.
    """

    configs: list[RunConfig]
    networks: list[Network]
    teachers: list[Any]
    optimizer: Kept
    _judges: list[RunConfig]

    def _arrange(self) -> None:
        """Make all that is sized by the number of runs; the networks keep their parameters."""
        raise NotImplementedError

    def keep(self, members: Sequence[int]) -> None:
        """Go on with some of the runs; see `Engine`."""
        states = [self.optimizer.state_of(k) for k in members]
        self.configs = [self.configs[k] for k in members]
        self.networks = [self.networks[k] for k in members]
        self.teachers = [self.teachers[k] for k in members]
        self._judges = [self._judges[k] for k in members]
        self._arrange()
        for k, state in enumerate(states):
            self.optimizer.load_state(k, state)

    def state_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return all on which a run's further training depends; not copied."""
        network = self.networks[member].state_dict()
        optimizer = self.optimizer.state_of(member)
        return {f"{_NETWORK}{name}": tensor for name, tensor in network.items()} | {
            f"{_OPTIMIZER}{name}": torch.as_tensor(value) for name, value in optimizer.items()
        }

    def load_state(self, member: int, state: Mapping[str, torch.Tensor]) -> None:
        """Take over what `state_of` gave."""
        load_network(self.networks[member], state)
        self.optimizer.load_state(member, named(state, _OPTIMIZER))

    def weights_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a copy of a run's state: parameters and BatchNorm's running statistics."""
        state = self.networks[member].state_dict()
        return {name: tensor.clone() for name, tensor in state.items()}

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers."""
        return all(bool(torch.isfinite(p).all()) for p in self.networks[member].parameters())


def load_network(network: Network, state: Mapping[str, torch.Tensor]) -> None:
    """Give a network what `OwnNetworks.state_of` took of a run's."""
    network.load_state_dict(named(state, _NETWORK))


def named(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the tensors whose names begin so, by the rest of their names."""
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


@dataclass
class Member:
    """The state of one run of the cohort.

    Attributes:
        k: its position in the cohort.
        at: its position in the engine, which keeps only runs that train.
        loss, hits: sums over the current epoch's training.
        energy: measured so far; None where it is not known.
        records: of the finished epochs.
        kept_epoch: the epoch to be reported as far as is known; its counts, what it did step by
            step and, where later epochs may be worse, its weights are kept too.
        error: why the run diverged, None while it has not.
        frozen: why it was ended before its time, None while it was not.
    """

    k: int
    config: RunConfig
    at: int = 0
    loss: float = 0.0
    hits: Any = 0
    train_seconds: float = 0.0
    eval_seconds: float = 0.0
    energy: Measured | None = None
    records: list[EpochRecord] = field(default_factory=list)
    kept_epoch: int | None = None
    kept_count: NetworkCount | None = None
    kept_inference: Inference | None = None
    kept_weights: dict[str, torch.Tensor] | None = None
    error: str | None = None
    frozen: str | None = None

    def __post_init__(self) -> None:
        self.best = BestEpoch(self.config.patience)

    @property
    def steps(self) -> int | None:
        """Time steps T, None for an ANN."""
        return self.config.T if self.config.model == "snn" else None

    def spend(self, train: Use, evaluation: Use) -> None:
        """Add its share of an epoch's time and energy."""
        self.train_seconds += train.seconds
        self.eval_seconds += evaluation.seconds
        self.energy = self.energy and self.energy.plus(train, evaluation)

    def is_chosen(self, epoch: int, val: Evaluation | None) -> bool:
        """Return whether this epoch is the one to report: the best so far, or else the last."""
        if val is None:
            return epoch == len(self.config.learning_rates)
        return self.best.update(epoch, val.accuracy, val.loss)

    def has_ended(self, epoch: int) -> bool:
        """Return whether the run diverged, was frozen, ran out of patience or of epochs."""
        last = epoch == len(self.config.learning_rates)
        ended = last or self.best.should_stop(epoch)
        return ended or self.error is not None or self.frozen is not None

    def finish(self, network: Network) -> RunDone:
        """Return the run's end, with the weights to be reported in its network."""
        done = self.error is None
        if self.kept_weights is not None and done:
            network.load_state_dict(self.kept_weights)
        return RunDone(
            member=self.k,
            status="diverged" if not done else "done" if self.frozen is None else "halved",
            error=self.error or self.frozen,
            records=tuple(self.records),
            best_epoch=self.kept_epoch if done else None,
            count=self.kept_count if done else None,
            inference=self.kept_inference if done else None,
            network=network.eval(),
            train_seconds=self.train_seconds,
            eval_seconds=self.eval_seconds,
            energy=self.energy,
        )
