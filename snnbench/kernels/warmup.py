"""Compile the kernels that runs need, once on a machine, on several cores.

numba compiles on one thread of a process, so that others are processes, too. Whoever needs kernels
takes one group after another that nobody else is at, by a lock beside the machine code, and notes
down that it is done.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from numba.core import event

from snnbench.kernels.base.jit import is_noted, note_of, write_note
from snnbench.kernels.events.events import draw_keys
from snnbench.kernels.groups import GROUPS

ALL = frozenset(GROUPS)
_PATIENCE = 300  # seconds for a process that compiles a group; one that has died holds no lock


class _Watch(event.Listener):
    """Notices when numba compiles something, and says so the first time."""

    def __init__(self, announce: Callable[[], None]) -> None:
        self.announce, self.compiled = announce, False

    def on_start(self, event: Any) -> None:
        if not self.compiled:
            self.compiled = True
            self.announce()

    def on_end(self, event: Any) -> None:
        pass


@contextmanager
def announcing(announce: Callable[[], None]) -> Iterator[_Watch]:
    """Within the context `announce` is called before the first kernel that must be compiled.

    The context's value says, as `compiled`, whether there was one.
    """
    watch = _Watch(announce)
    with event.install_listener("numba:compile", watch):
        yield watch


def compile_kernels(
    groups: Collection[str] = ALL, announce: Callable[[], None] = lambda: None
) -> bool:
    """Have groups of kernels in the cache, so that using one compiles nothing.

    Args:
        groups: of `GROUPS`; those that are noted as compiled are not looked at.
        announce: called before the first kernel is compiled here, if any is; it takes long.

    Returns:
        Whether anything had to be compiled here, and was not in the cache.
    """
    left = missing(groups)
    with announcing(announce) as watch, helpers(left):
        _take(left, wait=False)
        _take(left, wait=True)  # those that another process was at
    return watch.compiled


def are_compiled(groups: Collection[str] = ALL) -> bool:
    """Return whether `compile_kernels` has been through, and the code is there and whole."""
    return not missing(groups)


def missing(groups: Collection[str]) -> list[str]:
    """Return those of the groups that are not compiled, what takes longest first."""
    return [name for name in GROUPS if name in groups and not is_noted(_note(name))]


def _note(name: str) -> Path | None:
    return note_of(draw_keys, name)


def _take(groups: Collection[str], *, wait: bool) -> None:
    """Compile one group after another, or leave out those that another process is at."""
    for name in groups:
        note = _note(name)
        if note is None:  # nowhere to keep code: it is compiled when it is used
            return
        if is_noted(note):
            continue
        lock = FileLock(note.with_suffix(".lock"), timeout=_PATIENCE if wait else 0)
        with contextlib.suppress(Timeout, OSError, NotImplementedError), lock:
            if not is_noted(note):
                GROUPS[name]()
                write_note(note)


@contextmanager
def helpers(groups: Collection[str]) -> Iterator[None]:
    """While in the context other processes, one for every other core, compile some of the groups.

    What they do not manage, for whatever reason, is left.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    count = min(cores or 1, len(groups)) - 1 if _note("") is not None else 0
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with contextlib.suppress(OSError):
            processes.extend(_helper(groups) for _ in range(count))
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _helper(groups: Collection[str]) -> "subprocess.Popen[bytes]":
    script = f"from {__name__} import help_compiling; help_compiling({list(groups)})"
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip


def help_compiling(groups: Collection[str]) -> None:
    """Compile what nobody is at, and end when the parent does: then its pipe closes."""

    def end_with_parent() -> None:
        with contextlib.suppress(OSError):
            os.read(0, 1)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    _take(groups, wait=False)
