"""A NIR file and what enters it -> the model to run, and the input [T, B, ...] to run it on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnbench.config.setting import SETTINGS, Bounds
from snnbench.config.values import checked_shape, read_integer, read_number
from snnbench.errors import UserError, shortened
from snnbench.exchange.reading import read_graph
from snnbench.exchange.running import GraphModule, build

CUSTOMARY_DT = 1e-4  # seconds
_DT = Bounds(ge=1e-9, le=1e3)


@dataclass(frozen=True)
class Opened:
    """A graph that is ready to run.

    Attributes:
        model: takes [T, B, *model.input_shape].
        steps: T; None where neither the call nor the file says.
        trained: T of the network that was exported to the file; None where it does not say.
        notices: what is to be known of it, a sentence each.
    """

    model: GraphModule
    steps: int | None
    trained: int | None
    notices: tuple[str, ...]

    def fitted(self, shape: tuple[int, ...] | None, layout: str) -> tuple[int, ...]:
        """Return the shape of an input over time, [T, B, ...].

        Args:
            shape: of what there is, in the layout; None for one sample.
            layout: "TB", or "B" for an input that is there at every step.

        Raises:
            UserError: T is not known or another, or the samples have another shape.
        """
        sample = self.model.input_shape
        if shape is None:
            shape, layout = (1, *sample), "B"
        if layout == "B":
            if self.steps is None:
                remedy = f"Give -T {self.trained or 20}."
                raise UserError("A NIR graph has no number of steps.", remedy)
            shape = checked_shape((self.steps, *shape))
        if shape[2:] != sample or len(shape) < 2:
            raise UserError(
                f"An input of shape {shortened(str(list(shape)))} is not [T, B, ...] with what the "
                f"graph takes, {list(sample)}.",
                "Give all axes; with --layout B all but T.",
            )
        if self.steps not in (None, shape[0]):
            raise UserError(
                f"The input has {shape[0]} steps, and T is {self.steps}.", "Leave -T out."
            )
        return shape


def open_graph(path: Path, dt: object, steps: object) -> Opened:
    """Read a NIR file and build its model.

    Args:
        path: the file.
        dt: seconds of a step; None for that in the graph's metadata, or else the customary one.
        steps: T, or None.

    Raises:
        UserError: see `read_graph` and `build`; dt or T are out of range.
    """
    graph = read_graph(path)
    seconds, notices = _chosen(dt, _known(graph.metadata, "dt", _DT), path.name)
    T = None if steps is None else read_integer("T", steps)
    if T is not None and (refusal := SETTINGS["T"].bounds.refusal(T)):
        raise UserError(f"T: {T} is out of range.", f"T must be {refusal}.")
    built = build(graph, seconds)
    trained = _known(graph.metadata, "T", SETTINGS["T"].bounds)
    return Opened(
        built.model, T, None if trained is None else int(trained), (*notices, *built.notices)
    )


def checked_dt(dt: object) -> float:
    """Return the seconds of a step, or raise UserError where they are no number within bounds."""
    seconds = read_number("dt", dt)
    if refusal := _DT.refusal(seconds):
        raise UserError(f"dt: {seconds:g} s is out of range.", f"dt must be {refusal}.")
    return seconds


def _chosen(dt: object, known: float | None, name: str) -> tuple[float, list[str]]:
    """Return the seconds of a step, and what is to be known of them."""
    if dt is not None:
        seconds = checked_dt(dt)
        other = known not in (None, seconds)
        return seconds, [f"{name} says dt = {known:g} s; {seconds:g} s are taken."] * other
    if known is not None:
        return known, []
    return CUSTOMARY_DT, [f"{name} does not say its dt: {CUSTOMARY_DT:g} s, as is customary."]


def _known(metadata: dict[str, Any], name: str, bounds: Bounds) -> float | None:
    """Return a number that a graph was written with, if it says so."""
    value = metadata.get(name)
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "iuf":
        return None
    number = float(value.reshape(()))
    return None if bounds.refusal(number) else number
