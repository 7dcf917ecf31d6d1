"""What Ctrl-C and SIGTERM do: end a command at once, or let a sweep finish what runs.

At once means within the signal's handler. An exception instead would be lost wherever Python or a
library drops them (in a callback of a weak reference, in an `except:` around an import), or end in
a traceback of theirs. Tables and files are whole after an end at any moment, so nothing is lost.
"""

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h"  # a live display hides it
NOTED = "Stopping when the cohorts that run have ended; once more ends them now."


class Stopped(BaseException):
    """A signal asked the program to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop_at_signals() -> None:
    """From now on SIGINT and SIGTERM end the process, with a message."""
    for number in _SIGNALS:
        signal.signal(number, _end)


def stopped_text() -> str:
    """Return what is said when a signal has ended the command: how to go on."""
    command = shlex.join(["snnbench", *sys.argv[1:]])
    return f"Stopped; what was finished is recorded. To do the rest: {command}"


def _end(number: int, frame: FrameType | None) -> None:
    # By the system's own calls: the streams may be in the middle of a write.
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, (b"" if os.environ.get("TERM") == "dumb" else _SHOW_CURSOR) + b"\n")
        os.write(2, f"{stopped_text()}\n".encode(errors="surrogateescape"))
    os._exit(128 + number)


@contextlib.contextmanager
def unwinding() -> Iterator[None]:
    """Within the context a signal raises Stopped, for what must be tidied up; a second one ends."""
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:
    stop_at_signals()
    raise Stopped(number)


class GentleStop:
    """While in the context and begun, a signal is only noted; a second one raises Stopped.

    Attributes:
        number: of the first signal, or None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._is_held = self._is_late = False
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}

    def begin(self) -> None:
        """From now on there is something that is worth waiting for."""
        for number in _SIGNALS:
            signal.signal(number, self._note)

    def __enter__(self) -> "GentleStop":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
            _raise(self.number, None)

    def is_wanted(self) -> bool:
        """Return whether a signal has come."""
        return self.number is not None

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number = number
        elif self._is_held:
            self._is_late = True
        else:
            _raise(self.number, frame)
