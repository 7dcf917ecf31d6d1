"""Recorded runs trained again into a temporary folder, and what came of each."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnbench.errors import UserError
from snnbench.network.model_files import MODELS
from snnbench.results.frames import read_epochs, read_layers, read_runs, read_steps, to_rows
from snnbench.results.tables import ResultStore
from snnbench.results.trusted import read_trusted
from snnbench.scratch import scratch_folder
from snnbench.studies.study import Study
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.drive import Driver, SweepEvent
from snnbench.sweep.jobs import Job
from snnbench.sweep.retries import UNFINISHED
from snnbench.sweep.run import (
    Planned,
    Where,
    compiled_first,
    executor_of,
    worker_memory,
)
from snnbench.training.events import Compiling
from snnbench.verify.choosing import Chosen, Place, Row, by_run, choose, prepare
from snnbench.verify.claims import ClaimAgain, decide_again
from snnbench.verify.comparing import Verified, compare

_HERE = Place()


@dataclass(frozen=True)
class Verification:
    """What came of a folder.

    Attributes:
        folder: somebody's.
        finished: how many finished runs it has.
        runs: what came of those that were chosen; fewer where it was stopped.
        chosen: how many were.
        faults: rows that do not hold, a sentence each.
        notes: what else must be known.
        claims: of a study, decided anew.
    """

    folder: Path
    finished: int
    chosen: int
    runs: tuple[Verified, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    claims: tuple[ClaimAgain, ...] = ()


def verify(
    folder: Path,
    count: int | None,
    seed: int = 0,
    *,
    place: Place = _HERE,
    study: Study | None = None,
    jobs: int | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Generator[Planned | Compiling | SweepEvent, None, Verification]:
    """Train recorded runs again and compare; yield what happens, and return what came of it.

    Nothing is written but a temporary folder, which is gone when this ends, however it ends.

    Args:
        folder: of somebody's tables.
        count: how many finished runs; None means all.
        seed: of the draw.
        place: of the data.
        study: whose claims are decided anew from the runs that were trained.
        jobs: worker processes.
        is_stopping: when it turns true, what runs is waited for, and nothing more is begun.

    Raises:
        UserError: there are no such runs, or a file is not a table of ours.
    """
    tables = read_trusted(folder)
    rows = choose(tables, count, seed)
    names = sorted({str(name) for name in tables.runs["study"].dropna()})
    if study is not None and study.name not in names:
        raise UserError(
            f"{folder} has no run of the study '{study.name}'.",
            f"Its runs are of: {', '.join(names) or 'no study'}.",
        )
    finished = int((tables.runs["status"] == "done").sum())
    faults = tuple(sorted({str(fault) for fault in tables.faults}))
    with scratch_folder() as here:
        data = DataSets()
        chosen = prepare(rows, tables, folder=folder, models=here / MODELS, place=place, data=data)
        todo = [one.job for one in chosen if one.job is not None]
        yield from _train(todo, here, data, Where(jobs), is_stopping)
        found = tuple(_verified(chosen, here))
        again: tuple[ClaimAgain, ...] = ()
        if study is not None and any(one.columns for one in found):  # some were trained
            again = tuple(decide_again(study, folder, here))
    return Verification(folder, finished, len(chosen), found, faults, tables.remarks, again)


def _train(
    jobs: Sequence[Job],
    here: Path,
    data: DataSets,
    where: Where,
    is_stopping: Callable[[], bool],
) -> Generator[Planned | Compiling | SweepEvent]:
    if not jobs:
        return
    data.forget()
    executor = executor_of(where, len(jobs))
    try:
        yield from compiled_first(job.config for job in jobs)
        yield Planned(tuple(jobs), tuple(jobs), len(jobs))
        with ResultStore.open(here) as store:
            memory = worker_memory(executor)
            yield from Driver(store, executor, data, memory, is_stopping).run(jobs)
    finally:
        executor.close()


def _verified(chosen: Sequence[Chosen], here: Path) -> Iterator[Verified]:
    """Yield what came of the runs; nothing of those that were not begun."""
    trained: dict[str, tuple[Row, list[list[Row]]]] = {}
    if ResultStore.open(here, write=False).statuses():
        rest = [by_run(read(here)) for read in (read_epochs, read_layers, read_steps)]
        for run in to_rows(read_runs(here)):
            name = run["run_id"]
            trained[name] = (run, [rows.get(name, []) for rows in rest])
    for one in chosen:
        if one.job is None:
            yield Verified(one.run_id, "unverifiable", reason=one.reason)
        elif one.run_id in trained:
            again, rows = trained[one.run_id]
            if again["status"] in UNFINISHED:
                reason = f"{again['status']}: {again['error']}"
                yield Verified(one.run_id, "unfinished", reason=reason)
            else:
                yield compare(one, again, *rows)
