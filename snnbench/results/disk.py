"""Writing to a disk so that a kill at any moment leaves whole files: the few calls used.

Everything goes through `os.write`, `os.fsync`, `os.ftruncate`, `os.replace` and `os.unlink`: the
tests stop the program at each of them.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from snnbench.errors import UserError

_CHUNK_BYTES = 1 << 20


def append(path: Path, data: bytes) -> None:
    """Add `data` to an existing file and return when it is on the disk.

    Raises:
        OSError: it is not; some of `data` may be in the file.
    """
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        _write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def truncate(path: Path, size: int) -> None:
    """Cut the file to `size` bytes, on the disk when this returns."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(fd, size)
        os.fsync(fd)
    finally:
        os.close(fd)


def replace_file(path: Path, lines: Iterable[bytes]) -> None:
    """Write a whole file: after a kill the old one is there or the new one, never a part.

    The new one has the old one's permissions.

    Raises:
        OSError: the old file is still there, unless the very last step (syncing the folder)
            failed; then either may be found after a power failure.
    """
    temporary = temporary_of(path)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        try:
            for chunk in _chunks(lines):
                _write_all(fd, chunk)
            os.fsync(fd)
        finally:
            os.close(fd)
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that somebody named: whole or not at all, unless it is a pipe or a device.

    Raises:
        OSError: it is as it was.
    """
    if path.exists() and not path.is_file():  # /dev/stdout must stay what it is
        path.write_bytes(data)
    elif path.exists() and not os.access(path, os.W_OK):  # a rename would not ask
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    else:
        replace_file(path.resolve(), [data])  # a link stays a link


def temporary_of(path: Path) -> Path:
    """Return the file that `replace_file` fills before it takes the place of `path`."""
    return path.with_name(f".{path.name}.tmp")


def sync_folder(folder: Path) -> None:
    """Put the folder's names on the disk: a rename or removal is not durable before."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some shares cannot, and need not
            raise
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, on the disk when this returns; it may be there.

    Raises:
        OSError: it cannot be made.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in new:
        with contextlib.suppress(PermissionError):  # a folder that may be written but not read
            sync_folder(path.parent)


def trouble(error: OSError, path: Path) -> UserError:
    """Return what the user can do about an error of the disk at `path`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return UserError(
            f"No space left on the disk for {path}; nothing is left half-written.",
            "Free some space and run the same command again: it goes on with what is missing.",
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return UserError(
            f"No permission for {path}: {error.strerror}.",
            "Make the folder and its files readable and writable, or name another.",
        )
    if error.errno == errno.ENOENT:
        return UserError(
            f"{error.filename or path} is missing.",
            "Restore it, or name another folder.",
        )
    if error.errno in {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}:
        return UserError(
            f"{path} cannot be used: a file stands where a folder should be, or the reverse.",
            "Name another folder.",
        )
    return UserError(
        f"{path} cannot be used: {error.strerror or error}.",
        "Mend that, or name another folder, and run the same command again.",
    )


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
