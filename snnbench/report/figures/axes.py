"""Axes that show what there is: zoomed, within what a quantity can be, ticks where values are."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.textpath import TextPath
from matplotlib.ticker import FixedLocator, NullLocator

from snnbench.report.figures.drawing import INK, Drawing
from snnbench.report.reading.statistics import Estimate
from snnbench.results.schema import EPOCHS, STEPS, columns_of

_FAR = 3  # times the span of all others that something lies off, to be drawn at the edge
_MOST_OFF = 6
_MARGIN, _STRIP = 0.06, 0.14  # parts of the span: beyond the data, and for marks at the edge
_MANY_TIMES = 50  # from this ratio of largest to smallest above 0 on, an axis is logarithmic
_APART = 8.0  # points between two labels
SMALL = 8  # points, of a label within the plot


def bounds_of(column: str) -> tuple[float, float]:
    """Return between what a column's numbers lie; infinite where nothing bounds them.

    >>> bounds_of("test_accuracy"), bounds_of("train_loss")
    ((0.0, 1.0), (-inf, inf))
    """
    known = {about.name: about.bounds for about in (*EPOCHS, *STEPS, *columns_of("runs"))}
    bounds = known.get(column)
    low, high = (None, None) if bounds is None else (bounds.ge, bounds.le)
    return (-math.inf if low is None else float(low), math.inf if high is None else float(high))


def ends_of(estimate: Estimate, column: str) -> tuple[float, float]:
    """Return where an interval is drawn from and to: within what the column can be."""
    low, high = bounds_of(column)
    ends = (e if e is not None else estimate.value for e in (estimate.low, estimate.high))
    below, above = ends
    return max(below, low), min(above, high)


def off(spans: Sequence[tuple[float, float]]) -> set[int]:
    """Return the positions of the few that lie so far from all others that they would hide these.

    Args:
        spans: lowest and highest value of each.

    >>> sorted(off([(0.87, 0.88), (0.9, 0.91), (0.1, 0.1), (0.91, 0.92)]))
    [2]
    """
    order = sorted(range(len(spans)), key=lambda i: sum(spans[i]))
    most = min(len(order) // 3, _MOST_OFF)
    for count in range(1, most + 1):
        for below in range(count + 1):
            above = len(order) - (count - below)
            kept = [spans[i] for i in order[below:above]]
            low, high = min(low for low, _ in kept), max(high for _, high in kept)
            gaps = [low - max(spans[i][1] for i in order[:below])] if below else []
            gaps += [min(spans[i][0] for i in order[above:]) - high] if above < len(order) else []
            if high > low and min(gaps) > _FAR * (high - low):
                return {*order[:below], *order[above:]}
    return set()


def near(spans: Sequence[tuple[float, float]], others: Sequence[float]) -> list[float]:
    """Return those of other numbers that can be shown with these without hiding them.

    >>> near([(0.8, 0.9)], [0.95, 0.1])
    [0.95]
    """
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    room = 2 * ((high - low) or 0.05 * abs(high))
    return [y for y in others if low - room <= y <= high + room]


def zoom(
    axes: Axes, spans: Iterable[tuple[float, float]], column: str, *,
    below: bool = False, above: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """Set the y axis to what is shown, and return its ends.

    Args:
        axes: of the plot.
        spans: lowest and highest value of all that is shown.
        column: whose numbers they are.
        below, above: leave room for marks at that edge.
    """
    lows, highs = zip(*spans, strict=True)
    low, high = min(lows), max(highs)
    span = (high - low) or abs(high) * 0.1 or 1.0
    least, most = bounds_of(column)
    if axes.get_yscale() == "log":
        low, high = low / 1.3, high * 1.3
        axes.set_ylim(low, high)
        ratio_ticks(axes.yaxis, low, high, axes.bbox.height)
        return low, high
    low = max(least, low - (_STRIP if below else _MARGIN) * span)
    high = min(most, high + (_STRIP if above else _MARGIN) * span)
    axes.set_ylim(low, high)
    return low, high


def wide_span(values: Sequence[float]) -> bool:
    """Whether numbers are so unlike that only a logarithmic axis shows them all."""
    above = [value for value in values if value > 0]
    return bool(above) and min(values) >= 0 and max(above) / min(above) >= _MANY_TIMES


def ticks_at(plot: Drawing, values: Sequence[float]) -> None:
    """Put the x axis's ticks at the values that were tried, with as many labels as there is room.

    The ends have theirs first, and then the others from the left.
    """
    if wide_span(values):
        plot.logarithmic(values)
    places = sorted(set(values))
    texts = [f"{value:g}" for value in places]
    axes = plot.axes
    axes.set_xticks(places)
    axes.margins(x=0.05)
    centres = [axes.transData.transform((x, 0.0))[0] for x in places]
    halves = [text_width(text) / 2 for text in texts]
    kept: list[int] = []
    for i in dict.fromkeys((0, len(places) - 1, *range(len(places)))):
        if all(abs(centres[i] - centres[k]) >= halves[i] + halves[k] + _APART for k in kept):
            kept.append(i)
    shown = [text if i in kept else "" for i, text in enumerate(texts)]
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places, shown)


def ratio_ticks(axis: Axis, low: float, high: float, room: float) -> None:
    """Put ticks of a logarithmic axis at 1, 2 and 5 times powers of ten, or at fewer of them.

    Args:
        axis: of a plot.
        low, high: its ends.
        room: its length in points.
    """
    for digits in ((1, 2, 5), (1,)):
        places = [d * 10.0**k for k in range(-12, 13) for d in digits if low <= d * 10.0**k <= high]
        texts = [f"{place:g}" for place in places]
        if sum(text_width(text) + _APART for text in texts) < room:
            break
    axis.set_major_locator(FixedLocator(places))
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(places, labels=texts)


def text_width(text: str, size: float = 10) -> float:
    """Return how wide a text is in points, in the font that matplotlib brings."""
    if not text.strip():
        return 0.0
    return float(TextPath((0, 0), text, size=size, usetex=False).get_extents().width)


def bars(axes: Axes, points: Sequence[tuple[float, float, float]], **style: Any) -> None:
    """Draw intervals (place, low, high) as upright lines: one path, whatever their number."""
    known = [point for point in points if point[2] > point[1]]
    x = [value for place, _, _ in known for value in (place, place, math.nan)]
    y = [value for _, low, high in known for value in (low, high, math.nan)]
    if known:
        axes.plot(x, y, linewidth=1.2, marker="", linestyle="-", clip_on=False, **style)


def references(axes: Axes, levels: Sequence[tuple[str, float]]) -> None:
    """Draw level lines, named at the plot's right side; one out of sight is named at the edge.

    Args:
        axes: their y axis set.
        levels: name and height of each.
    """
    low, high = axes.get_ylim()
    height = axes.bbox.height
    line = 1.3 * SMALL  # points
    placed: list[tuple[float, str]] = []
    for name, level in sorted(levels, key=lambda pair: pair[1]):
        inside = low <= level <= high
        if inside:
            axes.axhline(level, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), alpha=0.7)
        arrow = "" if inside else "↓" if level < low else "↑"
        at = float(axes.transData.transform((0.0, min(max(level, low), high)))[1]) - axes.bbox.y0
        placed.append((at, f"{name} {level:.3g}{arrow}"))
    heights = _spread([at for at, _ in placed], line, height)
    for at, (_, text) in zip(heights, placed, strict=True):
        axes.annotate(text, (1.01, at / height), xycoords="axes fraction", va="center",
                      fontsize=SMALL, annotation_clip=False)  # fmt: skip


def _spread(heights: Sequence[float], apart: float, most: float) -> list[float]:
    """Move ascending heights as little as makes room between them."""
    found = list(heights)
    for i, (a, _) in enumerate(pairwise(heights)):
        found[i + 1] = max(found[i + 1], max(a, found[i]) + apart)
    for i in reversed(range(len(found))):
        top = most if i == len(found) - 1 else found[i + 1] - apart
        found[i] = min(found[i], max(top, 0.0))
    return found
