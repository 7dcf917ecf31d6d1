"""The spike raster: who fires when, while a saved network looks at one sample."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.ticker import MaxNLocator

from snnbench.errors import UserError
from snnbench.report.figures.drawing import SERIES, Drawing, Figure, drawing
from snnbench.report.figures.recording import LayerSpikes, Recording, best_saved, record
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.source import Tables
from snnbench.studies.objective import Objective

_MOST_PANELS = 8
_MOST_NEURONS = 100
_MOST_STEPS = 500
_MARK = 0.8  # of a row's height


def raster_of(
    prefix: str, tables: Tables, objective: Objective, configurations: Sequence[Configuration]
) -> tuple[Figure | None, str | None]:
    """Draw what the best saved SNN of a study does with one sample.

    Returns:
        The figure, None if no model was saved; and a sentence on why it could not be drawn.
    """
    found = best_saved(tables, objective.column, largest=objective.direction == "max")
    if found is None:
        return None, None
    row, path = found
    try:
        recording = record(row, path)
    except UserError as error:
        return None, f"No spike raster of run {row['run_id']}: {error.problem}"
    if not recording.layers:
        return None, f"No spike raster of run {row['run_id']}: none of its layers spikes."
    name = next(c.name for c in configurations if row["run_id"] in set(c.runs["run_id"]))
    with drawing():
        return draw(f"{prefix}-raster", f"{row['run_id']} ({name}, seed {row['seed']})", recording
                    ), None  # fmt: skip


def draw(name: str, run: str, recording: Recording) -> Figure:
    """Draw one panel a layer, input first: steps from left to right, neurons upwards.

    Args:
        name: of the figure.
        run: what is shown, in words.
        recording: see `record`.
    """
    layers = recording.layers[:_MOST_PANELS]
    heights = [0.4 + 0.014 * len(_shown(layer)) for layer in layers]
    plot = Drawing(height=0.4 + sum(heights), panels=heights)
    for axes, layer in zip(plot.panels, layers, strict=True):
        steps, units = layer.spikes[:_MOST_STEPS].shape
        axes.add_patch(PathPatch(_marks(layer), fill=False, edgecolor=SERIES[0], capstyle="butt",
                                 linewidth=min(10.0, max(0.7, 180 / steps))))  # fmt: skip
        axes.set_xlim(0.5, steps + 0.5)
        axes.set_ylim(-1, units)
        axes.set_yticks([0, units - 1] if units > 1 else [0])
        axes.set_title(f"{layer.name}: {_count(layer)}", loc="left", fontsize=9)
        axes.grid(visible=False)
    last = plot.panels[-1]
    last.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    last.set_xlabel("step")
    counted = ", ".join(f"{layer.name} {int(layer.spikes.sum()):,}" for layer in recording.layers)
    return plot.finish(
        name, "Spikes while the network looks at one sample",
        f"Run {run}; the first sample of the test part, number {recording.sample} of"
        f" {recording.dataset}: label {recording.label}, predicted {recording.predicted}. A mark is"
        f" a spike of a neuron (upwards) at a step (across). Spikes: {counted}."
        f"{_left_out(recording)}",
        f"Label {recording.label}, predicted {recording.predicted}. "
        f"{'; '.join(f'{layer.name}: {_count(layer)}{_peak(layer)}' for layer in layers)}.",
    )  # fmt: skip


def _shown(layer: LayerSpikes) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the neurons that are drawn: all, or as many as fit, evenly spaced."""
    units = layer.spikes.shape[1]
    places = np.linspace(0, units - 1, min(units, _MOST_NEURONS))
    return places.round().astype(np.int64)


def _marks(layer: LayerSpikes) -> Outline:
    """Return a vertical line for each spike, as one path: a page of thousands stays small."""
    shown = _shown(layer)
    steps, rows = np.nonzero(layer.spikes[:_MOST_STEPS, shown])
    half = _MARK / 2 * layer.spikes.shape[1] / len(shown)
    ends = np.empty((2 * len(steps), 2))
    ends[:, 0] = np.repeat(steps + 1, 2)
    ends[:, 1] = np.repeat(shown[rows], 2)
    ends[0::2, 1] -= half
    ends[1::2, 1] += half
    codes = np.tile([Outline.MOVETO, Outline.LINETO], len(steps))
    outline = Outline(ends, codes)
    outline.should_simplify = False  # which would join marks
    return outline


def _count(layer: LayerSpikes) -> str:
    spikes, units = int(layer.spikes.sum()), layer.spikes.shape[1]
    return f"{spikes:,} {'spike' if spikes == 1 else 'spikes'} of {units:,} neurons"


def _peak(layer: LayerSpikes) -> str:
    by_step = layer.spikes.sum(axis=1)
    step = int(by_step.argmax())
    return f", most at step {step + 1} ({int(by_step[step]):,})" if by_step[step] else ""


def _left_out(recording: Recording) -> str:
    """Say what is not drawn."""
    said = []
    if recording.layers[0].name != "input":
        said.append(" The input is a constant current, without spikes.")
    wide = [layer.name for layer in recording.layers if len(_shown(layer)) < layer.spikes.shape[1]]
    if wide:
        each = " each" if len(wide) > 1 else ""
        said.append(
            f" Of {' and '.join(wide)}, {_MOST_NEURONS} neurons{each} are drawn, evenly spaced."
        )
    steps = len(recording.layers[0].spikes)
    if steps > _MOST_STEPS:
        said.append(f" The first {_MOST_STEPS} of {steps:,} steps are drawn.")
    if len(recording.layers) > _MOST_PANELS:
        said.append(f" The first {_MOST_PANELS} of {len(recording.layers)} layers are drawn.")
    return "".join(said)
