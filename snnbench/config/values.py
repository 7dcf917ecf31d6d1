"""Strict reading of single values: what a user typed -> number, truth value, schedule.

Stricter than Python's own parsers, because a benchmark's settings end up in tables: "1_0" is
not 10, "nan" and "inf" are not numbers, 2.5 is not an integer.
"""

import math
import re
from dataclasses import dataclass

from snnbench.errors import UserError, shortened, shown

MOST = 1e9  # of a number without closer bounds
MOST_EPOCHS = 1_000_000
MOST_VALUES = 100_000_000  # of an input given by its shape: 400 MB in 32 bits

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TRUTH = {"true": True, "yes": True, "on": True, "1": True}
_TRUTH |= {"false": False, "no": False, "off": False, "0": False}
_LONGEST = 40  # characters of a number: int() refuses a huge text with an error of its own
_TOO_LONG: int = 10**_LONGEST
_LONGEST_TEXT = 10_000  # characters
_MOST_AXES = 8


def read_number(name: str, value: object) -> float:
    """Return `value` (a number or its text) as a finite float, or raise UserError."""
    if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.fullmatch(value.strip()):
        value = float(value.strip())  # which takes more for blanks than float() does
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable(name, value, "a number, such as 0.5 or 1e-3")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _unreadable(name, value, "a finite number")
    return number


def read_integer(name: str, value: object) -> int:
    """Return `value` (an integer or its text) as an int, or raise UserError."""
    if isinstance(value, str) and len(value) <= _LONGEST and _INTEGER.fullmatch(value.strip()):
        value = int(value.strip())  # which takes more for blanks than int() does
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not _is_short(value):
        raise _unreadable(name, value, "a whole number")
    return value


def read_truth(name: str, value: object) -> bool:
    """Return `value` (a bool or yes/no, true/false, on/off, 1/0) as a bool, or raise UserError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _TRUTH:
        return _TRUTH[value.strip().lower()]
    raise _unreadable(name, value, "true or false")


def read_text(name: str, value: object) -> str:
    """Return `value` as text of one line, or raise UserError."""
    is_plain = isinstance(value, str | float) or (isinstance(value, int) and _is_short(value))
    text = str(value) if is_plain else value
    if isinstance(text, bool) or not isinstance(text, str) or not text.strip():
        raise _unreadable(name, value, "a text")
    if not text.isprintable():
        raise _unreadable(name, value, "a text of one line without control characters")
    if len(text) > _LONGEST_TEXT:
        raise UserError(f"{name} has {len(text):,} characters.", f"Give at most {_LONGEST_TEXT:,}.")
    return text


@dataclass(frozen=True)
class SchedulePart:
    """A learning rate held for a number of epochs."""

    lr: float
    epochs: int


def parse_schedule(text: str) -> tuple[SchedulePart, ...]:
    """Parse stepped learning rates: "0.1x10,0.01x10" is 0.1 for ten epochs, then 0.01 for ten.

    Raises:
        UserError: a part is not RATExEPOCHS with a positive rate and at least one epoch; or there
            are more than MOST_EPOCHS.
    """
    parts = []
    for part in text.split(","):
        rate, cross, epochs = part.strip().partition("x")
        if not cross:
            raise UserError(
                f"lr_schedule: '{shortened(part.strip())}' is not RATExEPOCHS.",
                "Write rate and epochs of every step: 0.1x10,0.01x10.",
            )
        lr, count = read_number("lr_schedule", rate), read_integer("lr_schedule", epochs)
        if not 0 < lr <= MOST or count < 1:
            raise UserError(
                f"lr_schedule: '{part.strip()}' needs a rate above 0, at most {MOST:g}, and at "
                "least one epoch.",
                "Write rate and epochs of every step: 0.1x10,0.01x10.",
            )
        parts.append(SchedulePart(lr, count))
    total = sum(part.epochs for part in parts)
    if total > MOST_EPOCHS:
        raise UserError(
            f"lr_schedule has {total:,} epochs.", f"Give at most {MOST_EPOCHS:,} in all."
        )
    return tuple(parts)


def checked_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an input, or raise UserError where it has no values, or too many."""
    if not shape or min(shape) < 1 or math.prod(shape) > MOST_VALUES:
        raise UserError(
            f"An input cannot have the shape {shown(shape)}.",
            f"Give sizes from 1 on, of at most {MOST_VALUES:,} values in all.",
        )
    return shape


def read_shape(text: str) -> tuple[int, ...]:
    """Return "1,28,28" as (1, 28, 28).

    Raises:
        UserError: it is not a list of sizes, or one of too many values.
    """
    parts = [part.strip() for part in text.split(",")]
    plain = all(part.isascii() and part.isdigit() for part in parts)
    if not plain or len(parts) > _MOST_AXES or any(len(p) > 9 or int(p) < 1 for p in parts):
        raise UserError(
            f"--input-shape: '{shortened(text)}' is not a list of sizes.",
            "Write, for instance, 1,28,28.",
        )
    return checked_shape(tuple(int(part) for part in parts))


def _is_short(number: int) -> bool:
    return -_TOO_LONG < number < _TOO_LONG


def _unreadable(name: str, value: object, wanted: str) -> UserError:
    return UserError(f"{name}: {shown(value)} is not {wanted}.", f"Give {name} {wanted}.")
