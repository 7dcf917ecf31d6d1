"""Strict reading of single values: what a user typed -> number, truth value, schedule.

Stricter than Python's own parsers, because a benchmark's settings end up in tables: "1_0" is
not 10, "nan" and "inf" are not numbers, 2.5 is not an integer.
"""

import math
import re
from dataclasses import dataclass

from snnbench.errors import UserError

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TRUTH = {"true": True, "yes": True, "on": True, "1": True}
_TRUTH |= {"false": False, "no": False, "off": False, "0": False}
_LONGEST = 40  # characters of a value quoted in a message; also spares int() a huge text


def read_number(name: str, value: object) -> float:
    """Return `value` (a number or its text) as a finite float, or raise UserError."""
    if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.fullmatch(value.strip()):
        value = float(value)
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
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
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
    text = str(value) if isinstance(value, str | int | float) else value
    if isinstance(text, bool) or not isinstance(text, str) or not text.strip():
        raise _unreadable(name, value, "a text")
    if not text.isprintable():
        raise _unreadable(name, value, "a text of one line without control characters")
    return text


@dataclass(frozen=True)
class SchedulePart:
    """A learning rate held for a number of epochs."""

    lr: float
    epochs: int


def parse_schedule(text: str) -> tuple[SchedulePart, ...]:
    """Parse stepped learning rates: "0.1x10,0.01x10" is 0.1 for ten epochs, then 0.01 for ten.

    Raises:
        UserError: a part is not RATExEPOCHS with a positive rate and at least one epoch.
    """
    parts = []
    for part in text.split(","):
        rate, cross, epochs = part.strip().partition("x")
        if not cross:
            raise UserError(
                f"lr_schedule: '{part.strip()}' is not RATExEPOCHS.",
                "Write rate and epochs of every step: 0.1x10,0.01x10.",
            )
        lr, count = read_number("lr_schedule", rate), read_integer("lr_schedule", epochs)
        if lr <= 0 or count < 1:
            raise UserError(
                f"lr_schedule: '{part.strip()}' needs a rate above 0 and at least one epoch.",
                "Write rate and epochs of every step: 0.1x10,0.01x10.",
            )
        parts.append(SchedulePart(lr, count))
    return tuple(parts)


def _unreadable(name: str, value: object, wanted: str) -> UserError:
    shown = repr(value) if len(repr(value)) <= _LONGEST else repr(value)[:_LONGEST] + "..."
    return UserError(f"{name}: {shown} is not {wanted}.", f"Give {name} {wanted}.")
