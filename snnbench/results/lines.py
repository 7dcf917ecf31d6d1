"""A table's text: its header, and one row as one line.

No cell holds a newline, so a line of the file is a row, and a row is whole when its newline is
there. This is what makes a torn tail recognisable: it is what follows the last newline.
"""

import csv
import io
import os
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path

from snnbench.config.setting import Value
from snnbench.errors import UserError
from snnbench.results.cells import from_cell, to_cell
from snnbench.results.schema import Column

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


def join(cells: Iterable[str]) -> bytes:
    """Return cells as one line, without its newline: `to_cells` turned round."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue().encode()


def to_cells(line: bytes, columns: Sequence[Column], path: Path, number: int) -> list[str]:
    """Return the cells of one line of `path`.

    Raises:
        UserError: it is not UTF-8, a quote is not closed, or it has not one cell a column.
    """
    cells = split(line, path, number)
    if len(cells) != len(columns):
        raise damaged(path, number, f"{len(cells)} cells, the header has {len(columns)}")
    return cells


def position(columns: Sequence[Column], name: str) -> int:
    """Return the position of a column."""
    return [column.name for column in columns].index(name)


def run_of(line: bytes, columns: Sequence[Column], path: Path, number: int) -> str:
    """Return a row's run_id, and check the number of cells: `to_cells` for millions of lines."""
    if columns[0].name != "run_id" or b'"' in line or line.count(b",") != len(columns) - 1:
        return to_cells(line, columns, path, number)[position(columns, "run_id")]
    return line[: line.index(b",")].decode("utf-8", "replace")


def to_values(
    cells: Sequence[str], columns: Sequence[Column], which: Iterable[int], path: Path, number: int
) -> dict[str, Value]:
    """Return column -> value of the cells at the positions `which`.

    Raises:
        UserError: a cell is not of its column's kind.
    """
    values: dict[str, Value] = {}
    for column, cell in ((columns[position], cells[position]) for position in which):
        try:
            values[column.name] = from_cell(cell, column)
        except ValueError as error:
            raise damaged(path, number, f"column {column.name}: {error}") from None
    return values


def damaged(path: Path, number: int, what: str) -> UserError:
    """Return the error for a line of `path` that cannot be what we wrote."""
    end = "" if what.endswith((".", "?")) else "."
    return UserError(
        f"{path}, line {number}: {what}{end}",
        "Restore the file from a backup, or mend that line"
        " (a line taken out of runs.csv is a run to be done again).",
    )


def without_mark(header: bytes) -> bytes:
    """Return a first line without the byte order marks that spreadsheets put before the text."""
    while header.startswith(BOM_UTF8):
        header = header.removeprefix(BOM_UTF8)
    return header


def visible(text: str) -> str:
    """Return text for a message, with escapes for characters that one does not see."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def whole_size(path: Path) -> int:
    """Return the file's size without a torn last line: where its last newline ends.

    0 where there is no file.
    """
    if not path.exists():
        return 0
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


def torn_run(path: Path, columns: Sequence[Column]) -> str | None:
    """Return the run_id in a torn last line of a table, if it is there whole."""
    if not path.exists():
        return None
    with open(path, "rb") as file:
        file.seek(whole_size(path))
        *cells, _ = file.read(65536).split(b",")
    at = position(columns, "run_id")
    return cells[at].decode("utf-8", "replace") if len(cells) > at else None


def split(line: bytes, path: Path, number: int) -> list[str]:
    """Return the cells of a line, however many.

    Raises:
        UserError: it is not UTF-8, or a quote is not closed.
    """
    try:
        text = line.removesuffix(b"\r").decode()  # "\r": saved by an editor on Windows
        if '"' not in text:
            return text.split(",")
        return next(csv.reader([text], strict=True))
    except UnicodeDecodeError:
        raise damaged(path, number, "not UTF-8 text") from None
    except csv.Error as error:
        raise damaged(path, number, f"not a row of CSV ({error})") from None
