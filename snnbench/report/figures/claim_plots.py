"""The kinds of figures that stand beside claims: values along a setting, table rows, ratios."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from snnbench.report.figures.axes import SMALL, bounds_of, ends_of, ratio_ticks, ticks_at
from snnbench.report.figures.compared import draw_points, points_along
from snnbench.report.figures.drawing import BAND, INK, SERIES, Drawing, Figure, shortened
from snnbench.report.figures.styles import Palette
from snnbench.report.judging.deciding import Region
from snnbench.report.reading.columns import axis_label, label_of
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import Estimate

Levels = Sequence[tuple[str, float]]
_MANY_TIMES = 20  # from this ratio of largest to smallest on, the axis is logarithmic


@dataclass(frozen=True)
class Values:
    """What is claimed of one column.

    Attributes:
        name: of the figure.
        configurations: spoken of.
        column: what is drawn.
        palette: styles of the configurations.
        levels: name and height of what is claimed.
        published: numbers of the document and the configurations that they are of.
    """

    name: str
    configurations: Sequence[Configuration]
    column: str
    palette: Palette
    levels: Levels
    published: Sequence[tuple[Configuration, float]]


def along_setting(values: Values, along: str) -> Figure | None:
    """Draw a column's mean at every value of a number."""
    column = values.column
    known = [c for c in values.configurations if c.row[along] is not None]
    points = points_along(along, known, column)
    if not points:
        return None
    plot = Drawing()
    ticks_at(plot, [point.x for point in points])
    theirs = [(float(str(c.row[along])), y) for c, y in values.published if c in known]
    shown = [y for _, y in [*values.levels, *theirs]]
    draw_points(plot, [points], column, values.palette, values.levels, extra=shown)
    low, high = plot.axes.get_ylim()
    plot.axes.set_xlabel(along)
    plot.axes.set_ylabel(axis_label(column))
    _draw_published(plot, [(x, y) for x, y in theirs if low <= y <= high], "_")
    told = ", ".join(f"{p.estimate.value:.4g} at {p.x:g}" for p in points)
    return plot.finish(
        values.name, f"{label_of(column)} by {along}", BAND,
        f"{told}.{_published_told([(f'{along} = {x:g}', y) for x, y in theirs])}",
    )  # fmt: skip


def rows_of(values: Values) -> Figure | None:
    """Draw a column's mean, a row a configuration."""
    column, configurations = values.column, values.configurations
    means = [(c, found) for c in configurations if (found := c.mean(column)) is not None]
    if not means:
        return None
    plot = Drawing(height=0.8 + 0.28 * len(means))
    axes = plot.axes
    spans = [ends_of(found, column) for _, found in means]
    places = {id(c): y for y, (c, _) in enumerate(means)}
    theirs = [(c, x) for c, x in values.published if id(c) in places]
    shown = [*(end for span in spans for end in span), *(x for _, x in [*values.levels, *theirs])]
    if min(shown) > 0 and max(shown) / min(shown) > _MANY_TIMES:
        axes.set_xscale("log")
        low, high = min(shown) / 1.3, max(shown) * 1.3
        ratio_ticks(axes.xaxis, low, high, axes.bbox.width)
    else:
        least, most = bounds_of(column)
        pad = 0.06 * (max(shown) - min(shown)) or abs(max(shown)) * 0.05 or 0.5
        low, high = max(least, min(shown) - pad), min(most, max(shown) + pad)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlim(low, high)
    for y, ((c, found), (left, right)) in enumerate(zip(means, spans, strict=True)):
        style = values.palette[c]
        if right > left:
            axes.plot([left, right], [y, y], color=style.colour, linewidth=1.4, clip_on=False)
        axes.plot([found.value], [y], clip_on=False, **style.point | {"markersize": 6})
    _level_lines(plot, values.levels)
    axes.set_ylim(len(means) - 0.5, -0.5)
    axes.set_yticks(range(len(means)), [shortened(c.name, 32) for c, _ in means])
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(axis_label(column))
    _draw_published(plot, [(x, places[id(c)]) for c, x in theirs], "|")
    told = "; ".join(f"{c.name}: {found.value:.4g}" for c, found in means)
    return plot.finish(
        values.name, label_of(column), BAND,
        f"{told}.{_published_told([(c.name, x) for c, x in theirs])}",
    )  # fmt: skip


def ratios(
    name: str, title: str, rows: Sequence[tuple[str, Estimate]], region: Region, claimed: str
) -> Figure:
    """Draw ratios with the intervals that decide, and the region in which the claim holds.

    Args:
        name, title: of the figure.
        rows: what each is of, and the ratio.
        region: where the claim says that it lies.
        claimed: the claim, in a few words.
    """
    plot = Drawing(height=0.9 + 0.28 * len(rows))
    axes = plot.axes
    bounds = [end for end in (region.low, region.high) if 0 < end < float("inf")]
    ends = [x for _, e in rows for x in (e.value, e.low or e.value, e.high or e.value)] + bounds
    low, high = min(ends), max(ends)
    pad = max((high / low) ** 0.12, 1.05)
    low, high = low / pad, high * pad
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ratio_ticks(axes.xaxis, low, high, axes.bbox.width)
    if len(axes.get_xticks()) < 2:
        axes.set_xticks(bounds or [rows[0][1].value])
        axes.set_xticklabels([f"{x:.3g}" for x in bounds or [rows[0][1].value]])
    left, right = max(region.low, low), min(region.high, high)
    axes.add_patch(Rectangle((left, -0.5), right - left, len(rows), facecolor=SERIES[2],
                             alpha=0.15, linewidth=0))  # fmt: skip
    for bound in bounds:
        axes.axvline(bound, color=INK, linewidth=0.9)
    for y, (_, e) in enumerate(rows):
        if e.low is not None and e.high is not None:
            axes.plot([e.low, e.high], [y, y], color=SERIES[0], linewidth=1.4)
        axes.plot([e.value], [y], marker="o", color=SERIES[0], markersize=6)
        axes.annotate(f"{e.value:.3g}", (1.01, y), xycoords=("axes fraction", "data"), va="center",
                      fontsize=SMALL)  # fmt: skip
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [shortened(label, 32) for label, _ in rows])
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("a / b")
    told = "; ".join(f"{label} {e.value:.4g}" for label, e in rows)
    return plot.finish(
        name, title, f"In the shaded region the claim holds: {claimed}. Bars are the intervals that"
        " decide; where there is none, n is 1.", f"{told}.",
    )  # fmt: skip


def _level_lines(plot: Drawing, levels: Levels) -> None:
    for _, level in levels:
        plot.axes.axvline(level, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), alpha=0.7)
    said = "; ".join(f"{label} {level:.4g}" for label, level in sorted(levels, key=lambda p: p[1]))
    if said:
        plot.axes.annotate(said, (0.0, 1.0), xycoords="axes fraction", fontsize=SMALL,
                           xytext=(0, 3), textcoords="offset points")  # fmt: skip


def _draw_published(plot: Drawing, places: Sequence[tuple[float, float]], marker: str) -> None:
    """Mark numbers of the document by strokes of ink."""
    if places:
        handle = plot.axes.plot(
            *zip(*places, strict=True), linestyle="none", clip_on=False, marker=marker,
            markersize=14, markeredgewidth=2, color=INK, zorder=5,
        )  # fmt: skip
        plot.legend(handle, ["published"])


def _published_told(published: Sequence[tuple[str, float]]) -> str:
    if not published:
        return ""
    return f" Published: {', '.join(f'{y:.4g} at {what}' for what, y in published)}."
