"""Max pooling in square windows; what is left over at the borders is in no window."""

from typing import Any

Shape = tuple[int, ...]


def gives(window: int, shape: Shape) -> Shape:
    """Return the shape of its output."""
    return (shape[0], *(side // window for side in shape[1:]))


def make(window: int, *, mode: str) -> Any:
    """Return the module, in SpikingJelly's step mode."""
    from spikingjelly.activation_based import layer

    return layer.MaxPool2d(window, step_mode=mode)
