"""A value as the text of a table's cell: four significant digits, for reading."""

from typing import Any

from snnbench.report.reading.rounding import Whole, number_text


def is_whole(value: Any) -> bool:
    """Whether a cell is a number, or like one: never broken, and set to the right."""
    return isinstance(value, Whole | int | float) and not isinstance(value, bool)


def cell_text(value: Any) -> str:
    """Return a value as text on one line; "" for a missing one.

    >>> cell_text(209897.66), cell_text(12), cell_text(0.917777777), cell_text(None)
    ('209,900', '12', '0.9178', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, int):
        return f"{value:,}"
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
