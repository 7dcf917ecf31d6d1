"""Runs that other folders have recorded, as if they had just been trained.

A run's name follows from its settings, seed and data, so that the same run in the folder of
another study is the same result.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from snnbench.network.model_files import MODELS, ModelFiles, read_files, weights_path
from snnbench.results.frames import read_epochs, read_layers, read_runs, to_rows
from snnbench.sweep.jobs import Job
from snnbench.sweep.worker import Finished

_FINAL = ("done", "diverged")


def recorded_elsewhere(jobs: Iterable[Job], folders: Sequence[Path]) -> Iterator[Finished]:
    """Yield the jobs that folders of results have recorded as done or diverged.

    Their rows carry the job's study and variant, and what they say of machine, commit and time
    of the training stays. A run that others learn from is found only where its model is.

    Args:
        jobs: runs that are wanted.
        folders: looked through in this order; the first that has a run gives it.

    Raises:
        UserError: a folder has no runs, or a file that is not what we wrote.
    """
    wanted = {job.run_id: job for job in jobs}
    for folder in folders:
        runs = read_runs(folder)
        usable = runs["run_id"].isin(list(wanted)) & runs["status"].isin(_FINAL)
        epochs, layers = (
            _by_run(read(folder), runs.loc[usable, "run_id"]) for read in (read_epochs, read_layers)
        )
        for row in to_rows(runs[usable]):
            run_id = row["run_id"]
            job = wanted[run_id]
            model = _model(job, folder)
            if job.save_model and model is None:
                continue
            row |= {"study": job.study, "variant": job.variant}
            if job.config.teacher is not None:
                row["teacher"] = job.config.teacher
            yield Finished(row, epochs.get(run_id, []), layers.get(run_id, []), model)
            del wanted[run_id]


def _by_run(table: Any, run_ids: Any) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in to_rows(table[table["run_id"].isin(run_ids)]):
        rows.setdefault(row["run_id"], []).append(row)
    return rows


def _model(job: Job, folder: Path) -> ModelFiles | None:
    path = weights_path(folder / MODELS, job.run_id)
    return read_files(path) if job.save_model and path.is_file() else None
