"""The answer of a study on two or three cards, and what would change it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snnbench.cost.units import energy_text, energy_unit
from snnbench.errors import and_more
from snnbench.report.judging.answer import (
    BETTER,
    CHEAPER,
    DEARER,
    NOT_WORSE,
    UNDECIDED,
    WORSE,
    Answer,
)
from snnbench.report.judging.deciding import OUTCOMES
from snnbench.report.judging.standing import ACCURACY, Standing
from snnbench.report.page import telling
from snnbench.report.page.cells import estimate_text
from snnbench.report.page.sections import Report, Section
from snnbench.report.reading.columns import name_of
from snnbench.report.reading.names import ONLY
from snnbench.report.reading.statistics import Estimate

_MOST_NAMED, _MOST_CLAIMS = 3, 3
_MORE = 1.05  # times as much is worth telling
_YES_NO = {NOT_WORSE: "yes: not worse", BETTER: "yes: better", WORSE: "no: worse",
           CHEAPER: "yes: cheaper", DEARER: "no: dearer"}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """One question and its answer.

    Attributes:
        title: what is asked.
        words: the answer, each part with the word that says how it is coloured, "" for none.
        lines: sentences that say by how much, and how sure that is.
    """

    title: str
    words: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]


def cards(section: Section) -> list[Card]:
    """Return accuracy, cost, and what became of the study's claims, where it has any."""
    if section.answer is not None and section.answer.pairs:
        found = list(_of_pairs(section.answer))
    else:
        found = list(_of_best(section))
    if section.verdicts or section.published:
        found.append(_of_claims(section))
    return found


def gist(section: Section) -> str:
    """Return the answer in few words."""
    if section.answer is not None and section.answer.pairs:
        pair = section.answer.first
        costs = [f"; {telling.cost_words(cost)} by {cost.model}" for cost in pair.costs[:1]]
        return f"SNN against ANN: accuracy {pair.word}{''.join(costs)}."
    known = _known(section)
    if not known:
        return "No run has a result."
    best = known[0]
    said = f"{best.configuration.name}: " if best.configuration.name != ONLY else ""
    ties = sum(one.tied is True for one in known[1:])
    tied = f"; {ties} of {len(known) - 1} others tie" if len(known) > 1 else ""
    cost = f", {energy_text(best.energy.value)} a sample" if best.energy else ""
    return f"Best {said}{_plus_minus(best.accuracy or best.objective)}{cost}{tied}."


def outcome_words(section: Section) -> tuple[tuple[str, str], ...]:
    """Return how many claims are reproduced, contradicted and undecided, coloured so."""
    counts = Counter(verdict.outcome for verdict in section.verdicts)
    return tuple((f"{counts[word]} {word}", word) for word in OUTCOMES if counts[word])


def totals(report: Report) -> tuple[tuple[str, str], ...]:
    """Return how many claims of all studies are reproduced, contradicted and undecided."""
    counts = Counter(v.outcome for section in report.sections for v in section.verdicts)
    return tuple((f"{counts[word]} claims {word}", word) for word in OUTCOMES)


def runs_label(report: Report) -> str:
    """Return how many runs of how many studies there are, and what became of them."""
    statuses: Counter[str] = Counter()
    for section in report.sections:
        statuses.update(section.statuses)
    listed = ", ".join(f"{n:,} {status}" for status, n in statuses.items())
    return f"{sum(statuses.values()):,} runs: {listed}."


def changes(section: Section) -> list[str]:
    """Return what would change the answer, and what would decide what is open."""
    said = []
    if section.answer is not None and section.answer.pairs:
        pair = section.answer.first
        said += [*telling.exit_sentences(pair), *telling.change_sentences(pair)]
    undecided = [v for v in section.verdicts if v.outcome == "undecided"]
    known = sorted((v.seeds, v.claim.text) for v in undecided if v.seeds is not None)
    said += [f"About {n} seeds would decide: {text}" for n, text in known[:_MOST_CLAIMS]]
    if len(known) > _MOST_CLAIMS:
        more, most = len(known) - _MOST_CLAIMS, known[-1][0]
        said.append(f"Up to {most} seeds would decide {more} more claims.")
    if len(undecided) > len(known):
        number = len(undecided) - len(known)
        claims = "claim" if number == 1 else "claims"
        said.append(f"{number} undecided {claims}: no number of seeds is known that would decide.")
    return said


def _of_pairs(answer: Answer) -> Iterator[Card]:
    pair = answer.first
    several = []
    if len(answer.pairs) > 1:
        counts = Counter(one.word for one in answer.pairs)
        listed = ", ".join(f"{n} {word}" for word, n in counts.items())
        several = [
            f"Of {len(answer.pairs)} SNNs: {listed}. This is the most accurate, {pair.name}."
        ]
    word = _YES_NO.get(pair.word, pair.word)
    if pair.word == UNDECIDED and pair.difference.high is not None and pair.difference.high < 0:
        word = f"lower; undecided if by more than {100 * answer.margin:g} %"
    sure = "In brackets: 95 % intervals, seed by seed." if pair.difference.n > 1 else ""
    lines = (telling.accuracy_sentence(pair, answer.margin), sure, *several, *pair.warnings)
    yield Card("Is it as accurate?", ((word, pair.word),), tuple(filter(None, lines)))
    yield Card("Is it cheaper?", ((_YES_NO.get(pair.cost_word, pair.cost_word), pair.cost_word),),
               (*telling.cost_sentences(pair), pair.sentence))  # fmt: skip


def _of_best(section: Section) -> Iterator[Card]:
    known = _known(section)
    if not known:
        yield Card("Accuracy", (("no run has a result", ""),), ())
        return
    best = known[0]
    yield Card("Accuracy of the best", ((_plus_minus(best.accuracy), ""),),
               tuple(_standing(section, known)))  # fmt: skip
    costly = [one for one in known if one.energy is not None]
    if best.energy is None or not costly:
        yield Card("Cost", (("not known of the best", ""),), ())
        return
    factor, unit = energy_unit(best.energy.value)
    text = estimate_text(best.energy, factor)
    yield Card("Energy of the best, a sample", ((f"{text} {unit}", ""),),
               tuple(_energies(section, best, costly)))  # fmt: skip


def _standing(section: Section, known: Sequence[Standing]) -> Iterator[str]:
    """Yield what is best, and what cannot be told from it."""
    column, _, direction = section.objective.partition(":")
    best, others = known[0], known[1:]
    n = best.accuracy.n if best.accuracy else 0
    seeds = "1 seed, no interval" if n == 1 else f"n = {n} seeds"
    if not others:
        yield f"Mean and 95 % interval of {best.configuration.name}; {seeds}."
        return
    which = "highest" if direction == "max" else "lowest"
    yield (
        f"{best.configuration.name} has the {which} mean {name_of(column)} of"
        f" {len(known)} configurations; {seeds}."
    )
    tied = [one.configuration.name for one in others if one.tied]
    unknown = [one.configuration.name for one in others if one.tied is None]
    if tied:
        said = and_more(tied, _MOST_NAMED, "; ")
        yield f"Not distinguishable from it (95 %, seed by seed): {said}."
    if unknown:
        yield f"Too few seeds to tell it from {and_more(unknown, _MOST_NAMED, '; ')}."
    if not tied and not unknown:
        yield "Distinguishable from all others (95 %, seed by seed)."


def _energies(section: Section, best: Standing, costly: Sequence[Standing]) -> Iterator[str]:
    cheapest = min(costly, key=lambda one: one.energy.value if one.energy else 0.0)
    assert cheapest.energy is not None
    assert best.energy is not None
    if cheapest is not best and cheapest.energy.value < best.energy.value:
        times = best.energy.value / cheapest.energy.value
        less = f"{times:.3g} times less" if times >= _MORE else "hardly less"
        yield (
            f"The cheapest, {cheapest.configuration.name}: {energy_text(cheapest.energy.value)},"
            f" {less}, with {_plus_minus(cheapest.accuracy)} {name_of(ACCURACY)}."
        )
    elif len(costly) > 1:
        yield "No other costs less."
    yield f"By {section.energy.label}: {section.energy.assumption}."


def _of_claims(section: Section) -> Card:
    lines = []
    if section.verdicts:
        n = len(section.verdicts)
        source = section.study.source if section.study is not None else ""
        of = f" of {source}" if source else ""
        lines.append(f"{n} {'claim' if n == 1 else 'claims'}{of}.")
    if section.published:
        counts = Counter(row.outcome or "not judged" for row in section.published)
        listed = ", ".join(f"{k} {word if k == 1 else word.removesuffix('s')}"
                           for word, k in counts.items())  # fmt: skip
        lines.append(f"Published numbers beside ours: {listed}.")
    return Card("Do its claims hold?" if section.verdicts else "Do its numbers agree?",
                outcome_words(section), tuple(lines))  # fmt: skip


def _known(section: Section) -> list[Standing]:
    return [one for one in section.standings if one.objective is not None]


def _plus_minus(found: Estimate | None) -> str:
    return "unknown" if found is None else estimate_text(found)
