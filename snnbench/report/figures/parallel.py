"""All trials of a search at a glance: a line each, across an axis for every setting."""

import math

from snnbench.report.figures.drawing import INK, MOST_LINES, SERIES, Drawing, Figure, shortened
from snnbench.report.figures.scales import of_numbers, scales_of
from snnbench.report.judging.searched import Search, value_in
from snnbench.report.reading.columns import heading

_FAINTEST, _GAP = 0.12, 1.1
_MOST_AXES = 8


def parallel_coordinates(prefix: str, search: Search) -> Figure | None:
    """Draw the settings and, as the last axes, the objectives; the found ones stand out."""
    trials = {c.name: c for c in search.trials}
    values = {name: [value_in(c, o) for o in search.objectives] for name, c in trials.items()}
    known = [c for name, c in trials.items() if None not in values[name]]
    scales = scales_of(search)[:_MOST_AXES]
    if len(known) < 3 or not scales:
        return None
    columns, outcomes = [], []
    for i, objective in enumerate(search.objectives):
        own = [float(values[c.name][i] or 0.0) for c in known]
        if min(own) == max(own):
            return None
        label, factor = heading(objective.column, own)
        outcomes.append(of_numbers(label, [value / factor for value in own]))
        columns.append([outcomes[-1].place(value / factor) for value in own])
    plot = Drawing(height=3.4)
    sign = 1 if search.objectives[0].direction == "max" else -1
    goodness = [place if sign > 0 else 1 - (place or 0.0) for place in columns[0]]
    found = {c.name for c in search.found}
    lines = [
        ([scale.place(c.row[scale.name]) for scale in scales] + [column[i] for column in columns],
         goodness[i] or 0.0, c.name in found)
        for i, c in enumerate(known)
    ]  # fmt: skip
    for places, good, best in sorted(lines, key=lambda line: (line[2], line[1])):
        y = [math.nan if place is None else place for place in places]
        colour, width = (SERIES[1], 2.0) if best else (SERIES[0], 1.0)
        alpha = 1.0 if best else _FAINTEST + (1 - _FAINTEST) * good**2
        plot.axes.plot(
            range(len(y)), y, marker="o", markersize=2.5, color=colour, linewidth=width, alpha=alpha
        )
    for x, scale in enumerate([*scales, *outcomes]):
        plot.axes.axvline(x, color=INK, linewidth=0.8)
        for place, text in scale.ticks():
            plot.axes.text(x + 0.04, place, shortened(text, 14), fontsize=7, va="center")
    names = [shortened(scale.name, 22) for scale in (*scales, *outcomes)]
    plot.axes.set_xticks(range(len(names)), names, fontsize=8, rotation=20, ha="right")
    plot.axes.set_yticks([])
    plot.axes.set_ylim(-0.05, 1.05)
    plot.axes.set_xlim(-0.1, len(scales) + len(outcomes) - 0.5)
    plot.axes.grid(visible=False)
    for spine in plot.axes.spines.values():
        spine.set_visible(False)
    which = "the Pareto set" if len(search.objectives) > 1 else "the best"
    more = len(scales_of(search)) - len(scales)
    left = f" {more} more settings are not shown." if more else ""
    named = "; ".join(c.name for c in search.found[:MOST_LINES])
    return plot.finish(
        f"{prefix}-parallel", "All trials, setting by setting",
        f"A line a trial: the stronger, the better by {heading(search.objectives[0].column)[0]};"
        f" thick and of another colour: {which}. A line is broken where a setting has no effect."
        f"{left}",
        f"{len(known)} trials; {which}: {named}.",
    )  # fmt: skip
