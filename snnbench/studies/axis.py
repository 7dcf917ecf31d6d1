"""One varied parameter: its name, and the values it takes or the interval they come from.

lr=0.1,0.01         values
lr=1e-3:1e-1:log:5  five values from 1e-3 to 1e-1, equal factors apart
T=10:50:5           five values from 10 to 50, equal distances apart ("lin" may be said)
lr=1e-3:1e-1:log    an interval, for searches; without "log" on a linear scale
lr_schedule=0.1x10,0.01x10;0.1x20    ";" between values that contain ","
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from snnbench.config.setting import SETTINGS, UNVARYABLE, Value
from snnbench.config.settings import Settings
from snnbench.config.values import read_integer
from snnbench.errors import UserError, did_you_mean, shortened, shown

# More runs than this are not planned but sampled.
MOST_RUNS = 1_000_000
_MOST_LISTED = 100_000  # values that are written down one by one

T = TypeVar("T")

_SHAPES = ("log", "lin")
_DIGITS = 12  # significant, of a value computed here: 0.3 is not 0.30000000000000004


@dataclass(frozen=True)
class Interval:
    """All values from `low` to `high`, both included.

    Attributes:
        low, high: the ends; low < high.
        log: equal factors are equally likely, not equal distances; low > 0.
        integer: whole numbers only.
    """

    low: float
    high: float
    log: bool
    integer: bool


@dataclass(frozen=True)
class Axis:
    """A varied parameter.

    Attributes:
        name: a setting.
        values: what it takes, in the order given, none twice; or the interval to search in.
            None stands for a setting left at its default "none".
    """

    name: str
    values: tuple[Value, ...] | Interval

    @property
    def listed(self) -> tuple[Value, ...]:
        """The values one by one.

        Raises:
            UserError: there is an interval without a number of values.
        """
        if isinstance(self.values, tuple):
            return self.values
        low, high = self.values.low, self.values.high
        shape = "log" if self.values.log else "lin"
        raise UserError(
            f"{self.name}: from {low:g} to {high:g} there is no end of values.",
            f"Give a number of values: {self.name}={low:g}:{high:g}:{shape}:5, "
            "or use --search random, tpe, gp or nsga2.",
        )


def parse_axis(text: str) -> Axis:
    """Parse NAME=V1,V2,... of the command line.

    Raises:
        UserError: see `make_axis`; or there is no "=".
    """
    name, equals, values = text.partition("=")
    if not equals:
        raise UserError(
            f"--vary {shortened(text)}: there are no values.",
            "Write --vary NAME=V1,V2, as in beta=0.5,0.9.",
        )
    return make_axis(name.strip(), values)


def make_axis(name: str, values: object) -> Axis:
    """Make an axis of a setting's name and its values: a list, or text in the notation above.

    Raises:
        UserError: an unknown or unvaryable setting, no values, a value that the setting cannot
            take, or a range without extent.
    """
    _check_varyable(name)
    if not isinstance(values, list | tuple):
        values = _split(name, values) if isinstance(values, str) else [values]
    found = list(_values(name, checked_list(name, values)))
    if not found:
        raise UserError(f"{name}: there are no values.", f"Give one or more, as in {name}=V1,V2.")
    if isinstance(found[0], Interval) and len(found) == 1:
        return Axis(name, found[0])
    listed = tuple(value for value in dict.fromkeys(found) if not isinstance(value, Interval))
    if any(isinstance(value, Interval) for value in found):
        raise UserError(
            f"{name}: an interval cannot stand beside other values.",
            f"Give a number of values: {name}=1e-3:1e-1:log:5, or the interval alone.",
        )
    return Axis(name, listed)


def checked_list(name: str, values: Sequence[T]) -> Sequence[T]:
    """Return a list of values, or raise UserError if nobody can have written so many."""
    if len(values) > _MOST_LISTED:
        raise UserError(
            f"{name}: {len(values):,} values are listed.", f"List at most {_MOST_LISTED:,}."
        )
    return values


def check_value(name: str, value: object) -> Value:
    """Return a value as its setting stores it; None for "none" where that is the default.

    Raises:
        UserError: the setting cannot take it.
    """
    if isinstance(value, str):
        value = value.strip()
        if value == "none" and SETTINGS[name].optional:
            return None
    if isinstance(value, dict | list | tuple):
        raise UserError(
            f"{name}: {shown(value)} is not one value.", f"Give {name} numbers or names."
        )
    checked: Value = getattr(Settings(**{name: value}), name)
    return checked


def spread(interval: Interval, count: int) -> Iterator[float]:
    """Yield `count` values over an interval, its ends included; whole ones for whole numbers."""
    low, high = interval.low, interval.high
    yield low
    for step in range(1, count):
        share = step / (count - 1)
        # powers and not (high / low) ** share, which overflows for ends far apart
        value = (
            low ** (1 - share) * high**share if interval.log else low * (1 - share) + high * share
        )
        # the ends stay as given, whatever their digits
        yield high if step == count - 1 else tidy(value, interval, _DIGITS)


def tidy(value: float, interval: Interval, digits: int) -> float:
    """Round a computed value to so many significant digits, or to a whole number, inside."""
    rounded = round(value) if interval.integer else float(f"{value:.{digits}g}")
    return min(max(rounded, interval.low), interval.high)


def _check_varyable(name: str) -> None:
    if name not in SETTINGS:
        names = [known for known, setting in SETTINGS.items() if setting.role not in UNVARYABLE]
        raise UserError(f"Unknown parameter '{shortened(name)}'.", did_you_mean(name, names))
    setting = SETTINGS[name]
    if setting.role in UNVARYABLE:
        reason, remedy = UNVARYABLE[setting.role]
        remedy = remedy.format(option=setting.option)
        raise UserError(f"{name} cannot be varied: it {reason}.", remedy)


def _split(name: str, text: str) -> list[str]:
    if not text.strip():
        return []
    # Commas stand inside the values of lr_schedule.
    return text.split(";" if ";" in text or name == "lr_schedule" else ",")


def _values(name: str, values: Iterable[object]) -> Iterator[Value | Interval]:
    is_number = SETTINGS[name].kind in ("number", "integer")
    for value in values:
        if is_number and isinstance(value, str) and ":" in value:
            yield from _range(name, value.strip())
        else:
            yield check_value(name, value)


def _range(name: str, text: str) -> Iterator[float | Interval]:
    """Read LOW:HIGH[:log|lin][:COUNT]."""
    low_text, high_text, *rest = text.split(":")
    shape = rest.pop(0) if rest and rest[0] in _SHAPES else "lin"
    if len(rest) > 1:
        raise UserError(
            f"{name}: '{text}' is not a range.",
            f"Write LOW:HIGH:log:COUNT or LOW:HIGH:lin:COUNT, as in {name}=1:100:log:5.",
        )
    low, high = check_value(name, low_text), check_value(name, high_text)
    if not isinstance(low, int | float) or not isinstance(high, int | float) or low >= high:
        raise UserError(f"{name}: the range '{text}' is empty.", "Write the lower end first.")
    if shape == "log" and low <= 0:
        raise UserError(
            f"{name}: the range '{text}' cannot be logarithmic from {low:g}.",
            "Begin above 0, or write lin instead of log.",
        )
    interval = Interval(low, high, shape == "log", SETTINGS[name].kind == "integer")
    if not rest:
        yield interval
        return
    count = read_integer(f"{name}, number of values", rest[0])
    if not 1 <= count <= MOST_RUNS:
        raise UserError(
            f"{name}: the range '{text}' has {count:,} values.",
            f"Give from 1 to {MOST_RUNS:,}; beyond, use --search random --trials N.",
        )
    yield from spread(interval, count)
