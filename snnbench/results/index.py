"""Which runs a folder holds: the little of runs.csv that is kept in memory."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from snnbench.config.setting import Value
from snnbench.errors import UserError, did_you_mean
from snnbench.results.journal import Journal, current_table, load, table_path
from snnbench.results.judge import Findings, Judge, Numbered, weight_layers
from snnbench.results.layout import arranger, check_schema
from snnbench.results.lines import Row, damaged, position, to_cells, to_values, visible
from snnbench.results.schema import STATUSES, columns_of

_COUNTS = ("epochs_run", "layers", "inference_steps", "arch")


class Entry(NamedTuple):
    """One run.

    Attributes:
        status: one of STATUSES.
        epoch_rows, layer_rows, step_rows: how many rows of epochs.csv, layers.csv and steps.csv
            must be its own: of a run that is done, `epochs_run`, `layers`, or, where there was no
            such column yet, the weight layers of `arch`, and `inference_steps`. 0 of one that is
            not: how far it came is not held against it.
    """

    status: str
    epoch_rows: int
    layer_rows: int
    step_rows: int

    def rows_of(self, name: str) -> int:
        """Return how many rows of the table "epochs", "layers" or "steps" must be its own."""
        counts = {"epochs": self.epoch_rows, "layers": self.layer_rows, "steps": self.step_rows}
        return counts[name]


def entry_of(row: Row) -> Entry:
    """Return the entry of a run's row."""
    status, epochs_run, layers = row["status"], row.get("epochs_run"), row.get("layers")
    assert isinstance(status, str)
    if status != "done":
        return Entry(status, 0, 0, 0)
    if layers is None:
        layers = weight_layers(str(row.get("arch") or ""))
    counts = (int(str(n or 0)) for n in (epochs_run, layers, row.get("inference_steps")))
    return Entry(status, *counts)


def index_runs(
    folder: Path, journal: Journal | None, findings: Findings | None = None
) -> dict[str, Entry]:
    """Read runs.csv: run_id -> entry, in the file's order.

    Args:
        folder: of the tables.
        journal: of runs that are being replaced.
        findings: if given, the rows are judged while they are read.

    Raises:
        UserError: the file is missing or is not what we wrote, naming the line: header, schema,
            number of cells, an unknown status, a run twice.
    """
    path = table_path(folder, "runs")
    index: dict[str, Entry] = {}
    with current_table(folder, "runs", journal) as (columns, lines):
        names = [column.name for column in columns]
        at_schema, at_run_id, at_status = map(names.index, ("schema", "run_id", "status"))
        needed = [at_status, *(names.index(n) for n in _COUNTS if n in names)]
        rows: Iterable[Numbered] = (
            (number, to_cells(line, columns, path, number)) for number, line in lines
        )
        if findings is not None:
            rows = Judge(path, columns, findings).passing(rows)
        for number, cells in rows:
            check_schema(cells[at_schema], path, number)
            run_id, status = cells[at_run_id], cells[at_status]
            if status not in STATUSES:
                what = f"unknown status '{visible(status)}'. {_nearest(status)}"
                raise damaged(path, number, what)
            if not run_id:
                raise damaged(path, number, "no run_id")
            if run_id in index:
                raise damaged(path, number, f"run {visible(run_id)} is there twice")
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


def no_runs(folder: Path) -> UserError:
    """Return the error for a folder in which no run is recorded."""
    return UserError(
        f"There are no runs in {folder}.",
        "Name the folder that was given to `snnbench train` or `sweep` as --out.",
    )


def _nearest(status: str) -> str:
    return did_you_mean(status, STATUSES).removesuffix(".")
