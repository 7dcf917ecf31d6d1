"""What time steps buy and cost: accuracy over those of inference, energy against T."""

from collections.abc import Sequence

import pandas as pd

from snnbench.cost.comparing import Break, CostComparison
from snnbench.report.figures.axes import ratio_ticks, ticks_at
from snnbench.report.figures.compared import draw_points, points_along
from snnbench.report.figures.curves import Line, draw_lines, means_by_epoch
from snnbench.report.figures.drawing import BAND, INK, MOST_LINES, Drawing, Figure
from snnbench.report.figures.pairs import Pair
from snnbench.report.figures.placing import label_points
from snnbench.report.figures.styles import Palette, families_of, nth_style, rest_of
from snnbench.report.judging.evidence import Evidence
from snnbench.report.reading.columns import heading, label_of
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.names import short_names

_FURTHER = 1.25  # how far beyond the last break-even a line goes
_MOST_MODELS = 6
_MANY_TIMES = 20  # from this ratio of largest to smallest on, the axis is logarithmic
_PLACES = 24  # between which a line is straight, where it is none on a logarithmic axis


def accuracy_over_steps(
    prefix: str, steps: pd.DataFrame, best: Sequence[Configuration], palette: Palette,
    levels: Sequence[tuple[str, float]],
) -> Figure | None:  # fmt: skip
    """Draw an SNN's accuracy if inference ended after each step.

    Args:
        prefix: begins the figure's name.
        steps: see `Tables`.
        best: the configurations, best first.
        palette: their styles.
        levels: name and height of level lines.
    """
    rows = steps.dropna(subset=["test_accuracy"]).sort_values("step")
    by_run = {str(run): list(values) for run, values in rows.groupby("run_id")["test_accuracy"]}
    lines = []
    for c in palette.in_order([c for c in best if c.row["model"] == "snn"]):
        runs = c.done[["run_id", "seed"]].itertuples(index=False)
        by_seed = {int(seed): by_run[run] for run, seed in runs if run in by_run}
        if by_seed and max(map(len, by_seed.values())) > 1:
            lines.append(Line(c.name, palette[c], means_by_epoch(by_seed)))
    return draw_lines(
        f"{prefix}-steps", "Test accuracy over the steps of inference", "test_accuracy", lines,
        "step", levels=levels, caption="Accuracy if inference ended after each step.",
    )  # fmt: skip


def energy_by_steps(
    prefix: str, configurations: Sequence[Configuration], column: str, palette: Palette,
    pairs: Sequence[Pair],
) -> Figure | None:  # fmt: skip
    """Draw the energy of configurations that differ in T alone, beside that of their ANN."""
    spiking = [c for c in configurations if c.row["model"] == "snn"]
    families = list(families_of(spiking, "T").values())
    labels = short_names([rest_of(members[0], "T") for members in families]) if families else []
    lines = [
        (label, points)
        for label, members in zip(labels, families, strict=True)
        if len(points := points_along("T", members, column)) > 1
    ][:MOST_LINES]
    if not lines:
        return None
    anns = {id(p.ann): p.ann for p in pairs}
    found = next(iter(anns.values())).mean(column) if len(anns) == 1 else None
    axis, unit = heading(column, [p.estimate.value for _, points in lines for p in points])
    lines = [(label, [p.divided(unit) for p in points]) for label, points in lines]
    levels = [("ANN", found.value / unit)] if found else []
    plot = Drawing()
    ticks_at(plot, [point.x for _, points in lines for point in points])
    extra = [level for _, level in levels]
    heights = [*extra, *(p.estimate.value for _, points in lines for p in points)]
    if min(heights) > 0 and max(heights) / min(heights) > _MANY_TIMES:
        plot.axes.set_yscale("log")
    handles = draw_points(plot, [p for _, p in lines], column, palette, levels, extra=extra,
                          is_whole=True)  # fmt: skip
    plot.axes.set_xlabel("T, time steps")
    plot.axes.set_ylabel(axis)
    if len(lines) > 1:
        plot.legend(handles, [label for label, _ in lines])
    told = "; ".join(f"{label}: " + ", ".join(f"{p.estimate.value:.4g} at {p.x:g}" for p in points)
                     for label, points in lines)  # fmt: skip
    level = f" The ANN needs {found.value / unit:.4g}." if found else ""
    return plot.finish(
        f"{prefix}-energy-T", f"{label_of(column)} against T",
        f"Below the ANN's level an SNN is cheaper. {BAND}" if found else BAND,
        f"{axis}: {told}.{level}",
    )  # fmt: skip


def break_even(prefix: str, pair: Pair, evidence: Evidence) -> Figure | None:
    """Draw the energy of an SNN over its ANN's against T, at the rates that it has, by model.

    None where no model has a T at which both cost the same, or the facts were not recorded.
    """
    snn, ann = evidence.facts(pair.snn), evidence.facts(pair.ann)
    seed = next((s for s in sorted(snn) if s in ann), None)
    T = pair.snn.row["T"]
    if seed is None or not isinstance(T, int):
        return None
    breaks = CostComparison(snn[seed], ann[seed]).breaks()
    # through its own T and that at which it costs what its ANN does goes one line
    found = {(f"{b.ratio:.4g}", f"{b.T:.4g}"): b  # some models give the same line
             for b in reversed(breaks)
             if b.T and b.ratio > 0 and abs(b.T - T) > 1e-6 * T}  # fmt: skip
    known = list(reversed(found.values()))[:_MOST_MODELS]
    if not known:
        return None
    plot = Drawing()
    last = _FURTHER * max(T, *(_even(b) for b in known))
    handles, ends = [], []
    for number, b in enumerate(known):
        style = nth_style(number)
        slope = (1 / b.ratio - 1) / (T - _even(b))
        across = [1 + (last - 1) * k / _PLACES for k in range(_PLACES + 1)]
        heights = [1 + slope * (x - _even(b)) for x in across]
        ends += heights
        handles += plot.axes.plot(across, heights, linewidth=1.4, marker="",
                                  color=style.colour, linestyle=style.dashes)  # fmt: skip
        plot.axes.plot([T], [1 / b.ratio], color=style.colour, marker=style.marker)
    plot.axes.axhline(1.0, color=INK, linewidth=0.9)
    plot.axes.set_xlim(0, last)
    if min(ends) > 0 and max(ends) / min(ends) > _MANY_TIMES:
        plot.axes.set_yscale("log")
        ratio_ticks(plot.axes.yaxis, min(ends), max(ends), plot.axes.bbox.height)
    plot.axes.plot([_even(b) for b in known], [1.0] * len(known), linestyle="none", marker="o",
                   markersize=7, markerfacecolor="none", color=INK)  # fmt: skip
    plot.canvas.draw_without_rendering()
    label_points(
        plot.axes, [(_even(b), 1.0) for b in known], [f"T = {_even(b):.3g}" for b in known]
    )
    plot.axes.set_xlabel("T, time steps")
    plot.axes.set_ylabel("energy of the SNN / its ANN's")
    plot.legend(handles, [b.model for b in known])
    left = len(breaks) - len(known)
    never = f" {left} more models have no such T, or are left out." if left else ""
    return plot.finish(
        f"{prefix}-break-even", "From which T on the SNN is dearer",
        f"{pair.snn.name}, seed {seed}: energy over that of its ANN, at the rates it has. Below 1"
        f" the SNN is cheaper; rings are the break-even, marks its own T = {T}.{never}{pair.said}",
        "Break-even at " + ", ".join(f"T = {_even(b):.3g} by {b.model}" for b in known) + ".",
    )  # fmt: skip


def _even(found: Break) -> float:
    assert found.T is not None
    return found.T
