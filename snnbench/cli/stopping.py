"""What Ctrl-C and SIGTERM do: end a command at once, or let a sweep finish what runs."""

import signal
from types import FrameType, TracebackType
from typing import Any, Self

from snnbench.cli.console import say

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal asked the program to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop_at_signals() -> None:
    """From now on SIGINT and SIGTERM raise Stopped."""
    for number in _SIGNALS:
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


class GentleStop:
    """While in the context, the first signal is only noted; a second one raises Stopped.

    Attributes:
        number: of the first signal, or None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_wanted(self) -> bool:
        """Return whether a signal has come."""
        return self.number is not None

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            raise Stopped(self.number)
        self.number = number
        say("Stopping when the cohorts that run have ended; once more ends them now.")
