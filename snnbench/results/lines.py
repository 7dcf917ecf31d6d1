"""A table's text: its header, and one row as one line.

No cell holds a newline, so a line of the file is a row, and a row is whole when its newline is
there. This is what makes a torn tail recognisable: it is what follows the last newline.
"""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path

from snnbench.errors import UserError
from snnbench.results.schema import SCHEMA_VERSION, Column, to_cell

Row = Mapping[str, object]


def header_line(columns: Sequence[Column]) -> bytes:
    """Return the first line of a table."""
    return (",".join(column.name for column in columns) + "\n").encode()


def to_lines(rows: Iterable[Row], columns: Sequence[Column]) -> bytes:
    """Return the lines of rows; a column that a row leaves out is missing there.

    Raises:
        KeyError: a row has a column that the table has not: our mistake.
        AssertionError: a value is not of its column's kind: our mistake.
    """
    layout = [(column.name, column.kind, column) for column in columns]
    names = {column.name for column in columns}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        if not row.keys() <= names:
            raise KeyError(f"no such column: {', '.join(sorted(row.keys() - names))}")
        cells = []
        for name, kind, column in layout:
            value = row.get(name)
            # what most cells are, without a call
            if value is None:
                cells.append("")
            elif type(value) is float and kind == "number" and isfinite(value):
                cells.append(repr(value))
            else:
                cells.append(to_cell(value, column))
        writer.writerow(cells)
    return text.getvalue().encode()


def to_cells(line: bytes, columns: Sequence[Column], path: Path, number: int) -> list[str]:
    """Return the cells of one line of `path`.

    Raises:
        UserError: it is not UTF-8, a quote is not closed, or it has not one cell a column.
    """
    cells = _split(line, path, number)
    if len(cells) != len(columns):
        raise damaged(path, number, f"{len(cells)} cells, the header has {len(columns)}")
    return cells


def first_cell(line: bytes, columns: Sequence[Column], path: Path, number: int) -> str:
    """Return the first cell, and check the number of cells: `to_cells` for millions of lines."""
    if b'"' in line or line.count(b",") != len(columns) - 1:
        return to_cells(line, columns, path, number)[0]
    return line[: line.index(b",")].decode("utf-8", "replace")


def damaged(path: Path, number: int, what: str) -> UserError:
    """Return the error for a line of `path` that cannot be what we wrote."""
    end = "" if what.endswith((".", "?")) else "."
    return UserError(
        f"{path}, line {number}: {what}{end}",
        "Restore the file from a backup, or mend that line"
        " (a line taken out of runs.csv is a run to be done again).",
    )


def whole_lines(path: Path, columns: Sequence[Column]) -> Iterator[tuple[int, bytes]]:
    """Yield (line number in the file, line without newline) of every row below the header.

    A last line without newline is left out: it is being written, or was never finished.

    Raises:
        UserError: the header is not ours, or the file cannot be read.
    """
    with open(path, "rb") as file:
        header = file.readline()
        if columns[0].name == "schema":
            # before the header is compared: another version may well have other columns
            _refuse_newer(file.readline().partition(b",")[0].decode("utf-8", "replace"), path, 2)
            file.seek(len(header))
        check_header(header, columns, path)
        for number, line in enumerate(file, 2):
            if not line.endswith(b"\n"):
                return
            yield number, line[:-1]


def whole_size(path: Path) -> int:
    """Return the file's size without a torn last line: where its last newline ends."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0


def torn_run(path: Path) -> str | None:
    """Return the run_id that a torn last line of epochs.csv or layers.csv starts with, if any."""
    size = whole_size(path)
    with open(path, "rb") as file:
        file.seek(size)
        run_id, comma, _ = file.read(256).partition(b",")
    return run_id.decode("utf-8", "replace") if comma else None


def check_header(line: bytes, columns: Sequence[Column], path: Path) -> None:
    """Refuse a first line that is not the header of `columns`.

    Raises:
        UserError: saying in what it differs.
    """
    if not line:
        raise UserError(f"{path} is empty.", "Restore the file from a backup.")
    expected = [column.name for column in columns]
    names = _split(line.removesuffix(b"\n"), path, 1)
    if names == expected:
        return
    remedy = "Restore the file from a backup, or name another folder."
    duplicates = sorted({name for name in names if names.count(name) > 1})
    missing = [name for name in expected if name not in names]
    unknown = [name for name in names if name not in expected]
    if len(names) == 1 and names[0].count(";") > 1:
        what = "the cells are separated by ';'"
        remedy = "Save it as CSV with commas, or restore the file from a backup."
    elif duplicates:
        what = f"the header names {_some(duplicates)} more than once"
    elif missing or unknown:
        lacks = f"lacks {_some(missing)}" if missing else ""
        adds = f"has the unknown {_some(unknown)}" if unknown else ""
        what = f"the header {' and '.join(filter(None, (lacks, adds)))}"
    else:
        what = "the header's columns are in another order"
    raise UserError(f"{path}, line 1 is not a table of snnbench: {what}.", remedy)


def check_schema(cell: str, path: Path, number: int) -> None:
    """Refuse a row of another version of the tables.

    Raises:
        UserError: saying what to do.
    """
    _refuse_newer(cell, path, number)
    if cell != str(SCHEMA_VERSION):
        raise damaged(path, number, f"'{cell}' is no version of the tables")


def _refuse_newer(cell: str, path: Path, number: int) -> None:
    if cell.isascii() and cell.isdigit() and len(cell) < 10 and int(cell) > SCHEMA_VERSION:
        raise UserError(
            f"{path}, line {number}: written by a newer snnbench (tables of version {cell},"
            f" this one knows {SCHEMA_VERSION}).",
            "Update snnbench (pip install --upgrade snnbench), or name another folder.",
        )


def _split(line: bytes, path: Path, number: int) -> list[str]:
    try:
        text = line.removesuffix(b"\r").decode()  # "\r": saved by an editor on Windows
        if '"' not in text:
            return text.split(",")
        return next(csv.reader([text], strict=True))
    except UnicodeDecodeError:
        raise damaged(path, number, "not UTF-8 text") from None
    except csv.Error as error:
        raise damaged(path, number, f"not a row of CSV ({error})") from None


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more
