"""Kinds of layer, as tokens of the `arch` notation."""

from dataclasses import dataclass

from snnbench.words.table import Table, Word


@dataclass(frozen=True, kw_only=True)
class LayerKind(Word):
    """One row; its home is a module with the layer's arithmetic and its torch module.

    Attributes:
        token: regular expression of its token, with groups `width` and, where it has one, `kernel`.
        start: of how a token begins that is not complete.
        prefix: of the names of such layers in a network, "fc" of "fc2", where it has weights.
        weights: it has weights; otherwise it belongs to the weight layer before it.
        spatial: it works on images (C, H, W); otherwise on rows of numbers.
        least: smallest width.
    """

    token: str
    start: str
    prefix: str = ""
    weights: bool = True
    spatial: bool = False
    least: int = 1


_HOME = "snnbench.network.layers"

LAYERS = Table(
    "layer",
    LayerKind,
    (
        LayerKind(
            "linear",
            "64: fully connected units",
            f"{_HOME}.linear",
            token=r"(?P<width>\d+)",
            start=r"\d+",
            prefix="fc",
        ),
        LayerKind(
            "conv",
            "16c3: channels of a 3x3 convolution that keeps the image size",
            f"{_HOME}.conv",
            token=r"(?P<width>\d+)c(?P<kernel>\d+)",
            start=r"\d+c\d*",
            prefix="conv",
            spatial=True,
        ),
        LayerKind(
            "pool",
            "p2: 2x2 max pooling",
            f"{_HOME}.pool",
            token=r"p(?P<width>\d+)",
            start=r"p\d*",
            weights=False,
            spatial=True,
            least=2,
        ),
    ),
)
