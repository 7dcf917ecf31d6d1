"""The runs of a plan made ready: settled on a machine, named by their data, grouped into tasks."""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from snnbench.config import RunConfig
from snnbench.network.model_files import MODELS, ModelFiles, read_files, weights_path
from snnbench.network.plan import plan_layers
from snnbench.plugins import Source, sources
from snnbench.results.checkpoints import Checkpoints, Files
from snnbench.studies.plan import PlannedRun
from snnbench.studies.selecting import BETWEEN_VARIANTS
from snnbench.sweep.datasets import DataSets, data_key
from snnbench.training.cohorts import member_bytes, plan_cohorts

MOST_MEMBERS = 64  # of a cohort: what ends together is lost together
_WORTH_IT = 0.95  # of the time: what a cut must come below
_COMPANION = 0.5  # cost of a further member of a cohort, against a run alone


@dataclass(frozen=True)
class Job:
    """One run, ready to be trained.

    Attributes:
        run_id: its name in the tables.
        config: settings; device and engine are settled, a teacher is a file in the results.
        study, variant: what its row says.
        teacher: run_id of the run of this sweep that it learns from, or None.
        save_model: keep its weights: others learn from it, or somebody asked for them.
    """

    run_id: str
    config: RunConfig
    study: str
    variant: str | None
    teacher: str | None = None
    save_model: bool = False

    def own(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row of `runs.csv` as this sweep's: its study, variant and teacher's file."""
        mine = {"study": self.study, "variant": self.variant}
        if self.config.teacher is not None:
            mine["teacher"] = self.config.teacher
        return {**row, **mine}


@dataclass(frozen=True)
class Task:
    """What a worker is given: runs that train side by side.

    Attributes:
        number: of the task, from 0.
        jobs: its runs.
        cost: expected work, in multiply-accumulates; only ratios mean something.
        memory_bytes: it needs besides data and libraries.
        again: it is tried for the second time.
        models: run_id -> the files of a teacher.
        until: epoch after which its runs are left off; None: they are trained to their end.
        starts: run_id -> where a run that was left off goes on.
        frozen: run_id -> why a run ends where it is.
        checkpoints: where its runs leave theirs; None: nowhere.
        measure_energy: by the counters of the worker's machine.
        plugins: files of the plug-ins that are loaded here, for a worker elsewhere.
    """

    number: int
    jobs: tuple[Job, ...]
    cost: float
    memory_bytes: float
    again: bool = False
    models: Mapping[str, ModelFiles] = field(default_factory=dict, repr=False)
    until: int | None = None
    starts: Mapping[str, Files] = field(default_factory=dict, repr=False)
    frozen: Mapping[str, str] = field(default_factory=dict)
    checkpoints: Checkpoints | None = None
    measure_energy: bool = False
    plugins: tuple[Source, ...] = field(default_factory=sources, repr=False)


def make_jobs(
    runs: Sequence[PlannedRun],
    study: str,
    folder: Path,
    data: DataSets,
    settle: Callable[[RunConfig], RunConfig],
    *,
    save_model: bool = False,
) -> list[Job]:
    """Return the jobs of planned runs, one for each; see `distinct`.

    Args:
        runs: teachers before students.
        study: name that their rows carry.
        folder: of the results, where models are saved.
        data: the data sets.
        settle: puts device and engine in place of `auto`.
        save_model: keep every run's, not only those of teachers.

    Raises:
        UserError: data or a teacher are missing, or do not fit a run.
    """
    taught = {run.teacher for run in runs}
    jobs: list[Job] = []
    for position, run in enumerate(runs):
        config, teacher = settle(run.config), None
        if run.teacher is not None:
            teacher = jobs[run.teacher].run_id
            path = weights_path(folder / MODELS, teacher)
            config = config.model_copy(update={"teacher": str(path)})
        elif config.teacher is not None:
            read_files(Path(config.teacher))
        run_id = config.run_id(data.of(config).sha256)
        variant = BETWEEN_VARIANTS.join(run.variants) or None
        keep = save_model or position in taught
        jobs.append(Job(run_id, config, study, variant, teacher, keep))
    return jobs


def distinct(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs with those that come to the same run as one, which is saved if one is."""
    found: dict[str, Job] = {}
    for job in jobs:
        same = found.get(job.run_id, job)
        found[job.run_id] = replace(same, save_model=same.save_model or job.save_model)
    return list(found.values())


def make_tasks(
    jobs: Sequence[Job], data: DataSets, memory_bytes: float, slots: int, first: int = 0
) -> list[Task]:
    """Group jobs into cohorts that fit into memory and keep all workers busy; longest first.

    Args:
        jobs: their order decides which of equals come first.
        data: the data sets.
        memory_bytes: what one worker may take.
        slots: workers.
        first: number of the first task.

    Raises:
        UserError: a run alone needs more memory than there is.
    """
    cohorts: list[list[Job]] = []
    for group in _grouped(jobs, lambda job: (*data_key(job.config), job.teacher)):
        shape = data.of(group[0].config).shape
        for cohort in plan_cohorts([job.config for job in group], shape, memory_bytes):
            members = [group[position] for position in cohort]
            cohorts += _pieces(members, -(-len(members) // MOST_MEMBERS))
    tasks = _balanced([_task(cohort, data) for cohort in cohorts], data, slots)
    return [replace(task, number=first + number) for number, task in enumerate(tasks)]


def _balanced(tasks: list[Task], data: DataSets, slots: int) -> list[Task]:
    """Cut cohorts where that ends the whole earlier, and sort by cost.

    A cohort costs less than its runs do alone, but no worker should wait long for another's.
    """
    best = trial = sorted(tasks, key=lambda task: -task.cost)
    for _ in range(2 * slots):
        whole = next((task for task in trial if len(task.jobs) > 1), None)
        if whole is None:
            break
        pieces = [_task(jobs, data) for jobs in _pieces(list(whole.jobs), 2)]
        rest = [task for task in trial if task is not whole]
        trial = sorted([*rest, *pieces], key=lambda task: -task.cost)
        if _makespan(trial, slots) < _WORTH_IT * _makespan(best, slots):
            best = trial
    return best


def _makespan(tasks: Sequence[Task], slots: int) -> float:
    """Return when the last worker is done, in units of cost: the next task is the freest one's."""
    ends = [0.0] * slots
    for task in tasks:
        heapq.heapreplace(ends, ends[0] + task.cost)
    return max(ends)


def one_by_one(task: Task, data: DataSets, first: int) -> list[Task]:
    """Return the runs of a task that failed, as tasks of their own."""
    return [
        replace(_task([job], data), number=first + number, again=True)
        for number, job in enumerate(task.jobs)
    ]


def _task(cohort: Sequence[Job], data: DataSets) -> Task:
    config = cohort[0].config
    known = data.of(config)
    plan = plan_layers(config, known.shape)
    samples = known.train_samples * len(config.learning_rates)
    alone = samples * sum(entry.dense_macs for entry in plan)
    companion = 1.0 if config.engine == "numpy" else _COMPANION  # it takes one after another
    cost = alone * (1 + companion * (len(cohort) - 1))
    return Task(0, tuple(cohort), cost, len(cohort) * member_bytes(config, plan))


def _grouped(jobs: Iterable[Job], key: Callable[[Job], Any]) -> list[list[Job]]:
    groups: dict[Any, list[Job]] = {}
    for job in jobs:
        groups.setdefault(key(job), []).append(job)
    return list(groups.values())


def _pieces(jobs: list[Job], count: int) -> list[list[Job]]:
    """Cut into pieces of nearly equal length, none empty."""
    ends = [len(jobs) * i // count for i in range(count + 1)]
    return [jobs[a:b] for a, b in pairwise(ends) if b > a]


def read_models(task: Task) -> dict[str, ModelFiles]:
    """Return the files of the teachers that a task's runs learn from, by their names.

    Raises:
        UserError: a saved model cannot be read.
    """
    paths = {Path(job.config.teacher) for job in task.jobs if job.config.teacher is not None}
    return {path.stem: read_files(path) for path in paths}
