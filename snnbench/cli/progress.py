"""A run while it trains: a live table on a terminal, one plain line an epoch elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.text import Text

from snnbench.cli.layout import lay_out, wrapped
from snnbench.config import RunConfig
from snnbench.progress.screens import stderr
from snnbench.progress.sweeps import COMPILING, clock
from snnbench.report.reading.columns import name_of

if TYPE_CHECKING:
    from snnbench.training.events import EpochRecord, Event

_COLUMNS = (
    "train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy",
    "firing_rate",
)  # fmt: skip
_REDRAWS_A_SECOND = 8


class TrainingProgress:
    """Draws the events of one run."""

    def __init__(self, config: RunConfig) -> None:
        self.epochs = len(config.learning_rates)
        self.records: list[EpochRecord] = []
        self.status = "reading the data"
        self.columns = [
            name
            for name in _COLUMNS
            if (config.has_validation or not name.startswith("val"))
            and (config.model == "snn" or name != "firing_rate")
        ]
        self.console = stderr()
        self.live: Live | None = None
        self.started: float | None = None

    def watch(self, event: "Event") -> None:
        """Take in an event."""
        from snnbench.training.events import Compiling, EpochDone, Said, StepDone

        if isinstance(event, Compiling):
            self.status = COMPILING
            if self.live is None:
                self.console.print(COMPILING)
        elif isinstance(event, Said):
            self.console.print(Text(event.text), soft_wrap=True)
        elif isinstance(event, StepDone):
            self._time_left(event)
        elif isinstance(event, EpochDone):
            self.records.append(event.record)
            if self.live is None:
                self._print_line(event.record)

    def _time_left(self, step: "Event") -> None:
        from snnbench.training.events import StepDone

        assert isinstance(step, StepDone)
        now = time.monotonic()
        done = (step.epoch - 1) * step.samples_in_epoch + step.samples
        if self.started is None:  # the first step pays for warming up
            self.started, self.first = now, done
            return
        speed = (done - self.first) / max(now - self.started, 1e-9)
        left = (self.epochs * step.samples_in_epoch - done) / max(speed, 1e-9)
        share = 100 * step.samples // step.samples_in_epoch
        self.status = (
            f"epoch {step.epoch}/{self.epochs}, {share} %, "
            f"{speed:,.0f} samples a second, {clock(left)} left"
        )

    def _print_line(self, record: "EpochRecord") -> None:
        values = " ".join(f"{name}={getattr(record, name)!r}" for name in self.columns)
        self.console.print(Text(f"epoch {record.epoch}/{self.epochs} {values}"), soft_wrap=True)

    def __rich__(self) -> Group:
        """Return the live table: finished epochs and what goes on now."""
        room = max(self.console.height - 6, 3)
        rows = [
            [record.epoch, *(getattr(record, name) for name in self.columns)]
            for record in self.records[-room:]
        ]
        header = ["epoch", *map(name_of, self.columns)]
        keep = [name_of("test_accuracy")]
        laid = lay_out(header, rows, self.console.width, keep, may_turn=False)
        status = wrapped(self.status, self.console.width)
        header_lines = laid.header if rows else []
        return Group(
            *(Text(line, style="bold") for line in header_lines),
            *map(Text, laid.body),
            *(Text(line, style="dim italic") for line in status),
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw while in the context, if stderr is a terminal."""
        if not self.console.is_terminal:
            yield
            return
        with Live(self, console=self.console, refresh_per_second=_REDRAWS_A_SECOND) as live:
            self.live = live
            yield
            self.status = ""
