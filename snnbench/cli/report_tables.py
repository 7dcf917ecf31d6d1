"""A report's tables as a terminal has room for them: a number and its interval in one cell."""

import re
from collections.abc import Sequence
from typing import Any

from snnbench.report.page.cells import Whole, number_text, spread_text
from snnbench.report.page.tables import Cell, Number
from snnbench.report.reading.columns import heading, is_column

_CHECKSUM, _DIGITS = re.compile(r"[0-9a-f]{64}"), 12
_HALF, _LOW, _HIGH = "±", "from", "to"


def for_terminal(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], *, short: bool = False
) -> tuple[list[str], list[list[Any]]]:
    """Return names with units, and cells that have a value with its interval.

    A column may be followed by the half width of its interval, or by the interval's ends.

    Args:
        header, rows: of a table of the report.
        short: leave out most digits of a checksum.
    """
    names: list[str] = []
    columns: list[list[Any]] = []
    for i, name in enumerate(header):
        if name in (_HALF, _LOW, _HIGH):
            continue
        values = [_value(row[i]) for row in rows]
        if short:
            values = [_shortened(value) for value in values]
        following = header[i + 1 : i + 3]
        known = [value for value in values if isinstance(value, int | float)]
        text, factor = heading(name, known) if is_column(name) else (name, 1)
        if following[:1] == (_HALF,):
            halves = [_value(row[i + 1]) for row in rows]
            values = [_spread(v, half, factor) for v, half in zip(values, halves, strict=True)]
        elif following == (_LOW, _HIGH):
            ends = [(_value(row[i + 1]), _value(row[i + 2])) for row in rows]
            values = [_between(v, *pair) for v, pair in zip(values, ends, strict=True)]
        elif factor != 1:
            values = [v / factor if isinstance(v, int | float) else v for v in values]
        names.append(text)
        columns.append(values)
    return names, [list(row) for row in zip(*columns, strict=True)]


def _value(cell: Cell) -> str | float | None:
    if isinstance(cell, Number):
        return cell.value
    return cell or None


def _shortened(value: str | float | None) -> str | float | None:
    if isinstance(value, str) and _CHECKSUM.fullmatch(value):
        return f"{value[:_DIGITS]}…"
    return value


def _spread(value: Any, half: Any, factor: float) -> Any:
    if not isinstance(value, int | float):
        return value
    if isinstance(half, int | float):
        return spread_text(value / factor, half / factor)
    return value / factor if factor != 1 else value


def _between(value: Any, low: Any, high: Any) -> Any:
    if not isinstance(value, int | float):
        return value
    if isinstance(low, int | float) and isinstance(high, int | float):
        return Whole(f"{number_text(value)} ({number_text(low)} to {number_text(high)})")
    return value
