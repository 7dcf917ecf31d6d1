"""The figures of a study, drawn from its configurations and learning curves."""

import math
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.ticker import MaxNLocator

from snnbench.report.figures.compared import comparisons, sensitivities
from snnbench.report.figures.drawing import (
    BAND,
    INK,
    MOST_LINES,
    SERIES,
    Drawing,
    Figure,
    drawing,
    line_style,
    part_of_name,
)
from snnbench.report.figures.heat import rate_map
from snnbench.report.figures.pareto import pareto_front
from snnbench.report.judging.evidence import Evidence
from snnbench.report.reading.columns import CURVES, axis_label, label_of
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import Estimate, mean
from snnbench.studies.objective import Objective
from snnbench.studies.selecting import value_text

_MANY_TIMES = 20  # from this ratio of dearest to cheapest on, the axis is logarithmic
_MOST_CHARACTERS = 24  # of a name that stands at a point


def figures_of(prefix: str, evidence: Evidence, rates: Mapping[str, Mapping[str, float]],
               best: Sequence[Configuration], objective: Objective, *,
               energy: str) -> list[Figure]:  # fmt: skip
    """Draw what the runs have something to show for.

    Args:
        prefix: begins the figures' names.
        evidence: configurations and epochs of a study.
        rates: configuration's name -> layer -> mean firing rate.
        best: the configurations, best first: where not all can be drawn, the first ones are.
        objective: what configurations are compared by.
        energy: column of the energy that they are drawn by.
    """
    configurations = evidence.configurations
    with drawing():
        found: list[Figure | None] = [
            *(figure for column in CURVES for figure in _curves(prefix, column, evidence, best)),
            *sensitivities(prefix, configurations, objective),
            *comparisons(prefix, configurations, objective),
            _energy(prefix, configurations, energy),
            rate_map(prefix, rates),
        ]
    return [figure for figure in found if figure is not None]


def _curves(
    prefix: str, column: str, evidence: Evidence, best: Sequence[Configuration]
) -> Iterator[Figure | None]:
    """One figure, or one for each kind of loss: their values cannot be compared."""
    losses = dict.fromkeys(c.row["loss"] for c in best)
    if not column.endswith("loss") or len(losses) < 2:
        yield _curve(f"{prefix}-curve-{part_of_name(column)}", f"{label_of(column)} over epochs",
                     column, evidence, best)  # fmt: skip
        return
    for loss in losses:
        own = [c for c in best if c.row["loss"] == loss]
        name = f"{prefix}-curve-{part_of_name(column)}-{part_of_name(value_text(loss))}"
        title = f"{label_of(column)} ({value_text(loss)}) over epochs"
        yield _curve(name, title, column, evidence, own)


def _curve(
    name: str, title: str, column: str, evidence: Evidence, best: Sequence[Configuration]
) -> Figure | None:
    lines: list[tuple[Configuration, list[Estimate]]] = []
    more = ""
    for configuration in best:
        by_seed = list(evidence.curves(configuration, column).values())
        if not by_seed:
            continue
        if len(lines) == MOST_LINES:
            more = f" The best {MOST_LINES} configurations; more are in the tables."
            break
        # runs that stopped early end before others: as far as all go
        epochs = list(zip(*by_seed, strict=False))
        lines.append((configuration, [mean(values) for values in epochs]))
    if not lines:
        return None
    plot = Drawing()
    handles = []
    for i, (_, points) in enumerate(lines):
        x = range(1, len(points) + 1)
        every = max(1, len(points) // 8)
        style = line_style(i) | {"markevery": every}
        handles += plot.axes.plot(x, [p.value for p in points], linewidth=1.4, **style)
        if points[0].low is not None:
            lows, highs = [p.low or 0.0 for p in points], [p.high or 0.0 for p in points]
            plot.axes.fill_between(x, lows, highs, color=style["color"], alpha=0.15, linewidth=0)
    plot.axes.set_xlabel("epoch")
    plot.axes.set_ylabel(column)
    plot.axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plot.legend(handles, [configuration.name for configuration, _ in lines])
    told = [f"{c.name} from {p[0].value:.3g} to {p[-1].value:.3g} (n = {p[-1].n})"
            for c, p in lines]  # fmt: skip
    return plot.finish(name, title, f"{BAND}{more}", f"{'; '.join(told)}.")


def _energy(prefix: str, configurations: Sequence[Configuration], column: str) -> Figure | None:
    points = [
        (c, cost.value, accuracy)
        for c in configurations
        if (cost := c.mean(column)) and (accuracy := c.mean("test_accuracy"))
    ]
    alive = [i for i, (c, _, _) in enumerate(points) if not c.dead]
    if len(points) < 2 or not alive:
        return None
    found = pareto_front([(points[i][1], points[i][2].value) for i in alive])
    front = [alive[i] for i in found]
    plot = Drawing()
    for i, (c, energy, reached) in enumerate(points):
        spiking = c.row["model"] == "snn"
        plot.axes.errorbar(
            [energy], [reached.value], yerr=[reached.half_width or 0.0], capsize=2,
            marker="x" if c.dead else "o" if spiking else "s", color=SERIES[0 if spiking else 1],
            markerfacecolor=SERIES[0 if spiking else 1] if i in front else "none", markersize=6,
        )  # fmt: skip
    plot.axes.step([points[i][1] for i in front], [points[i][2].value for i in front],
                   where="post", color=INK, linestyle="--", linewidth=1)  # fmt: skip
    energies = [energy for _, energy, _ in points]
    if min(energies) > 0 and max(energies) / min(energies) >= _MANY_TIMES:
        plot.logarithmic(energies)
        energies = [math.log(energy) for energy in energies]
    places = [(x, reached.value) for x, (_, _, reached) in zip(energies, points, strict=True)]
    _name_points(plot, [points[i] for i in sorted(_apart(places, front), key=front.index)])
    plot.axes.set_xlabel(axis_label(column))
    plot.axes.set_ylabel("test_accuracy")
    told = "; ".join(f"{points[i][0].name}: {points[i][2].value:.3g} at {points[i][1]:.4g} pJ"
                     for i in front)  # fmt: skip
    dead = " Crosses are silent or saturated networks, which cannot be on it."
    crosses = dead if len(alive) < len(points) else ""
    return plot.finish(
        f"{prefix}-energy", "Accuracy against energy",
        f"Circles are spiking, squares ordinary networks; filled and joined by the dashed line: the"
        f" Pareto front, than which no configuration is cheaper and as accurate.{crosses} {BAND}",
        f"On the Pareto front: {told}.",
    )  # fmt: skip


def _name_points(plot: Drawing, points: Sequence[tuple[Configuration, float, Estimate]]) -> None:
    """Write names at points, or where they are long, numbers with the names below the plot."""
    names = [configuration.name for configuration, _, _ in points]
    labels, place = names, (4, -10)
    if any(len(name) > _MOST_CHARACTERS for name in names):
        labels, place = [str(i + 1) for i in range(len(points))], (-10, 4)
        handles = [plot.axes.plot([], [], linestyle="none")[0] for _ in names]
        plot.legend(handles, [f"{i}: {name}" for i, name in zip(labels, names, strict=True)])
    for text, (_, energy, reached) in zip(labels, points, strict=True):
        plot.axes.annotate(text, (energy, reached.value), xytext=place,
                           textcoords="offset points", fontsize=8)  # fmt: skip


def _apart(places: Sequence[tuple[float, float]], front: Sequence[int]) -> list[int]:
    """Return those of the front that are far enough from each other to be named, the best first.

    Far enough is a twelfth of the whole height or a sixth of the whole width, as they are drawn.
    """
    x, y = zip(*places, strict=True)
    wide, high = (max(values) - min(values) for values in (x, y))
    named: list[int] = []
    for i in reversed(front):
        if all(abs(x[i] - x[k]) > wide / 6 or abs(y[i] - y[k]) > high / 12 for k in named):
            named.append(i)
    return named
