"""When a measured number decides: intervals against the region in which a claim would hold."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from snnbench.errors import and_more
from snnbench.report.reading.statistics import CONFIDENCE, Estimate, seeds_for

Outcome = Literal["reproduced", "contradicted", "undecided"]
ALPHA = 1 - CONFIDENCE  # the error that a verdict may have
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_WHERE: Mapping[Outcome, str] = {"reproduced": "inside", "contradicted": "outside"}
Estimator = Callable[[float], Estimate | None]  # from a confidence


@dataclass(frozen=True)
class Region:
    """The numbers for which a claim holds, between two ends.

    Attributes:
        low, high: the ends; infinite where there is none.
        closed: the ends belong to it ("at most"), or not ("below").
    """

    low: float = -math.inf
    high: float = math.inf
    closed: bool = False

    def holds(self, low: float, high: float) -> bool:
        """Whether an interval lies inside."""
        if self.closed:
            return self.low <= low and high <= self.high
        return self.low < low and high < self.high

    def fails(self, low: float, high: float) -> bool:
        """Whether an interval lies outside."""
        if self.closed:
            return high < self.low or low > self.high
        return high <= self.low or low >= self.high


@dataclass(frozen=True)
class Part:
    """One number on which a claim depends.

    Attributes:
        label: what is measured.
        estimate: gives it with an interval of some confidence; None if nothing was measured.
        region: where it must lie.
        exact: it cannot depend on the seed, so that one run tells it.
        least: number of seeds that it takes to decide.
        one_sided: each end of the interval is a bound of its own, at the confidence asked for.
        missing: why there is no estimate, where there is none.
    """

    label: str
    estimate: Estimator
    region: Region
    exact: bool = False
    least: int = 2
    one_sided: bool = False
    missing: str = "no finished run has it"

    def at(self, confidence: float = CONFIDENCE) -> Estimate | None:
        """Return the estimate; an exact one has an interval of no width."""
        found = self.estimate(2 * confidence - 1 if self.one_sided else confidence)
        if found is not None and self.exact and found.low is None:
            return replace(found, low=found.value, high=found.value)
        return found

    def lies(self, confidence: float, where: Callable[[float, float], bool]) -> bool:
        """Whether its interval of some confidence lies where a test of its ends says."""
        found = self.at(confidence)
        if found is None or found.low is None or found.high is None:
            return False
        return (found.n >= self.least or self.exact) and where(found.low, found.high)

    def leans(self) -> bool:
        """Whether its number alone lies where the claim says."""
        found = self.at()
        return found is not None and self.region.holds(found.value, found.value)

    def tells(self, outcome: Outcome, confidence: float) -> bool:
        """Whether its interval of some confidence says that a claim is reproduced, or not."""
        where = self.region.holds if outcome == "reproduced" else self.region.fails
        return self.lies(confidence, where)

    def why_open(self) -> str:
        """Return why it decides nothing."""
        found = self.at()
        if found is None:
            return self.missing
        if found.low is None:
            return "one seed says nothing about chance"
        if found.n < self.least and not self.exact:
            return f"{found.n} seeds do not decide on an accuracy"
        return "the interval reaches both sides"

    def seeds(self) -> int | None:
        """Return with how many seeds it would decide, if they spread as those there are.

        None where one seed, or the edge being where the mean is, says nothing.
        """
        found = self.at()
        if found is None or found.low is None or found.high is None:
            return None
        edges = [edge for edge in (self.region.low, self.region.high) if math.isfinite(edge)]
        near = min(edges, key=lambda edge: abs(edge - found.value), default=found.value)
        half = found.value - found.low if near < found.value else found.high - found.value
        n = seeds_for(half, found.n, abs(near - found.value))
        return None if n is None else max(n, self.least)


@dataclass(frozen=True)
class Decision:
    """What the parts of a claim come to.

    Attributes:
        outcome: see `Outcome`.
        reason: why, in words.
        measured: label and number of every part.
        seeds: with about as many an undecided one would be decided, None where that is not known.
        leans: the numbers alone, whatever their intervals, are as claimed.
    """

    outcome: Outcome
    reason: str
    measured: tuple[tuple[str, Estimate | None], ...] = ()
    seeds: int | None = None
    leans: bool = False


def decide(parts: Sequence[Part], ways: int = 1, alpha: float = ALPHA) -> Decision:
    """Decide on a claim that holds if all of its parts do.

    It is reproduced if every interval lies inside its region: each at 1 - alpha, since all must
    hold (an intersection-union test, Berger 1982). It is contradicted if any one lies outside, at
    1 - alpha / (number of parts), since one of many is easily outside by chance (Bonferroni).

    Args:
        parts: at least one, or there is nothing to decide on.
        ways: among how many ways of being right these parts were picked by looking at them; the
            intervals that reproduce are widened for that.
        alpha: the error that the verdict may have.
    """
    leans = all(part.leans() for part in parts)
    return _decide(parts, ("contradicted", "reproduced"), alpha, ways, leans=leans)


def decide_any(parts: Sequence[Part], alpha: float = ALPHA) -> Decision:
    """Decide on a claim that holds if one of its parts does: the mirror of `decide`.

    It is reproduced if an interval lies inside its region at 1 - alpha / (number of parts), and
    contradicted if all lie outside, each at 1 - alpha.
    """
    leans = any(part.leans() for part in parts)
    return _decide(parts, ("reproduced", "contradicted"), alpha, leans=leans)


def _decide(
    parts: Sequence[Part], outcomes: tuple[Outcome, Outcome], alpha: float, ways: int = 1,
    *, leans: bool,
) -> Decision:  # fmt: skip
    """Return the first outcome if one part alone tells it, and the second if all parts do."""
    if not parts:
        return Decision("undecided", "no run was spoken of")
    measured = tuple((part.label, part.at(1 - alpha)) for part in parts)
    by_one, by_all = outcomes
    for part in parts:
        if part.tells(by_one, 1 - alpha / len(parts)):
            which = "" if len(parts) == 1 else f"{part.label}: "
            return Decision(by_one, f"{which}{_WHERE[by_one]}", measured, leans=leans)
    left = [part for part in parts if not part.tells(by_all, 1 - alpha / ways)]
    if not left:
        every = "" if len(parts) == 1 else "all "
        return Decision(by_all, f"{every}{_WHERE[by_all]}", measured, leans=leans)
    return Decision("undecided", _why_all_open(left, len(parts)), measured, _seeds(left), leans)


def _seeds(open_parts: Sequence[Part]) -> int | None:
    """Return with how many seeds each of these parts would decide."""
    needed = [part.seeds() for part in open_parts]
    known = [n for n in needed if n is not None]
    return max(known) if len(known) == len(needed) else None


def _why_all_open(parts: Sequence[Part], looked_at: int) -> str:
    if looked_at == 1:
        return parts[0].why_open()
    return and_more([f"{part.label}: {part.why_open()}" for part in parts], 3, "; ")
