"""A signal while a sweep runs: what runs may end, a second signal ends it at once."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTED = "Stopping when the cohorts that run have ended; once more ends them now."


class Stopped(BaseException):
    """A signal asked the program to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class GentleStop:
    """While in the context and begun, a signal is only noted; a second one raises Stopped.

    In a thread that is not the main one no signal arrives, and none is waited for.

    Args:
        numbers: the signals.

    Attributes:
        number: of the first signal, or None.
        waits: there is something that is worth waiting for; if not, the first raises Stopped.
    """

    def __init__(self, numbers: tuple[signal.Signals, ...] = SIGNALS) -> None:
        self._numbers = numbers
        self.number: int | None = None
        self.waits = True
        self._is_held = self._is_late = False
        self._before: dict[signal.Signals, Any] = {}

    def begin(self) -> None:
        """From now on signals come here."""
        with contextlib.suppress(ValueError):  # this is not the main thread
            for number in self._numbers:
                before = signal.signal(number, self._note)
                self._before.setdefault(number, before)

    def __enter__(self) -> "GentleStop":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within the context a second signal waits: what is printed would be printed again."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._is_late and self.number is not None:
            self._raise(self.number)

    def is_wanted(self) -> bool:
        """Return whether a signal has come."""
        return self.number is not None

    def _note(self, number: int, frame: FrameType | None) -> None:
        is_first, self.number = self.number is None, self.number or number
        if is_first and self.waits:
            return
        if self._is_held:
            self._is_late = True
        else:
            self._raise(self.number)

    def _raise(self, number: int) -> None:
        self._end()  # a third one ends the process
        raise Stopped(number)
