"""A sweep while it runs: bars on a terminal, a plain line whenever runs end elsewhere."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snnbench.cli.console import say, stderr
from snnbench.cli.progress import COMPILING, clock
from snnbench.cli.stopping import NOTED, GentleStop

if TYPE_CHECKING:
    from snnbench.studies.objective import Objective
    from snnbench.studies.plan import Plan
    from snnbench.sweep.drive import SweepEvent
    from snnbench.sweep.executors import GoneError
    from snnbench.sweep.jobs import Task
    from snnbench.sweep.run import Planned, Where
    from snnbench.training.events import Compiling

E = TypeVar("E", bound="Planned | Compiling | SweepEvent")
R = TypeVar("R")

_REDRAWS_A_SECOND = 4
_MOST_BARS = 16
_BAR = 30  # characters


class SweepProgress:
    """Draws the events of a sweep.

    Args:
        objective: say which run is best so far by it; None: not at all.
    """

    def __init__(self, objective: "Objective | None" = None) -> None:
        self.objective = objective
        self.console = stderr()
        self.live: Live | None = None
        self.begin()
        self.by_status: dict[str, int] = {}
        self.best: Mapping[str, Any] | None = None
        self.running: tuple[Task, ...] = ()
        self.shares: Mapping[int, float] = {}

    def begin(self) -> None:
        """Count from nothing, for a plan, or another one of the same sweep."""
        self.started = time.monotonic()
        self.total = self.done = self.before = 0
        self.epochs: dict[str, int] = {}  # run -> its epochs, of those that are run
        self.share, self.trained = 1.0, 0  # of their epochs, and epochs of those that have ended

    def follow(self, events: Generator[E, None, R], stop: GentleStop) -> Generator[E, None, R]:
        """Yield events as they come, draw them, and return what they return.

        A first signal is acknowledged once; a second waits until what is being said has been said.
        """
        told = False
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                made: R = end.value
                return made
            with stop.held():
                yield event
                if stop.is_wanted() and not told:
                    self.say(NOTED)
                    told = True
                self.watch(event)

    def watch(self, event: "Planned | Compiling | SweepEvent") -> None:
        """Take in an event."""
        from snnbench.sweep.drive import Retried, Working
        from snnbench.sweep.record import Recorded
        from snnbench.sweep.run import Planned
        from snnbench.training.events import Compiling, Said

        if isinstance(event, Compiling):
            self.say(COMPILING)
        elif isinstance(event, Said):
            self.say(event.text)
        elif isinstance(event, Planned):
            self._plan(event)
        elif isinstance(event, Recorded):
            self._record(event)
        elif isinstance(event, Retried):
            runs = len(event.task.jobs)
            self.say(f"A cohort of {runs} failed and is tried run by run: {event.error}")
        elif isinstance(event, Working):
            self.running, self.shares = event.running, event.shares

    def _plan(self, event: "Planned") -> None:
        recorded = len(event.jobs) - len(event.to_do)
        if event.taken_over:
            self.say(f"{event.taken_over} runs are taken over from --reuse.")
        self.total = event.total
        self.epochs |= {job.run_id: len(job.config.learning_rates) for job in event.to_do}
        self.share = event.share
        self.done += recorded
        self.before += recorded
        if recorded:
            self.say(f"{recorded} of {len(event.jobs)} runs are recorded already.")

    def _record(self, event: Any) -> None:
        for repair in event.repairs:
            self.say(f"Tables: {repair}")
        for row in event.rows:
            self.done += 1
            status, run = str(row["status"]), row["run_id"]
            self.trained += row["epochs_run"] if status == "halved" else self.epochs.get(run, 0)
            self.by_status[status] = self.by_status.get(status, 0) + 1
            self._compare(row)
            if row.get("error") and status != "halved":
                self.say(f"Run {row['run_id']} {status}: {row['error']}")
        if self.live is None:
            self.say(self._summary())

    def _compare(self, row: Mapping[str, Any]) -> None:
        """Keep a row if it is the best so far."""
        if self.objective is None or row.get(self.objective.column) is None:
            return
        sign = 1 if self.objective.direction == "max" else -1
        values = [sign * one[self.objective.column] for one in (row, self.best or row)]
        if self.best is None or values[0] > values[1]:
            self.best = row

    def say(self, text: str) -> None:
        """Print a line, above the bars where there are some."""
        self.console.print(Text(text), soft_wrap=True)

    def _summary(self) -> str:
        parts = [f"{self.done} of {self.total} runs"]
        parts += [f"{n} {status}" for status, n in self.by_status.items() if status != "done"]
        if self.best is not None and self.objective is not None:
            from snnbench.report.reading.columns import name_of

            column = self.objective.column
            value = self.best[column]
            text = f"{value:.4f}" if abs(value) <= 1 else f"{value:.4g}"
            parts.append(f"best {name_of(column)} {text} (run {self.best['run_id']})")
        left = self._seconds_left()
        if left is not None:
            parts.append(f"{clock(left)} left")
        return ", ".join(parts)

    def _seconds_left(self) -> float | None:
        """Return what is left at the speed so far, in epochs, cohorts that run counted in part."""
        done = self.trained + sum(
            self.shares.get(task.number, 0.0) * self.epochs.get(job.run_id, 0)
            for task in self.running for job in task.jobs
        )  # fmt: skip
        if done <= 0:
            return None
        known = sum(self.epochs.values()) / len(self.epochs)
        coming = self.share * known * (self.total - self.before)
        return (time.monotonic() - self.started) * max(0.0, coming - done) / done

    def __rich__(self) -> Group:
        """Return the summary, the sweep's bar, and one bar for each running cohort."""
        table = Table.grid(padding=(0, 1))
        table.add_row("runs", ProgressBar(max(1, self.total), self.done, width=_BAR),
                      f"{self.done}/{self.total}")  # fmt: skip
        for task in self.running[:_MOST_BARS]:
            share = self.shares.get(task.number)
            bar = ProgressBar(1.0, share or 0.0, width=_BAR, pulse=share is None)
            table.add_row(f"  cohort of {len(task.jobs)}", bar, _name(task))
        return Group(table, Text(self._summary()))

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw while in the context, if stderr is a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with Live(
            self, console=self.console, refresh_per_second=_REDRAWS_A_SECOND, transient=True
        ) as live:
            self.live = live
            yield


def _name(task: "Task") -> str:
    job = task.jobs[0]
    variant = f"{job.variant}, " if job.variant else ""
    return f"{variant}{job.config.arch}, seed {job.config.seed}"


class Followed(NamedTuple):
    """How a sweep went.

    Attributes:
        ids: names of all runs that were planned.
        signal: that ended it early, when what was running had been recorded; None: none did.
        gone: what ran the tasks has ended before they did.
    """

    ids: dict[str, None]
    signal: int | None
    gone: "GoneError | None"


def follow_sweep(
    plan: "Plan", folder: Path, where: "Where", progress: SweepProgress, **how: Any
) -> Followed:
    """Run a sweep to its end, or to that of what is running when a signal comes, and draw it.

    Args:
        plan, folder, where: see `run_sweep`.
        progress: draws it.
        how: `retry` and `reuse` of `run_sweep`.
    """
    from snnbench.sweep.executors import GoneError
    from snnbench.sweep.run import Planned, run_sweep

    ids: dict[str, None] = {}
    gone = None
    with (
        GentleStop() as stop,
        progress.shown(),
        closing(run_sweep(plan, folder, where, is_stopping=stop.is_wanted, **how)) as events,
    ):  # closed whatever happens: it ends the workers
        try:
            for event in progress.follow(events, stop):
                if isinstance(event, Planned):
                    ids |= dict.fromkeys(job.run_id for job in event.jobs)
                    for repair in event.repairs:
                        say(f"Tables: {repair}")
                    for notice in event.notices:
                        say(f"Notice: {notice}")
                    if event.to_do:
                        stop.begin()
        except GoneError as error:
            gone = error
    return Followed(ids, stop.number, gone)
