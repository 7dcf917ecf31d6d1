"""The first figure of a study: accuracy against energy, and what an SNN has after each step."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

import numpy as np
import pandas as pd
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from snnbench.cost.units import energy_unit
from snnbench.report.figures.axes import ends_of, zoom
from snnbench.report.figures.drawing import SERIES, Drawing, Figure, drawing, shortened
from snnbench.report.judging.answer import Pair, key_of
from snnbench.report.judging.standing import ACCURACY, Standing
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.names import ONLY
from snnbench.report.reading.statistics import Estimate
from snnbench.words.energies import HEADLINE, Energy

_DENSE = f"{HEADLINE.column}_dense"
_MOST_POINTS, _MOST_BARS, _MOST_PAIRS = 200, 12, 2
_MOST_CHARACTERS = 32
_SIZE, _SMALL = (9.6, 3.5), (1.8, 0.9)  # inches
# From axis' end to end: at least so many times; below so many any round numbers are ticks, up to so
# many 1, 2 and 5, then powers of ten.
_LEAST_TIMES, _FEW_TIMES, _MANY_TIMES = 2, 5, 2000
# Where a name may stand beside its point, in points, the first that is free.
_PLACES = tuple((dx * far, dy * far) for far in (1, 2.2, 3.6)
                for dx, dy in ((8, 7), (8, -7), (-8, 7), (-8, -7), (0, 13), (0, -13)))  # fmt: skip

_Named = tuple[float, float, str]  # energy, accuracy, what is written there


@dataclass(frozen=True)
class _Point:
    """A configuration: where it is, up to where its energy reaches, and its name if it has one."""

    configuration: Configuration
    energy: float
    accuracy: Estimate
    dense: float | None
    label: str

    @property
    def series(self) -> int:
        return 0 if self.configuration.row["model"] == "snn" else 1


@dataclass(frozen=True)
class _Path:
    """What an SNN has reached: (energy, accuracy) after each step, and at its early exit."""

    steps: tuple[tuple[float, float], ...]
    exit: tuple[float, float] | None


def headline(
    name: str,
    standings: Sequence[Standing],
    pairs: Sequence[Pair],
    steps: pd.DataFrame,
    energy: Energy,
) -> tuple[Figure | None, Figure | None]:
    """Draw accuracy against energy, and the same small and without words.

    Args:
        name: of the figure.
        standings: of the study's configurations, best first.
        pairs: SNNs beside their ANNs, which are named; else the best and the cheapest are.
        steps: rows of steps.csv.
        energy: the model that counts.

    Returns:
        Both figures; None where no configuration has an energy.
    """
    points = list(_points(standings, pairs, energy))
    if not points:
        return None, None
    snn = pairs[0].snn if pairs else next((p.configuration for p in points if not p.series), None)
    path = _path(snn, steps, energy) if snn is not None else _Path((), None)
    with drawing():
        plot, small = Drawing(), Drawing()
        for drawn, size in ((plot, _SIZE), (small, _SMALL)):
            drawn.canvas.set_size_inches(*size)
        reached, named = _draw(plot, points, path, energy)
        _name(plot, named, points, reached)
        full = plot.finish(
            name, "Accuracy against energy", _caption(points, reached), _told(points, reached)
        )
        _draw(small, points, path, energy)
        small.axes.set_axis_off()
        return full, small.finish(f"{name}-small", full.title, full.caption, full.description)


def _points(
    standings: Sequence[Standing], pairs: Sequence[Pair], energy: Energy
) -> Iterator[_Point]:
    spoken = {key_of(c) for pair in pairs for c in (pair.snn, pair.ann)}
    above = [one for one in standings if not one.at_chance or key_of(one.configuration) in spoken]
    known = [
        (one.configuration, one.energy.value, one.accuracy)
        for one in (above or standings)[:_MOST_POINTS]
        if one.energy and one.accuracy
    ]
    labels = _labels([(c, value) for c, value, _ in known], pairs)
    for configuration, value, accuracy in known:
        dense = None
        if configuration.row["model"] == "ann" and energy.column == HEADLINE.column:
            found = configuration.comparable(_DENSE)
            dense = fmean(found.values()) if found else None
        yield _Point(configuration, value, accuracy, dense, labels.get(key_of(configuration), ""))


def _labels(known: Sequence[tuple[Configuration, float]], pairs: Sequence[Pair]) -> dict[str, str]:
    """Return the names of those that are spoken of, by their keys."""
    if pairs:
        named = {}
        for pair in pairs[:_MOST_PAIRS]:
            named[key_of(pair.snn)] = f"SNN {shortened(pair.name, _MOST_CHARACTERS)}".strip()
            named[key_of(pair.ann)] = "ANN"
        return named
    if not known:
        return {}
    best, cheapest = known[0][0], min(known, key=lambda pair: pair[1])[0]
    which = {
        key_of(cheapest): f"cheapest: {_short(cheapest)}",
        key_of(best): f"best: {_short(best)}",
    }
    return which if len(known) > 1 else {key_of(best): _short(best)}


def _short(configuration: Configuration) -> str:
    if configuration.name == ONLY:
        return str(configuration.row["model"]).upper()
    return shortened(configuration.name, _MOST_CHARACTERS)


def _path(snn: Configuration, steps: pd.DataFrame, energy: Energy) -> _Path:
    if energy.column not in steps:
        return _Path((), None)
    own = steps[steps["run_id"].isin(snn.alive["run_id"])]
    means = own.groupby("step")[[energy.column, "test_accuracy"]].mean().dropna()
    exits = [snn.comparable(column).values()
             for column in (f"exit_{energy.column}", "exit_accuracy")
             if column in snn.runs]  # fmt: skip
    left = (fmean(exits[0]), fmean(exits[1])) if len(exits) == 2 and all(exits) else None
    return _Path(tuple((float(x), float(y)) for x, y in means.to_numpy()), left)


def _draw(
    plot: Drawing, points: Sequence[_Point], path: _Path, energy: Energy
) -> tuple[_Path, list[_Named]]:
    """Draw all, and return what of the path is within the frame, and what is to be named."""
    axes = plot.axes
    low = min(p.accuracy.low or p.accuracy.value for p in points)
    high = max(p.accuracy.high or p.accuracy.value for p in points)
    bottom = low - 3 * max(high - low, 0.02)
    shown = _Path(tuple(place for place in path.steps if place[1] >= bottom), path.exit)
    named: list[_Named] = []
    bars = [p for p in points if p.dense and (p.label or len(points) <= _MOST_BARS)]
    for p in bars:
        axes.plot([p.energy, p.dense or 0.0], [p.accuracy.value] * 2, color=SERIES[1],
                  linewidth=3, alpha=0.4, solid_capstyle="butt")  # fmt: skip
        if p.label:
            named.append((p.dense or 0.0, p.accuracy.value, f"{p.label}, all products"))
    for p in sorted(points, key=lambda p: bool(p.label)):
        half = p.accuracy.half_width if p.label or len(points) <= _MOST_BARS else None
        axes.errorbar([p.energy], [p.accuracy.value], yerr=None if half is None else [half],
                      capsize=2, color=SERIES[p.series], marker="os"[p.series], linestyle="none",
                      markersize=7 if p.label else 5, alpha=1 if p.label else 0.7)  # fmt: skip
        if p.label:
            zeros = ", zeros skipped" if p.dense else ""
            named.append((p.energy, p.accuracy.value, f"{p.label}{zeros}"))
    if len(shown.steps) > 1:
        x, y = zip(*shown.steps, strict=True)
        axes.plot(x, y, color=SERIES[0], linewidth=1.2, marker=".", markersize=4)
        first = len(path.steps) - len(shown.steps) + 1
        named.append((x[0], y[0], f"after step {first}"))
    if shown.exit:
        axes.plot(*([value] for value in shown.exit), color=SERIES[0], marker="D", markersize=6,
                  markerfacecolor="none", linestyle="none")  # fmt: skip
        named.append((*shown.exit, "early exit"))
    energies = [p.energy for p in points] + [p.dense for p in bars if p.dense]
    energies += [x for x, _ in (*shown.steps, *((shown.exit,) if shown.exit else ()))]
    _energy_axis(plot, energies, energy)
    reached = [y for _, y in (*shown.steps, *((shown.exit,) if shown.exit else ()))]
    spans = [*(ends_of(p.accuracy, ACCURACY) for p in points), *((y, y) for y in reached)]
    zoom(axes, spans, ACCURACY)
    axes.set_ylabel("test accuracy")
    return shown, named[::-1]


def _energy_axis(plot: Drawing, energies: Sequence[float], energy: Energy) -> None:
    factor, unit = energy_unit(median(energies))
    about = "arithmetic alone" if energy.column == HEADLINE.column else f"by {energy.label}"
    plot.axes.set_xlabel(f"energy, {unit} a sample, {about}; logarithmic")
    if min(energies) <= 0:
        plot.logarithmic(energies)
        plot.axes.set_xlabel(f"energy, pJ a sample, {about}; logarithmic")
        return
    middle = math.sqrt(max(energies) * min(energies))
    wide = max((max(energies) / min(energies)) ** 0.62, _LEAST_TIMES**0.5)
    low, high = middle / wide, middle * wide
    plot.axes.set_xscale("log")
    plot.axes.set_xlim(low, high)
    if high / low < _FEW_TIMES:
        ticks = [factor * x for x in MaxNLocator(6).tick_values(low / factor, high / factor)]
    else:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        digits = (1, 2, 5) if high / low < _MANY_TIMES else (1,)
        ticks = [digit * 10.0**power for power in powers for digit in digits]
    plot.axes.xaxis.set_major_locator(FixedLocator([x for x in ticks if low <= x <= high]))
    plot.axes.xaxis.set_minor_locator(NullLocator())
    plot.axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / factor:g}"))


def _name(plot: Drawing, named: Sequence[_Named], points: Sequence[_Point], path: _Path) -> None:
    """Write each name beside its point where it hides nothing drawn, the first ones first."""
    bars = [((p.energy, p.accuracy.low), (p.energy, p.accuracy.high))
            for p in points if p.label and p.accuracy.low and p.accuracy.high]  # fmt: skip
    lines = [*pairwise(path.steps), *bars]
    frame = plot.axes.get_window_extent()
    places = plot.axes.transData.transform
    along = np.linspace(0, 1, 21)[:, None]
    marks = [
        *places([(p.energy, p.accuracy.value) for p in points]),
        *(mark for ends in map(places, lines) for mark in ends[0] + along * (ends[1] - ends[0])),
    ]
    taken: list[Bbox] = []
    for x, y, text in named:
        tried: list[tuple[float, Annotation]] = []
        for dx, dy in _PLACES:
            side = "left" if dx > 0 else "right" if dx < 0 else "center"
            note = plot.axes.annotate(text, (x, y), xytext=(dx, dy), ha=side, va="center",
                                      textcoords="offset points", fontsize=9)  # fmt: skip
            box = note.get_window_extent().expanded(1.08, 1.2)
            hidden = sum(box.overlaps(other) for other in taken)
            outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0
            over = sum(box.contains(*mark) for mark in marks)
            tried.append((100 * hidden + 10 * outside + over, note))
            if not tried[-1][0]:
                break
        best = min(tried, key=lambda pair: pair[0])[1]
        for _, note in tried:
            if note is not best:
                note.remove()
        taken.append(best.get_window_extent().expanded(1.08, 1.2))


def _caption(points: Sequence[_Point], path: _Path) -> str:
    said = []
    if any(not p.series for p in points):
        said.append("Circles are spiking networks.")
    if any(p.series for p in points):
        said.append("Squares are ordinary ones.")
    if any(p.dense for p in points):
        said.append("A bar begins where products with zeros are skipped and ends where all are"
                    " computed.")  # fmt: skip
    if len(path.steps) > 1:
        said.append("The line is the spiking network after each time step of inference.")
    if path.exit:
        said.append("The diamond is its early exit.")
    return " ".join([*said, "Error bars are 95 % t-intervals over seeds."])


def _told(points: Sequence[_Point], path: _Path) -> str:
    spoken = [p for p in points if p.label] or points[:1]
    parts = [
        f"{p.label or p.configuration.name}: {p.accuracy.value:.3g} at {p.energy:.4g}"
        + (f" to {p.dense:.4g} pJ" if p.dense else " pJ")
        for p in spoken
    ]
    if len(path.steps) > 1:
        (x, y), (end, last) = path.steps[0], path.steps[-1]
        parts.append(f"over the steps from {y:.3g} at {x:.4g} pJ to {last:.3g} at {end:.4g} pJ")
    return f"{'; '.join(parts)}."
