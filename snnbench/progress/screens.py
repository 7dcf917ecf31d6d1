"""Where a sweep is drawn: on a terminal, as lines elsewhere, in a notebook, or nowhere."""

import io
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from rich.console import Console, ConsoleRenderable, RichCast
from rich.text import Text

_REDRAWS_A_SECOND = 4
UNBOUNDED = 100_000  # columns of an output that is no terminal: nothing is wrapped or dropped
_WIDTH = 100  # characters, in a notebook
_PRE = '<pre style="line-height: 1.2; margin: 0">{code}</pre>'


def stderr() -> Console:
    """Return the console for progress and messages."""
    width = None if sys.stderr.isatty() else UNBOUNDED
    return Console(file=sys.stderr, width=width, highlight=False)


class Screen(Protocol):
    """Takes lines, and shows something that changes."""

    @property
    def draws(self) -> bool:
        """Whether what changes is to be seen; where not, lines have to say it."""

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def shown(self, drawn: ConsoleRenderable | RichCast) -> AbstractContextManager[object]:
        """Show something while in the context, as it is then."""

    def refresh(self) -> None:
        """Something has changed."""

    def end(self, summary: str) -> None:
        """All is done; the summary stays where nothing else says what came of it."""


class ConsoleScreen:
    """Bars on a terminal, lines on anything else."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.draws = False

    def say(self, text: str) -> None:
        """Print a line, above the bars where there are some."""
        self.console.print(Text(text), soft_wrap=True)

    @contextmanager
    def shown(self, drawn: ConsoleRenderable | RichCast) -> Iterator[None]:
        """Draw while in the context, if this is a terminal."""
        if not self.console.is_terminal:
            yield
            return
        from rich.live import Live  # --help needs none

        with Live(
            drawn, console=self.console, refresh_per_second=_REDRAWS_A_SECOND, transient=True
        ):
            self.draws = True
            yield

    def refresh(self) -> None:
        """Nothing: a terminal is drawn on by the clock."""

    def end(self, summary: str) -> None:
        """Nothing: the result follows."""


class NotebookScreen:
    """The terminal's bars as one output of a cell, which is replaced; it needs no widgets."""

    draws = True

    def __init__(self) -> None:
        self._said: list[str] = []
        self._drawn: ConsoleRenderable | RichCast | None = None
        self._handle: Any = None
        self._at = 0.0

    def say(self, text: str) -> None:
        """Show a line, above the bars."""
        self._said.append(text)
        self._show()

    @contextmanager
    def shown(self, drawn: ConsoleRenderable | RichCast) -> Iterator[None]:
        """Draw while in the context."""
        self._drawn = drawn
        try:
            yield
        finally:
            self._drawn = None
            self._show()

    def refresh(self) -> None:
        """Draw anew, unless it was drawn just now."""
        if time.monotonic() - self._at > 1 / _REDRAWS_A_SECOND:
            self._show()

    def end(self, summary: str) -> None:
        """Show the summary."""
        self.say(summary)

    def _show(self) -> None:
        from IPython.display import display

        self._at = time.monotonic()
        console = Console(file=io.StringIO(), record=True, width=_WIDTH, force_jupyter=False)
        for text in self._said:
            console.print(Text(text))
        if self._drawn is not None:
            console.print(self._drawn)
        page = console.export_html(inline_styles=True, code_format=_PRE, clear=False)
        bundle = {"text/html": page, "text/plain": console.export_text()}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class NoScreen:
    """Shows nothing."""

    draws = True

    def say(self, text: str) -> None:
        """Say nothing."""

    def shown(self, drawn: ConsoleRenderable | RichCast) -> AbstractContextManager[object]:
        """Draw nothing."""
        return nullcontext()

    def refresh(self) -> None:
        """Draw nothing."""

    def end(self, summary: str) -> None:
        """Say nothing."""


def screen_here() -> Screen:
    """Return the notebook whose cell runs this, or stderr."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return NotebookScreen() if hasattr(shell, "kernel") else ConsoleScreen(stderr())
