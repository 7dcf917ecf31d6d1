"""Whether what a document claims holds of the runs: reproduced, contradicted or undecided."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from snnbench.report.judging import curves, one_sided
from snnbench.report.judging.deciding import Decision, Estimator, Outcome, Part, Region, decide
from snnbench.report.judging.evidence import Evidence, has_no_chance
from snnbench.report.judging.pairing import pair_of
from snnbench.report.reading.groups import Configuration, binomial_error_of, pooled
from snnbench.report.reading.statistics import Estimate, difference, mean
from snnbench.studies.claims import (
    Above,
    AtMost,
    Below,
    Better,
    Cheaper,
    Claim,
    ConvergesBy,
    Equals,
    Exceeds,
    Monotone,
    NoDifference,
    NotWorse,
    Overfits,
    PeakAt,
    Ratio,
    Steadier,
    Trend,
)
from snnbench.studies.selecting import Selector, value_text, values_along


@dataclass(frozen=True)
class Verdict:
    """A claim and what the runs say of it.

    Attributes:
        claim: what was claimed.
        outcome: reproduced, contradicted or undecided.
        rule: when claims of this kind are which, in a sentence.
        reason: what it came to here.
        measured: label and number, with interval and n, of everything it rests on.
        unfinished: runs spoken of that did not finish, and so are left out.
        seeds: with about as many an undecided claim would be decided; None where none is known.
        leans: the numbers alone, whatever their intervals, are as claimed.
    """

    claim: Claim
    outcome: Outcome
    rule: str
    reason: str
    measured: tuple[tuple[str, Estimate | None], ...]
    unfinished: int
    seeds: int | None = None
    leans: bool = False


# What holds for all kinds, printed above the verdicts.
GENERAL_RULE = (
    "All intervals are 95 % t-intervals over seeds, unless a kind's rule says otherwise."
    " Reproduced: every interval lies where the claim says. Contradicted: one lies wholly"
    " elsewhere (at 1 - 5 % / k where k intervals are looked at). Undecided: neither. Two sides are"
    " compared seed by seed where they share seeds; a side of several configurations is their mean,"
    " seed by seed. An interval of accuracies is never narrower than the binomial error of the"
    " samples tested. One seed has no interval and decides"
    " nothing, two decide on no accuracy, unless the number follows from the settings alone"
    " (params, dense_macs, and flops_lab of an ANN)."
)


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Return the verdict on a claim."""
    rule, decider = _KINDS[type(claim)]
    decision: Decision = decider(claim, evidence)
    spoken = {id(c): c for selector in claim.spoken() for c in evidence.select(selector)}
    unfinished = sum(sum(c.unfinished.values()) for c in spoken.values())
    return Verdict(
        claim, decision.outcome, rule, decision.reason, decision.measured, unfinished,
        decision.seeds, decision.leans,
    )  # fmt: skip


def _level(claim: Above | Below | Equals, evidence: Evidence) -> Decision:
    region = {
        Above: lambda: Region(low=claim.value),
        Below: lambda: Region(high=claim.value),
        Equals: lambda: _around(claim.value, getattr(claim, "tolerance", 0.0)),
    }[type(claim)]()
    return decide([
        Part(
            f"{claim.metric}{_at(claim.epoch)}, {configuration.name}",
            _mean_of(claim, configuration, evidence),
            region,
            least=curves.least_seeds(claim.metric),
            exact=claim.epoch is None and has_no_chance(claim.metric, [configuration]),
        )
        for configuration in evidence.select(claim.where)
    ], alpha=evidence.alpha)  # fmt: skip


def _comparison(claim: Better | NoDifference | Ratio, evidence: Evidence) -> Decision:
    epoch = claim.epoch if isinstance(claim, Better) else None
    pair = pair_of(claim, evidence, epoch)
    about = f"; a: {claim.a or 'all'}; b: {claim.b or 'all'}"
    what, estimate, region = "a - b", pair.difference, Region()
    if isinstance(claim, Ratio):
        what, estimate = "a / b", pair.ratio
        region = _around(claim.value, claim.tolerance * abs(claim.value))
    elif isinstance(claim, NoDifference):
        region = _around(0.0, claim.margin)
    else:
        region = Region(low=claim.by)
        if claim.direction == "min":
            what, estimate = "b - a", pair.swapped.difference
    label = f"{claim.metric}{_at(epoch)}, {what}{about}"
    missing = pair.missing if isinstance(claim, Ratio) else Part.missing
    part = Part(label, estimate, region, pair.exact, pair.least, missing=missing)
    return decide([part], alpha=evidence.alpha)


def _peak(claim: PeakAt, evidence: Evidence) -> Decision:
    """Compare the best of `at` with every other value, and every other value with all of `at`."""
    points = _along(claim, evidence)
    better = Region(low=0.0)
    inside = [value for value in points if value in claim.at]
    outside = [value for value in points if value not in claim.at]
    if not inside or not outside:
        return decide([])

    def parts(peak: Any) -> list[Part]:
        return [_step(claim, points, low=o, high=peak, sign=sign, region=better) for o in outside]

    sign = 1.0 if claim.direction == "max" else -1.0
    best = max(inside, key=lambda v: _height(points[v], claim.metric, sign))
    decision = decide(parts(best), len(inside), evidence.alpha)
    if decision.outcome != "contradicted" or len(inside) == 1:
        return decision
    # the best of `at` may be beaten while another one of them is too noisy to be ruled out
    outcomes = {decide(parts(value), alpha=evidence.alpha).outcome for value in inside}
    if outcomes == {"contradicted"}:
        return decision
    return Decision("undecided", "not every one of the values is beaten", decision.measured)


def _monotone(claim: Monotone, evidence: Evidence) -> Decision:
    points = _along(claim, evidence)
    low, high = claim.between or (None, None)
    values = [v for v in points if low is None or high is None or low <= v <= high]
    sign = 1.0 if claim.direction == "up" else -1.0
    return decide([
        _step(claim, points, low=a, high=b, sign=sign, region=Region(low=0.0))
        for a, b in pairwise(values)
    ], alpha=evidence.alpha)  # fmt: skip


def _along(claim: PeakAt | Monotone, evidence: Evidence) -> dict[Any, list[Configuration]]:
    """Return value of the setting -> the configurations that have it, in order."""
    spoken = evidence.select(claim.where)
    values = values_along(claim.along, [c.row for c in spoken])
    return {
        v: [c for c in spoken if Selector(((claim.along, (v,)),)).selects(c.row)] for v in values
    }


def _step(
    claim: PeakAt | Monotone, points: Mapping[Any, Sequence[Configuration]],
    *, low: Any, high: Any, sign: float, region: Region,
) -> Part:  # fmt: skip
    """Return the part: from `low` to `high` the metric goes up (sign 1) or down (sign -1)."""
    a, b = (pooled(points[value], claim.metric) for value in (high, low))
    errors = [
        binomial_error_of(points[value], claim.metric, values)
        for value, values in ((high, a), (low, b))
    ]
    names = [f"{claim.along}={value_text(value)}" for value in (high, low)]
    if sign < 0:
        a, b, names = b, a, names[::-1]
    exact = has_no_chance(claim.metric, [*points[low], *points[high]])
    label = f"{claim.metric}, {names[0]} - {names[1]}"
    least = curves.least_seeds(claim.metric)
    return Part(label, _difference_of(a, b, errors), region, exact, least)


def _height(configurations: Sequence[Configuration], metric: str, sign: float) -> float:
    values = list(pooled(configurations, metric).values())
    return sign * mean(values).value if values else -float("inf")


def _at(epoch: int | None) -> str:
    return "" if epoch is None else f" at epoch {epoch}"


def _mean_of(
    claim: Above | Below | Equals, configuration: Configuration, evidence: Evidence
) -> Estimator:
    values = curves.at_epoch(claim, claim.epoch, configuration, evidence)
    error = binomial_error_of([configuration], claim.metric, values)
    numbers = list(values.values())
    return lambda confidence: mean(numbers, confidence, error=error) if numbers else None


def _difference_of(
    a: Mapping[int, float], b: Mapping[int, float], errors: Sequence[float]
) -> Estimator:
    return lambda confidence: difference(a, b, confidence, error=math.hypot(*errors))


def _around(value: float, tolerance: float) -> Region:
    return Region(value - tolerance, value + tolerance, closed=True)


_KINDS: Mapping[type[Claim], tuple[str, Callable[[Any, Evidence], Decision]]] = {
    PeakAt: (
        "Reproduced if the best of the values named is better than each other value; contradicted"
        " if another value is better than all of those named.",
        _peak,
    ),
    Below: ("Reproduced if the interval of every configuration lies below the value; contradicted"
            " if that of one lies at or above it.", _level),
    Above: ("Reproduced if the interval of every configuration lies above the value; contradicted"
            " if that of one lies at or below it.", _level),
    Equals: ("Reproduced if the interval of every configuration lies within the tolerance of the"
             " value; contradicted if that of one lies wholly outside.", _level),
    Better: ("Reproduced if the interval of the difference lies above the margin claimed (0 if"
             " none is); contradicted if it lies at or below it.", _comparison),
    NoDifference: ("Reproduced if the interval of the difference lies within the margin on either"
                   " side of 0; contradicted if it lies wholly outside.", _comparison),
    Monotone: ("Reproduced if the interval of the difference from each value to the next lies on"
               " the side claimed; contradicted if that of one lies on the other side.", _monotone),
    Ratio: ("Reproduced if the interval of the ratio (geometric mean over seeds) lies within the"
            " tolerance; contradicted if it lies wholly outside.", _comparison),
    Overfits: (curves.OVERFITS, curves.overfits),
    NotWorse: (one_sided.NOT_WORSE, one_sided.not_worse),
    AtMost: (one_sided.AT_MOST, one_sided.at_most),
    Cheaper: (one_sided.CHEAPER, one_sided.cheaper),
    ConvergesBy: (curves.CONVERGES, curves.converges_by),
    Trend: (curves.TREND, curves.trend),
    Steadier: (curves.STEADIER, curves.steadier),
    Exceeds: (curves.EXCEEDS, curves.exceeds),
}  # fmt: skip
