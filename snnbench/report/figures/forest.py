"""What a sample costs an SNN, as a multiple of its ANN's, by every energy model."""

from collections.abc import Sequence

from snnbench.report.figures.axes import SMALL, ratio_ticks
from snnbench.report.figures.drawing import INK, Drawing, Figure
from snnbench.report.figures.pairs import Pair
from snnbench.report.figures.styles import Palette
from snnbench.report.judging.evidence import Evidence
from snnbench.report.reading.energies import models
from snnbench.report.reading.statistics import Estimate, ratio
from snnbench.words.energies import Energy

_MOST_PAIRS = 4


def ratio_forest(
    name: str, pairs: Sequence[Pair], evidence: Evidence, headline: Energy, *, palette: Palette,
) -> Figure | None:  # fmt: skip
    """Draw the ratio SNN / ANN with its interval, a row a model; None if no model knows both.

    Args:
        name: of the figure.
        pairs: the first ones are drawn, if there are many.
        evidence: on their study.
        headline: the model whose row comes first.
        palette: styles of the SNNs.
    """
    shown = pairs[:_MOST_PAIRS]
    rows: list[tuple[Energy, list[Estimate | None]]] = []
    for word in models(headline):
        found = [
            ratio(evidence.energy(p.snn, word), evidence.energy(p.ann, word, beside=[p.snn]))
            for p in shown
        ]
        if any(found):
            rows.append((word, found))
    if not rows:
        return None
    plot = Drawing(height=0.9 + 0.24 * len(rows) * (1 if len(shown) == 1 else 1.3))
    axes = plot.axes
    axes.set_xscale("log")
    ends = [x for _, found in rows for e in found if e
            for x in (e.value, e.low or e.value, e.high or e.value)]  # fmt: skip
    low, high = min(*ends, 1.0) / 1.25, max(*ends, 1.0) * 1.25
    axes.set_xlim(low, high)
    axes.axvline(1.0, color=INK, linewidth=1)
    told = []
    for y, (word, found) in enumerate(rows):
        for k, (pair, estimate) in enumerate(zip(shown, found, strict=True)):
            if estimate is None:
                continue
            at = y + 0.6 * ((k + 0.5) / len(shown) - 0.5)
            style = palette[pair.snn]
            if estimate.low is not None and estimate.high is not None:
                axes.plot(
                    [estimate.low, estimate.high], [at, at], color=style.colour, linewidth=1.4
                )
            axes.plot([estimate.value], [at], **style.point | {"markersize": 5})
        only = found[0]
        if len(shown) == 1 and only is not None:
            axes.annotate(f"{only.value:.3g}", (1.01, y), xycoords=("axes fraction", "data"),
                          va="center", fontsize=SMALL)  # fmt: skip
        told.append(f"{word.label} {', '.join(f'{e.value:.3g}' if e else '?' for e in found)}")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [word.label for word, _ in rows])
    axes.grid(visible=False, axis="y")
    ratio_ticks(axes.xaxis, low, high, axes.bbox.width)
    axes.set_xlabel("energy of the SNN / that of its ANN")
    for text, side in (("cheaper", "right"), ("dearer", "left")):
        axes.annotate(f"SNN {text}", (1.0, 1.0), xycoords=("data", "axes fraction"), fontsize=SMALL,
                      xytext=(-4 if side == "right" else 4, 3), textcoords="offset points",
                      ha=side)  # fmt: skip
    if len(shown) > 1:
        handles = [axes.plot([], [], **palette[p.snn].point)[0] for p in shown]
        plot.legend(handles, [p.snn.name for p in shown])
    left = f" The best {len(shown)} of {len(pairs)} SNNs." if len(pairs) > len(shown) else ""
    return plot.finish(
        name, "Energy of the SNN as a multiple of its ANN's",
        "Every energy model that knows both; left of the line at 1 the SNN is cheaper. Bars are"
        f" 95 % t-intervals over seeds of the geometric mean.{shown[0].said}{left}",
        f"SNN / ANN: {'; '.join(told)}.",
    )  # fmt: skip
