"""Runs that ended -> the tables and the saved models of a folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnbench.network.model_files import MODELS, write_files
from snnbench.results import disk
from snnbench.results.tables import ResultStore, RunRows
from snnbench.sweep.worker import Finished


@dataclass(frozen=True)
class Recorded:
    """Runs that are in the tables now.

    Attributes:
        rows: their rows of `runs.csv`.
        repairs: what was done to the tables before they took these, a sentence each.
    """

    rows: tuple[Mapping[str, Any], ...]
    repairs: tuple[str, ...] = ()


def record(store: ResultStore, runs: Iterable[Finished]) -> Recorded:
    """Write models and rows of runs; a row that is there already is replaced.

    Raises:
        UserError: the folder cannot be written.
    """
    runs = list(runs)
    _save_models(store.folder / MODELS, runs)
    new: list[RunRows] = []
    again: list[RunRows] = []
    for run in runs:
        known = store.has(run.run["run_id"])
        (again if known else new).append(RunRows(run.run, run.epochs, run.layers, run.steps))
    told = len(store.repairs)
    store.append_many(new)
    store.replace_many(again)
    return Recorded(tuple(rows.run for rows in (*new, *again)), tuple(store.repairs[told:]))


def _save_models(folder: Path, runs: Iterable[Finished]) -> None:
    """Write the models before the rows: a recorded teacher has a model."""
    for run in runs:
        if run.model is not None:
            try:
                disk.make_folder(folder)
                write_files(folder, run.run["run_id"], run.model, _write_safely)
            except OSError as error:
                raise disk.trouble(error, folder) from error


def _write_safely(path: Path, data: bytes) -> None:
    disk.replace_file(path, [data])
