"""What is known of a tensor's values from what produced them: whole numbers in bounds, or real."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

_INFINITY = math.inf


@dataclass(frozen=True)
class Values:
    """Spikes are whole numbers within 0..1, sums of spikes whole numbers within other bounds.

    Attributes:
        low, high: bounds; low > high where there are no values yet.
        whole: they are whole numbers, and can be accumulated one by one.
        unknown: what produced them, where that is not understood; "" elsewhere.
        terms: of real values that are a whole number within `offset` plus these: real values by
            name, and how often. A surrogate by straight-through, hard - soft + soft, is hard.
    """

    low: float = -_INFINITY
    high: float = _INFINITY
    whole: bool = True
    unknown: str = ""
    terms: frozenset[tuple[Hashable, int]] = frozenset()
    offset: tuple[float, float] = (0, 0)

    @property
    def known_whole(self) -> bool:
        """Whole numbers for certain."""
        return self.whole and not self.unknown

    @property
    def bounded(self) -> bool:
        """Whole numbers that are known to be small."""
        return self.known_whole and math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def constant(self) -> bool:
        """The same whole number everywhere."""
        return self.known_whole and self.low == self.high


REAL = Values(whole=False)
WHOLE = Values()
SPIKES = Values(0, 1)
ZERO, ONE = Values(0, 0), Values(1, 1)
NOTHING = Values(_INFINITY, -_INFINITY)


def number(value: float) -> Values:
    """Return what is known of a number."""
    whole = math.isfinite(value) and value == math.floor(value)
    return Values(float(value), float(value), whole)


def unknown(producer: str) -> Values:
    """Return values of which nothing is known but what produced them."""
    return Values(unknown=producer)


def named(values: Values, name: Hashable) -> Values:
    """Return real values under a name of their own; others as they are."""
    if values.whole:
        return values
    return Values(values.low, values.high, whole=False, terms=frozenset({(name, 1)}))


def joined(values: Iterable[Values]) -> Values:
    """Return values that are any of these; real ones among them make them real."""
    known = list(values)
    lows, highs = [v.low for v in known], [v.high for v in known]
    doubtful = _doubtful(known)
    if doubtful is not None and doubtful.unknown:
        return doubtful
    bounds = min(lows, default=_INFINITY), max(highs, default=-_INFINITY)
    return Values(*bounds, whole=doubtful is None)


def added(a: Values, b: Values) -> Values:
    """Return sums of a value of each."""
    if not _doubtful((a, b)):
        return Values(a.low + b.low, a.high + b.high)
    if a.unknown or b.unknown or not all(v.whole or v.terms for v in (a, b)):
        return _doubtful((a, b)) or REAL
    total: Counter[Hashable] = Counter()
    for name, times in (*a.terms, *b.terms):
        total[name] += times
    parts = [(v.low, v.high) if v.whole else v.offset for v in (a, b)]
    offset = parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
    terms = frozenset((name, times) for name, times in total.items() if times)
    return Values(whole=False, terms=terms, offset=offset) if terms else Values(*offset)


def multiplied(a: Values, b: Values) -> Values:
    """Return products: whole if one factor only lets pass, drops or negates the other.

    Others, such as spikes that are scaled by 2, are products like those of real numbers.
    """
    for factor, other in ((a, b), (b, a)):
        if factor.constant and factor.low in (-1, 0, 1):
            return {-1: negated(other), 0: ZERO, 1: other}[int(factor.low)]
    doubtful = _doubtful((a, b))
    if doubtful is not None:
        return doubtful
    large = [max(abs(v.low), abs(v.high)) > 1 for v in (a, b)]
    if all(large) or any(big and v.constant for big, v in zip(large, (a, b), strict=True)):
        return REAL
    corners = [x * y if x and y else 0.0 for x in (a.low, a.high) for y in (b.low, b.high)]
    return Values(min(corners), max(corners))


def summed(values: Values, n: int) -> Values:
    """Return sums of n values."""
    doubtful = _doubtful([values])
    return doubtful or (Values(values.low * n, values.high * n) if n else ZERO)


def negated(values: Values) -> Values:
    """Return the negative values."""
    if values.unknown:
        return values
    terms = frozenset((name, -times) for name, times in values.terms)
    low, high = values.offset
    return Values(-values.high, -values.low, values.whole, "", terms, (-high, -low))


def magnitudes(values: Values) -> Values:
    """Return the absolute values."""
    if not values.known_whole:
        return joined([values])
    ends = sorted((abs(values.low), abs(values.high)))
    return Values(0 if values.low <= 0 <= values.high else ends[0], ends[1])


def clamped(values: Values, low: Values, high: Values) -> Values:
    """Return values that are at least `low` and at most `high`."""
    if any(v.unknown for v in (values, low, high)):
        return joined([values, low, high])
    least = min(max(values.low, low.low), high.low)
    most = min(max(values.high, low.high), high.high)
    return Values(least, most, whole=values.whole and low.whole and high.whole)


def rounded(values: Values) -> Values:
    """Return the whole numbers next to the values."""
    if values.known_whole:
        return values
    low = math.floor(values.low) if math.isfinite(values.low) else values.low
    high = math.ceil(values.high) if math.isfinite(values.high) else values.high
    return Values(low, high)


def _doubtful(values: Iterable[Values]) -> Values | None:
    """Return what is not whole among the values: real if any is; None where all are whole."""
    doubtful = [v for v in values if not v.known_whole]
    if any(not v.whole for v in doubtful):
        return REAL
    return doubtful[0] if doubtful else None
