"""Kinds of layer, as tokens of the `arch` notation."""

from dataclasses import dataclass

from snnbench.words.table import Table, Word


@dataclass(frozen=True, kw_only=True)
class LayerKind(Word):
    """One row; its home is a module with the layer's arithmetic and its torch module.

    Attributes:
        token: regular expression of its token, with groups `width` and, where it has one, `kernel`.
        start: of how a token begins that is not complete.
        weights: it has weights; otherwise it belongs to the weight layer before it.
        spatial: it works on images (C, H, W); otherwise on rows of numbers.
        least: smallest width.
    """

    token: str
    start: str
    weights: bool = True
    spatial: bool = False
    least: int = 1

    @property
    def prefix(self) -> str:
        """What the names of such layers begin with: "fc" of "fc2"."""
        return {"linear": "fc"}.get(self.name, self.name)


def _kind(name: str, meaning: str, token: str, start: str, **row: bool | int) -> LayerKind:
    home = f"snnbench.network.layers.{name}"
    return LayerKind(name, meaning, home, token=token, start=start, **row)  # type: ignore[arg-type]


LAYERS = Table(
    "layer",
    LayerKind,
    (
        _kind("linear", "64: fully connected units", r"(?P<width>\d+)", r"\d+"),
        _kind("conv", "16c3: channels of a 3x3 convolution that keeps the image size",
              r"(?P<width>\d+)c(?P<kernel>\d+)", r"\d+c\d*", spatial=True),
        _kind("pool", "p2: 2x2 max pooling", r"p(?P<width>\d+)", r"p\d*",
              weights=False, spatial=True, least=2),
    ),
)  # fmt: skip
