"""How a worker process begins and ends with its parent; imports nothing that takes time."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

_LOOK_FOR_PARENT = 0.5  # seconds
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl


class Workers(SpawnContext):
    """Starts a pool's processes, and ends them all at once.

    They are spawned, not forked: torch's and numba's threads do not survive a fork. The pool
    itself takes away what they share before it ends them, which one that is just starting would
    answer with a traceback.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._ended = False
        self._started: list[SpawnProcess] = []

    def Process(self, *arguments: Any, **named: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        """Return a process to be started."""
        return _Worker(self, *arguments, **named)

    def start(self, process: "_Worker") -> None:
        """Start a process.

        Raises:
            OSError: all have been ended.
        """
        with self._lock, _main_hidden():
            if self._ended:
                raise OSError("no more workers are wanted")
            SpawnProcess.start(process)
            self._started = [other for other in self._started if other.is_alive()] + [process]

    def end(self) -> None:
        """Kill them, and start no more."""
        with self._lock:
            self._ended = True
            for process in self._started:
                process.kill()


class _Worker(SpawnProcess):
    def __init__(self, workers: Workers, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._workers = workers

    def start(self) -> None:
        self._workers.start(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_workers"}


@contextlib.contextmanager
def _main_hidden() -> Iterator[None]:
    """Within the context a process that is started does not run the program's own file again.

    multiprocessing would: the script of somebody who calls `snnbench.sweep` would begin anew in
    every worker. Workers need nothing of it.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Within the context SIGINT waits; threads and processes that are started do not get it.

    Ctrl-C reaches all processes of a terminal, but the parent decides what ends: a worker has no
    handler yet while Python starts, and would end in a traceback.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # starting it would let SIGINT through again
    with _handlers_held():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _handlers_held() -> Iterator[None]:
    """Within the context signals of this process wait, too.

    One that another thread got would be handled here, between a worker's start and the message by
    which it begins, and end this process or raise: the worker would end in a traceback.
    """
    came: list[int] = []
    held: dict[signal.Signals, Any] = {}
    with contextlib.suppress(ValueError):  # in a thread that is not the main one none is handled
        for number in (signal.SIGINT, signal.SIGTERM):
            held[number] = signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def start_worker(parent: int) -> None:
    """Prepare a worker process: it ignores SIGINT, and ends when its parent ends, however."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if not _killed_with_parent():
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    elif os.getppid() != parent:  # it ended before it could be asked for
        os._exit(1)


def _killed_with_parent() -> bool:
    """Ask Linux to kill this process when the thread that started it ends; return whether it will.

    That thread is the sweep's, or one of the pool's, which ends after its workers.
    """
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):
        asked: int = ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        return asked == 0
    return False


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_FOR_PARENT)
    os._exit(1)
