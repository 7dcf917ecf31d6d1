"""Which columns a file has, as its own header says, and rows brought to other columns.

A file that was written before a column came lacks it; it is read as if the column were there.
"""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from snnbench.config.absent import absent_values
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError, and_more
from snnbench.results.cells import to_cell
from snnbench.results.lines import (
    damaged,
    join,
    split,
    to_cells,
    to_values,
    visible,
    without_mark,
)
from snnbench.results.schema import LATER, SCHEMA_VERSION, Column, columns_of

Columns = tuple[Column, ...]
Lines = Iterator[tuple[int, bytes]]
_VERSIONS = {str(version + 1) for version in range(SCHEMA_VERSION)}
_RESTORE = "Restore the file from a backup, or name another folder."


@contextmanager
def open_table(path: Path, name: str) -> Iterator[tuple[Columns, Lines]]:
    """Open a table: its columns, in the file's order, and its rows.

    A row is (line number in the file, line without newline). A last line without newline is left
    out: it is being written, or was never finished. A table that older folders lack has no rows
    there.

    Raises:
        UserError: the header is not that of the table `name`, or the rows are of a newer version.
    """
    if name in LATER and not path.exists():
        yield columns_of(name), iter(())
        return
    with open(path, "rb") as file:
        header = file.readline()
        columns = _columns(header, file.readline(), path, name)
        file.seek(len(header))
        yield columns, _whole_lines(file)


def _whole_lines(file: BinaryIO) -> Lines:
    for number, line in enumerate(file, 2):
        if not line.endswith(b"\n"):
            return
        yield number, line[:-1]


def _columns(header: bytes, first_row: bytes, path: Path, name: str) -> Columns:
    if not header:
        raise UserError(f"{path} is empty.", "Restore the file from a backup.")
    if header.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UserError(f"{path} is in UTF-16.", "Save it as CSV in UTF-8, with commas.")
    names = split(without_mark(header).removesuffix(b"\n"), path, 1)
    if name == "runs" and "schema" in names and first_row.endswith(b"\n"):
        # before the header is compared: a newer version may well have other columns
        cells = dict(zip(names, split(first_row[:-1], path, 2), strict=False))
        _refuse_newer(cells.get("schema", ""), path, 2)
    return named(names, path, name)


def named(names: Sequence[str], path: Path, name: str) -> Columns:
    """Return the columns of the table `name` that a header's `names` stand for.

    Raises:
        UserError: one is unknown or there twice, or one of the first version is missing.
    """
    known = {column.name: column for column in columns_of(name)}
    remedy = _RESTORE
    duplicates = sorted({name for name in names if names.count(name) > 1})
    missing = [name for name, column in known.items() if column.since == 1 and name not in names]
    unknown = [name for name in names if name not in known]
    if len(names) == 1 and names[0].count(";") > 1:
        what = "the cells are separated by ';'"
        remedy = "Save it as CSV with commas, or restore the file from a backup."
    elif duplicates:
        what = f"the header names {_some(duplicates)} more than once"
    elif missing or unknown:
        lacks = f"lacks {_some(missing)}" if missing else ""
        adds = f"has the unknown {_some(unknown)}" if unknown else ""
        what = f"the header {' and '.join(filter(None, (lacks, adds)))}"
        if not missing:
            remedy = f"If a plug-in made it, name the plug-in with --plugin. Else: {_RESTORE}"
    else:
        return tuple(known[name] for name in names)
    raise UserError(f"{path}, line 1 is not a table of snnbench: {what}.", remedy)


def check_schema(cell: str, path: Path, number: int) -> None:
    """Refuse a row of a version of the tables that is not known.

    Raises:
        UserError: saying what to do.
    """
    if cell not in _VERSIONS:
        _refuse_newer(cell, path, number)
        raise damaged(path, number, f"'{visible(cell)}' is no version of the tables")


def _refuse_newer(cell: str, path: Path, number: int) -> None:
    if cell.isascii() and cell.isdigit() and len(cell) < 10 and int(cell) > SCHEMA_VERSION:
        raise UserError(
            f"{path}, line {number}: written by a newer snnbench (tables of version {cell},"
            f" this one knows {SCHEMA_VERSION}).",
            "Update snnbench (pip install --upgrade snnbench), or name another folder.",
        )


def arranger(
    present: Columns, wanted: Columns, path: Path
) -> Callable[[list[str], int], Sequence[str]]:
    """Return what makes the cells of `wanted` columns of a row's cells and its line number.

    A column that is not present gets its `absent` value where, as a setting, it has an effect in
    that row; else, or in a row that does not hold (see `judge`), it is missing.
    """
    if present == wanted:
        return lambda cells, number: cells
    names = [column.name for column in present]
    lacking = [column for column in wanted if column.name not in names]
    order = [*names, *(column.name for column in lacking)]
    arrange = itemgetter(*(order.index(column.name) for column in wanted))
    absent = {column.name: column.absent for column in lacking if column.absent is not None}
    if not absent:
        missing = [""] * len(lacking)
        return lambda cells, number: arrange(cells + missing)
    settings = [k for k, name in enumerate(names) if name in SETTINGS]
    plugins = names.index("plugins") if "plugins" in names else None

    def filled(cells: list[str], number: int) -> Sequence[str]:
        known = to_values(cells, present, settings, path, number)
        try:
            values = absent_values(known, absent)
        except UserError as error:
            if plugins is not None and cells[plugins]:
                where = f"{path}, line {number}: {error.problem}"
                raise UserError(where, "Name the plug-ins of that run with --plugin.") from None
            values = {}
        return tuple(arrange(cells + [to_cell(values.get(c.name), c) for c in lacking]))

    return filled


def rearranged(lines: Lines, present: Columns, wanted: Columns, path: Path) -> Lines:
    """Yield the rows with `wanted` columns; those that change become rows of this version."""
    if present == wanted:
        yield from lines
        return
    arrange = arranger(present, wanted, path)
    names = [column.name for column in wanted]
    for number, line in lines:
        cells = list(arrange(to_cells(line, present, path, number), number))
        if "schema" in names:
            cells[names.index("schema")] = str(SCHEMA_VERSION)
        yield number, join(cells)


def _some(names: Sequence[str]) -> str:
    return and_more([f"'{visible(name)}'" for name in names], 3)
