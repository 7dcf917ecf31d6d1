"""Where the values of a searched setting lie between the ends of its axis."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from snnbench.config.setting import Value
from snnbench.report.judging.searched import Search
from snnbench.studies.axis import Interval
from snnbench.studies.selecting import value_text

_MANY_TIMES = 50  # from this ratio of listed numbers on, their axis is logarithmic


@dataclass(frozen=True)
class Scale:
    """The axis of one setting.

    Attributes:
        name: of the setting.
        words: its values, where they are not all numbers; else ().
        low, high: the ends, of numbers.
        log: whether equal factors are equally far.
    """

    name: str
    words: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def place(self, value: Value) -> float | None:
        """Return a value's place from 0 to 1, or None of one that has no effect in a trial."""
        if self.words:
            if value not in self.words:
                return None
            return self.words.index(value) / max(1, len(self.words) - 1)
        if not isinstance(value, int | float):
            return None
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return places and what stands there: every word, or the ends and the middle."""
        if self.words:
            return [(self.place(word) or 0.0, value_text(word)) for word in self.words]
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        return [(self.place(value) or 0.0, f"{value:.3g}")
                for value in (self.low, middle, self.high)]  # fmt: skip


def scales_of(search: Search) -> list[Scale]:
    """Return an axis for each setting that is searched and has more than one value."""
    found = []
    for name in search.varied:
        axes = [axis.values for variant in search.study.variants
                for axis in search.study.axes_of(variant) if axis.name == name]  # fmt: skip
        ends = [end for v in axes if isinstance(v, Interval) for end in (v.low, v.high)]
        listed = list(dict.fromkeys(value for v in axes if isinstance(v, tuple) for value in v))
        log = any(isinstance(v, Interval) and v.log for v in axes)
        if len(values := [*ends, *listed]) > 1:
            found.append(_scale(name, values, log=log))
    return found


def of_numbers(name: str, values: Iterable[float]) -> Scale:
    """Return an axis from the least to the largest of some numbers that are not all equal."""
    known = list(values)
    return Scale(name, (), min(known), max(known))


def _scale(name: str, values: list[Value], *, log: bool) -> Scale:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        return Scale(name, tuple(values))
    low, high = min(numbers), max(numbers)
    return Scale(name, (), low, high, low > 0 and (log or high / low >= _MANY_TIMES))
