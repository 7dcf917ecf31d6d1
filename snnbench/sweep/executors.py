"""Where tasks run: worker processes of this machine. A cluster is another executor."""

import concurrent.futures
import os
import struct
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from pebble import ProcessExpired, ProcessPool

from snnbench.errors import UserError
from snnbench.scratch import scratch_folder
from snnbench.sweep.jobs import Task
from snnbench.sweep.lifeline import Workers, interrupts_held, start_worker
from snnbench.sweep.worker import Outcome, Progress, run_task

_KILLED = 9
_MOST_JOBS = 1024  # worker processes of one machine


class GoneError(UserError):
    """What ran the tasks has ended before they did; what was finished is recorded."""


class Executor(Protocol):
    """Runs tasks somewhere."""

    @property
    def slots(self) -> int:
        """How many tasks run at the same time."""

    @property
    def worker_bytes(self) -> float | None:
        """Memory that a task may take; None means that of this machine, shared out."""

    @property
    def shares_disk(self) -> bool:
        """Whether its workers see this machine's folders."""

    def submit(self, task: Task) -> None:
        """Hand a task out; never more than `slots` at a time."""

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        """Return the tasks that have ended, at the latest after some seconds.

        Raises:
            GoneError: what runs the tasks has ended.
        """

    def shares(self) -> dict[int, float]:
        """Return number -> share done, 0..1, of running tasks, where it is known."""

    def close(self) -> None:
        """End all workers at once; closing twice is allowed."""


class LocalExecutor:
    """Worker processes on this machine, each with its share of the cores.

    They are started with the first task, and until then nothing is there that must be ended.

    Args:
        jobs: number of processes.
        threads: of each.
        timeout: seconds that a run may take; a cohort has as many times as much as it has runs.
        function: what a worker does with a task.
    """

    def __init__(
        self,
        jobs: int,
        threads: int,
        timeout: float | None = None,
        function: Callable[[Task, Progress | None, int | None], Outcome] = run_task,
    ) -> None:
        self.slots, self.timeout, self._function = jobs, timeout, function
        self.worker_bytes: float | None = None
        self.shares_disk = True
        self._folder = ExitStack()
        self._free = list(range(jobs))
        self._running: dict[concurrent.futures.Future[Outcome], tuple[Task, int]] = {}
        self._kills = _out_of_memory_kills()
        self._threads = threads
        self._pool: ProcessPool | None = None

    def _start(self) -> ProcessPool:
        """Return the pool, its workers started."""
        if self._pool is None:
            self._told = self._make_progress()
        elif not self._pool.active:  # a worker died before it had a task: the pool gives up then
            self._end_pool()
        else:
            return self._pool
        self._workers = Workers()
        self._pool = ProcessPool(
            max_workers=self.slots,
            initializer=start_worker,
            initargs=(os.getpid(),),
            context=self._workers,
        )
        with interrupts_held():
            assert self._pool.active  # asking starts it
        return self._pool

    def _make_progress(self) -> Path:
        try:
            path = self._folder.enter_context(scratch_folder()) / "progress"
            path.write_bytes(bytes(8 * self.slots))
        except OSError as error:
            raise UserError(
                f"Workers have no folder for files of their own: {error}.",
                "Make room there, or name another folder in $TMPDIR.",
            ) from None
        return path

    def submit(self, task: Task) -> None:
        """Hand a task to a worker.

        Raises:
            UserError: workers cannot be started.
        """
        pool = self._start()
        slot = self._free.pop()
        Progress(str(self._told), slot).tell(0.0)
        limit = None if self.timeout is None else self.timeout * len(task.jobs)
        arguments = (task, Progress(str(self._told), slot), self._threads)
        future = pool.schedule(self._function, args=arguments, timeout=limit)
        self._running[future] = (task, slot)

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        """Return the tasks that have ended."""
        done, _ = concurrent.futures.wait(
            self._running, timeout=seconds, return_when=concurrent.futures.FIRST_COMPLETED
        )
        ended = []
        for future in sorted(done, key=lambda f: self._running[f][0].number):
            task, slot = self._running.pop(future)
            self._free.append(slot)
            ended.append((task, self._outcome(future, task)))
        return ended

    def _outcome(self, future: "concurrent.futures.Future[Outcome]", task: Task) -> Outcome:
        try:
            return future.result()
        except concurrent.futures.TimeoutError:
            limit = (self.timeout or 0) * len(task.jobs)
            return Outcome("timeout", error=f"not done after {limit:g} seconds")
        except ProcessExpired as expired:
            return self._lost(expired)
        except BrokenProcessPool:
            return Outcome("failed", error="a worker died while it was starting")

    def _lost(self, expired: ProcessExpired) -> Outcome:
        kills = _out_of_memory_kills()
        if abs(expired.exitcode or 0) == _KILLED and kills != self._kills:
            self._kills = kills
            return Outcome("oom", error="the system killed the worker: no memory was left")
        return Outcome("failed", error=f"the worker died: exit code {expired.exitcode}")

    def shares(self) -> dict[int, float]:
        """Return what the workers have told."""
        if not self._running:
            return {}
        told = struct.unpack(f"{self.slots}d", self._told.read_bytes())
        return {task.number: told[slot] for task, slot in self._running.values()}

    def close(self) -> None:
        """End the workers, whatever they do."""
        self._end_pool()
        self._folder.close()

    def _end_pool(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._workers.end()
            self._pool.join()


def _out_of_memory_kills() -> int:
    """Return how often the system has killed a process for memory; 0 where it does not say."""
    try:
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def share_out(jobs: int | None, cohorts: int) -> tuple[int, int]:
    """Return the number of workers, and the threads of each.

    Args:
        jobs: workers asked for; None means as many as there are cores or cohorts.
        cohorts: that can run at the same time.

    Raises:
        UserError: fewer than one is asked for, or more than any machine runs.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    if jobs is not None and jobs < 1:
        raise UserError(f"--jobs {jobs} runs nothing.", "Give 1 or more.")
    if jobs is not None and jobs > _MOST_JOBS:
        raise UserError(f"--jobs {jobs:,} are too many.", f"Give at most {_MOST_JOBS:,}.")
    workers = jobs if jobs is not None else max(1, min(cores, cohorts))
    return workers, max(1, cores // workers)
