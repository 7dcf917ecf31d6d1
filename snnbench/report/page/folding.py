"""A table with each number and its interval in one cell, as a page has room for them."""

from collections.abc import Sequence
from dataclasses import replace

from snnbench.report.judging.verdicts import Verdict
from snnbench.report.page.cells import number_text, spread_text
from snnbench.report.page.tables import Cell, Number, Table, estimate_cells
from snnbench.report.reading.names import printable

_HALF, _LOW, _HIGH = "±", "from", "to"
_MEASURED = ("value", _LOW, _HIGH, "n")


def folded(table: Table) -> Table:
    """Return the table without the columns of half widths and of intervals' ends.

    They stand beside their number, whose value in full is kept.
    """
    kept = [i for i, name in enumerate(table.header) if name not in (_HALF, _LOW, _HIGH)]
    rows = tuple(tuple(_cell(table.header, row, i) for i in kept) for row in table.rows)
    return replace(table, header=tuple(table.header[i] for i in kept), rows=rows)


def measured_numbers(verdict: Verdict) -> list[tuple[str, Cell]]:
    """Return what a verdict rests on: label, and the number with its interval."""
    cells = ((label, estimate_cells(found)) for label, found in verdict.measured)
    return [(printable(label), _cell(_MEASURED, row, 0)) for label, row in cells]


def _cell(header: Sequence[str], row: Sequence[Cell], i: int) -> Cell:
    cell, following = row[i], tuple(header[i + 1 : i + 3])
    if not isinstance(cell, Number):
        return cell
    if following[:1] == (_HALF,):
        half = row[i + 1]
        if isinstance(half, Number):
            return Number(spread_text(cell.value, half.value), cell.value)
        return Number(f"{cell.text} ({half})" if half else cell.text, cell.value)
    if following == (_LOW, _HIGH):
        low, high = row[i + 1 : i + 3]
        if isinstance(low, Number) and isinstance(high, Number):
            ends = f"{number_text(low.value)} to {number_text(high.value)}"
            return Number(f"{number_text(cell.value)} ({ends})", cell.value)
        return Number(f"{cell.text} ({low})" if low else cell.text, cell.value)
    return cell
