"""Figures of what a setting does to a study's objective: curves over numbers, names compared.

Configurations are joined, and compared, only where they differ in nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from snnbench.config.setting import SETTINGS
from snnbench.report.figures.axes import (
    bars,
    ends_of,
    near,
    off,
    references,
    ticks_at,
    zoom,
)
from snnbench.report.figures.drawing import (
    BAND,
    DASHES,
    INK,
    MOST_LINES,
    Drawing,
    Figure,
    part_of_name,
    shortened,
)
from snnbench.report.figures.placing import at_edge, label_points
from snnbench.report.figures.styles import Palette, families_of, rest_of
from snnbench.report.judging.standing import twin_of
from snnbench.report.reading.columns import axis_label, choices, label_of
from snnbench.report.reading.groups import (
    Configuration,
    binomial_error_of,
    pooled,
    varied_numbers,
)
from snnbench.report.reading.names import short_names
from snnbench.report.reading.statistics import Estimate, mean
from snnbench.studies.objective import Objective
from snnbench.studies.selecting import value_text

Levels = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Point:
    """One point: its place across, its mean, and a configuration whose style it has."""

    x: float
    estimate: Estimate
    configuration: Configuration

    def divided(self, by: float) -> "Point":
        """Return the point in a unit of so many."""
        e = self.estimate
        low, high = (None if end is None else end / by for end in (e.low, e.high))
        return replace(self, estimate=replace(e, value=e.value / by, low=low, high=high))


def sensitivities(
    prefix: str, configurations: Sequence[Configuration], objective: Objective,
    palette: Palette, levels: Levels,
) -> Iterator[Figure | None]:  # fmt: skip
    """Draw the objective by each setting that takes several numbers."""
    names = varied_numbers(configurations)
    return (
        _sensitivity(prefix, n, configurations, objective, palette=palette, levels=levels)
        for n in names
    )


def comparisons(
    prefix: str, configurations: Sequence[Configuration], objective: Objective,
    palette: Palette, levels: Levels,
) -> Iterator[Figure | None]:  # fmt: skip
    """Draw the objective for each choice of the settings whose values are names or truths."""
    names = choices()
    return (
        _comparison(prefix, n, configurations, objective, palette=palette, levels=levels)
        for n in names
    )


def points_along(name: str, members: Sequence[Configuration], column: str) -> list[Point]:
    """Return the mean of a column at every value of a number, in order."""
    found = []
    for value in sorted({float(str(c.row[name])) for c in members}):
        same = [c for c in members if c.row[name] == value and c.comparable(column)]
        values = pooled(same, column)
        if values:
            error = binomial_error_of(same, column, values)
            found.append(Point(value, mean(list(values.values()), error=error), same[0]))
    return found


def draw_points(
    plot: Drawing, lines: Sequence[Sequence[Point]], column: str, palette: Palette, levels: Levels,
    *, extra: Sequence[float] = (), is_whole: bool = False,
) -> list[Any]:  # fmt: skip
    """Draw points with intervals, those of a line joined; return a handle of every line.

    Those that lie far from all others are marked at the edge with their value.

    Args:
        plot: to draw in, its x axis set.
        lines: of points.
        column: what is drawn.
        palette: styles of the points.
        levels: name and height of level lines.
        extra: heights that are shown, too, where that does not hide the points.
        is_whole: nothing is marked at the edge.
    """
    points = [point for line in lines for point in line]
    spans = [ends_of(point.estimate, column) for point in points]
    beyond = set() if is_whole else off(spans)
    seen = [span for i, span in enumerate(spans) if i not in beyond]
    lowest = min(low for low, _ in seen)
    seen += [(y, y) for y in (extra if is_whole else near(seen, extra))]
    sides = {spans[i][0] < lowest for i in beyond}
    zoom(plot.axes, seen, column, below=True in sides, above=False in sides)
    handles = []
    for number, line in enumerate(lines):
        dashes = DASHES[number % len(DASHES)]
        handles += plot.axes.plot(
            [p.x for p in line], [p.estimate.value for p in line], color=INK, linestyle=dashes,
            linewidth=0.9, alpha=0.6,
        )  # fmt: skip
    ends = plot.axes.get_ylim()
    places, texts = [], []
    for point, span in zip(points, spans, strict=True):
        style = palette[point.configuration]
        y, text = at_edge(point.estimate.value, ends)
        plot.axes.plot([point.x], [y], clip_on=False, **style.point | {"markersize": 6})
        if not text:
            bars(plot.axes, [(point.x, *span)], color=style.colour)
        places.append((point.x, y))
        texts.append(text)
    label_points(plot.axes, places, texts)
    references(plot.axes, levels)
    return handles


def beyond_said(lines: Sequence[Sequence[Point]], column: str) -> str:
    """Return what a caption says of marks at the edge, if there are any."""
    spans = [ends_of(point.estimate, column) for line in lines for point in line]
    return " Marks at the edge lie beyond it, at the value written." if off(spans) else ""


def _sensitivity(
    prefix: str, name: str, configurations: Sequence[Configuration], objective: Objective, *,
    palette: Palette, levels: Levels,
) -> Figure | None:  # fmt: skip
    """One line for each combination of the other settings that takes several values of this."""
    column = objective.column
    families = list(families_of(configurations, name).values())
    labels = short_names([rest_of(members[0], name) for members in families])
    lines = [
        (label, points)
        for label, members in zip(labels, families, strict=True)
        if len(points := points_along(name, members, column)) > 1
    ]
    if not lines:
        return None
    shown = [points for _, points in lines[:MOST_LINES]]
    plot = Drawing()
    ticks_at(plot, [point.x for points in shown for point in points])
    handles = draw_points(plot, shown, column, palette, levels)
    plot.axes.set_xlabel(name)
    plot.axes.set_ylabel(axis_label(column))
    if len(lines) > 1:
        plot.legend(handles, [label for label, _ in lines[:MOST_LINES]])
    largest = objective.direction == "max"
    best = (max if largest else min)((p.estimate.value, p.x) for _, points in lines for p in points)
    more = f" {len(lines) - MOST_LINES} more lines are left out." if len(lines) > MOST_LINES else ""
    said = beyond_said(shown, column)
    return plot.finish(
        f"{prefix}-vary-{part_of_name(name)}", f"{label_of(column)} by {name}",
        f"The {'largest' if largest else 'smallest'} mean is at {name} = {best[1]:g}."
        f"{said} {BAND}{more}",
        "; ".join(f"{label}: {', '.join(f'{p.estimate.value:.3g} at {p.x:g}' for p in points)}"
                  for label, points in lines[:MOST_LINES]) + ".",
    )  # fmt: skip


def _comparison(
    prefix: str, name: str, configurations: Sequence[Configuration], objective: Objective, *,
    palette: Palette, levels: Levels,
) -> Figure | None:  # fmt: skip
    """A line for each combination of the other settings that has several choices of this."""
    column = objective.column
    groups = [_measured(members, column) for members in _alike(configurations, name)]
    groups = [group for group in groups if len({c.row[name] for c, _ in group}) > 1]
    if not groups:
        return None
    shown = groups[:MOST_LINES]
    values = sorted({c.row[name] for group in shown for c, _ in group}, key=str)
    plot = Drawing()
    plot.axes.set_xlim(-0.5, len(values) - 0.5)
    texts = [shortened(value_text(v), max(6, 48 // len(values))) for v in values]
    plot.axes.set_xticks(range(len(values)), texts)
    lines = []
    for number, group in enumerate(shown):
        aside = 0.4 * ((number + 0.5) / len(shown) - 0.5)
        ranked = sorted(group, key=lambda pair: values.index(pair[0].row[name]))
        lines.append([Point(values.index(c.row[name]) + aside, e, c) for c, e in ranked])
    handles = draw_points(plot, lines, column, palette, levels)
    plot.axes.set_xlabel(name)
    plot.axes.set_ylabel(axis_label(column))
    if len(shown) > 1:
        labels = short_names([_shared_by([c for c, _ in group]) for group in shown])
        plot.legend(handles, labels)
    less = "" if objective.direction == "max" else "; less is better"
    left = len(groups) - len(shown)
    more = f" {left} more groups are left out." if left else ""
    told = []
    for value in values:
        means = [p.estimate.value for line in lines for p in line
                 if p.configuration.row[name] == value]  # fmt: skip
        told.append(f"{value_text(value)}: means from {min(means):.3g} to {max(means):.3g}")
    return plot.finish(
        f"{prefix}-by-{part_of_name(name)}", f"{label_of(column)} by {name}",
        f"One point a configuration{less}. Lines join what differs in nothing else."
        f"{beyond_said(lines, column)} {BAND}{more}", f"{'; '.join(told)}.",
    )  # fmt: skip


def _measured(
    members: Sequence[Configuration], column: str
) -> list[tuple[Configuration, Estimate]]:
    return [(c, found) for c in members if (found := c.mean(column)) is not None]


def _alike(configurations: Sequence[Configuration], name: str) -> list[list[Configuration]]:
    """Return the configurations that differ in a setting, and what only means something with one
    of its choices, alone."""
    groups: dict[Any, list[Configuration]] = {}
    if name == "model":  # an SNN has a loss and an encoding of its own
        for c in configurations:
            twin = twin_of(c, configurations)
            if twin is not None:
                groups.setdefault(id(twin), [twin]).append(c)
        return list(groups.values())
    for c in configurations:
        if c.row[name] is not None:
            rest = {k: v for k, v in rest_of(c, name).items() if not _hangs_on(k, name)}
            groups.setdefault(tuple(rest.values()), []).append(c)
    return list(groups.values())


def _hangs_on(other: str, name: str) -> bool:
    """Whether a column has a value only by what a setting was chosen to be."""
    if other == "data_sha256":
        return name == "dataset"
    while other:
        other = SETTINGS[other].of
        if other == name:
            return True
    return False


def _shared_by(members: Sequence[Configuration]) -> dict[str, Any]:
    """Return what all of a group have in common."""
    first, *others = (c.row for c in members)
    return {k: v for k, v in first.items()
            if k != "variant" and all(row[k] == v for row in others)}  # fmt: skip
