"""Folders for files that live as long as what made them, and what killed processes left of them."""

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The number is for people: whether the process lives, the lock says, across containers, too.
_NAME = re.compile(r"snnbench-\d+-\w{8}")
_ATTEMPTS = 100


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder, of this user alone, that is removed at the end of the context.

    What a killed process leaves is removed when the next one asks for a folder.

    Raises:
        OSError: it cannot be made.
    """
    _clear_left_behind()
    folder, descriptor = _made()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _made() -> tuple[Path, int | None]:
    """Return a new folder and what locks it.

    Another process may clear it away before it is locked, so this is tried again.
    """
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=f"snnbench-{os.getpid()}-"))
        if sys.platform == "win32":
            return folder, None
        try:
            descriptor = _locked(folder)
        except (FileNotFoundError, BlockingIOError):
            continue
        except OSError:  # a file system without locks: nobody else can lock it either
            return folder, None
        if folder.exists():
            return folder, descriptor
        os.close(descriptor)
    raise FileNotFoundError(f"{folder} was removed again and again")


def _clear_left_behind() -> None:
    if sys.platform == "win32":
        return
    for entry in os.scandir(tempfile.gettempdir()):
        if not _NAME.fullmatch(entry.name):
            continue
        with contextlib.suppress(OSError):  # somebody else's, in use, or gone
            about = entry.stat(follow_symlinks=False)
            ours = about.st_uid == os.geteuid() and stat.S_IMODE(about.st_mode) == stat.S_IRWXU
            if ours:
                descriptor = _locked(Path(entry.path))
                shutil.rmtree(entry.path, ignore_errors=True)
                os.close(descriptor)


def _locked(folder: Path) -> int:
    """Open and lock a folder; the lock ends with the process, however that ends.

    Raises:
        OSError: it is no folder, not ours to open, or locked already.
    """
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
