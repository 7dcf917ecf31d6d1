"""A report's tables as a terminal has room for them: a number and its interval in one cell."""

import re
from collections.abc import Sequence
from typing import Any

from snnbench.report.page.cells import Whole, number_text, spread_text
from snnbench.report.page.merging import Merged, Spread, merged
from snnbench.report.page.tables import Cell

_CHECKSUM, _DIGITS = re.compile(r"[0-9a-f]{64}"), 12


def for_terminal(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], *, short: bool = False
) -> tuple[list[str], list[list[Any]]]:
    """Return names with units, and cells that have a value with its interval.

    A column may be followed by the half width of its interval, or by the interval's ends.

    Args:
        header, rows: of a table of the report.
        short: leave out most digits of a checksum.
    """
    names, merged_rows = merged(header, rows)
    return names, [[_shown(cell, short=short) for cell in row] for row in merged_rows]


def _shown(cell: Merged, *, short: bool) -> Any:
    if isinstance(cell, Spread):
        if cell.ends is None:
            return spread_text(cell.value, cell.half)
        low, high = map(number_text, cell.ends)
        return Whole(f"{number_text(cell.value)} ({low} to {high})")
    if short and isinstance(cell, str) and _CHECKSUM.fullmatch(cell):
        return f"{cell[:_DIGITS]}…"
    return cell
