"""Machine code on disk: numba's cache, read only where it is ours alone, and only if it is whole.

numba keeps a function's code as pickles: an index (.nbi), and a file (.nbc) for each signature.
Reading a pickle does what it says, so that nobody else may have written it; one that is cut off
ends in an error of the unpickler's, and code that is, in one of LLVM's; and numba itself replaces
index and code one after the other, so that a process killed in between, or two that write at once,
leave an index that names code of other sources or another signature.

Here each file begins with a checksum and with what it was compiled from, code is named by its
checksum, and the index is replaced last. What is not as it was written is compiled anew.
"""

import hashlib
import os
import pickle
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import filelock
from numba.core import config
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

_HEAD = re.compile(rb"[0-9a-f]{64} [0-9a-f]{64}\n")
_LOCK = ".cache.lock"
_WAIT = 10  # seconds for a process that writes there
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class UnusableError(Exception):
    """A file or folder of the cache that cannot be trusted, with what is wrong with it."""


class CodeFiles:
    """The files of one function, as numba's cache asks for them.

    Args:
        folder: where they are.
        base: begins their names; of this function alone.
        stamp: 64 hex digits that say what they are compiled from: other files are out of date.
        tell: called with what is wrong with a file, before its code is compiled anew.
    """

    def __init__(self, folder: Path, base: str, stamp: str, tell: Callable[[str], None]) -> None:
        self.folder, self.base, self.tell = folder, base, tell
        self._stamp = stamp.encode()
        self._index_path = folder / f"{base}.nbi"

    def load(self, key: object) -> object | None:
        """Return what was saved under a key; None if nothing was, or it is not whole."""
        try:
            name = self._index().get(key)
            return None if name is None else pickle.loads(self._code(name))
        except UnusableError as error:
            self.tell(str(error))
        except FileNotFoundError:  # another process compiles these sources, too
            pass
        return None

    def save(self, key: object, data: object) -> None:
        """Keep data under a key.

        Raises:
            OSError: the disk refuses.
        """
        content: bytes = dumps(data)  # type: ignore[no-untyped-call]
        name = f"{self.base}.{_checksum(content)[:16]}.nbc"
        with filelock.FileLock(self.folder / _LOCK, timeout=_WAIT):
            try:
                names = self._index()
            except UnusableError:
                names = {}
            names[key] = name
            self._write(self.folder / name, content)
            index: bytes = dumps((self.base, names))  # type: ignore[no-untyped-call]
            self._write(self._index_path, index)
            for path in self.folder.glob(f"{self.base}.*.nbc"):
                if path.name not in names.values():
                    path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Forget all that was saved."""
        self._index_path.unlink(missing_ok=True)

    def check(self) -> None:
        """Read all files.

        Raises:
            UnusableError: one is missing or not whole.
        """
        try:
            names = self._index()
            for name in names.values():
                self._code(name)
        except FileNotFoundError as error:
            raise UnusableError(f"{error.filename} is missing") from None
        if not names:
            raise UnusableError(f"{self._index_path} is missing")

    def has_any(self) -> bool:
        """Return whether anything is kept that was compiled from these sources."""
        try:
            return bool(self._index())
        except UnusableError:
            return False

    def _index(self) -> dict[object, str]:
        """Return key -> name of the file with its code."""
        try:
            content = self._read(self._index_path)
        except FileNotFoundError:
            return {}
        if content is None:
            return {}
        base, names = pickle.loads(content)
        if base != self.base:
            raise UnusableError(f"{self._index_path} is damaged")
        found: dict[object, str] = names
        return found

    def _code(self, name: str) -> bytes:
        content = self._read(self.folder / name)
        if content is None or not name.startswith(f"{self.base}.{_checksum(content)[:16]}"):
            raise UnusableError(f"{self.folder / name} is damaged")
        return content

    def _read(self, path: Path) -> bytes | None:
        """Return what a file holds; None if it was compiled from something else.

        Raises:
            FileNotFoundError: there is none.
            UnusableError: it is not as it was written, or others can have written it.
        """
        try:
            with open(path, "rb") as file:
                about = os.fstat(file.fileno())
                if not _is_ours(about) or about.st_mode & _OTHERS:
                    raise UnusableError(f"{path} is another user's, or others may write it")
                data = file.read()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnusableError(f"{path} cannot be read ({error.strerror})") from None
        head = _HEAD.match(data)
        content = data[head.end() :] if head else b""
        if head is None or head[0].split()[1] != _checksum(content).encode():
            raise UnusableError(f"{path} is damaged")
        return content if head[0].startswith(self._stamp) else None

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file beside, then put it in place; only one process does so at a time."""
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.unlink(missing_ok=True)
        head = b"%s %s\n" % (self._stamp, _checksum(content).encode())
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(head + content)
        os.replace(temporary, path)


class CodeCache(FunctionCache):
    """numba's cache of a function, with these files.

    Raises:
        RuntimeError: there is no folder that can be written.
        UnusableError: others may write into the folder.
    """

    def __init__(
        self, function: Callable[..., Any], stamp: str, tell: Callable[[str], None]
    ) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        folder = Path(self.cache_path)
        check_folder(folder)
        # numba's own files, of earlier versions of this package, have the name without the end
        base = f"{self._impl.filename_base}.checked"
        self.files = CodeFiles(folder, base, stamp, tell)
        self._cache_file: Any = self.files

    def save_overload(self, sig: object, data: object) -> None:
        """Keep compiled code; where the disk refuses, it is compiled again the next time."""
        with suppress(OSError, NotImplementedError):  # the latter of file systems without locks
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def check_folder(folder: Path) -> None:
    """Refuse a folder in which others can have put something.

    NUMBA_CACHE_DIR, in which numba makes it, counts, too, for there it could be replaced as a
    whole, unless only its owner may do so (the sticky bit, as /tmp has it).

    Raises:
        UnusableError: see above.
    """
    chosen: str = config.CACHE_DIR  # type: ignore[attr-defined]
    for path in (folder, *([Path(chosen)] if chosen else [])):
        about = path.stat()
        is_open = about.st_mode & stat.S_IWOTH and not about.st_mode & stat.S_ISVTX
        if is_open or (path == folder and not _is_ours(about)):
            raise UnusableError(
                f"{path} is not used: it is another user's, or all may write there. "
                "Mend that (chmod go-w), or name a folder of yours in NUMBA_CACHE_DIR"
            )


def _is_ours(about: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or about.st_uid == os.geteuid()


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
