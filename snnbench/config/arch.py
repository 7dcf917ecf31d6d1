"""The `arch` notation: "16c3-p2-64-64-64-10" -> layer list. Names and numbers only, no torch.

One token a layer, joined by "-", from the input's side to the output's, without the input:

    64          64 fully connected units
    16c3        16 channels of a 3x3 convolution that keeps the image size
    p2          2x2 max pooling
    20:linear   a layer with its own activation (relu, sigmoid, tanh, linear)
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from snnbench.errors import UserError, did_you_mean

ACTIVATIONS = ("relu", "sigmoid", "tanh", "linear")
MAX_WIDTH = 1_000_000

_TOKEN = re.compile(
    r"(?:(?P<channels>\d+)c(?P<kernel>\d+)|p(?P<pool>\d+)|(?P<units>\d+))(?::(?P<name>[^-]*))?$",
    re.ASCII,
)


@dataclass(frozen=True)
class LayerSpec:
    """One token of the notation.

    Attributes:
        kind: what the layer is.
        width: units of a linear layer, channels of a convolution, window of a pooling.
        kernel: side of a convolution's kernel; 0 for the others.
        activation: the layer's own activation, or None for the network's.
    """

    kind: Literal["linear", "conv", "pool"]
    width: int
    kernel: int = 0
    activation: str | None = None

    @property
    def has_weights(self) -> bool:
        """Whether the layer has weights: all but pooling."""
        return self.kind != "pool"


@lru_cache(maxsize=1024)  # a sweep asks for the same few, many times a run
def parse_arch(arch: str) -> tuple[LayerSpec, ...]:
    """Parse the notation.

    Raises:
        UserError: pointing at the character where the notation breaks.

    >>> [(layer.kind, layer.width) for layer in parse_arch("16c3-p2-64-10")]
    [('conv', 16), ('pool', 2), ('linear', 64), ('linear', 10)]
    """
    layers: list[LayerSpec] = []
    position = 0
    for token in arch.split("-"):
        layer = _parse_token(arch, token, position)
        if layer.kind != "linear" and any(before.kind == "linear" for before in layers):
            raise _broken(arch, position, f"'{token}' cannot follow a fully connected layer")
        layers.append(layer)
        position += len(token) + 1
    if layers[-1].kind != "linear":
        raise _broken(
            arch, position - 1, "the last layer must be fully connected, one unit a class"
        )
    return tuple(layers)


def split_input(arch: str) -> tuple[int, str]:
    """Split "784-10-10", an arch written with its input width, into (784, "10-10").

    Raises:
        UserError: the first token is not a plain number, or nothing follows it.
    """
    first, _, rest = arch.partition("-")
    if not (first.isascii() and first.isdigit() and int(first) > 0 and rest):
        raise _broken(arch, 0, "with --input-shape none the arch must begin with the input width")
    return int(first), rest


def _parse_token(arch: str, token: str, position: int) -> LayerSpec:
    match = _TOKEN.match(token)
    if match is None:
        good = re.match(r"\d+(c\d*)?|p\d*", token, re.ASCII)
        offset = good.end() if good else 0
        what = f"unexpected '{token[offset:]}'" if token[offset:] else f"'{token}' is incomplete"
        raise _broken(arch, position + offset, what if token else "a layer is missing here")
    name = match["name"]
    if name is not None and (name not in ACTIVATIONS or match["pool"]):
        remedy = (
            did_you_mean(name, ACTIVATIONS) if not match["pool"] else "pooling has no activation"
        )
        raise _broken(
            arch, position + match.start("name"), f"unknown activation '{name}'. {remedy}"
        )
    if match["channels"]:
        kernel = int(match["kernel"])
        if kernel % 2 == 0:
            where = position + match.start("kernel")
            raise _broken(arch, where, "a kernel that keeps the image size has an odd side")
        layer = LayerSpec("conv", int(match["channels"]), kernel, name)
    elif match["pool"]:
        layer = LayerSpec("pool", int(match["pool"]))
        if layer.width == 1:
            raise _broken(arch, position + 1, "a pooling window is at least 2")
    else:
        layer = LayerSpec("linear", int(match["units"]), activation=name)
    if not 0 < layer.width <= MAX_WIDTH or layer.kernel > MAX_WIDTH:
        raise _broken(arch, position, f"sizes go from 1 to {MAX_WIDTH:,}")
    return layer


def _broken(arch: str, position: int, what: str) -> UserError:
    return UserError(
        f"arch does not parse: {what}\n    {arch}\n    {' ' * position}^",
        "Write layers from input to output, joined by '-': 16c3-p2-64-10, 256:linear-4:relu.",
    )
