"""What happens while runs train: events that the command line draws and the store writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnbench.cost.report import NetworkCount
from snnbench.energy.measured import Measured
from snnbench.network.build import Network

if TYPE_CHECKING:
    from snnbench.training.snapshot import Snapshot
    from snnbench.training.steps import Inference


@dataclass(frozen=True)
class Compiling:
    """Kernels are being compiled, which takes long and happens once on a machine."""


@dataclass(frozen=True)
class StepDone:
    """A mini-batch has been trained on, by all runs of the cohort."""

    epoch: int
    samples: int
    samples_in_epoch: int


@dataclass(frozen=True)
class EpochRecord:
    """Results of one run's epoch, in the columns of `epochs.csv`; None is not known."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    test_loss: float
    test_accuracy: float
    tied_fraction: float
    firing_rate: float | None
    flops_lab_train: float
    flops_lab_test: float
    train_seconds: float
    eval_seconds: float


@dataclass(frozen=True)
class EpochDone:
    """A run has finished an epoch; `member` is its position in the cohort."""

    member: int
    record: EpochRecord


@dataclass(frozen=True)
class Reached:
    """Runs have an epoch behind them and go on.

    Attributes:
        epoch: which.
        snapshots: position -> what takes a snapshot of the run, until its next step.
    """

    epoch: int
    snapshots: "Mapping[int, Callable[[], Snapshot]]"


@dataclass(frozen=True)
class Said:
    """Something to tell the user, in a sentence."""

    text: str


@dataclass(frozen=True)
class RunDone:
    """A run has ended.

    Attributes:
        member: its position in the cohort.
        status: "done", "diverged" or "halved".
        error: why it diverged or was frozen early, else None.
        records: its finished epochs.
        best_epoch: the epoch whose weights `network` holds and whose results count: the best
            on validation data, or the last without them; None if it diverged.
        count: operations and rates on the test part at that epoch; None if it diverged.
        inference: the test part step by step at that epoch; None of an ANN, or if it diverged.
        network: the trained network.
        train_seconds, eval_seconds: over all its epochs, the cohort's time divided by the number
            of runs that trained in it.
        energy: measured over the same time, shared in the same way; None where it is not known.
    """

    member: int
    status: str
    error: str | None
    records: tuple[EpochRecord, ...]
    best_epoch: int | None
    count: NetworkCount | None
    inference: "Inference | None"
    network: Network
    train_seconds: float
    eval_seconds: float
    energy: Measured | None = None


Event = Compiling | StepDone | EpochDone | Reached | Said | RunDone
