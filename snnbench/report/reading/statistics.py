"""Means and differences over seeds, with t-intervals; pure arithmetic.

Runs are a sample of what other seeds would give. Every interval here is Student's: the mean of n
values plus or minus t(n - 1) s / sqrt(n), where s is the standard deviation with n - 1 in its
denominator (Student 1908, Biometrika 6:1; any textbook).

An accuracy is itself a count among so many tested samples: seeds that agree by chance do not make
it exact. So the interval of a mean of accuracies is never narrower than the normal one with the
standard error that the testing leaves, `binomial_error`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist

CONFIDENCE = 0.95
_MOST_SEEDS = 1000  # that anybody would train


@dataclass(frozen=True)
class Estimate:
    """A mean and how well it is known.

    Attributes:
        value: the mean.
        n: number of values behind it (for a difference that is not paired, of the smaller side).
        low, high: the interval's ends; None where one value alone says nothing about spread.
        confidence: of the interval.
        paired: for a difference: taken seed by seed.
    """

    value: float
    n: int
    low: float | None = None
    high: float | None = None
    confidence: float = CONFIDENCE
    paired: bool = False

    @property
    def half_width(self) -> float | None:
        """Half of the interval's width."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def binomial_error(share: float, tested: float) -> float:
    """Return the standard error of a share of `tested` independent samples; 0 if that is infinite.

    Of a binomial proportion, with two samples of either kind added, so that 0 and 1 are not exact
    (Agresti and Coull 1998, The American Statistician 52:2).
    """
    n = tested + 4
    p = (share * tested + 2) / n if math.isfinite(tested) else share
    return math.sqrt(p * (1 - p) / n)


def binomial_interval(share: float, tested: float, confidence: float = CONFIDENCE) -> float:
    """Return half the width of the interval that testing so many samples leaves of a share."""
    return NormalDist().inv_cdf((1 + confidence) / 2) * binomial_error(share, tested)


def mean(
    values: Sequence[float], confidence: float = CONFIDENCE, *, error: float = 0.0
) -> Estimate:
    """Return the mean of finite values with its t-interval.

    One value has no interval; equal values have one of no width, but for the `error`.

    Args:
        values: one a seed.
        confidence: of the interval.
        error: standard error of the mean that is left whatever the seeds say.

    Raises:
        ValueError: no value, or one that is not finite.
    """
    if not values or not all(map(math.isfinite, values)):
        raise ValueError("a mean is of finite values, at least one")
    n = len(values)
    if min(values) == max(values):  # exactly, whatever rounding would make of the sum
        return _around(float(values[0]), n, 0.0 if n > 1 else None, confidence, error)
    value = math.fsum(values) / n
    half = _t(confidence, n - 1) * math.sqrt(_variance(values, value) / n)
    return _around(value, n, half, confidence, error)


def difference(
    a: Mapping[int, float],
    b: Mapping[int, float],
    confidence: float = CONFIDENCE,
    *,
    error: float = 0.0,
) -> Estimate | None:
    """Return the mean of a minus that of b, each given as seed -> value.

    Where both have seeds in common, the mean of the differences seed by seed, over these seeds,
    with its t-interval (that of the paired t-test); one common seed gives no interval. Where they
    have none, Welch's interval for two independent samples (Welch 1947, Biometrika 34:28). None
    if a side is empty.
    """
    if not a or not b:
        return None
    common = sorted(a.keys() & b.keys())
    if common:
        paired = mean([a[seed] - b[seed] for seed in common], confidence, error=error)
        return replace(paired, paired=True)
    return _welch(list(a.values()), list(b.values()), confidence, error)


def ratio(
    a: Mapping[int, float],
    b: Mapping[int, float],
    confidence: float = CONFIDENCE,
    *,
    error: float = 0.0,
) -> Estimate | None:
    """Return how many times b a is: the geometric mean, as `difference` of the logarithms.

    None if a side is empty or a value is not positive, which has no logarithm. `error` is that of
    the logarithm: a relative one.
    """
    if min((*a.values(), *b.values()), default=0.0) <= 0:
        return None
    logs = difference(_logarithms(a), _logarithms(b), confidence, error=error)
    if logs is None:
        return None
    low, high = (None if end is None else math.exp(end) for end in (logs.low, logs.high))
    return Estimate(math.exp(logs.value), logs.n, low, high, confidence, logs.paired)


def seeds_needed(a: Mapping[int, float], b: Mapping[int, float], distance: float) -> int | None:
    """Return how many seeds make the half width of a paired interval less than a distance.

    If they spread as those there are, of which there are not enough; None where these do not tell,
    or very many would be needed.

    Args:
        a, b: seed -> value.
        distance: from the mean difference to where it would be decided.
    """
    differences = [a[seed] - b[seed] for seed in sorted(a.keys() & b.keys())]
    if len(differences) < 2 or distance == 0:
        return None
    half = mean(differences).half_width
    return None if half is None else seeds_for(half, len(differences), abs(distance))


def seeds_for(half_width: float, n: int, distance: float) -> int | None:
    """Return how many seeds make half a width, that of n seeds now, less than a distance.

    None where very many would be needed, or n is 1.
    """
    if n < 2 or distance == 0:
        return None
    spread = half_width / _t(CONFIDENCE, n - 1) * math.sqrt(n)
    halves = (
        (more, _t(CONFIDENCE, more - 1) * spread / math.sqrt(more))
        for more in range(n + 1, _MOST_SEEDS + 1)
    )
    return next((more for more, half in halves if half < distance), None)


def _logarithms(values: Mapping[int, float]) -> dict[int, float]:
    return {seed: math.log(value) for seed, value in values.items()}


def _welch(a: Sequence[float], b: Sequence[float], confidence: float, error: float) -> Estimate:
    """Two independent samples; degrees of freedom by Welch and Satterthwaite."""
    means = mean(a).value, mean(b).value
    value, n = means[0] - means[1], min(len(a), len(b))
    if n < 2:
        return Estimate(value, n, confidence=confidence)
    parts = [_variance(x, m) / len(x) for x, m in zip((a, b), means, strict=True)]
    if sum(parts) == 0:
        return _around(value, n, 0.0, confidence, error)
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(x) - 1) for part, x in zip(parts, (a, b), strict=True)
    )
    half = _t(confidence, freedom) * math.sqrt(sum(parts))
    return _around(value, n, half, confidence, error)


def _around(value: float, n: int, half: float | None, confidence: float, error: float) -> Estimate:
    """Return the estimate whose interval has a half width, but not less than the error's."""
    if half is None:
        return Estimate(value, n, confidence=confidence)
    half = max(half, NormalDist().inv_cdf((1 + confidence) / 2) * error)
    return Estimate(value, n, value - half, value + half, confidence)


def _variance(values: Sequence[float], around: float) -> float:
    return math.fsum((x - around) ** 2 for x in values) / (len(values) - 1)


@cache  # curves ask for the same few again and again
def _t(confidence: float, freedom: float) -> float:
    """Return Student's t for a two-sided interval."""
    from scipy.special import stdtrit  # what scipy.stats calls, which takes a second to import

    return float(stdtrit(freedom, (1 + confidence) / 2))
