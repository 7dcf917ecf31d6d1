"""What a run was measured to use, in training and in evaluation."""

from dataclasses import dataclass
from typing import NamedTuple


class Use(NamedTuple):
    """Of a while: seconds, joules, and the joules that the machine would have used idle.

    None: not known.
    """

    seconds: float
    joules: float | None = None
    idle_joules: float | None = None

    def share(self, of: int) -> "Use":
        """Return one of so many equal shares."""
        parts = (None if value is None else value / of for value in self[1:])
        return Use(self.seconds / of, *parts)


@dataclass(frozen=True)
class Measured:
    """Joules of a run so far, by the counters named; a member's share of its cohort."""

    counters: str
    train_j: float = 0.0
    train_idle_j: float = 0.0
    eval_j: float = 0.0
    eval_idle_j: float = 0.0

    def plus(self, train: Use, evaluation: Use) -> "Measured | None":
        """Return what it is after another epoch; None once one of them is not known."""
        values = (*train[1:], *evaluation[1:])
        if any(value is None for value in values):
            return None
        now = (self.train_j, self.train_idle_j, self.eval_j, self.eval_idle_j)
        return Measured(self.counters, *(a + (b or 0.0) for a, b in zip(now, values, strict=True)))


def energy_columns(measured: Measured | None, seconds: float) -> dict[str, float | str | None]:
    """Return the columns of `runs.csv`, all None where nothing is known.

    A part in which no counter moved was too short to be measured: it is not known.

    Args:
        measured: of a run.
        seconds: its time in training and evaluation.
    """
    measured = measured or Measured("")
    train, evaluation = measured.train_j or None, measured.eval_j or None
    known = train is not None or evaluation is not None
    idle = measured.train_idle_j + measured.eval_idle_j
    return {
        "measured_train_j": train,
        "measured_train_net_j": None if train is None else train - measured.train_idle_j,
        "measured_eval_j": evaluation,
        "measured_eval_net_j": None if evaluation is None else evaluation - measured.eval_idle_j,
        "idle_w": idle / seconds if known else None,
        "energy_counters": measured.counters if known else None,
    }
