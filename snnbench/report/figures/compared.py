"""Figures of what a setting does to a study's objective: curves over numbers, names compared."""

from collections.abc import Iterator, Sequence

from snnbench.config.setting import Value
from snnbench.report.figures.drawing import (
    BAND,
    MOST_LINES,
    Drawing,
    Figure,
    line_style,
    part_of_name,
    shortened,
)
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

_MANY_TIMES = 50  # from this ratio of largest to smallest above 0 on, the axis is logarithmic


def sensitivities(
    prefix: str, configurations: Sequence[Configuration], objective: Objective
) -> Iterator[Figure | None]:
    """Draw the objective by each setting that takes several numbers."""
    names = varied_numbers(configurations)
    return (_sensitivity(prefix, name, configurations, objective) for name in names)


def comparisons(
    prefix: str, configurations: Sequence[Configuration], objective: Objective
) -> Iterator[Figure | None]:
    """Draw the objective for each choice of the settings whose values are names or truths."""
    return (_comparison(prefix, name, configurations, objective) for name in choices())


def _sensitivity(
    prefix: str, name: str, configurations: Sequence[Configuration], objective: Objective
) -> Figure | None:
    """One line for each combination of the other settings that takes several values of this."""
    families: dict[tuple[Value, ...], list[Configuration]] = {}
    for configuration in configurations:
        if configuration.row[name] is not None:
            rest = tuple(_rest(configuration, name).values())
            families.setdefault(rest, []).append(configuration)
    rows = [_rest(members[0], name) for members in families.values()]
    lines = [
        (label, _points(name, members, objective.column))
        for label, members in zip(short_names(rows), families.values(), strict=True)
    ]
    lines = [(label, points) for label, points in lines if len(points) > 1]
    if not lines:
        return None
    plot = Drawing()
    handles = []
    for i, (_, points) in enumerate(lines[:MOST_LINES]):
        x, y = [p[0] for p in points], [p[1].value for p in points]
        handles.append(_with_bars(plot, x, [p[1] for p in points], y, i))
    values = [x for _, points in lines for x, _ in points]
    above = [x for x in values if x > 0]
    if above and min(values) >= 0 and max(above) / min(above) >= _MANY_TIMES:
        plot.logarithmic(values)
    plot.axes.set_xlabel(name)
    plot.axes.set_ylabel(axis_label(objective.column))
    if len(lines) > 1:
        plot.legend(handles, [label for label, _ in lines[:MOST_LINES]])
    largest = objective.direction == "max"
    best = (max if largest else min)((e.value, x) for _, points in lines for x, e in points)
    more = f" {len(lines) - MOST_LINES} more lines are left out." if len(lines) > MOST_LINES else ""
    return plot.finish(
        f"{prefix}-vary-{part_of_name(name)}", f"{label_of(objective.column)} by {name}",
        f"The {'largest' if largest else 'smallest'} mean is at {name} = {best[1]:g}. {BAND}{more}",
        "; ".join(f"{label}: {', '.join(f'{e.value:.3g} at {x:g}' for x, e in points)}"
                  for label, points in lines[:MOST_LINES]),
    )  # fmt: skip


def _rest(configuration: Configuration, name: str) -> dict[str, Value]:
    """Return what else it is; variants may be named after the very value that is varied."""
    return {k: v for k, v in configuration.row.items() if k not in (name, "variant")}


def _points(
    name: str, members: Sequence[Configuration], column: str
) -> list[tuple[float, Estimate]]:
    found = []
    for value in sorted({float(str(c.row[name])) for c in members}):
        same = [c for c in members if c.row[name] == value and c.comparable(column)]
        values = pooled(same, column)
        if values:
            error = binomial_error_of(same, column, values)
            found.append((value, mean(list(values.values()), error=error)))
    return found


def _with_bars(
    plot: Drawing, x: Sequence[float], points: Sequence[Estimate], y: Sequence[float], index: int
) -> object:
    half = [point.half_width or 0.0 for point in points]
    style = line_style(index)
    return plot.axes.errorbar(x, y, yerr=half, capsize=2, linewidth=1.4, **style)


def _comparison(
    prefix: str, name: str, configurations: Sequence[Configuration], objective: Objective
) -> Figure | None:
    """A point with an interval for each configuration, grouped by its choice of a setting."""
    groups: dict[Value, list[tuple[Configuration, Estimate]]] = {}
    for configuration in configurations:
        estimate = configuration.mean(objective.column)
        if configuration.row[name] is not None and estimate is not None:
            groups.setdefault(configuration.row[name], []).append((configuration, estimate))
    if len(groups) < 2:
        return None
    values = sorted(groups, key=str)
    plot = Drawing()
    for i, value in enumerate(values):
        members = groups[value]
        for j, (_, estimate) in enumerate(members):
            place = i + 0.5 * ((j + 0.5) / len(members) - 0.5)  # side by side
            half = estimate.half_width or 0.0
            style = line_style(i) | {"linestyle": "none"}
            plot.axes.errorbar([place], [estimate.value], yerr=[half], capsize=3, **style)
    plot.axes.set_xticks(range(len(values)), [shortened(value_text(v), 16) for v in values])
    plot.axes.set_xlim(-0.5, len(values) - 0.5)
    plot.axes.set_xlabel(name)
    plot.axes.set_ylabel(axis_label(objective.column))
    less = "" if objective.direction == "max" else "; less is better"
    told = [
        f"{value_text(v)}: means from"
        f" {min(e.value for _, e in groups[v]):.3g} to {max(e.value for _, e in groups[v]):.3g}"
        for v in values
    ]
    return plot.finish(
        f"{prefix}-by-{part_of_name(name)}", f"{label_of(objective.column)} by {name}",
        f"One point a configuration{less}. {BAND}", f"{'; '.join(told)}.",
    )  # fmt: skip
