"""Accuracy against energy: every configuration, and what none is cheaper and as accurate as."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from snnbench.report.figures.axes import bars, ends_of, off, ratio_ticks, references, zoom
from snnbench.report.figures.drawing import BAND, INK, Drawing, Figure, shortened
from snnbench.report.figures.pareto import pareto_front
from snnbench.report.figures.placing import at_edge, label_points
from snnbench.report.figures.styles import Palette
from snnbench.report.reading.columns import heading
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import Estimate

ACCURACY = "test_accuracy"
_MANY_TIMES = 20  # from this ratio of dearest to cheapest on, the axis is logarithmic
_MOST_CHARACTERS = 24  # of a name that stands at a point
_MOST_NAMED = 24  # points; of more, those of the front and the best are named

_Place = tuple[Configuration, float, Estimate]


def energy_figure(
    prefix: str, configurations: Sequence[Configuration], column: str, palette: Palette,
    levels: Sequence[tuple[str, float]] = (),
) -> Figure | None:  # fmt: skip
    """Draw accuracy against energy; None of fewer than two configurations.

    Args:
        prefix: begins the figure's name.
        configurations: of a study.
        column: of the energy.
        palette: their styles.
        levels: name and height of level lines.
    """
    points: list[_Place] = [
        (c, cost.value, accuracy)
        for c in configurations
        if (cost := c.mean(column)) and (accuracy := c.mean(ACCURACY))
    ]
    alive = [i for i, (c, _, _) in enumerate(points) if not c.dead]
    if len(points) < 2 or not alive:
        return None
    label, unit = heading(column, [x for _, x, _ in points])
    points = [(c, x / unit, accuracy) for c, x, accuracy in points]
    found = pareto_front([(points[i][1], points[i][2].value) for i in alive])
    front = [alive[i] for i in found]
    plot = Drawing()
    axes = plot.axes
    energies = [x for _, x, _ in points]
    if min(energies) > 0 and max(energies) / min(energies) >= _MANY_TIMES:
        plot.logarithmic(energies)
        ends = min(energies) / 1.3, max(energies) * 1.3
        axes.set_xlim(ends)
        ratio_ticks(axes.xaxis, *ends, axes.bbox.width)
    spans = [ends_of(accuracy, ACCURACY) for _, _, accuracy in points]
    beyond = off(spans)
    seen = [span for i, span in enumerate(spans) if i not in beyond]
    zoom(axes, seen, ACCURACY, below=any(spans[i] < min(seen) for i in beyond),
         above=any(spans[i] > max(seen) for i in beyond))  # fmt: skip
    axes.set_xmargin(0.1)
    axes.step([points[i][1] for i in front], [points[i][2].value for i in front],
              where="post", color=INK, linestyle="--", linewidth=1)  # fmt: skip
    for i, (c, x, accuracy) in enumerate(points):
        style = palette[c]
        filled = style.colour if i in front else "none"
        drawn: dict[str, Any] = style.point | {"markersize": 6, "markerfacecolor": filled}
        if c.dead:
            drawn |= {"marker": "x"}
        y, _ = at_edge(accuracy.value, axes.get_ylim())
        axes.plot([x], [y], clip_on=False, **drawn)
        if i not in beyond:
            bars(axes, [(x, *spans[i])], color=style.colour)
    references(axes, levels)
    axes.set_xlabel(label)
    axes.set_ylabel("test accuracy")
    named = _name_points(plot, points, front)
    told = "; ".join(f"{points[i][0].name}: {points[i][2].value:.3g} at {points[i][1]:.4g}"
                     for i in front)  # fmt: skip
    dead = " Crosses are silent or saturated networks, which cannot be on it."
    crosses = dead if len(alive) < len(points) else ""
    left = len(points) - named
    more = f" {left} points more have no name here." if left else ""
    edge = " Marks at the edge lie beyond it, at the accuracy written." if beyond else ""
    return plot.finish(
        f"{prefix}-energy", "Accuracy against energy",
        f"Filled and joined by the dashed line: the Pareto front, than which no configuration is"
        f" cheaper and as accurate.{crosses}{edge}{more} {BAND}",
        f"On the Pareto front ({label}): {told}.",
    )  # fmt: skip


def _name_points(plot: Drawing, points: Sequence[_Place], front: Sequence[int]) -> int:
    """Write names at points, or where these have no room, numbers with the names below.

    Returns:
        How many have one: those of the front come first, then the most accurate.
    """
    plot.canvas.draw_without_rendering()  # the x axis takes its ends
    ends = plot.axes.get_ylim()
    best = sorted(range(len(points)), key=lambda i: -points[i][2].value)
    order = list(dict.fromkeys([*front, *best]))
    placed = [at_edge(points[i][2].value, ends) for i in order]
    places = [(points[i][1], y) for i, (y, _) in zip(order, placed, strict=True)]
    spans = [
        (y, y) if edge else ends_of(points[i][2], ACCURACY)
        for i, (y, edge) in zip(order, placed, strict=True)
    ]
    corners = [(points[i][1], points[i][2].value) for i in front]
    steps = [line for (x, y), (right, top) in pairwise(corners)
             for line in ((x, y, right, y), (right, y, right, top))]  # fmt: skip

    def are_written(words: Sequence[str], most: int) -> bool:
        texts = [f"{word} {edge}".strip() for word, (_, edge) in zip(words, placed, strict=True)]
        texts[most:] = [""] * len(texts[most:])
        return label_points(plot.axes, places, texts, spans, steps)

    names = [points[i][0].name for i in order]
    are_short = len(names) <= _MOST_NAMED and max(map(len, names)) <= _MOST_CHARACTERS
    if are_short and are_written(names, len(names)):
        return len(names)
    numbers = [str(k) for k in range(1, len(order) + 1)]
    counts = range(min(len(order), _MOST_NAMED), 0, -1)
    count = next((most for most in counts if are_written(numbers, most)), 0)
    handles = [plot.axes.plot([], [], linestyle="none")[0] for _ in range(count)]
    if handles:
        listed = zip(numbers, names[:count], strict=False)
        plot.legend(handles, [f"{k}: {shortened(name, 44)}" for k, name in listed])
    return count
