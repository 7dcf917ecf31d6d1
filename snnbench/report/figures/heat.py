"""Firing rates by layer and configuration, as a map with the numbers in it."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.patches import Rectangle

from snnbench.report.figures.drawing import Drawing, Figure, shortened
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import mean

_MOST_ROWS, _MOST_COLUMNS = 24, 12


def rate_map(prefix: str, rates: Mapping[str, Mapping[str, float]]) -> Figure | None:
    """Draw configuration's name -> layer -> mean firing rate; None if there is no rate.

    A number stands in every cell, and more is darker: it can be read without colours.
    """
    rows = [(name, layers) for name, layers in rates.items() if layers]
    if not rows:
        return None
    columns = list(dict.fromkeys(layer for _, layers in rows for layer in layers))
    shown, shown_columns = rows[:_MOST_ROWS], columns[:_MOST_COLUMNS]
    plot = Drawing(height=0.8 + 0.28 * len(shown))
    most = max(rate for _, layers in shown for rate in layers.values()) or 1.0
    for y, (_, layers) in enumerate(shown):
        for x, layer in enumerate(shown_columns):
            if layer not in layers:
                continue
            lightness = 1 - 0.85 * layers[layer] / most
            plot.axes.add_patch(Rectangle((x, y), 1, 1, facecolor=(lightness,) * 3, linewidth=0))
            # never the exact black that follows the page's theme: the cell's own does not
            plot.axes.text(x + 0.5, y + 0.5, f"{layers[layer]:.3f}", ha="center", va="center",
                           color="#ffffff" if lightness < 0.55 else "#111111")  # fmt: skip
    plot.axes.set_xlim(0, len(shown_columns))
    plot.axes.set_ylim(len(shown), 0)
    plot.axes.set_xticks([x + 0.5 for x in range(len(shown_columns))],
                         [shortened(layer, 12) for layer in shown_columns])  # fmt: skip
    plot.axes.set_yticks([y + 0.5 for y in range(len(shown))],
                         [shortened(name, 32) for name, _ in shown])  # fmt: skip
    plot.axes.tick_params(length=0)
    plot.axes.grid(visible=False)
    for spine in plot.axes.spines.values():
        spine.set_visible(False)
    left = len(rows) - len(shown)
    more = f" {left} more configurations are in the tables." if left else ""
    told = "; ".join(
        f"{name}: {', '.join(f'{layer} {rate:.3f}' for layer, rate in layers.items())}"
        for name, layers in shown
    )
    return plot.finish(
        f"{prefix}-rates", "Firing rate by layer and configuration",
        f"Spikes a neuron and step, mean over the seeds; more is darker.{more}", f"{told}.",
    )  # fmt: skip


def firing_rates(
    configurations: Sequence[Configuration], layers: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Return configuration's name -> layer -> mean output rate over its finished runs."""
    rows = layers.dropna(subset=["output_rate"])
    rates = {}
    for configuration in configurations:
        own = rows[rows["run_id"].isin(configuration.done["run_id"])]
        rates[configuration.name] = {
            str(layer): mean([float(x) for x in group]).value
            for layer, group in own.groupby("layer", sort=False)["output_rate"]
        }
    return rates
