"""Specification curves: a claim's measured effect in every world, and what each world chooses.

Simonsohn, Simmons and Nelson 2020, https://doi.org/10.1038/s41562-020-0912-z.
"""

from collections.abc import Iterator, Mapping, Sequence

from snnbench.report.figures.drawing import INK, SERIES, Drawing, Figure, drawing, shortened
from snnbench.report.judging.deciding import OUTCOMES, Outcome
from snnbench.report.judging.verdicts import Verdict
from snnbench.report.judging.worlds import ClaimInWorlds, JudgedWorld, Multiverse
from snnbench.report.reading.statistics import Estimate
from snnbench.studies.assumptions import choice_text
from snnbench.studies.claims import Monotone, PeakAt

_MOST = 60  # worlds that are drawn: evenly from the least effect to the largest
_STYLES: Mapping[Outcome, tuple[str, str]] = {
    "reproduced": (SERIES[2], "o"), "contradicted": (SERIES[1], "s"), "undecided": (SERIES[4], "x"),
}  # fmt: skip
_ROW = 0.16  # inches a choice takes


def specification_curves(prefix: str, told: Multiverse) -> list[Figure]:
    """Draw one for every claim of which one number tells how far it holds.

    Args:
        prefix: begins the figures' names.
        told: the study in its worlds.
    """
    with drawing():
        found = [_curve(f"{prefix}-worlds-{i}", one, told) for i, one in enumerate(told.claims, 1)]
    return [figure for figure in found if figure is not None]


def effect_of(verdict: Verdict) -> tuple[str, Estimate] | None:
    """Return what is measured, and it: of claims about steps the one that counts most against it;
    None where several numbers are no one effect."""
    known = [(label, found) for label, found in verdict.measured if found is not None]
    if len(known) < len(verdict.measured) or not known:
        return None
    if len(known) == 1:
        return known[0]
    if isinstance(verdict.claim, PeakAt | Monotone):  # all of them are to be above 0
        label, least = min(known, key=lambda pair: pair[1].value)
        return f"{label.partition(',')[0]}, the least of {len(known)} differences", least
    return None


def _curve(name: str, claim: ClaimInWorlds, told: Multiverse) -> Figure | None:
    found = [
        (effect[1], verdict.outcome, world, effect[0])
        for verdict, world in zip(claim.verdicts, told.judged, strict=True)
        if (effect := effect_of(verdict)) is not None
    ]
    if len(found) < 2:
        return None
    found.sort(key=lambda one: (one[0].value, one[2].world.number))
    drawn = [found[i] for i in _evenly(len(found))]
    assumptions = told.study.worlds.assumptions
    rows = sum(len(assumption.alternatives) for assumption in assumptions)
    plot = Drawing(2.2 + _ROW * rows, panels=(2.0, _ROW * rows))
    handles, labels = [], []
    for outcome in OUTCOMES:
        own = [(x, effect) for x, (effect, said, *_) in enumerate(drawn) if said == outcome]
        if not own:
            continue
        colour, marker = _STYLES[outcome]
        xs, ys = [x for x, _ in own], [effect.value for _, effect in own]
        known = [(x, e) for x, e in own if e.low is not None and e.high is not None]
        plot.axes.vlines([x for x, _ in known], [e.low or 0.0 for _, e in known],
                         [e.high or 0.0 for _, e in known], color=colour, linewidth=1)  # fmt: skip
        handles += plot.axes.plot(xs, ys, linestyle="", marker=marker, color=colour)
        labels.append(f"{outcome}, {claim.count(outcome)}")
    plot.axes.set_ylabel(shortened(drawn[0][3].partition(";")[0], 30))
    plot.axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncol=3,
                     borderaxespad=0, handlelength=1)  # fmt: skip
    _grid(plot, told, [world for _, _, world, _ in drawn])
    more = f" {_MOST} of {len(found)} worlds, evenly." if len(found) > _MOST else ""
    first, last = found[0], found[-1]
    told_in = "; ".join(
        f"{effect.value:.3g} in {world.name} ({said})" for effect, said, world, _ in (first, last)
    )
    return plot.finish(
        name,
        f"In {len(found)} worlds: {claim.claim.text}",
        "Above, what was measured in each world, with its interval; below, what the world chooses."
        f" {claim.word.capitalize()}.{more}",
        f"From {told_in}.",
    )


def _grid(plot: Drawing, told: Multiverse, worlds: Sequence[JudgedWorld]) -> None:
    """Draw a row for every alternative, with a mark under each world that chooses it."""
    grid, y, names = plot.panels[1], 0, []
    for position, assumption in enumerate(told.study.worlds.assumptions):
        for choice, alternative in enumerate(assumption.alternatives):
            xs = [x for x, one in enumerate(worlds) if one.world.choices[position] == choice]
            grid.plot(xs, [y] * len(xs), linestyle="", marker="|", color=INK, markersize=6)
            names.append(shortened(choice_text(alternative), 40))
            y += 1
        if y < sum(len(a.alternatives) for a in told.study.worlds.assumptions):
            grid.axhline(y - 0.5, color=INK, linewidth=0.4)
    grid.set_yticks(range(y), names, fontsize=8)
    grid.set_ylim(y - 0.5, -0.5)
    grid.set_xticks([])
    grid.grid(visible=False)
    grid.set_xlabel("worlds, in order of what was measured")


def _evenly(count: int) -> Iterator[int]:
    """Yield positions from first to last, at most `_MOST`."""
    most = min(count, _MOST)
    for i in range(most):
        yield round(i * (count - 1) / max(1, most - 1))
