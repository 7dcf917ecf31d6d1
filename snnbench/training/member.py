"""One run of a cohort: its records, what it keeps of its best epoch, how it ends."""

import math
from dataclasses import dataclass, field

import torch

from snnbench.config import RunConfig
from snnbench.cost.report import NetworkCount
from snnbench.cost.tally import Tally
from snnbench.network.build import Network
from snnbench.training.events import EpochRecord, RunDone
from snnbench.training.stopping import BestEpoch


@dataclass
class Evaluation:
    """One run's pass over a part: mean loss, accuracy, and what flowed through its layers."""

    loss: float
    accuracy: float
    tallies: list[Tally]


@dataclass(frozen=True)
class Held:
    """A run's evaluations on data held out; `val` is None without validation data."""

    test: Evaluation
    val: Evaluation | None

    @property
    def is_finite(self) -> bool:
        """Return whether all losses are finite numbers."""
        return math.isfinite(self.test.loss) and (self.val is None or math.isfinite(self.val.loss))


class OwnNetworks:
    """What engines have in common: each run has a network, and its parameters are the run's."""

    networks: list[Network]

    def weights_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a copy of a run's state: parameters and BatchNorm's running statistics."""
        state = self.networks[member].state_dict()
        return {name: tensor.clone() for name, tensor in state.items()}

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers."""
        return all(bool(torch.isfinite(p).all()) for p in self.networks[member].parameters())


@dataclass
class Member:
    """The state of one run of the cohort.

    Attributes:
        k: its position in the cohort.
        loss, correct: sums over the current epoch's training.
        records: of the finished epochs.
        kept_epoch: the epoch to be reported as far as is known; its counts and, where later
            epochs may be worse, its weights are kept too.
        error: why the run diverged, None while it has not.
        frozen: why it was ended before its time, None while it was not.
    """

    k: int
    config: RunConfig
    loss: float = 0.0
    correct: int = 0
    train_seconds: float = 0.0
    eval_seconds: float = 0.0
    records: list[EpochRecord] = field(default_factory=list)
    kept_epoch: int | None = None
    kept_count: NetworkCount | None = None
    kept_weights: dict[str, torch.Tensor] | None = None
    error: str | None = None
    frozen: str | None = None

    def __post_init__(self) -> None:
        self.best = BestEpoch(self.config.patience)

    @property
    def steps(self) -> int | None:
        """Time steps T, None for an ANN."""
        return self.config.T if self.config.model == "snn" else None

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
            network=network.eval(),
            train_seconds=self.train_seconds,
            eval_seconds=self.eval_seconds,
        )
