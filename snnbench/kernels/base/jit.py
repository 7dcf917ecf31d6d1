"""How the kernels are compiled, and the memory they work in."""

import contextlib
import hashlib
import logging
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from snnbench.kernels.base.cache import CodeCache, UnusableError
from snnbench.kernels.base.pipelines import KernelCompiler, PartCompiler

Plain = tuple[Any, ...]  # what makes a named tuple
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint32]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_GRAIN = 50_000  # nanoseconds of work that are worth a thread
_CACHE_LINE = 64  # bytes; a vector that straddles two lines costs two loads


def kernel(function: _Function) -> _Function:
    """Compile for one thread.

    Floating point stays as written, without fastmath: every result must have the same bits
    whatever stands beside it. The machine code is cached on disk.
    """
    return _cached(function)


def parallel_kernel(function: _Function) -> _Function:
    """Compile with `prange` spread over the threads that `set_threads` allows.

    Tuples should come in plain and get their names inside: a named one takes numba half a
    microsecond more to take apart, and a small step has a dozen.
    """
    return _cached(function, parallel=True)


def inner(function: _Function) -> _Function:
    """Compile as a part of kernels, which only they can call: with them, and kept in their code."""
    return _compiled(function, PartCompiler)


def inlined(function: _Function) -> _Function:
    """Compile as a part of kernels, into the callers' loops."""
    return _compiled(function, PartCompiler, forceinline=True)


def _compiled(function: _Function, pipeline: type, **options: bool) -> _Function:
    njit: Any = numba.njit
    compiled: _Function = njit(error_model="numpy", pipeline_class=pipeline, **options)(function)
    return compiled


def _cached(function: _Function, **options: bool) -> _Function:
    compiled: Any = _compiled(function, KernelCompiler, **options)
    try:
        compiled._cache = CodeCache(function, _STAMP, _tell)
        _kept[f"{function.__module__}.{function.__qualname__}"] = compiled
    except RuntimeError:  # no folder to keep machine code in: neither ours nor the user's
        pass
    except UnusableError as error:
        _tell(str(error))
    result: _Function = compiled
    return result


def _stamp() -> str:
    """Return a checksum of what machine code is made from.

    Not the function's own file alone, as numba has it: code holds what others inlined.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_STAMP = _stamp()
_kept: dict[str, Any] = {}  # kernel -> the function, whose machine code is kept on disk
_told: list[str] = []


def _tell(problem: str) -> None:
    """Say what is wrong with the machine code on disk: once, for all of it is made anew."""
    if not _told:
        logging.getLogger(__name__).warning("%s: kernels are compiled anew.", problem)
    _told.append(problem)


def note_of(function: Any, name: str) -> Path | None:
    """Return the file that notes that some kernels of these sources are compiled; None: no folder.

    The note lies beside the machine code, and goes with it.

    Args:
        function: any kernel.
        name: of the group of kernels.
    """
    folder = getattr(getattr(function, "_cache", None), "cache_path", None)
    return None if folder is None else Path(folder) / f"{_STAMP}.{name}.ready"


def write_note(note: Path | None) -> None:
    """Note down which kernels are in use in this process, as those that are compiled."""
    used = "\n".join(name for name, function in _kept.items() if function.overloads)
    if note is not None:
        with contextlib.suppress(OSError):  # a folder that cannot be written: compiled each time
            note.write_text(used)


def is_noted(note: Path | None) -> bool:
    """Return whether the note has been written, and the code of all its kernels is still whole."""
    try:
        names = note.read_text().split() if note is not None else []
        for name in names:
            _kept[name]._cache.files.check()
    except (OSError, ValueError, KeyError):
        return False
    except UnusableError as error:
        _tell(str(error))
        return False
    return bool(names)


class _Threads:
    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    limit = most
    grain: float = _GRAIN


_chosen = threading.local()  # numba keeps the number of threads for each thread that calls


def set_threads(n: int, *, grain: float = _GRAIN) -> None:
    """Let kernels use `n` threads, or as many as there are, where there is work for them.

    The first call starts numba's threads, which sets OpenMP's number of threads for torch too.

    Args:
        n: torch.get_num_threads(), so that both use the same cores.
        grain: nanoseconds of work that are worth a thread; 0 uses all of them always.
    """
    _Threads.limit, _Threads.grain = max(1, min(n, _Threads.most)), grain
    share(0)


def most_threads() -> int:
    """Return how many threads kernels may use."""
    return _Threads.limit


def share(nanoseconds: float) -> int:
    """Choose the threads of the next parallel kernel, by the time it takes on one; return them.

    For a short kernel the others would hardly come in time, and on a busy machine waiting for
    them costs a hundred times what they save. No result depends on the choice.
    """
    wanted = int(nanoseconds / _Threads.grain) if _Threads.grain else _Threads.limit
    threads = max(1, min(_Threads.limit, wanted))
    if getattr(_chosen, "threads", None) != threads:  # numba's own call costs microseconds
        numba.set_num_threads(threads)
        _chosen.threads = threads
    return threads


def aligned(shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an array that begins at a cache line, with whatever it holds."""
    count = math.prod(shape) if isinstance(shape, tuple) else shape
    size = count * np.dtype(dtype).itemsize
    raw = np.empty(size + _CACHE_LINE, np.uint8)
    start = -raw.__array_interface__["data"][0] % _CACHE_LINE  # .ctypes takes three times as long
    return raw[start : start + size].view(dtype).reshape(shape)


class Buffer:
    """Flat memory that is kept from step to step: a new allocation costs page faults.

    It is 0 when it is new; gaps that nobody writes to stay 0.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._array = aligned(0, dtype)

    def take(self, count: int) -> npt.NDArray[Any]:
        """Return the first `count` elements, with what was last written to them."""
        if self._array.size < count:
            self._array = aligned(count, self._array.dtype)
            self._array.fill(0)
        return self._array[:count]
