"""The figure of an answer, with which its page begins."""

from collections.abc import Sequence
from statistics import fmean

from matplotlib.ticker import FuncFormatter

from snnbench.report.figures.drawing import SERIES, Drawing, Figure, drawing
from snnbench.report.judging.answer import Pair
from snnbench.report.reading.statistics import Estimate

_SKIPPED, _DENSE = "energy_pj_compute45nm", "energy_pj_compute45nm_dense"


def headline(pairs: Sequence[Pair]) -> Figure | None:
    """Draw accuracy against energy, an ANN with its zeros skipped and with all its products.

    Returns:
        None where there is nothing to draw.
    """
    shown = [pair for pair in pairs if pair.snn.comparable(_SKIPPED)]
    if not shown:
        return None
    told = []
    with drawing():
        plot = Drawing()
        energies: list[float] = []
        for number, pair in enumerate(shown, 1):
            label = str(number) if len(shown) > 1 else ""
            snn, ann = pair.accuracies
            mine = fmean(pair.snn.comparable(_SKIPPED).values())
            ends = [pair.ann.comparable(column).values() for column in (_SKIPPED, _DENSE)]
            twins = [fmean(values) for values in ends if values]
            _point(plot, mine, snn, 0, f"{label} SNN".strip())
            if twins:
                plot.axes.plot(twins, [ann.value] * len(twins), color=SERIES[1], linewidth=3,
                               alpha=0.4)  # fmt: skip
            for x, what in zip(twins, ("zeros skipped", "all products"), strict=False):
                _point(plot, x, ann, 1, f"{label} ANN, {what}".strip())
            energies += [mine, *twins]
            at = " to ".join(f"{x:.4g}" for x in twins)
            told.append(f"{pair.name or 'SNN'} {snn.value:.3g} at {mine:.4g} pJ, ANN"
                        f" {ann.value:.3g} at {at} pJ")  # fmt: skip
        if min(energies) > 0:
            plot.logarithmic(energies)
        plot.axes.margins(0.2)
        plot.axes.xaxis.set_minor_formatter(FuncFormatter(lambda x, _: f"{x / 1000:g}"))
        plot.axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x / 1000:g}"))
        plot.axes.set_xlabel("energy (nJ a sample), arithmetic alone")
        plot.axes.set_ylabel("test accuracy")
        return plot.finish(
            "answer-energy", "Accuracy against energy",
            "The circle is the spiking network. The bar is the ordinary one: at its left end"
            " products with zeros are skipped, at its right end all are computed. Error bars are"
            " 95 % t-intervals over seeds.",
            f"{'; '.join(told)}.",
        )  # fmt: skip


def _point(plot: Drawing, x: float, y: Estimate, series: int, label: str) -> None:
    plot.axes.errorbar([x], [y.value], yerr=[y.half_width or 0.0], capsize=2, color=SERIES[series],
                       marker="os"[series], markersize=7)  # fmt: skip
    plot.axes.annotate(label, (x, y.value), xytext=(6, 6), textcoords="offset points", fontsize=9)
