"""stdout and stderr as they must be: what cannot be written or encoded never ends a command.

A training takes hours, and its row is what counts: a full disk behind `2> log`, a closed stderr or
a reader that has gone (`| head`) must not cost it. So both streams take everything. What stdout
could not pass on is said once the command is done, and is its exit code.
"""

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_UNWRITABLE = 2  # exit code, as for every trouble with files
_NO_READER = 141  # exit code: what the shell shows of a program that a closed pipe ended


class _Outlet(io.RawIOBase):
    """A file that drops what it cannot write, and keeps the first error."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self.raw = raw
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.raw.fileno()

    def isatty(self) -> bool:
        return self.raw.isatty()

    def write(self, data: "ReadableBuffer") -> int:
        try:
            # None: a pipe that somebody has made non-blocking is full
            while (written := self.raw.write(data)) is None:
                select.select([], [self.raw], [])
        except OSError as error:
            self.error = self.error or error
            return memoryview(data).nbytes
        return written


def open_streams() -> None:
    """Put such streams in place of this process' own; those that a caller has put there stay."""
    for number in range(3):
        _fill(number)
    if sys.stdout is sys.__stdout__:
        sys.stdout = _stream(sys.__stdout__, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.__stderr__, 2)


def _fill(number: int) -> None:
    """Open a standard descriptor that was closed: the next file opened would be in its place.

    It is opened the wrong way round, so that using it is an error; but stderr can be lost.
    """
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        else:
            os.set_inheritable(opened, True)


def _stream(before: TextIO | None, number: int) -> TextIO:
    """Return a stream to a descriptor, encoded as the one before was, "?" for what it lacks."""
    buffer = getattr(before, "buffer", None) or io.FileIO(number, "w", closefd=False)
    raw = getattr(buffer, "raw", buffer)
    return io.TextIOWrapper(
        io.BufferedWriter(_Outlet(raw)),
        encoding=getattr(before, "encoding", None),
        errors="replace",
        line_buffering=number == 2 or raw.isatty(),
    )


def finish(code: int) -> int:
    """Write out what is left, say what stdout could not pass on, and return the exit code.

    Args:
        code: of the command; one other than 0 stays.
    """
    sys.stdout.flush()
    outlet = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = outlet.error if isinstance(outlet, _Outlet) else None
    if error is None:
        return code
    if error.errno == errno.EPIPE:  # the reader's right: `snnbench ... | head`
        return code or _NO_READER
    sys.stderr.write(
        f"Error: stdout cannot be written: {error.strerror}. What is recorded stays.\n"
    )
    return code or _UNWRITABLE
