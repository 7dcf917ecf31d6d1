"""The tables as pandas DataFrames: strict, without a lock, beside a writer.

A file that is not what we wrote is refused. Its rows are taken as they stand: `trusted` is about
those that do not hold.

pandas' own CSV reader takes truncated, ';'-separated and duplicate-header files silently, and
"None" or "NA" in text for missing; so the cells are parsed here and pandas only gets the columns.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.results.cells import CHARACTERS, from_cell
from snnbench.results.index import Entry, index_runs, no_runs
from snnbench.results.journal import current_table, load, table_path
from snnbench.results.judge import Findings, Judge, Numbered
from snnbench.results.layout import Columns, arranger
from snnbench.results.lines import damaged, position, to_cells, torn_run
from snnbench.results.schema import KEYS, Column, columns_of

if TYPE_CHECKING:
    import pandas as pd

_ROWS_AT_ONCE = 5_000  # as text they take many times the room of their values
_BOOLEANS = {"": None, "true": True, "false": False}


def read_runs(folder: str | Path) -> "pd.DataFrame":
    """Return runs.csv, one row a run.

    Text columns hold str or None, numbers float64 with NaN, integers Int64 and booleans boolean
    with NA. A last line that a writer has not finished is left out.

    Raises:
        UserError: there are no runs, or a file is not what we wrote: naming file and line.
    """
    return read_numbered(Path(folder), "runs").reset_index(drop=True)


def read_epochs(folder: str | Path) -> "pd.DataFrame":
    """Return epochs.csv, one row a run and epoch, for the runs that are in runs.csv.

    Raises:
        UserError: as `read_runs`; also an epoch twice, or a run that is done and has more or less
            epochs than its row says (unless there are none at all, of any run: taken out on
            purpose).
    """
    return read_numbered(Path(folder), "epochs").reset_index(drop=True)


def read_layers(folder: str | Path) -> "pd.DataFrame":
    """Return layers.csv, one row a run and weight layer, for the runs that are in runs.csv.

    Raises:
        UserError: as `read_epochs`, of layers.
    """
    return read_numbered(Path(folder), "layers").reset_index(drop=True)


def read_steps(folder: str | Path) -> "pd.DataFrame":
    """Return steps.csv, one row a run and time step at inference, for the runs in runs.csv.

    Raises:
        UserError: as `read_epochs`, of steps.
    """
    return read_numbered(Path(folder), "steps").reset_index(drop=True)


def to_rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return the rows of a table, column -> value; None is missing."""
    import pandas as pd

    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.astype(object).to_dict("records")
    ]


def read_numbered(folder: Path, name: str, findings: Findings | None = None) -> "pd.DataFrame":
    """Return a table as the functions above do, its lines in the file as the index.

    Args:
        folder: of the tables.
        name: of the table.
        findings: if given, rows of runs that do not hold are left out, and the others are judged
            while they are read.

    Raises:
        UserError: as the functions above.
    """
    import pandas as pd

    path = table_path(folder, name)
    try:
        if not table_path(folder, "runs").exists():
            raise no_runs(folder)
        # In this order: the journal (see journal.py), then the runs, then their epochs or layers,
        # which were on the disk before them. Runs that are recorded meanwhile are left out.
        journal = load(folder)
        index = index_runs(folder, journal)
        if not index:
            raise no_runs(folder)
        if findings is not None:  # of runs that are left out anyway nothing need be whole
            left_out = findings.run_ids
            index = {k: entry for k, entry in index.items() if k not in left_out}
        wanted = columns_of(name)
        parts = [_frame([], wanted, path)]  # has the columns' types, if there are no rows
        with current_table(folder, name, journal) as (present, lines):
            key, arrange = position(present, "run_id"), arranger(present, wanted, path)
            rows: Iterator[Numbered] = (
                (number, arrange(cells, number))
                for number, line in lines
                if (cells := to_cells(line, present, path, number))[key] in index
            )
            if findings is not None:
                rows = Judge(path, wanted, findings).passing(rows)
            while chunk := list(islice(rows, _ROWS_AT_ONCE)):
                parts.append(_frame(chunk, wanted, path))
        frame = pd.concat(parts)
        if name != "runs":
            torn = torn_run(path, present)
            _refuse_truncated(frame, KEYS[name], path, index, torn)
    except OSError as error:
        raise disk.trouble(error, path) from error
    return frame


def _frame(
    rows: Sequence[tuple[int, Sequence[str]]], columns: Columns, path: Path
) -> "pd.DataFrame":
    """Return rows, each (line number, cells); their line numbers are its index."""
    import pandas as pd

    place = pd.Index([number for number, _ in rows], dtype="int64")
    by_column = zip(*(cells for _, cells in rows), strict=True) if rows else [()] * len(columns)
    arrays = {
        column.name: _array(cells, column, path, place)
        for column, cells in zip(columns, by_column, strict=True)
    }
    return pd.DataFrame(arrays, index=place)


def _array(cells: Sequence[str], column: Column, path: Path, place: "pd.Index[int]") -> Any:
    import numpy as np
    import pandas as pd

    try:
        if column.kind == "text":  # interned: most texts are the same in every row
            texts = [sys.intern(cell.removeprefix("'")) if cell else None for cell in cells]
            return pd.Series(texts, index=place, dtype=object)
        if column.kind == "boolean":
            return pd.array([_BOOLEANS[cell] for cell in cells], dtype="boolean")
        # the rule of from_cell, for all cells at once
        if "".join(cells).encode().translate(None, CHARACTERS[column.kind]):
            raise ValueError("another character")
        if column.kind == "integer":
            integers = np.array([int(cell) if cell else 0 for cell in cells], np.int64)
            return pd.arrays.IntegerArray(integers, np.array([not cell for cell in cells], bool))
        values = np.array([float(cell) if cell else math.nan for cell in cells], np.float64)
        if np.isinf(values).any():
            raise ValueError("too large")
        return values
    except (ValueError, KeyError, OverflowError):
        for number, cell in zip(place, cells, strict=True):
            try:
                from_cell(cell, column)
            except ValueError as error:
                raise damaged(path, number, f"column {column.name}: {error}") from None
        raise


def _refuse_truncated(
    frame: "pd.DataFrame", place: str, path: Path, index: Mapping[str, Entry], torn: str | None
) -> None:
    """Refuse rows, of one `place` each, that are there twice or are lost."""
    twice = frame.index[frame.duplicated(["run_id", place])]
    if len(twice):
        run_id, number = frame.loc[twice[0], ["run_id", place]]
        raise damaged(path, int(twice[0]), f"{place} {number} of run {run_id} is there twice")
    last = int(frame.index[-1]) if len(frame) else 1
    if torn in index:
        raise damaged(path, last + 1, "the file is cut off")
    if not len(frame):
        return
    counts = Counter(frame["run_id"])
    for run_id, entry in index.items():
        expected = entry.rows_of(f"{place}s")
        if counts[run_id] != expected and entry.status == "done":
            raise UserError(
                f"{path}, line {last}: run {run_id} has {counts[run_id]} of its {expected}"
                f" {place}s; the file was cut off or edited.",
                "Do that run again (the command that made it will), or restore the file.",
            )
