"""Labels at points that hide neither each other nor other points."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from snnbench.report.figures.axes import SMALL, text_width
from snnbench.report.figures.drawing import INK

_TALL = 1.15 * SMALL
_NEAR = 7.0  # points from a marker's middle to its label
_RINGS = (1.0, 1.7, 2.6, 3.8, 5.5, 8.0)
_TURNS = tuple(math.radians(45 * k) for k in (1, 0, 7, 3, 4, 5, 2, 6))  # right above comes first
_FREE = 2  # rings in which no line need say whose label it is
Box = tuple[float, float, float, float]  # left, bottom, right, top


def at_edge(value: float, ends: tuple[float, float]) -> tuple[float, str]:
    """Return where a value is drawn on an axis, and what is written there if that is its edge.

    >>> at_edge(0.5, (0.4, 0.6)), at_edge(0.1, (0.4, 0.6))
    ((0.5, ''), (0.4, '0.1↓'))
    """
    low, high = ends
    if low <= value <= high:
        return value, ""
    return (low, f"{value:.3g}↓") if value < low else (high, f"{value:.3g}↑")


def label_points(
    axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str],
    spans: Sequence[tuple[float, float]] = (), lines: Sequence[Box] = (),
) -> bool:  # fmt: skip
    """Write a text at every point, as near as there is room, the first one first.

    Args:
        axes: with the scales and ends it will have.
        points: in data.
        texts: one a point; "" for none.
        spans: lower and upper end of each point's interval, which is not written on.
        lines: left, bottom, right and top of lines along the axes, in data, likewise.

    Returns:
        Whether all have room; if not, nothing is written.
    """
    places = [tuple(axes.transData.transform(point)) for point in points]
    frame = axes.bbox
    whole = (frame.x0, frame.y0, frame.x1 + 4, frame.y1 + 8)
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    for i, (low, high) in enumerate(spans):
        ends = (float(axes.transData.transform((points[i][0], y))[1]) for y in (low, high))
        taken[i] = _with_bar(taken[i], *ends)
    for left, bottom, right, top in lines:
        corners = axes.transData.transform([(left, bottom), (right, top)])
        taken.append((*(corners[0] - 1), *(corners[1] + 1)))
    chosen: list[tuple[int, Box, float]] = []
    for i, ((x, y), text) in enumerate(zip(places, texts, strict=True)):
        if not text:
            continue
        found = _room(x, y, text_width(text, SMALL), taken, whole)
        if found is None:
            return False
        box, ring = found
        taken.append(box)
        chosen.append((i, box, ring))
    for i, (left, bottom, right, top), ring in chosen:
        at = ((left + right) / 2 - places[i][0], (bottom + top) / 2 - places[i][1])
        far = ring >= _RINGS[_FREE]
        axes.annotate(
            texts[i], points[i], xytext=at, textcoords="offset points", ha="center", va="center",
            fontsize=SMALL, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": INK, "alpha": 0.5, "linewidth": 0.6,
                        "shrinkA": 0, "shrinkB": 3} if far else None,
        )  # fmt: skip
    return True


def _room(
    x: float, y: float, width: float, taken: Sequence[Box], whole: Box
) -> tuple[Box, float] | None:
    """Return a free box for a text at a point, and in which ring around it that lies."""
    for ring in _RINGS:
        for turn in _TURNS:
            across, up = math.cos(turn), math.sin(turn)
            middle = x + across * (_NEAR * ring + width / 2), y + up * (_NEAR * ring + _TALL / 3)
            box = (middle[0] - width / 2 - 1, middle[1] - _TALL / 2,
                   middle[0] + width / 2 + 1, middle[1] + _TALL / 2)  # fmt: skip
            inside = (box[0] >= whole[0] and box[1] >= whole[1]
                      and box[2] <= whole[2] and box[3] <= whole[3])  # fmt: skip
            if inside and not any(_overlap(box, other) for other in taken):
                return box, ring
    return None


def _with_bar(box: Box, low: float, high: float) -> Box:
    return box[0], min(box[1], low), box[2], max(box[3], high)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
