"""Runs that other folders have recorded, as if they had just been trained.

A run's name follows from its settings, seed and data, so that the same run in the folder of
another study is the same result.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from snnbench.network.model_files import MODELS, ModelFiles, read_files, weights_path
from snnbench.results.frames import to_rows
from snnbench.results.trusted import read_trusted
from snnbench.sweep.jobs import Job
from snnbench.sweep.worker import Finished

_FINAL = ("done", "diverged")


class Elsewhere:
    """What folders of results have recorded, read once. Runs that do not hold are left out.

    Args:
        folders: looked through in this order; the first that has a run gives it.

    Attributes:
        notes: which these are, and what else must be known, a sentence each.

    Raises:
        UserError: a folder has no runs that hold, or a file that is not what we wrote.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._read = []
        self.notes: list[str] = []
        for folder in folders:
            found = read_trusted(folder)
            # without its version: as they are read, they are rows of this one
            usable = found.runs[found.runs["status"].isin(_FINAL)].drop(columns="schema")
            self._read.append((folder, usable, found.epochs, found.layers, found.steps))
            self.notes += found.notes

    def of(self, jobs: Iterable[Job]) -> Iterator[Finished]:
        """Yield those of the jobs that are recorded as done or diverged.

        Their rows carry the job's study and variant, and what they say of machine, commit and
        time of the training stays. A run whose model is to be kept is found only where that is.
        """
        wanted = {job.run_id: job for job in jobs}
        for folder, runs, *rest in self._read:
            found = runs[runs["run_id"].isin(list(wanted))]
            own = [_by_run(table, found["run_id"]) for table in rest]
            for row in to_rows(found):
                run_id = row["run_id"]
                job = wanted[run_id]
                model = _model(job, folder)
                if job.save_model and model is None:
                    continue
                del wanted[run_id]
                epochs, layers, steps = (rows.get(run_id, []) for rows in own)
                yield Finished(job.own(row), epochs, layers, model, steps)


def _by_run(table: Any, run_ids: Any) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in to_rows(table[table["run_id"].isin(run_ids)]):
        rows.setdefault(row["run_id"], []).append(row)
    return rows


def _model(job: Job, folder: Path) -> ModelFiles | None:
    path = weights_path(folder / MODELS, job.run_id)
    return read_files(path) if job.save_model and path.is_file() else None
