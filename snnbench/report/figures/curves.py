"""Learning curves: a quantity over the epochs, or over the steps of inference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from snnbench.report.figures.axes import SMALL, ends_of, near, off, references, zoom
from snnbench.report.figures.drawing import (
    BAND,
    INK,
    MOST_LINES,
    Drawing,
    Figure,
    part_of_name,
)
from snnbench.report.figures.styles import Palette, Style
from snnbench.report.judging.evidence import Evidence
from snnbench.report.reading.columns import CURVES, axis_label, label_of
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import Estimate, mean
from snnbench.studies.selecting import value_text

_MOST_POINTS = 40  # of a line: a figure is some 280 points wide


@dataclass(frozen=True)
class Line:
    """One line of a figure: its name, its style, and what it shows at 1, 2, 3, ..."""

    name: str
    style: Style
    points: Sequence[Estimate]


def learning_curves(
    prefix: str, evidence: Evidence, best: Sequence[Configuration], palette: Palette,
    levels: Sequence[tuple[str, float]] = (),
) -> Iterator[Figure | None]:  # fmt: skip
    """Draw every column of `CURVES`: one figure, or one for each kind of loss, as their values
    cannot be compared.

    Args:
        prefix: begins the figures' names.
        evidence: on the study.
        best: the configurations, best first: where not all can be drawn, the first ones are.
        palette: their styles.
        levels: name and height of level lines among accuracies.
    """
    for column in CURVES:
        losses = list(dict.fromkeys(c.row["loss"] for c in best))
        is_split = column.endswith("loss") and len(losses) > 1
        for loss in losses if is_split else [None]:
            own = [c for c in best if not is_split or c.row["loss"] == loss]
            of = f" ({value_text(loss)})" if is_split else ""
            part = f"-{part_of_name(value_text(loss))}" if is_split else ""
            known = [c for c in own if evidence.curves(c, column)]
            lines = [
                Line(c.name, palette[c], means_by_epoch(evidence.curves(c, column)))
                for c in palette.in_order(known)
            ]
            yield draw_lines(
                f"{prefix}-curve-{part_of_name(column)}{part}",
                f"{label_of(column)}{of} over epochs", column, lines, "epoch",
                levels=levels if column.endswith("accuracy") else (),
            )  # fmt: skip


def means_by_epoch(by_seed: Mapping[int, Sequence[float]]) -> list[Estimate]:
    """Return the mean over the seeds of every epoch that all of them have."""
    # runs that stopped early end before others: as far as all go
    return [mean(values) for values in zip(*by_seed.values(), strict=False)]


def draw_lines(
    name: str, title: str, column: str, lines: Sequence[Line], across: str, *,
    levels: Sequence[tuple[str, float]] = (), caption: str = "", marks: Sequence[int] = (),
    claimed: Sequence[tuple[str, float]] = (), published: Sequence[tuple[float, float]] = (),
) -> Figure | None:  # fmt: skip
    """Draw lines with bands; None if there is none.

    Those that lie far from all others are named at the edge, with their last value.

    Args:
        name, title: of the figure.
        column: what is drawn.
        lines: the first ones are drawn, if there are many.
        across: name of the x axis.
        levels: name and height of level lines.
        caption: what it says first.
        marks: places on the x axis that are spoken of.
        claimed: name and height of level lines that are shown, whatever the lines do.
        published: numbers of the document, place and height; those far off stand at the edge.
    """
    shown = lines[:MOST_LINES]
    if not shown:
        return None
    plot = Drawing()
    axes = plot.axes
    spans = [_span(line.points, column) for line in shown]
    beyond = off([ends_of(line.points[-1], column) for line in shown])
    seen = [span for i, span in enumerate(spans) if i not in beyond]
    low = min(low for low, _ in seen)
    close = near(seen, [y for _, y in published])
    seen += [(y, y) for y in [*close, *(y for _, y in claimed)]]
    sides = [shown[i].points[-1].value < low for i in beyond]
    zoom(axes, seen, column, below=any(sides), above=not all(sides))
    handles, thinned = [], 1
    for i, line in enumerate(shown):
        thinned = max(thinned, _draw(plot, line, column, clip=i in beyond))
        style = line.style.line
        handles += axes.plot([], [], linewidth=1.4, **style)
    last = max(len(line.points) for line in shown)
    for place in marks:
        axes.axvline(place, color=INK, linewidth=0.8, linestyle=":", alpha=0.7)
    _draw_published(plot, [(x, y) for x, y in published if y in close])
    axes.set_xlim(1 - 0.02 * last, last + 0.02 * last) if last > 1 else axes.set_xlim(0.5, 1.5)
    axes.set_xlabel(across)
    axes.set_ylabel(axis_label(column))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    far = [("published", y) for _, y in published if y not in close]
    references(axes, [*levels, *claimed, *far])
    _name_beyond(plot, [shown[i] for i in sorted(beyond)])
    plot.legend(handles, [line.name for line in shown])
    told = [f"{line.name} from {line.points[0].value:.3g} to {line.points[-1].value:.3g}"
            f" (n = {line.points[-1].n})" for line in shown]  # fmt: skip
    said = [
        caption,
        BAND if any(line.points[0].low is not None for line in shown) else
        "One seed: there are no intervals.",
        f"One {across} in {thinned} is drawn." if thinned > 1 else "",
        "What lies far off is named at the edge with its last value." if beyond else "",
        f"The first {MOST_LINES} of {len(lines)} lines; more are in the tables."
        if len(lines) > MOST_LINES else "",
    ]  # fmt: skip
    return plot.finish(name, title, " ".join(filter(None, said)), f"{'; '.join(told)}.")


def _draw_published(plot: Drawing, published: Sequence[tuple[float, float]]) -> None:
    for x, y in published:
        plot.axes.plot([x], [y], marker="_", markersize=14, markeredgewidth=2, color=INK,
                       linestyle="none", clip_on=False, zorder=5)  # fmt: skip
        plot.axes.annotate("published", (x, y), xytext=(-8, 3), textcoords="offset points",
                           ha="right", fontsize=SMALL)  # fmt: skip


def _span(points: Sequence[Estimate], column: str) -> tuple[float, float]:
    ends = [ends_of(point, column) for point in points]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _draw(plot: Drawing, line: Line, column: str, *, clip: bool) -> int:
    """Draw a line with its band; return of how many points one is drawn."""
    count = len(line.points)
    every = -(-count // _MOST_POINTS)
    places = sorted({*range(0, count, every), count - 1})
    x, points = [i + 1 for i in places], [line.points[i] for i in places]
    drawn = line.style.line | {"markevery": max(1, len(x) // 8), "clip_on": clip}
    plot.axes.plot(x, [point.value for point in points], linewidth=1.4, **drawn)
    if points[0].low is not None and count > 1:
        ends = [ends_of(point, column) for point in points]
        plot.axes.fill([*x, *reversed(x)],
                       [*(low for low, _ in ends), *(high for _, high in reversed(ends))],
                       color=line.style.colour, alpha=0.13, linewidth=0, clip_on=clip)  # fmt: skip
    return every


def _name_beyond(plot: Drawing, lines: Sequence[Line]) -> None:
    low, _ = plot.axes.get_ylim()
    for is_below, place, align in ((True, 3, "bottom"), (False, -3, "top")):
        said = [f"{line.name}: {line.points[-1].value:.3g}" for line in lines
                if (line.points[-1].value < low) == is_below]  # fmt: skip
        if said:
            text = f"{'↓' if is_below else '↑'} {', '.join(said)}"
            plot.axes.annotate(text, (1, 0 if is_below else 1), xycoords="axes fraction",
                               xytext=(-2, place), textcoords="offset points", ha="right",
                               va=align, fontsize=SMALL)  # fmt: skip
