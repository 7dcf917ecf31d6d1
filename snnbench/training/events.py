"""What happens while runs train: events that the command line draws and the store writes."""

from dataclasses import dataclass

from snnbench.cost.report import NetworkCount
from snnbench.network.build import Network


@dataclass(frozen=True)
class Noticed:
    """Something about the data that whoever uses the results should know, in a sentence."""

    notice: str


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
        network: the trained network.
        train_seconds, eval_seconds: over all epochs, the cohort's time divided by its size.
    """

    member: int
    status: str
    error: str | None
    records: tuple[EpochRecord, ...]
    best_epoch: int | None
    count: NetworkCount | None
    network: Network
    train_seconds: float
    eval_seconds: float


Event = Noticed | Compiling | StepDone | EpochDone | RunDone
