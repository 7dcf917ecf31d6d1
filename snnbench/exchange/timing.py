"""How long a step is, and how many there are: as asked for, or as a graph says. No torch."""

from typing import Any

import numpy as np

from snnbench.config.setting import SETTINGS, Bounds
from snnbench.config.values import read_integer, read_number
from snnbench.errors import UserError

CUSTOMARY_DT = 1e-4  # seconds
_DT = Bounds(ge=1e-9, le=1e3)


def checked_dt(dt: object) -> float:
    """Return the seconds of a step, or raise UserError where they are no number within bounds."""
    seconds = read_number("dt", dt)
    if refusal := _DT.refusal(seconds):
        raise UserError(f"dt: {seconds:g} s is out of range.", f"dt must be {refusal}.")
    return seconds


def checked_steps(steps: object) -> int:
    """Return T, or raise UserError where it is no number within the setting's bounds."""
    T = read_integer("T", steps)
    if refusal := SETTINGS["T"].bounds.refusal(T):
        raise UserError(f"T: {T} is out of range.", f"T must be {refusal}.")
    return T


def chosen_dt(dt: object, metadata: dict[str, Any], name: str) -> tuple[float, list[str]]:
    """Return the seconds of a step, and what is to be known of them, a sentence each.

    Args:
        dt: asked for; None for that of the graph, or else the customary one.
        metadata: of the graph.
        name: of its file.
    """
    known = _known(metadata, "dt", _DT)
    if dt is None and known is None:
        return CUSTOMARY_DT, [f"{name} does not say its dt: {CUSTOMARY_DT:g} s, as is customary."]
    seconds = known if dt is None else checked_dt(dt)
    assert seconds is not None
    if known is None or known == seconds:
        return seconds, []
    return seconds, [f"{name} says dt = {known:g} s; {seconds:g} s are taken."]


def known_steps(metadata: dict[str, Any]) -> int | None:
    """Return T of the network that was written as a graph, if it says so."""
    known = _known(metadata, "T", SETTINGS["T"].bounds)
    return None if known is None else int(known)


def _known(metadata: dict[str, Any], name: str, bounds: Bounds) -> float | None:
    value = metadata.get(name)
    if not isinstance(value, np.ndarray) or value.size != 1 or value.dtype.kind not in "iuf":
        return None
    number = float(value.reshape(()))
    return None if bounds.refusal(number) else number
