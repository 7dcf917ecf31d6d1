"""A value as the text of a table's cell: four significant digits, for reading."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnbench.report.reading.statistics import Estimate

_LARGEST, _SMALLEST = 1e9, 1e-4  # beyond, numbers have an exponent
_DIGITS = 4
_TWO_DIGITS = 3.55  # the rule of the Particle Data Group, Review of Particle Physics, 5.3


class Whole(str):
    """A text that is never broken into lines, as a number with its interval."""

    __slots__ = ()


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


def number_text(value: float) -> str:
    """Return a number with four significant digits; one without fraction in full.

    >>> number_text(1234567.8), number_text(7400.0), number_text(0.00001234567)
    ('1,235,000', '7,400', '1.235e-05')
    """
    size = abs(value)
    if not math.isfinite(value) or 0 < size < _SMALLEST or size >= _LARGEST:
        return f"{value:.{_DIGITS}g}"
    if value == int(value):
        return f"{int(value):,}"
    rounded = round(value, _places(size))
    return f"{rounded:,.0f}" if abs(rounded) >= 10 ** (_DIGITS - 1) else f"{rounded:.{_DIGITS}g}"


def spread_text(value: float, half_width: float | None) -> Whole:
    """Return a number and half the width of its interval, which says how many digits it has.

    >>> spread_text(0.91777, 0.0061), spread_text(1234.5, 123.0), spread_text(0.5, None)
    ('0.918 ±0.006', '1,230 ±120', '0.5')
    """
    if half_width is None or not math.isfinite(half_width):
        return Whole(number_text(value))
    if half_width == 0:
        return Whole(f"{number_text(value)} ±0")
    # one digit of a half width, two where rounding to one would change it by much
    power = math.floor(math.log10(half_width))
    places = -power + (half_width < _TWO_DIGITS * 10**power)
    places = min(places, _places(abs(value))) if value else places
    half = round(half_width, places)
    if half == 0 or abs(value) >= _LARGEST or 0 < abs(value) < _SMALLEST:
        return Whole(f"{number_text(value)} ±{half_width:.1g}")
    decimals = max(places, 0)
    return Whole(f"{round(value, places):,.{decimals}f} ±{half:,.{decimals}f}")


def estimate_text(found: "Estimate", factor: float = 1) -> Whole:
    """Return `spread_text` of a mean and its interval, in a unit that is `factor` of its own."""
    half = found.half_width
    return spread_text(found.value / factor, None if half is None else half / factor)


def _places(size: float) -> int:
    """Return to how many decimal places a number above 0 has four significant digits."""
    return _DIGITS - 1 - math.floor(math.log10(size)) if size else _DIGITS
