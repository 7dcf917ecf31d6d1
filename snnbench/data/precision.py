"""What numbers of fewer bits keep of a column: whether its values can still be told apart."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.errors import UserError

Floats = NDArray[np.float64]

_KEPT = 2.0**-10  # of a column's deviation: what rounding may change a value by
_DIFFERENT = 0.9  # of a column's different values: how many must stay so
_NOISE = 16  # units in the last place: what varies by less is constant but for rounding
# Whole numbers from 2^53 on may be rounded, which matters if they vary by so many units only.
_EXACT, _CLOSE = 2.0**53, 4096


def merged(values: Floats) -> NDArray[np.bool_]:
    """Return for every feature of [N, ...] whether 32 bits cannot tell its values apart.

    They cannot where rounding makes equal what was different, and changes values by more than a
    thousandth of the feature's deviation: times in seconds since 1970, for one.
    """
    narrow = values.astype(np.float32).astype(np.float64)
    errors = np.abs(values - narrow).max(axis=0)
    deviation = (values - values[0]).std(axis=0)
    is_constant = np.ptp(values, axis=0) <= _NOISE * _unit(values)
    wide: NDArray[np.bool_] = (errors > _KEPT * deviation) & ~is_constant
    for place in map(tuple, np.argwhere(wide)):
        before, after = (len(np.unique(x[(slice(None), *place)])) for x in (values, narrow))
        wide[place] = after < _DIFFERENT * before
    return wide


def check_finite(values: NDArray[np.number[Any]], source: str) -> None:
    """Refuse values [N, ...] that 32 bits do not hold; `source` names the file.

    Raises:
        UserError: naming row and feature.
    """
    with np.errstate(over="ignore"):
        wrong = np.argwhere(~np.isfinite(values.astype(np.float32)))
    if len(wrong):
        row, place = wrong[0][0], ", ".join(map(str, wrong[0][1:]))
        raise UserError(
            f"{source}: {values[tuple(wrong[0])]} in row {row}, feature {place} (counted from "
            "0) is not a finite number in 32 bits.",
            "Remove the row, or scale the feature.",
        )


def narrowed(values: Floats) -> NDArray[np.float32] | Floats:
    """Return values [N, ...] in 32 bits; in 64 if there are features that need them."""
    narrow, wide = values.astype(np.float32), merged(values)
    return np.where(wide, values, narrow) if wide.any() else narrow


def check_digits(
    values: Floats, exact: Callable[[int], Iterable[Fraction]], named: Callable[[int], str]
) -> None:
    """Refuse columns that 64 bits cannot tell apart: nanoseconds since 1970, for one.

    Args:
        values: [N, F].
        exact: returns a column's values as they stand in the file.
        named: returns the file and the column, for the message.

    Raises:
        UserError: naming the column.
    """
    close = (np.ptp(values, axis=0) < _CLOSE * _unit(values)) & (abs(values[0]) >= _EXACT)
    for column in np.flatnonzero(close).tolist():
        numbers = list(exact(column))
        differences = np.array([float(number - numbers[0]) for number in numbers])
        pairs = zip(numbers, values[:, column].tolist(), strict=True)
        errors = np.array([float(number - Fraction(value)) for number, value in pairs])
        if differences.any() and np.abs(errors).max() > _KEPT * differences.std():
            worst = np.argmax(np.abs(errors))
            raise UserError(
                f"{named(column)}: its values differ in digits that numbers of 64 bits do not "
                f"have ({numbers[worst]} becomes {values[worst, column]:.0f}).",
                "Subtract a number from the column, such as its smallest value.",
            )


def _unit(values: Floats) -> Floats:
    """Return the unit in the last place of each feature's largest value."""
    unit: Floats = np.spacing(np.abs(values).max(axis=0))
    return unit
