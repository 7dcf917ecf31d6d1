"""One writer a folder."""

import contextlib
import json
import os
import platform
import shlex
import sys
from pathlib import Path

import filelock

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.results.provenance import utc_now


class WriterLock:
    """The right to write into a folder, held from `acquire` to `release`.

    The lock is the operating system's (flock on `.lock`), which ends with the process that holds
    it, however that ends: a killed holder leaves nothing to be cleaned up, and the next writer
    simply gets the lock. (A child made by fork alone would hold it too; workers are spawned.)
    The file `.lock.holder` beside it only tells people who has it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder = folder / ".lock.holder"
        # one lock for all threads: a callback's thread may write what the main thread opened
        self._lock = filelock.FileLock(folder / ".lock", thread_local=False)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def acquire(self) -> None:
        """Take the lock at once, or refuse.

        Raises:
            UserError: another process holds it (named), or the folder cannot be written.
        """
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            raise UserError(
                f"{self._folder} is being written by {self._who()}.",
                "Wait until it has ended, stop it, or name another folder.",
            ) from None
        except NotImplementedError:
            raise UserError(
                f"{self._folder} is on a file system that cannot lock files.",
                "Name a folder on another file system with --out.",
            ) from None
        except OSError as error:
            raise disk.trouble(error, self._folder) from error
        try:
            # Also the first byte that goes to the disk: a full one is noticed before any work.
            self._holder.write_text(json.dumps(_myself()), encoding="utf-8")
        except OSError as error:
            self.release()
            raise disk.trouble(error, self._folder) from error

    def release(self) -> None:
        """Give the lock back; does nothing if it is not held."""
        if self.held:
            try:
                with contextlib.suppress(OSError):  # only a note to people
                    os.unlink(self._holder)
            finally:
                self._lock.release()

    def _who(self) -> str:
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
            return (
                f"process {holder['pid']} on {holder['host']},"
                f" started {holder['started']}: {holder['command']}"
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return "another process (it has not written its name yet)"


def _myself() -> dict[str, str | int]:
    return {
        "pid": os.getpid(),
        "host": platform.node(),
        "started": utc_now(),
        "command": shlex.join(sys.argv),
    }
