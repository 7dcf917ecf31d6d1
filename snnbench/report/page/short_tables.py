"""The tables of the first screen: a study's configurations, and a report's studies."""

from collections.abc import Sequence

from snnbench.report.judging.answer import Pair, key_of
from snnbench.report.judging.deciding import OUTCOMES
from snnbench.report.judging.standing import ACCURACY, Standing
from snnbench.report.page.cards import gist
from snnbench.report.page.cells import estimate_text
from snnbench.report.page.sections import Report, Section, title_of
from snnbench.report.page.tables import Cell, Number, Table, outcomes
from snnbench.report.reading.columns import heading, name_of
from snnbench.report.reading.names import printable
from snnbench.report.reading.statistics import Estimate

_MOST_ROWS = 8


def short_table(section: Section) -> Table:
    """Return the best configurations in at most six columns: where each stands, and what it costs.

    Those that are spoken of as a pair, and the cheapest, are always among them.
    """
    pairs = section.answer.pairs if section.answer is not None else ()
    shown = _shown(section.standings, pairs)
    objective = section.objective.partition(":")[0]
    extra = [] if objective == ACCURACY else [objective]
    energies = [one.energy.value for one in shown if one.energy]
    energy, factor = heading(section.energy.column, energies)
    unit, divisor = heading(objective)
    header = ["configuration", "n", heading(ACCURACY)[0], *(unit for _ in extra), energy,
              "beside its ANN" if pairs else "beside the best"]  # fmt: skip
    said = _beside_ann(pairs) if pairs else _beside_best(shown)
    rows: list[tuple[Cell, ...]] = [
        (
            printable(one.configuration.name),
            Number(str(len(one.configuration.done)), len(one.configuration.done)),
            _spread(one.accuracy),
            *(_spread(one.objective, divisor) for _ in extra),
            _spread(one.energy, factor),
            said.get(key_of(one.configuration), ""),
        )
        for one in shown
    ]
    left = len(section.standings) - len(shown)
    more = f"; {left} more are in the long tables" if left else ""
    title = f"Configurations, best {name_of(objective)} first{more}"
    return Table(title, tuple(header), tuple(rows))


def studies_table(report: Report) -> Table:
    """Return a row a study: runs, what became of claims and numbers, and the answer in few words.

    Without rows where there is one study only.
    """
    rows = tuple(
        (
            printable(section.name or title_of(section)),
            Number(f"{sum(section.statuses.values()):,}", sum(section.statuses.values())),
            *outcomes(section),
            printable(gist(section)),
        )
        for section in (report.sections if len(report.sections) > 1 else ())
    )
    header = ("study", "runs", *OUTCOMES, "published numbers", "that agree", "that differ",
              "answer")  # fmt: skip
    return Table("Verdicts by study", header, rows, tuple(range(len(rows))), "all")


def _shown(standings: Sequence[Standing], pairs: Sequence[Pair]) -> list[Standing]:
    spoken = {key_of(c) for pair in pairs[:3] for c in (pair.snn, pair.ann)}
    costly = [one for one in standings if one.energy is not None]
    if costly:
        cheapest = min(costly, key=lambda one: one.energy.value if one.energy else 0.0)
        spoken.add(key_of(cheapest.configuration))
    others = [one for one in standings if key_of(one.configuration) not in spoken]
    room = max(_MOST_ROWS - len(spoken), 0)
    spoken |= {key_of(one.configuration) for one in others[:room]}
    return [one for one in standings if key_of(one.configuration) in spoken]


def _beside_ann(pairs: Sequence[Pair]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        cost = pair.costs[0] if pair.costs else None
        times = (
            "" if cost is None else f", {cost.word} ({1 / cost.ratio.value:.3g} times its energy)"
        )
        found[key_of(pair.snn)] = f"{pair.word}{times}"
    return found


def _beside_best(shown: Sequence[Standing]) -> dict[str, str]:
    words = {True: "tie", False: "worse", None: "too few seeds"}
    said = {
        key_of(one.configuration): words[one.tied] for one in shown if one.objective is not None
    }
    return said | {key_of(one.configuration): "the best" for one in shown[:1] if one.objective}


def _spread(found: Estimate | None, factor: float = 1) -> Cell:
    return "" if found is None else Number(estimate_text(found, factor), found.value / factor)
