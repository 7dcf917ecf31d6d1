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
from types import FrameType

from snnbench.progress.stopping import SIGNALS, Stopped

_SHOW_CURSOR = b"\x1b[?25h"  # a live display hides it


def stop_at_signals() -> None:
    """From now on SIGINT and SIGTERM end the process, with a message."""
    for number in SIGNALS:
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
    before = {number: signal.signal(number, _raise) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:
    stop_at_signals()
    raise Stopped(number)
