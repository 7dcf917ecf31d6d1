"""Claims that are wrong in one direction only: not worse, at most, cheaper."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from snnbench.report.judging.deciding import Decision, Part, Region, decide, decide_any
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.pairing import Pair, Values, pair_of, sides_of
from snnbench.report.reading.groups import Configuration, mean_by_seed
from snnbench.studies.claims import ALL, ANY, AtMost, Cheaper, NotWorse
from snnbench.studies.margins import margin_of
from snnbench.words.conventions import find_convention
from snnbench.words.energies import ENERGIES, Energy

_BOUNDS = (
    " Each end of the interval is a one-sided bound at 95 %, so that both are those of a 90 %"
    " interval; sides are paired by seed."
)
NOT_WORSE = (
    "Of a - b (direction min: b - a). Reproduced if the lower bound is not below minus the margin;"
    " contradicted if the upper bound is below it; else undecided. A margin in % is in points where"
    " the metric is a fraction, else a part of what b has, taken off b (min: added to it) before,"
    " and the difference is held against 0." + _BOUNDS
)
AT_MOST = (
    "Of a / b, the geometric mean over seeds (Student's interval of the logarithms). Reproduced if"
    " the upper bound is not above the value; contradicted if the lower bound is above it; else"
    " undecided." + _BOUNDS
)
CHEAPER = (
    "Of a / b in energy a sample, by each model, as for at_most. Under all, and under those named:"
    " reproduced if every upper bound is below 1, contradicted if one lower bound is at or above 1."
    " Under any: reproduced if one upper bound is below 1, contradicted if all lower bounds are at"
    " or above 1. Where one of k decides, its bound is at 1 - 5 % / k. Models that do not count"
    " both networks are left out, and named; one that the claim names leaves it undecided. Silent"
    " and saturated networks have no price." + _BOUNDS
)


def not_worse(claim: NotWorse, evidence: Evidence) -> Decision:
    """See `NOT_WORSE`."""
    pair = pair_of(claim, evidence, claim.epoch)
    margin = margin_of(claim.margin, claim.metric, claim.direction)
    sign = 1 if claim.direction == "max" else -1
    if margin.of_b:
        pair = pair.shifted(-sign * margin.size)
    names = ["a", f"{1 - sign * margin.size:g} b" if margin.of_b else "b"][::sign]
    at = "" if claim.epoch is None else f" at epoch {claim.epoch}"
    label = f"{claim.metric}{at}, {' - '.join(names)}, {_ends(evidence)}; {_said(claim)}"
    region = Region(low=0.0 if margin.of_b else -margin.size, closed=True)
    found = pair if sign > 0 else pair.swapped
    part = Part(label, found.difference, region, pair.exact, pair.least, one_sided=True)
    return decide([part], alpha=evidence.alpha)


def at_most(claim: AtMost, evidence: Evidence) -> Decision:
    """See `AT_MOST`."""
    pair = pair_of(claim, evidence)
    label = f"{claim.metric}, a / b, {_ends(evidence)}; {_said(claim)}"
    part = _ratio(label, pair, Region(high=claim.value, closed=True))
    return decide([part], alpha=evidence.alpha)


def cheaper(claim: Cheaper, evidence: Evidence) -> Decision:
    """See `CHEAPER`."""
    sides = sides_of(claim, evidence)
    if not all(sides):
        return Decision("undecided", "no run was spoken of")
    dead = [c.name for side in sides for c in side if c.dead and not c.alive["seed"].count()]
    if dead:
        why = "silent or saturated, so that what they cost is no answer's price"
        return Decision("undecided", f"all networks of {'; '.join(dead)} are {why}")
    named = isinstance(claim.under, tuple)
    words = (
        [find_convention(ENERGIES, name) for name in claim.under]
        if named
        else list(ENERGIES.values())
    )
    parts, left_out = {}, []
    for word in words:
        a, b = (_energy(word, side, other, evidence) for side, other in (sides, sides[::-1]))
        if named or (a and b):
            about = f"energy by {word.label}, a / b, {_ends(evidence)}"
            parts[word.label] = _ratio(about, Pair(a, b), Region(high=1.0))
        else:
            only = "only a" if a else "only b" if b else "neither"
            left_out.append(f"{word.label} ({only})")
    decision = (decide_any if claim.under == ANY else decide)(
        list(parts.values()), alpha=evidence.alpha
    )
    said = _by_model(parts, claim.under, evidence.alpha) or ["no energy model counts both networks"]
    if left_out:
        said.append(f"left out, as they do not count both: {', '.join(left_out)}")
    return replace(decision, reason="; ".join(said))


def _by_model(parts: Mapping[str, Part], under: str | tuple[str, ...], alpha: float) -> list[str]:
    """Return by which models it is cheaper, by which not, and by which that is open."""
    one_of_many = 1 - alpha / max(len(parts), 1)
    inside, outside = (one_of_many, 1 - alpha) if under == ANY else (1 - alpha, one_of_many)
    cheaper = [n for n, part in parts.items() if part.lies(inside, part.region.holds)]
    dearer = [n for n, part in parts.items() if part.lies(outside, part.region.fails)]
    open_ones = [
        f"{n} ({_why_open(part, len(parts), alpha)})"
        for n, part in parts.items()
        if n not in (*cheaper, *dearer)
    ]
    groups = (("cheaper by", cheaper), ("not by", dearer), ("undecided by", open_ones))
    return [f"{words} {', '.join(names)}" for words, names in groups if names]


def _why_open(part: Part, looked_at: int, alpha: float) -> str:
    tests = (part.region.holds, part.region.fails)
    if any(part.lies(1 - alpha, where) for where in tests):
        return f"the interval at 1 - {100 * alpha:g} % / {looked_at} reaches both sides"
    return part.why_open()


def _energy(
    word: Energy, side: Sequence[Configuration], other: Sequence[Configuration], evidence: Evidence
) -> Values:
    return mean_by_seed([evidence.energy(c, word, beside=other) for c in side])


def _ratio(label: str, pair: Pair, region: Region) -> Part:
    return Part(
        label, pair.ratio, region, pair.exact, pair.least, one_sided=True, missing=pair.missing
    )


def _ends(evidence: Evidence) -> str:
    return f"each end one-sided at {100 * (1 - evidence.alpha):g} %"


def _said(claim: NotWorse | AtMost) -> str:
    return f"a: {claim.a or ALL}; b: {claim.b or ALL}"
