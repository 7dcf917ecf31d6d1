"""Verdicts of a study whose claims are looked at again and again, with more and more seeds."""

from collections.abc import Sequence
from dataclasses import replace

from snnbench.report.judging.deciding import ALPHA
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.verdicts import Verdict, judge
from snnbench.studies.claims import Claim
from snnbench.studies.looks import looks_of
from snnbench.studies.study import Study


def verdicts_of(study: Study, evidence: Evidence) -> tuple[Verdict, ...]:
    """Return the verdicts on a study's claims; of one with looks, see `looks.RULE`."""
    if study.until_decided is None:
        return tuple(judge(claim, evidence) for claim in study.claims)
    seeds = [look.seeds for look in looks_of(study)]
    seen = [evidence.of_seeds(some, ALPHA / len(seeds)) for some in seeds]
    return tuple(_at_looks(claim, list(zip(seeds, seen, strict=True))) for claim in study.claims)


def sharing(study: Study, evidence: Evidence) -> Evidence:
    """Return evidence by which all else is judged: of all seeds, with the error of one look."""
    return replace(evidence, alpha=ALPHA / len(looks_of(study)))


def more_seeds_help(verdict: Verdict) -> bool:
    """Whether a claim is undecided, and something was measured that has an interval."""
    return verdict.outcome == "undecided" and any(found for _, found in verdict.measured)


def _at_looks(claim: Claim, seen: Sequence[tuple[tuple[int, ...], Evidence]]) -> Verdict:
    last = None
    for number, (seeds, evidence) in enumerate(seen, 1):
        if not _is_complete(claim, evidence, seeds):
            break
        at = f"at n = {len(seeds)}, look {number} of {len(seen)}"
        found = judge(claim, evidence)
        last = replace(found, reason=f"{found.reason}; {at}")
        if found.outcome != "undecided":
            return last
    if last is not None:
        return last
    first = judge(claim, seen[0][1])
    waiting = f"not all runs it speaks of have the {len(seen[0][0])} seeds of the first look"
    return replace(first, outcome="undecided", reason=waiting)


def _is_complete(claim: Claim, evidence: Evidence, seeds: Sequence[int]) -> bool:
    spoken = [c for selector in claim.spoken() for c in evidence.select(selector)]
    return all(set(seeds) <= {int(s) for s in c.runs["seed"].dropna()} for c in spoken)
