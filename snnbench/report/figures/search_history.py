"""The figure of a search over its trials: what each came to, and the best so far."""

from itertools import accumulate

from snnbench.report.figures.drawing import SERIES, Drawing, Figure
from snnbench.report.judging.searched import Search, value_in
from snnbench.report.reading.columns import heading

_PANEL = 2.4  # inches


def search_history(prefix: str, search: Search) -> Figure | None:
    """Draw each objective, a plot below the other, by the number of the trial."""
    objectives, n = search.objectives, len(search.trials)
    known = {o: [(i + 1, v) for i, c in enumerate(search.trials)
                 if (v := value_in(c, o)) is not None] for o in objectives}  # fmt: skip
    if min(map(len, known.values())) < 2:
        return None
    plot = Drawing(height=0.8 + _PANEL * len(objectives), panels=[1.0] * len(objectives))
    told = []
    for axes, (objective, points) in zip(plot.panels, known.items(), strict=True):
        label, factor = heading(objective.column, [value for _, value in points])
        x, y = [i for i, _ in points], [value / factor for _, value in points]
        best = list(accumulate(y, max if objective.direction == "max" else min))
        axes.plot(x, y, linestyle="none", marker="o", color=SERIES[0])
        axes.step([*x, n], [*best, best[-1]], where="post", color=SERIES[1], linewidth=1.4)
        axes.set_ylabel(label)
        told.append(f"{label}: best {best[0]:.4g} after the first trial,"
                    f" {best[-1]:.4g} from trial {x[best.index(best[-1])]} on")  # fmt: skip
    plot.panels[-1].set_xlabel("trial")
    failed = n - min(map(len, known.values()))
    left = f" {failed} of {n} trials have no value." if failed else ""
    return plot.finish(
        f"{prefix}-search-history", "The search, trial by trial",
        f"Points are trials, means over their seeds, in the order in which they were suggested; the"
        f" line is the best so far.{left}", f"{'; '.join(told)}.",
    )  # fmt: skip
