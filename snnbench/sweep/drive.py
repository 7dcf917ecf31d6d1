"""The loop of a sweep: tasks out, rows in, failures once more and then into the table."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from snnbench.results.provenance import provenance, utc_now
from snnbench.results.tables import ResultStore
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.executors import Executor
from snnbench.sweep.jobs import Job, Task, make_tasks, one_by_one, read_models
from snnbench.sweep.record import Recorded, record
from snnbench.sweep.worker import Finished, Outcome

_LOOK = 0.25  # seconds between looks at what goes on


@dataclass(frozen=True)
class Retried:
    """A cohort failed, and its runs are tried once more, one by one."""

    task: Task
    error: str


@dataclass(frozen=True)
class Working:
    """What runs now; `shares` is task number -> share done, 0..1, where it is known."""

    shares: Mapping[int, float]
    running: tuple[Task, ...]


SweepEvent = Recorded | Retried | Working


class Driver:
    """Runs jobs until all have a row, or it is asked to stop.

    Args:
        store: open for writing; every task's rows are written as it ends.
        executor: runs the tasks.
        data: the data sets.
        memory_bytes: what one worker may take.
        is_stopping: asked before a task is handed out; then those that run are waited for.
        halving: the runs of a cohort compete.
    """

    def __init__(
        self,
        store: ResultStore,
        executor: Executor,
        data: DataSets,
        memory_bytes: float,
        is_stopping: Callable[[], bool] = lambda: False,
        *,
        halving: bool = False,
    ) -> None:
        self.halving = halving
        self.store, self.executor, self.data = store, executor, data
        self.memory_bytes, self.is_stopping = memory_bytes, is_stopping
        self._count = 0
        self._heap: list[tuple[float, int, Task]] = []
        self._running: dict[int, Task] = {}
        self._pupils: dict[str, list[Job]] = {}

    def run(self, jobs: Iterable[Job]) -> Iterator[SweepEvent]:
        """Run jobs, students when their teachers are done; yield what happens.

        Raises:
            UserError: the tables cannot be written, or what runs the tasks is gone.
        """
        jobs = list(jobs)
        coming = {job.run_id for job in jobs}
        ready: list[Job] = []
        orphans: list[Job] = []
        for job in jobs:
            if job.teacher is None:
                ready.append(job)
            elif job.teacher in coming:
                self._pupils.setdefault(job.teacher, []).append(job)
            else:
                taught = self.store.status(job.teacher) == "done"
                (ready if taught else orphans).append(job)
        if orphans:
            yield self._give_up(orphans)
        self._add(make_tasks(ready, self.data, self.memory_bytes, self.executor.slots, self._count))
        while self._running or (self._heap and not self.is_stopping()):
            while self._heap and len(self._running) < self.executor.slots:
                if self.is_stopping():
                    break
                _, _, task = heapq.heappop(self._heap)
                self._running[task.number] = task
                self.executor.submit(replace(task, models=read_models(task), halving=self.halving))
            for task, outcome in self.executor.wait(_LOOK):
                del self._running[task.number]
                yield from self._take(task, outcome)
            yield Working(self.executor.shares(), tuple(self._running.values()))

    def _add(self, tasks: list[Task]) -> None:
        for task in tasks:
            self._count = max(self._count, task.number + 1)
            heapq.heappush(self._heap, (-task.cost, task.number, task))

    def _take(self, task: Task, outcome: Outcome) -> Iterator[SweepEvent]:
        if outcome.status != "done":
            error = outcome.error or outcome.status
            if not task.again:
                self._add(one_by_one(task, self.data, self._count))
                yield Retried(task, error)
                return
            yield record(self.store, [failed_run(job, outcome, self.data) for job in task.jobs])
        else:
            yield record(self.store, outcome.finished)
        yield from self._pupils_of(task)

    def _pupils_of(self, task: Task) -> Iterator[SweepEvent]:
        """Make ready, or give up, the runs that waited for a task's."""
        for job in task.jobs:
            pupils = self._pupils.pop(job.run_id, [])
            if pupils and self.store.status(job.run_id) == "done":
                slots = self.executor.slots
                self._add(make_tasks(pupils, self.data, self.memory_bytes, slots, self._count))
            elif pupils:
                yield self._give_up(pupils)

    def _give_up(self, pupils: list[Job]) -> Recorded:
        """Record runs whose teacher did not finish; their own pupils cannot exist then either."""
        runs = []
        while pupils:
            job = pupils.pop()
            outcome = Outcome("failed", error=f"its teacher {job.teacher} did not finish")
            runs.append(failed_run(job, outcome, self.data))
            pupils += self._pupils.pop(job.run_id, [])
        return record(self.store, runs)


def failed_run(job: Job, outcome: Outcome, data: DataSets) -> Finished:
    """Return the rows of a run that did not end."""
    row: dict[str, Any] = {
        "run_id": job.run_id,
        "study": job.study,
        "variant": job.variant,
        "status": outcome.status,
        "error": outcome.error,
        "started_at": utc_now(),
        "data_sha256": data.of(job.config).sha256,
    }
    return Finished(row | job.config.effective | provenance(), [], [])
