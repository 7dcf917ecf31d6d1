"""A two-dimensional convolution with stride 1 that keeps the image size."""

from typing import Any

from snnbench.config.arch import LayerSpec

Shape = tuple[int, ...]
NORM = "BatchNorm2d"


def takes(shape: Shape) -> Shape | None:
    """Return the shape of a sample as the layer takes it: an image (C, H, W), or None."""
    return shape if len(shape) == 3 else None


def gives(spec: LayerSpec, shape: Shape) -> Shape:
    """Return the shape of its output."""
    return (spec.width, *shape[1:])


def fan_in(spec: LayerSpec, shape: Shape) -> int:
    """Return C_in k k, the inputs of an output unit away from the borders."""
    return shape[0] * spec.kernel**2


def make(fan_in: int, shape: Shape, width: int, kernel: int, *, bias: bool, mode: str) -> Any:
    """Return the module, in SpikingJelly's step mode."""
    from snnbench.network.convolution import Convolution

    return Convolution(shape[0], width, kernel, padding=kernel // 2, bias=bias, step_mode=mode)
