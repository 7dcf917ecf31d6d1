"""What is said of a study's worlds: sentences, tables and a document."""

from collections.abc import Iterator, Mapping
from typing import Any

from snnbench.report.judging.deciding import OUTCOMES
from snnbench.report.judging.documents import DocumentWorld
from snnbench.report.judging.worlds import (
    RULE,
    WORDS,
    ClaimInWorlds,
    JudgedWorld,
    Multiverse,
    Turning,
    name_of,
)
from snnbench.report.reading.statistics import Estimate
from snnbench.studies.assumptions import choice_text

_CHOSEN = "chosen by looking at the verdicts"
Rows = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]  # title, header and rows of a table
_LEANING = "as claimed by numbers alone"


def sentences(told: Multiverse | None) -> list[str]:
    """Return what the worlds come to; nothing where only the base was run."""
    return [] if told is None else list(_sentences(told))


def _sentences(told: Multiverse) -> Iterator[str]:
    shown = told.study.worlds.name(told.shown)
    settings = choice_text(told.study.worlds.settings(told.shown))
    which = "what the study's base says" if told.shown.is_base else "not what the base says"
    left = f" Of other worlds, or ways to run it: {told.left_out} runs." if told.left_out else ""
    yield (
        f"Tables and figures of the configurations show world {told.shown.number} of"
        f" {told.total:,} ({settings}), {which}.{left}"
    )
    if told.unjudged:
        yield (
            f"Not judged: {_worlds_text(told.unjudged)} in which some configurations have no run."
            " The same sweep again does what is missing."
        )
    beside = [one for one in told.judged if one.departures]
    if beside:
        kinds = dict.fromkeys(one.departures for one in beside)
        how_many = _worlds_text(len(beside))
        yield f"Run beside the study, with {'; '.join(kinds)}: {how_many}."
    if told.claims:
        yield f"In {len(told.judged)} worlds: {_counted(told)}."
        for claim in told.claims:
            if claim.word == "conditional":
                yield f"Conditional: {claim.claim.text} {_holds(claim)}; {hangs_on(claim)}."
    if told.best is not None and (len(told.judged) > 1 or not told.shown.is_base):
        yield together(told.best, len(told.judged), len(told.study.claims))
    if not told.judged:
        yield f"No world has runs of all configurations; {shown} has most."


def _worlds_text(count: int) -> str:
    return f"{count} world{'s' if count != 1 else ''}"


def _counted(told: Multiverse) -> str:
    """Return how many claims are of each word."""
    parts = {
        "robust": "hold in all (robust)", "conditional": "hold in some and not in others",
        "contradicted": "are contradicted in all",
        "undecided": "are undecided in some at least, and not both ways",
    }  # fmt: skip
    counts = [f"{told.count(word)} {parts[word]}" for word in WORDS if told.count(word)]
    return f"of {len(told.claims)} claims {', '.join(counts)}"


def _holds(claim: ClaimInWorlds) -> str:
    return f"Holds in {claim.count('reproduced')} of {len(claim.verdicts)} worlds"


def hangs_on(claim: ClaimInWorlds) -> str:
    """Return what the verdict on a conditional claim hangs on, in words."""
    if claim.word != "conditional":
        return ""
    if not claim.deciding:
        return "no two worlds that differ in one assumption alone show on what"
    return "; ".join(_decides(turning) for turning in claim.deciding)


def _decides(turning: Turning) -> str:
    counts = ", ".join(f"{text} in {held} of {of}" for text, (held, of) in turning.holds.items())
    return (
        f"{', '.join(turning.assumption.names)} turns it in {turning.turned} of {turning.pairs}"
        f" pairs of worlds: it holds under {turning.under} ({counts})"
    )


def together(best: JudgedWorld, tried: int, claims: int) -> str:
    """Return in which world most claims hold together."""
    held, against = best.count("reproduced"), best.count("contradicted")
    among = f"{_CHOSEN} of {tried} worlds" if tried > 1 else "the one world judged"
    if claims and held == claims:
        return (
            f"The document is consistent with {name_of(best)}: all {claims} claims hold; {among}."
        )
    if not held and not best.leaning:
        return "No claim is reproduced in any world."
    if not held:
        return (
            f"No claim is reproduced in any world. By the numbers alone, whatever their intervals,"
            f" {best.leaning} of {claims} are as claimed in {name_of(best)}; {among}."
        )
    return (
        f"No world has all claims: the best, {name_of(best)}, has {held} of {claims};"
        f" {against} contradicted there, {claims - held - against} undecided; {among}."
    )


def document_sentence(found: DocumentWorld) -> str:
    """Return in which world most claims of a document hold together."""
    what = f"{found.document}, {len(found.studies)} studies, {found.tried:,} worlds of all of them:"
    if found.reproduced == found.claims:
        said = f"the document is consistent with {found.name}: all {found.claims} claims hold"
    elif not found.reproduced:
        said = (
            f"no claim is reproduced in any; by the numbers alone {found.leaning} of"
            f" {found.claims} are as claimed with {found.name}"
        )
    else:
        said = (
            f"no world has all claims; the best, {found.name}, has {found.reproduced} of"
            f" {found.claims}, {found.contradicted} contradicted, {found.undecided} undecided"
        )
    return f"{what} {said}; {_CHOSEN}."


def world_tables(told: Multiverse | None) -> list[Rows]:
    """Return the tables: claims in all worlds, the worlds, and numbers in that chosen for them."""
    if told is None:
        return []
    return [_claims(told), _worlds(told), *([_numbers(told, told.best)] if told.best else [])]


def _claims(told: Multiverse) -> Rows:
    header = ("claim", "in all worlds", *OUTCOMES, _LEANING, "hangs on")
    rows = [
        (claim.claim.text, claim.word, *map(claim.count, OUTCOMES),
         sum(verdict.leans for verdict in claim.verdicts), hangs_on(claim))
        for claim in told.claims
    ]  # fmt: skip
    return f"Claims in {len(told.judged)} worlds", header, rows


def _worlds(told: Multiverse) -> Rows:
    header = ("world", "differs from the base in", *OUTCOMES, _LEANING, "seeds", "runs",
              "beside the study", "")  # fmt: skip
    rows = [
        (one.world.number, one.name, *map(one.count, OUTCOMES), one.leaning, one.seeds, one.runs,
         one.departures, _mark(one, told))
        for one in told.judged
    ]  # fmt: skip
    return "Worlds", header, rows


def _numbers(told: Multiverse, best: JudgedWorld) -> Rows:
    title = (
        f"Published against measured in world {best.world.number}, chosen of {len(told.judged)} for"
        " its claims"
    )
    header = ("what", "source", "column", "published", "measured", "from", "to", "n", "within",
              "outcome")  # fmt: skip
    rows = [
        (row.published.text, row.published.source, row.published.metric, row.published.value,
         *_measured(row.measured), row.within, row.outcome or "")
        for row in (told.published if best.world != told.shown else ())
    ]  # fmt: skip
    return title, header, rows


def _measured(found: Estimate | None) -> tuple[Any, ...]:
    if found is None:
        return ("",) * 4
    ends = ("no interval" if end is None else end for end in (found.low, found.high))
    return (found.value, *ends, found.n)


def _mark(one: JudgedWorld, told: Multiverse) -> str:
    marks = ["shown"] if one.world == told.shown else []
    marks += ["most claims together"] if one is told.best and len(told.judged) > 1 else []
    return ", ".join(marks)


def to_document(told: Multiverse | None) -> dict[str, Any] | None:
    """Return what is known of the worlds as what JSON knows."""
    if told is None:
        return None
    return {
        "rule": RULE,
        "total": told.total,
        "judged": len(told.judged),
        "unjudged": told.unjudged,
        "shown": told.shown.number,
        "sentences": sentences(told),
        "assumptions": [
            {"text": one.text, "alternatives": [dict(a) for a in one.alternatives]}
            for one in told.study.worlds.assumptions
        ],
        "worlds": [
            {"world": one.world.number, "name": one.name, "settings": dict(one.settings),
             "departures": one.departures or None, "runs": one.runs, "seeds": one.seeds,
             "verdicts": [verdict.outcome for verdict in one.verdicts],
             "as_claimed_by_numbers_alone": [verdict.leans for verdict in one.verdicts]}
            for one in told.judged
        ],
        "claims": [
            {"claim": one.claim.text, "in_all_worlds": one.word,
             **{outcome: one.count(outcome) for outcome in OUTCOMES},
             "turnings": [_turning(turning) for turning in one.turnings],
             "hangs_on": hangs_on(one) or None}
            for one in told.claims
        ],
        "most_claims_together": told.best.world.number if told.best else None,
        "published_there": [
            {"what": row.published.text, "published": row.published.value,
             "measured": row.measured.value if row.measured else None, "outcome": row.outcome,
             "chosen": len(told.judged) > 1}
            for row in told.published
        ],
    }  # fmt: skip


def _turning(turning: Turning) -> Mapping[str, Any]:
    return {
        "assumption": turning.assumption.text,
        "turned": turning.turned,
        "pairs": turning.pairs,
        "holds": {
            text: {"worlds": of, "holds": held} for text, (held, of) in turning.holds.items()
        },
    }
