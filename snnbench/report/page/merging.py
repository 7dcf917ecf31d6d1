"""A report's tables with fewer columns: a number with its interval is one cell, in a unit."""

from collections.abc import Sequence
from typing import NamedTuple

from snnbench.report.page.tables import Cell, Number
from snnbench.report.reading.columns import heading, is_column

_HALF, _LOW, _HIGH = "±", "from", "to"


class Spread(NamedTuple):
    """A number with half the width of its interval, or with the interval's ends."""

    value: float
    half: float | None = None
    ends: tuple[float, float] | None = None


Merged = str | float | Spread | None


def merged(
    header: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> tuple[list[str], list[list[Merged]]]:
    """Return names with units, and rows in these units; None is an empty cell.

    A column may be followed by the half width of its interval, or by the interval's ends: these
    have no column of their own any more. A number of which they are not known stands alone.
    """
    names: list[str] = []
    columns: list[list[Merged]] = []
    for i, name in enumerate(header):
        if name in (_HALF, _LOW, _HIGH):
            continue
        values = [_value(row[i]) for row in rows]
        known = [value for value in values if isinstance(value, int | float)]
        text, factor = heading(name, known) if is_column(name) else (name, 1)
        following = tuple(header[i + 1 : i + 3])
        besides: list[list[str | float | None]] = [[] for _ in rows]
        if following[:1] == (_HALF,):
            besides = [[_value(row[i + 1])] for row in rows]
        elif following == (_LOW, _HIGH):
            besides = [[_value(row[i + 1]), _value(row[i + 2])] for row in rows]
        names.append(text)
        columns.append([_joined(v, b, factor) for v, b in zip(values, besides, strict=True)])
    return names, [list(row) for row in zip(*columns, strict=True)]


def _value(cell: Cell) -> str | float | None:
    if isinstance(cell, Number):
        return cell.value
    return cell or None


def _joined(
    value: str | float | None, beside: Sequence[str | float | None], factor: float
) -> Merged:
    if not isinstance(value, int | float):
        return value
    scaled = value / factor if factor != 1 else value
    known = [x / factor for x in beside if isinstance(x, int | float)]
    if not known or len(known) < len(beside):
        return scaled
    return (
        Spread(scaled, half=known[0])
        if len(known) == 1
        else Spread(scaled, ends=(known[0], known[1]))
    )
