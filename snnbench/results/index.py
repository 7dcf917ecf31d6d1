"""Which runs a folder holds: the little of runs.csv that is kept in memory."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from snnbench.config.setting import Value
from snnbench.errors import UserError, did_you_mean
from snnbench.results.journal import Journal, current_table, load, table_path
from snnbench.results.layout import arranger, check_schema
from snnbench.results.lines import Row, damaged, position, to_cells, to_values
from snnbench.results.schema import STATUSES, columns_of


class Entry(NamedTuple):
    """One run.

    Attributes:
        status: one of STATUSES.
        epoch_rows: how many rows of epochs.csv must be its own: epochs_run of a run that is
            done, 0 for one that is not (how far it came is not held against it).
    """

    status: str
    epoch_rows: int


def entry_of(row: Row) -> Entry:
    """Return the entry of a run's row."""
    status, epochs_run = row["status"], row.get("epochs_run")
    assert isinstance(status, str)
    return Entry(status, int(str(epochs_run or 0)) if status == "done" else 0)


def index_runs(folder: Path, journal: Journal | None) -> dict[str, Entry]:
    """Read runs.csv: run_id -> entry, in the file's order.

    Raises:
        UserError: the file is missing or is not what we wrote, naming the line: header, schema,
            number of cells, an unknown status, a run twice.
    """
    path = table_path(folder, "runs")
    index: dict[str, Entry] = {}
    with current_table(folder, "runs", journal) as (columns, lines):
        names = ("schema", "run_id", "status", "epochs_run")
        at_schema, at_run_id, *needed = (position(columns, name) for name in names)
        for number, line in lines:
            cells = to_cells(line, columns, path, number)
            check_schema(cells[at_schema], path, number)
            run_id, status = cells[at_run_id], cells[needed[0]]
            if status not in STATUSES:
                raise damaged(path, number, f"unknown status '{status}'. {_nearest(status)}")
            if not run_id:
                raise damaged(path, number, "no run_id")
            if run_id in index:
                raise damaged(path, number, f"run {run_id} is there twice")
            index[run_id] = entry_of(to_values(cells, columns, needed, path, number))
    return index


def find_run(folder: Path, run_id: str) -> dict[str, Value] | None:
    """Return the typed values of a run's row of runs.csv, or None.

    Raises:
        UserError: a cell is not of its column's kind.
    """
    path, key, wanted = table_path(folder, "runs"), run_id.encode(), columns_of("runs")
    with current_table(folder, "runs", load(folder)) as (columns, lines):
        for number, line in lines:
            if key in line:  # first a search that costs nothing, since rows are wide
                cells = to_cells(line, columns, path, number)
                if cells[position(columns, "run_id")] == run_id:
                    arranged = arranger(columns, wanted, path)(cells, number)
                    return to_values(arranged, wanted, range(len(wanted)), path, number)
    return None


def incomplete_runs(index: Mapping[str, Entry], epoch_rows: Counter[str]) -> set[str]:
    """Return the runs that are done but have lost rows of epochs.csv.

    The order of writing cannot bring this about (epochs are on the disk before the run's row):
    it is what copying a folder that is being written, or a failing disk, leaves behind.
    """
    return {run_id for run_id, entry in index.items() if epoch_rows[run_id] < entry.epoch_rows}


def no_runs(folder: Path) -> UserError:
    """Return the error for a folder in which no run is recorded."""
    return UserError(
        f"There are no runs in {folder}.",
        "Name the folder that was given to `snnbench train` or `sweep` as --out.",
    )


def _nearest(status: str) -> str:
    return did_you_mean(status, STATUSES).removesuffix(".")
