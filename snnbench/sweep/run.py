"""A sweep from its plan to its tables: what is there, what is missing, round after round."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.kernels.needs import groups_of
from snnbench.network.model_files import MODELS, weights_path
from snnbench.results.checkpoints import Checkpoints
from snnbench.results.tables import ResultStore, read_epochs
from snnbench.runs import resolve_machine
from snnbench.studies.plan import Plan, PlannedRun
from snnbench.studies.stored import store_study
from snnbench.sweep.cluster import ClusterExecutor, check_address
from snnbench.sweep.contest import contests_of, share_trained
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.drive import Driver, SweepEvent
from snnbench.sweep.executors import Executor, LocalExecutor, share_out
from snnbench.sweep.jobs import Job, distinct, make_jobs, make_tasks
from snnbench.sweep.record import record
from snnbench.sweep.reuse import Elsewhere
from snnbench.sweep.search import check_searches, example, search_rounds
from snnbench.training.events import Compiling, Said


@dataclass(frozen=True)
class Where:
    """Where and how runs are trained.

    Attributes:
        jobs: worker processes; None means as many as there are cores.
        timeout: seconds a run may take; None means any.
        cluster: address of a Dask scheduler; None means this machine.
        halving: runs that fall behind are ended early.
        checkpoint_every: seconds between two checkpoints of a run; None: as it is by itself.
        measure_energy: by the machine's counters, which see all that runs on it: one worker only.
        save_model: every run's weights are kept, not only those of teachers.
    """

    jobs: int | None = None
    timeout: float | None = None
    cluster: str | None = None
    halving: bool = False
    checkpoint_every: float | None = None
    measure_energy: bool = False
    save_model: bool = False

    def __post_init__(self) -> None:
        if self.timeout is not None and not self.timeout > 0:
            raise UserError(f"--timeout {self.timeout} is no time.", "Give seconds above 0.")
        if self.cluster is not None:
            check_address(self.cluster)
        if self.measure_energy:
            self._check_alone()
        for name in ("jobs", "timeout"):
            if self.cluster is not None and getattr(self, name) is not None:
                raise UserError(
                    f"--{name} has no effect with --cluster: its workers are not ours to "
                    "start or to end.",
                    f"Leave --{name} out.",
                )

    def _check_alone(self) -> None:
        if self.cluster is not None:
            raise UserError(
                "--measure-energy has no meaning with --cluster: a machine's counters see all of "
                "its workers at once.",
                "Leave one of them out.",
            )
        if self.jobs is None:
            object.__setattr__(self, "jobs", 1)
        elif self.jobs > 1:
            raise UserError(
                f"--measure-energy with --jobs {self.jobs}: the machine's counters see all workers "
                "at once, and what each of them used cannot be told.",
                "Leave --jobs out, or give --jobs 1.",
            )


@dataclass(frozen=True)
class Planned:
    """What a sweep, or a round of a search, is going to do.

    Attributes:
        jobs: all its runs.
        to_do: those that are run now.
        total: runs of the whole sweep, a search's not yet known ones among them.
        repairs: what was mended in the tables on opening them, or done to them since.
        taken_over: how many of them other folders had recorded.
        notices: what is to be known of the data, a sentence each.
        share: of the epochs of those that are run now that is trained, as far as is known: with
            halving not all.
    """

    jobs: tuple[Job, ...]
    to_do: tuple[Job, ...]
    total: int
    repairs: tuple[str, ...] = ()
    taken_over: int = 0
    notices: tuple[str, ...] = ()
    share: float = 1.0


def maker(
    study: str, folder: Path, data: DataSets, where: Where
) -> Callable[[Sequence[PlannedRun]], list[Job]]:
    """Return what makes jobs of planned runs; see `make_jobs`."""
    settle = partial(resolve_machine, elsewhere=where.cluster is not None)
    return lambda runs: make_jobs(runs, study, folder, data, settle, save_model=where.save_model)


def missing(
    jobs: Iterable[Job], store: ResultStore, retry: Sequence[str], *, save_model: bool = False
) -> list[Job]:
    """Return the jobs that have no row, or one whose status is to be tried again.

    A run that is done and whose model is gone is trained again if it has students to teach, or if
    all models are to be kept.
    """
    jobs = list(jobs)

    def is_missing(job: Job) -> bool:
        status = store.status(job.run_id)
        return status is None or status in retry

    wanted = {job.teacher for job in jobs if is_missing(job)}

    def is_lost(job: Job) -> bool:
        kept = job.run_id in wanted or (save_model and store.status(job.run_id) == "done")
        return kept and not weights_path(store.folder / MODELS, job.run_id).is_file()

    return [job for job in jobs if is_missing(job) or is_lost(job)]


def run_sweep(
    plan: Plan,
    folder: Path,
    where: Where,
    *,
    retry: Sequence[str] = (),
    reuse: Sequence[Path] = (),
    is_stopping: Callable[[], bool] = lambda: False,
    make_executor: "Callable[[Where, int], Executor] | None" = None,
) -> Generator[Planned | Compiling | SweepEvent]:
    """Run a plan's missing runs and record them; yield what happens.

    Args:
        plan: from `snnbench.studies.plan.expand`.
        folder: of the tables; only one sweep at a time may write there.
        where: machine or cluster.
        retry: statuses of recorded runs that are run again; without halving, so are those that
            were frozen early.
        reuse: folders of results; runs recorded there are taken over, not trained.
        is_stopping: asked all the time; when it turns true, running cohorts are waited for and
            nothing more is handed out.
        make_executor: what runs the tasks of so many cohorts, instead of processes or a cluster.

    Raises:
        UserError: data, settings or the folder do not permit it, or the cluster is gone.
    """
    check_searches(plan)
    searched = [example(space, plan.study.seeds[0]) for space in plan.spaces]
    if where.halving:
        check_halving([*(run.config for run in plan.runs), *searched])
    data, said = DataSets(), set[str]()
    absent = partial(missing, retry=statuses_again(where, retry), save_model=where.save_model)
    make = maker(plan.study.name, folder, data, where)
    jobs = distinct(make(plan.runs))
    # By all runs, not the missing ones: how many threads a run has must not depend on what was
    # done before.
    total = len(jobs) + plan.runs_of_search
    executor: Executor | None = None
    try:
        # All that can be refused is refused before anything is written.
        recorded = ResultStore.open(folder, write=False, judged=True)
        to_do = absent(jobs, recorded)
        elsewhere = Elsewhere(reuse)
        taken_over = {run.run["run_id"] for run in elsewhere.of(to_do)}
        to_do = [job for job in to_do if job.run_id not in taken_over]
        if to_do or plan.spaces:
            executor = (make_executor or executor_of)(where, total)
            tasks = make_tasks(to_do, data, worker_memory(executor), executor.slots)
            if make_executor is None and where.cluster is None:  # a cohort's runs need the same
                yield from compiled_first([*(t.jobs[0].config for t in tasks), *searched])
        if not plan.spaces:  # a search may still ask for runs of another shape
            data.forget()
        if where.cluster is not None and executor is not None:
            yield Said("Workers of a cluster keep no checkpoints: what one loses begins anew.")
        with ResultStore.open(folder, known=recorded.findings) as store:
            rounds: Rounds = [jobs]
            if plan.spaces:
                rounds = search_rounds(plan, jobs, store, make)
            repairs = (*store.repairs, *elsewhere.notes)
            for round_jobs in rounds:
                to_do = absent(round_jobs, store)
                taken = record(store, elsewhere.of(to_do))
                to_do = absent(round_jobs, store) if taken.rows else to_do
                repairs += taken.repairs
                contests = (
                    contests_of(round_jobs, _curves(store)) if where.halving and to_do else []
                )
                yield Planned(tuple(round_jobs), tuple(to_do), total, repairs, len(taken.rows),
                              data.take_notices(), share_trained(to_do, contests))  # fmt: skip
                repairs = ()
                if not to_do:
                    continue
                store_study(store.folder, plan.study)  # not before: another search is refused
                executor = executor or (make_executor or executor_of)(where, total)
                driver = Driver(
                    store, executor, data, worker_memory(executor), is_stopping,
                    checkpoints=Checkpoints.of(store.folder, where.checkpoint_every),
                    measure_energy=where.measure_energy, said=said,
                )  # fmt: skip
                yield from driver.run(to_do, contests)
                if is_stopping():
                    return
            store_study(store.folder, plan.study)
    finally:
        if executor is not None:
            executor.close()


def _curves(store: ResultStore) -> dict[str, list[float]]:
    """Return run_id -> validation accuracies by epoch, of the runs that are recorded."""
    if not store.statuses():
        return {}
    rows = read_epochs(store.folder).sort_values("epoch")
    known = rows[rows["val_accuracy"].notna()]
    return {str(run): list(own["val_accuracy"]) for run, own in known.groupby("run_id")}


def compiled_first(configs: Iterable[RunConfig]) -> Iterator[Compiling]:
    """Compile kernels here, once, before all workers do it at once; say so if any must be."""
    groups = {name for config in configs for name in groups_of(resolve_machine(config))}
    if not groups:  # numba costs half a second to import: only when needed
        return
    from snnbench.kernels.warmup import are_compiled, compile_kernels

    if not are_compiled(groups):
        yield Compiling()
        compile_kernels(groups)


def statuses_again(where: Where, retry: Sequence[str]) -> tuple[str, ...]:
    """Return the statuses of recorded runs that are run again."""
    return (*retry, *(() if where.halving else ("halved",)))


def check_halving(configs: Iterable[RunConfig]) -> None:
    """Refuse halving of runs without validation data: the test set must not choose.

    Raises:
        UserError: see above.
    """
    if not all(c.has_validation for c in configs):
        raise UserError(
            "--halving chooses by validation accuracy, and there are no validation data.",
            "Give --val-fraction 0.1.",
        )


Rounds = Iterable[Sequence[Job]]


def executor_of(where: Where, runs: int) -> Executor:
    """Return the workers of this machine, or a cluster's.

    Raises:
        UserError: the cluster cannot be reached.
    """
    if where.cluster is not None:
        return ClusterExecutor(where.cluster)
    workers, threads = share_out(where.jobs, runs)
    return LocalExecutor(workers, threads, where.timeout)


def worker_memory(executor: Executor) -> float:
    """Return the bytes that a task may take in one of the executor's workers."""
    from snnbench.training.cohorts import free_memory

    known = executor.worker_bytes
    return known if known is not None else free_memory() / executor.slots
