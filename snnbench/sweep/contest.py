"""Successive halving of a sweep: who competes with whom, and who goes on.

Runs that agree on data, seed, epochs and teacher compete. A rung is decided when all of them that
still train have reached it, whatever was trained where and when, so that the same runs go on
whatever the workers and however often a sweep was interrupted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from snnbench.sweep.datasets import data_key
from snnbench.sweep.jobs import Job
from snnbench.training.halving import fallen_behind, run_epochs, rungs


@dataclass
class _Rung:
    """One decision.

    Attributes:
        epoch: after which it is made.
        epochs: of the runs.
        open: run_id -> run that has not come to it yet.
        accuracies: run_id -> validation accuracy of those that have.
    """

    epoch: int
    epochs: int
    open: dict[str, Job]
    accuracies: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """What is to be trained next.

    Attributes:
        jobs: runs.
        until: the epoch of the next decision; None: to their end.
        frozen: run_id -> why one ends where it is.
    """

    jobs: tuple[Job, ...]
    until: int | None = None
    frozen: Mapping[str, str] = field(default_factory=dict)


class Contest:
    """The runs of one competition.

    Args:
        jobs: all of them, in the order in which equal ones count.
        curves: run_id -> validation accuracies by epoch, of those that are recorded.
    """

    def __init__(self, jobs: Sequence[Job], curves: Mapping[str, Sequence[float]]) -> None:
        epochs = len(jobs[0].config.learning_rates)
        self._jobs, self._curves = {job.run_id: job for job in jobs}, curves
        self._left = [_Rung(epoch, epochs, {}) for epoch in rungs(epochs)]

    @property
    def runs(self) -> tuple[str, ...]:
        """The run_ids."""
        return tuple(self._jobs)

    def begin(self) -> list[Stage]:
        """Return what is to be trained first."""
        return self._go_on(list(self._jobs))

    def reached(self, run_id: str, accuracy: float | None) -> list[Stage]:
        """Take in that a run came to its rung, or ended before (None); return what follows."""
        if not self._left or run_id not in self._left[0].open:
            return []
        rung = self._left[0]
        del rung.open[run_id]
        if accuracy is not None:
            rung.accuracies[run_id] = accuracy
        return [] if rung.open else self._decide(rung)

    def _go_on(self, runs: Iterable[str]) -> list[Stage]:
        """Send runs to the next rung; those that are recorded are there already."""
        runs = list(runs)
        new = [self._jobs[run] for run in runs if run not in self._curves]
        if not self._left:
            return [Stage(tuple(new))] if new else []
        rung = self._left[0]
        rung.open = {job.run_id: job for job in new}
        rung.accuracies = {
            run: self._curves[run][rung.epoch - 1] for run in runs
            if len(self._curves.get(run, ())) >= rung.epoch
        }  # fmt: skip
        if new:
            return [Stage(tuple(new), rung.epoch)]
        return self._decide(rung) if rung.accuracies else []

    def _decide(self, rung: _Rung) -> list[Stage]:
        del self._left[0]
        # in the order of the jobs, which decides between equal ones
        ordered = {run: rung.accuracies[run] for run in self._jobs if run in rung.accuracies}
        places = fallen_behind(ordered)
        frozen = {
            run: f"frozen after epoch {rung.epoch} of {rung.epochs}: {place} by validation accuracy"
            for run, place in places.items()
            if run not in self._curves
        }
        ending = [Stage(tuple(self._jobs[run] for run in frozen), None, frozen)] if frozen else []
        return ending + self._go_on(run for run in ordered if run not in places)


def share_trained(jobs: Iterable[Job], contests: Iterable[Contest]) -> float:
    """Return the share of runs' epochs that is trained, where those that compete are halved."""
    epochs = {job.run_id: len(job.config.learning_rates) for job in jobs}
    whole = sum(epochs.values())
    saved = 0
    for contest in contests:
        own = [epochs[run] for run in contest.runs if run in epochs]
        saved += sum(own) - run_epochs(len(own), max(own, default=0))
    return 1 - saved / whole if whole else 1.0


def contests_of(jobs: Iterable[Job], curves: Mapping[str, Sequence[float]]) -> list[Contest]:
    """Return the competitions of a sweep's runs; see `Contest`."""
    groups: dict[tuple[object, ...], list[Job]] = {}
    for job in jobs:
        config = job.config
        key = (*data_key(config), config.seed, len(config.learning_rates), job.teacher)
        groups.setdefault(key, []).append(job)
    return [Contest(group, curves) for group in groups.values()]
