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

from snnbench.errors import UserError, did_you_mean
from snnbench.words.layers import LAYERS
from snnbench.words.networks import ACTIVATIONS

MAX_WIDTH = 1_000_000
MAX_LAYERS = 256
_LONGEST = 40  # characters of a token, and shown on either side of where an arch breaks


@dataclass(frozen=True)
class LayerSpec:
    """One token of the notation.

    Attributes:
        kind: what the layer is, a word of `LAYERS`.
        width: units of a linear layer, channels of a convolution, window of a pooling.
        kernel: side of a convolution's kernel; 0 for the others.
        activation: the layer's own activation, or None for the network's.
    """

    kind: str
    width: int
    kernel: int = 0
    activation: str | None = None

    @property
    def has_weights(self) -> bool:
        """Whether the layer has weights: all but pooling."""
        return LAYERS[self.kind].weights


@lru_cache(maxsize=1024)  # a sweep asks for the same few, many times a run
def parse_arch(arch: str) -> tuple[LayerSpec, ...]:
    """Parse the notation.

    Raises:
        UserError: pointing at the character where the notation breaks.

    >>> [(layer.kind, layer.width) for layer in parse_arch("16c3-p2-64-10")]
    [('conv', 16), ('pool', 2), ('linear', 64), ('linear', 10)]
    """
    tokens = arch.split("-")
    if len(tokens) > MAX_LAYERS:
        raise UserError(
            f"arch has {len(tokens):,} layers.", f"Give it {MAX_LAYERS} layers or fewer."
        )
    layers: list[LayerSpec] = []
    position = 0
    for token in tokens:
        layer = _parse_token(arch, token, position)
        if LAYERS[layer.kind].spatial and any(not LAYERS[b.kind].spatial for b in layers):
            raise _broken(arch, position, f"'{token}' cannot follow a fully connected layer")
        layers.append(layer)
        position += len(token) + 1
    if LAYERS[layers[-1].kind].spatial:
        raise _broken(
            arch, position - 1, "the last layer must be fully connected, one unit a class"
        )
    return tuple(layers)


def layer_names(arch: str) -> tuple[str, ...]:
    """Return the names of the weight layers: kind, and position among them.

    Raises:
        UserError: see `parse_arch`.

    >>> layer_names("16c3-p2-64-10")
    ('conv1', 'fc2', 'fc3')
    """
    weighted = [layer for layer in parse_arch(arch) if layer.has_weights]
    return tuple(f"{LAYERS[layer.kind].prefix}{n}" for n, layer in enumerate(weighted, 1))


def split_input(arch: str) -> tuple[int, str]:
    """Split "784-10-10", an arch written with its input width, into (784, "10-10").

    Raises:
        UserError: the first token is not a plain number, or nothing follows it.
    """
    first, _, rest = arch.partition("-")
    plain = first.isascii() and first.isdigit() and len(first) <= _LONGEST
    if not (plain and 0 < int(first) <= MAX_WIDTH and rest):
        raise _broken(
            arch,
            0,
            "with --input-shape none the arch must begin with the input width, a number from 1 to "
            f"{MAX_WIDTH:,}",
        )
    return int(first), rest


def _parse_token(arch: str, token: str, position: int) -> LayerSpec:
    if len(token) > _LONGEST:
        raise _broken(arch, position, f"a layer of {len(token):,} characters")
    found = ((kind, _token(kind.token).match(token)) for kind in LAYERS.values())
    kind, match = next((pair for pair in found if pair[1] is not None), (None, None))
    if kind is None or match is None:
        starts = (re.match(kind.start, token, re.ASCII) for kind in LAYERS.values())
        offset = max((start.end() for start in starts if start), default=0)
        what = f"unexpected '{token[offset:]}'" if token[offset:] else f"'{token}' is incomplete"
        raise _broken(arch, position + offset, what if token else "a layer is missing here")
    parts = match.groupdict()
    name, kernel = parts["name"], int(parts.get("kernel", 0))
    if name is not None and (name not in ACTIVATIONS or not kind.weights):
        remedy = did_you_mean(name, ACTIVATIONS) if kind.weights else "pooling has no activation"
        raise _broken(
            arch, position + match.start("name"), f"unknown activation '{name}'. {remedy}"
        )
    if "kernel" in parts and kernel % 2 == 0:
        where = position + match.start("kernel")
        raise _broken(arch, where, "a kernel that keeps the image size has an odd side")
    layer = LayerSpec(kind.name, int(parts["width"]), kernel, name)
    if not 0 < layer.width <= MAX_WIDTH or layer.kernel > MAX_WIDTH:
        raise _broken(arch, position, f"sizes go from 1 to {MAX_WIDTH:,}")
    if layer.width < kind.least:
        raise _broken(arch, position + match.start("width"), f"it is at least {kind.least} here")
    return layer


@lru_cache
def _token(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{pattern}(?::(?P<name>[^-]*))?$", re.ASCII)


def _broken(arch: str, position: int, what: str) -> UserError:
    start = max(0, position - _LONGEST)
    before, after = arch[start:position], arch[position : position + _LONGEST]
    before = f"...{before}" if start else before
    after = f"{after}..." if position + _LONGEST < len(arch) else after
    return UserError(
        f"arch does not parse: {what}\n    {before}{after}\n    {' ' * len(before)}^",
        "Write layers from input to output, joined by '-': 16c3-p2-64-10, 256:linear-4:relu.",
    )
