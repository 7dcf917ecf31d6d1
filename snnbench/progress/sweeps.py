"""A sweep while it runs: bars on a terminal, a plain line whenever runs end elsewhere."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from snnbench.progress.screens import Screen, screen_here
from snnbench.progress.stopping import NOTED, GentleStop, Stopped

if TYPE_CHECKING:
    from snnbench.studies.objective import Objective
    from snnbench.sweep.drive import SweepEvent, Working
    from snnbench.sweep.executors import GoneError
    from snnbench.sweep.jobs import Task
    from snnbench.sweep.order import Order
    from snnbench.sweep.run import Planned
    from snnbench.training.events import Compiling

E = TypeVar("E", bound="Planned | Compiling | SweepEvent")
R = TypeVar("R")

COMPILING = "compiling kernels for this machine, once (up to two minutes)"
_MOST_BARS = 16
_BAR = 30  # characters


class SweepProgress:
    """Draws the events of a sweep.

    Args:
        objective: say which run is best so far by it; None: not at all.
        screen: where; None: on this notebook, or on stderr.
    """

    def __init__(
        self, objective: "Objective | None" = None, *, screen: Screen | None = None
    ) -> None:
        self.objective = objective
        self.screen = screen or screen_here()
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
            if not self._epochs_done():
                self.started = time.monotonic()  # what came before is no time that runs take
        self.screen.refresh()

    def _plan(self, event: "Planned") -> None:
        for repair in event.repairs:
            self.say(f"Tables: {repair}")
        for notice in event.notices:
            self.say(f"Notice: {notice}")
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
        if not self.screen.draws:
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
        """Show a line that stays."""
        self.screen.say(text)

    def _summary(self, *, ended: bool = False) -> str:
        parts = [f"{self.done} of {self.total} runs"]
        parts += [f"{n} {status}" for status, n in self.by_status.items() if status != "done"]
        if self.best is not None and self.objective is not None:
            from snnbench.report.reading.columns import name_of

            column = self.objective.column
            value = self.best[column]
            text = f"{value:.4f}" if abs(value) <= 1 else f"{value:.4g}"
            parts.append(f"best {name_of(column)} {text} (run {self.best['run_id']})")
        left = self._seconds_left()
        if left is not None and not ended:
            parts.append(f"{clock(left)} left")
        return ", ".join(parts)

    def _epochs_done(self) -> float:
        """Return how many epochs are done here, cohorts that run counted in part."""
        return self.trained + sum(
            self.shares.get(task.number, 0.0) * self.epochs.get(job.run_id, 0)
            for task in self.running for job in task.jobs
        )  # fmt: skip

    def _seconds_left(self) -> float | None:
        """Return what is left at the speed so far, without the time until the first run began."""
        done = self._epochs_done()
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
        """Draw while in the context."""
        with self.screen.shown(self):
            yield
        self.screen.end(self._summary(ended=True))


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

    def whole(self) -> dict[str, None]:
        """Return the names of all runs, of a sweep that came to its end.

        Raises:
            Stopped: by a signal, when what was running had been recorded.
            GoneError: what ran the tasks has ended.
        """
        if self.signal is not None:
            raise Stopped(self.signal)
        if self.gone is not None:
            raise self.gone
        return self.ids


def follow_sweep(order: "Order", progress: SweepProgress, stop: GentleStop) -> Followed:
    """Run a sweep to its end, or to that of what is running when a signal comes, and draw it.

    Args:
        order: what is to be run.
        progress: draws it.
        stop: the signals that are waited for.
    """
    from snnbench.sweep.drive import Working
    from snnbench.sweep.executors import GoneError
    from snnbench.sweep.record import Recorded
    from snnbench.sweep.run import Planned, run_sweep

    ids: dict[str, None] = {}
    gone = None
    with (
        stop,
        progress.shown(),
        closing(run_sweep(
            order.plan, order.folder, order.where, retry=order.retry, reuse=order.reuse,
            is_stopping=stop.is_wanted,
        )) as events,
    ):  # closed whatever happens: it ends the workers  # fmt: skip
        try:
            for event in progress.follow(events, stop):
                if isinstance(event, Planned):
                    ids |= dict.fromkeys(job.run_id for job in event.jobs)
                    if event.to_do:
                        stop.waits = False  # workers only begin: nothing is lost
                        stop.begin()
                elif isinstance(event, Recorded) or (
                    isinstance(event, Working) and _has_begun(event)
                ):
                    stop.waits = True
        except GoneError as error:
            gone = error
    return Followed(ids, stop.number, gone)


def _has_begun(event: "Working") -> bool:
    """Whether a run is being trained, or nobody says whether one is."""
    return any(event.shares.values()) if event.shares else bool(event.running)


def clock(seconds: float) -> str:
    """Return seconds as 1:02:03 or 2:03."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
