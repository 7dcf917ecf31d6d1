"""A document's numbers beside ours: whether they agree, by a rule that noise makes no easier."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import NormalDist
from typing import Literal

from snnbench.report.judging.curves import least_seeds
from snnbench.report.judging.deciding import Outcome, Part, Region, decide
from snnbench.report.judging.evidence import Evidence, has_no_chance
from snnbench.report.judging.verdicts import judge
from snnbench.report.reading.columns import ACCURACIES
from snnbench.report.reading.groups import Configuration, binomial_error_of, pooled
from snnbench.report.reading.statistics import CONFIDENCE, Estimate, binomial_error, mean
from snnbench.studies.claims import Above, Below, Claim, Equals, Published
from snnbench.studies.margins import unit_of
from snnbench.words.datasets import DATASETS

Agreement = Literal["agrees", "differs", "undecided"]
AGREEMENT: Mapping[Outcome, Agreement] = {
    "reproduced": "agrees", "contradicted": "differs", "undecided": "undecided",
}  # fmt: skip
_OF_THE_MACHINE = ("s", "J", "W")  # units
RULE = (
    "Agrees: our whole 95 % interval lies within a margin of the number. Differs: it lies wholly"
    " outside. Undecided: neither, so that a wider interval makes no number agree. The margin is"
    " the tolerance stated, else half a unit of the last digit published and, of a share of"
    " samples, 1.96 of its binomial standard errors on the whole data set, not on what was tested"
    " here. A number that claims of the kinds equals, above or below name for the same runs agrees"
    " or differs as these claims are reproduced or contradicted of its runs; it is undecided where"
    " they are not of one mind. Seconds and joules are those of a machine: shown, not judged."
)


@dataclass(frozen=True)
class PublishedRow:
    """A number of the document beside ours.

    Attributes:
        published: theirs.
        measured: ours, the mean over the seeds of the runs spoken of; None without runs.
        outcome: see `RULE`; None: it is not judged.
        within: what it was judged by, in words.
    """

    published: Published
    measured: Estimate | None
    outcome: Agreement | None
    within: str

    @property
    def agrees(self) -> bool | None:
        """Whether it agrees; None where that is undecided or not judged."""
        return None if self.outcome in (None, "undecided") else self.outcome == "agrees"


def beside(published: Published, evidence: Evidence, claims: Sequence[Claim] = ()) -> PublishedRow:
    """Put a published number beside ours.

    Args:
        published: of a study.
        evidence: on it.
        claims: all that the study claims.
    """
    spoken = evidence.select(published.where)
    values = pooled(spoken, published.metric)
    error = binomial_error_of(spoken, published.metric, values)
    margin = _margin(published, spoken)
    part = Part(
        "",
        lambda c: mean(list(values.values()), c, error=error) if values else None,
        Region(published.value - margin, published.value + margin, closed=True),
        has_no_chance(published.metric, spoken),
        least_seeds(published.metric),
    )
    measured = part.at()
    if unit_of(published.metric) in _OF_THE_MACHINE:
        return PublishedRow(published, measured, None, "a machine's: not judged")
    about = [claim for claim in claims if _is_about(claim, published, spoken, evidence)]
    if not about:
        said = AGREEMENT[decide([part], alpha=evidence.alpha).outcome]
        return PublishedRow(published, measured, said, f"\N{PLUS-MINUS SIGN} {margin:.3g}")
    outcomes = {judge(replace(c, where=published.where), evidence).outcome for c in about}
    said = AGREEMENT[outcomes.pop()] if len(outcomes) == 1 else "undecided"
    within = "; ".join(dict.fromkeys(_of_claim(claim) for claim in about))
    return PublishedRow(published, measured, said, f"its claim: {within}")


def _is_about(
    claim: Claim, published: Published, spoken: Sequence[Configuration], evidence: Evidence
) -> bool:
    """Whether a claim is about a published number: this value, of these runs and maybe others."""
    if not isinstance(claim, Equals | Above | Below) or claim.epoch is not None:
        return False
    if claim.metric != published.metric or not math.isclose(claim.value, published.value):
        return False
    return bool(spoken) and {id(c) for c in spoken} <= {id(c) for c in evidence.select(claim.where)}


def _of_claim(claim: Claim) -> str:
    if isinstance(claim, Equals):
        return f"\N{PLUS-MINUS SIGN} {claim.tolerance:.3g}"
    return f"{claim.kind} {getattr(claim, 'value', ''):.6g}"


def _margin(published: Published, spoken: Sequence[Configuration]) -> float:
    if published.tolerance is not None:
        return published.tolerance
    digits = published.decimals
    if digits is None:
        exponent = Decimal(f"{published.value!r}").normalize().as_tuple().exponent
        digits = max(0, -int(exponent))
    tested = max((_published_on(c, published.metric) for c in spoken), default=math.inf)
    share = min(max(published.value, 0.0), 1.0)
    chance = binomial_error(share, tested) if math.isfinite(tested) else 0.0
    return 0.5 * 10.0**-digits + NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * chance


def _published_on(configuration: Configuration, column: str) -> float:
    """Return on how many samples a document finds a share of them: on all that the data set has;
    infinite where that is not known, or it is no such share."""
    part = ACCURACIES.get(column)
    known = getattr(DATASETS.get(str(configuration.row["dataset"])), f"n_{part}", None)
    if part is None or (known is None and configuration.row[f"{part}_samples"] is not None):
        return math.inf
    return max(float(known or 0), configuration.tested(column))
