"""The loop of a sweep: tasks out, rows in, failures once more and then into the table."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from snnbench.energy.meter import why_not_here
from snnbench.results import disk
from snnbench.results.checkpoints import Checkpoints, Files
from snnbench.results.provenance import provenance, utc_now
from snnbench.results.tables import ResultStore
from snnbench.sweep.contest import Contest, Stage
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.executors import Executor
from snnbench.sweep.jobs import Job, Task, make_tasks, one_by_one, read_models
from snnbench.sweep.record import Recorded, record
from snnbench.sweep.worker import Finished, Outcome
from snnbench.training.events import Said

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


SweepEvent = Recorded | Retried | Working | Said


class Driver:
    """Runs jobs until all have a row, or it is asked to stop.

    Args:
        store: open for writing; every task's rows are written as it ends.
        executor: runs the tasks.
        data: the data sets.
        memory_bytes: what one worker may take.
        is_stopping: asked before a task is handed out; then those that run are waited for.
        checkpoints: where runs leave theirs and go on from.
        measure_energy: by the counters of the workers' machine.
        said: what was told already and is not told again; is added to.
    """

    def __init__(
        self,
        store: ResultStore,
        executor: Executor,
        data: DataSets,
        memory_bytes: float,
        is_stopping: Callable[[], bool] = lambda: False,
        *,
        checkpoints: Checkpoints | None = None,
        measure_energy: bool = False,
        said: set[str] | None = None,
    ) -> None:
        self.checkpoints, self.measure_energy = checkpoints, measure_energy
        self._said = set() if said is None else said
        self._contests: dict[str, Contest] = {}
        self.store, self.executor, self.data = store, executor, data
        self.memory_bytes, self.is_stopping = memory_bytes, is_stopping
        self._count = 0
        self._heap: list[tuple[float, int, Task]] = []
        self._running: dict[int, Task] = {}
        self._pupils: dict[str, list[Job]] = {}

    def run(self, jobs: Iterable[Job], contests: Iterable[Contest] = ()) -> Iterator[SweepEvent]:
        """Run jobs, students when their teachers are done; yield what happens.

        Args:
            jobs: all that are to be run.
            contests: of them and of those that are recorded, where those that fall behind are to
                be ended early.

        Raises:
            UserError: the tables cannot be written, or what runs the tasks is gone.
        """
        jobs = list(jobs)
        self._contests = {run_id: contest for contest in contests for run_id in contest.runs}
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
        if self.measure_energy and any(job.config.device == "cpu" for job in jobs):
            yield from self._new_of([why_not_here()])
        self._start(ready)
        while self._running or (self._heap and not self.is_stopping()):
            while self._heap and len(self._running) < self.executor.slots:
                if self.is_stopping():
                    break
                _, _, task = heapq.heappop(self._heap)
                self._running[task.number] = task
                self.executor.submit(self._equipped(task))
            for task, outcome in self.executor.wait(_LOOK):
                del self._running[task.number]
                yield from self._take(task, outcome)
            yield Working(self.executor.shares(), tuple(self._running.values()))

    def _start(self, jobs: list[Job]) -> None:
        """Make tasks of jobs, for the first rung where they compete."""
        contests = {id(c): c for job in jobs if (c := self._contests.get(job.run_id)) is not None}
        alone = [job for job in jobs if job.run_id not in self._contests]
        self._stage([Stage(tuple(alone)), *(s for c in contests.values() for s in c.begin())])

    def _stage(self, stages: Iterable[Stage]) -> None:
        for stage in stages:
            tasks = make_tasks(
                stage.jobs, self.data, self.memory_bytes, self.executor.slots, self._count
            )
            self._add([replace(task, until=stage.until, frozen=stage.frozen) for task in tasks])

    def _equipped(self, task: Task) -> Task:
        """Return the task with all that a worker needs: teachers, and where its runs go on."""
        starts = {}
        if self.checkpoints is not None and self._contests:
            files = {job.run_id: self.checkpoints.files(job.run_id) for job in task.jobs}
            starts = {run_id: found for run_id, found in files.items() if found is not None}
        here = self.checkpoints if self.executor.shares_disk else None
        return replace(
            task, models=read_models(task), checkpoints=here, starts=starts,
            measure_energy=self.measure_energy,
        )  # fmt: skip

    def _add(self, tasks: list[Task]) -> None:
        for task in tasks:
            self._count = max(self._count, task.number + 1)
            heapq.heappush(self._heap, (-task.cost, task.number, task))

    def _take(self, task: Task, outcome: Outcome) -> Iterator[SweepEvent]:
        if outcome.status != "done":
            error = outcome.error or outcome.status
            if not task.again:
                again = one_by_one(task, self.data, self._count)
                self._add([replace(t, until=task.until, frozen=task.frozen) for t in again])
                yield Retried(task, error)
                return
            yield record(self.store, [failed_run(job, outcome, self.data) for job in task.jobs])
        else:
            yield from self._new_of(outcome.said)
            if outcome.finished:
                yield record(self.store, outcome.finished)
        for job in task.jobs:
            left_off = outcome.left_off.get(job.run_id)
            if left_off is not None:
                self._leave_off(job.run_id, left_off.files)
            elif self.checkpoints is not None:
                self.checkpoints.forget(job.run_id)
            if job.run_id in self._contests:
                accuracy = None if left_off is None else left_off.accuracy
                self._stage(self._contests[job.run_id].reached(job.run_id, accuracy))
        yield from self._pupils_of(task)

    def _new_of(self, texts: Iterable[str | None]) -> Iterator[Said]:
        """Yield what was not told before; what is true of a machine, every worker tells."""
        for text in texts:
            if text is not None and text not in self._said:
                self._said.add(text)
                yield Said(text)

    def _leave_off(self, run_id: str, files: Files) -> None:
        assert self.checkpoints is not None, "a contest needs checkpoints"
        try:
            self.checkpoints.put(run_id, files)
        except OSError as error:
            raise disk.trouble(error, self.checkpoints.folder) from error

    def _pupils_of(self, task: Task) -> Iterator[SweepEvent]:
        """Make ready, or give up, the runs that waited for a task's."""
        for job in task.jobs:
            pupils = self._pupils.pop(job.run_id, [])
            if pupils and self.store.status(job.run_id) == "done":
                self._start(pupils)
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
        "numerics": job.config.numerics,
        "plugins": job.config.plugins_text,
    }
    return Finished(row | job.config.effective | provenance(), [], [])
