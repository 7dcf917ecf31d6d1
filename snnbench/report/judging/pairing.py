"""The runs a beside the runs b: what claims that compare two sides measure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnbench.report.judging import curves
from snnbench.report.judging.evidence import Evidence, has_no_chance
from snnbench.report.reading.groups import Configuration, binomial_error_of, mean_by_seed
from snnbench.report.reading.statistics import CONFIDENCE, Estimate, difference, mean, ratio
from snnbench.studies.claims import Claim

Values = Mapping[int, float]  # by seed


@dataclass(frozen=True)
class Pair:
    """Two sides, each seed -> mean over its configurations.

    Attributes:
        a, b: the sides.
        errors: standard errors that the samples tested leave in their means.
        exact: neither can depend on the seed.
        least: number of seeds that it takes to decide.
    """

    a: Values
    b: Values
    errors: tuple[float, float] = (0.0, 0.0)
    exact: bool = False
    least: int = 2

    @property
    def swapped(self) -> "Pair":
        """b beside a."""
        return Pair(self.b, self.a, self.errors[::-1], self.exact, self.least)

    @property
    def missing(self) -> str:
        """Why there is no ratio."""
        if self.a and self.b:
            return "a value that is not above 0 has no ratio"
        return "no finished run has it"

    def difference(self, confidence: float = CONFIDENCE) -> Estimate | None:
        """Return a - b."""
        return difference(self.a, self.b, confidence, error=math.hypot(*self.errors))

    def ratio(self, confidence: float = CONFIDENCE) -> Estimate | None:
        """Return a / b, the geometric mean over seeds."""
        return ratio(self.a, self.b, confidence, error=_relative(self.errors, (self.a, self.b)))

    def shifted(self, part: float) -> "Pair":
        """Return the pair with as large a part of b added to b."""
        b = {seed: value + part * abs(value) for seed, value in self.b.items()}
        errors = (self.errors[0], (1 + part) * self.errors[1])
        return Pair(self.a, b, errors, self.exact, self.least)


def sides_of(claim: Claim, evidence: Evidence) -> tuple[list[Configuration], list[Configuration]]:
    """Return the configurations a and b of a claim that compares."""
    selectors = claim.selectors()
    return evidence.select(selectors["a"]), evidence.select(selectors["b"])


def pair_of(claim: Claim, evidence: Evidence, epoch: int | None = None) -> Pair:
    """Return both sides in the claim's metric: of the run, or of its learning curve at an epoch."""
    sides = sides_of(claim, evidence)
    a, b = (
        mean_by_seed([curves.at_epoch(claim, epoch, c, evidence) for c in side]) for side in sides
    )
    return Pair(
        a,
        b,
        (
            binomial_error_of(sides[0], claim.metric, a),
            binomial_error_of(sides[1], claim.metric, b),
        ),
        epoch is None and has_no_chance(claim.metric, [*sides[0], *sides[1]]),
        curves.least_seeds(claim.metric),
    )


def _relative(errors: Sequence[float], sides: Sequence[Values]) -> float:
    """Return the standard error of the logarithm of a ratio."""
    means = (mean(list(side.values())).value if side else 0.0 for side in sides)
    return math.hypot(*(e / m for e, m in zip(errors, means, strict=True) if m))
