"""Memory that training frees is kept for the next step instead of given back to the system.

A convolutional step allocates tensors of tens of megabytes. glibc maps each anew and returns it
when it is freed, so every page is faulted in and zeroed again at every step: two fifths of the
time of a small CNN.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# mallopt(3)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_DEFAULTS = {_TRIM_THRESHOLD: 128 * 1024, _TOP_PAD: 128 * 1024, _MMAP_MAX: 65536}
_KEEP = {_TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 64 * 1024 * 1024, _MMAP_MAX: 0}


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory while in the context; give back what is free on leaving it.

    Does nothing where the C library is not glibc.
    """
    glibc = _glibc()
    if glibc is None:
        yield
        return
    for parameter, value in _KEEP.items():
        glibc.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in _DEFAULTS.items():
            glibc.mallopt(parameter, value)
        glibc.malloc_trim(ctypes.c_size_t(0))


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
