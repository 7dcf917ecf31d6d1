"""A fully connected layer: y = W x + b."""

import math
from typing import Any

from snnbench.config.arch import LayerSpec

Shape = tuple[int, ...]
NORM = "BatchNorm1d"


def takes(shape: Shape) -> Shape:
    """Return the shape of a sample as the layer takes it: flat."""
    return (math.prod(shape),)


def gives(spec: LayerSpec, shape: Shape) -> Shape:
    """Return the shape of its output."""
    return (spec.width,)


def fan_in(spec: LayerSpec, shape: Shape) -> int:
    """Return M, the inputs of an output unit."""
    return shape[0]


def make(fan_in: int, shape: Shape, width: int, kernel: int, *, bias: bool, mode: str) -> Any:
    """Return the module, in SpikingJelly's step mode."""
    from spikingjelly.activation_based import layer

    return layer.Linear(fan_in, width, bias=bias, step_mode=mode)
