"""A figure as a PDF: what was drawn for the page, once more by another backend."""

import io
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgba, to_rgba_array
from matplotlib.figure import Figure as Canvas

from snnbench.report.figures.drawing import drawing

# What artists have colours of, each with a function that returns them and one that sets them.
_PAINTED = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def to_pdf(canvas: Canvas, colours: Mapping[str, str]) -> bytes:
    """Return vector graphics with fonts embedded as TrueType; the same bytes every time.

    Args:
        canvas: what was drawn; it has other colours from now on.
        colours: a colour of which the figure is painted -> the one that is meant.
    """
    meant = {to_rgba(painted)[:3]: to_rgba(colour)[:3] for painted, colour in colours.items()}
    for artist in canvas.findobj():
        for name in _PAINTED:
            get, put = (getattr(artist, f"{verb}_{name}", None) for verb in ("get", "set"))
            if get is not None and put is not None:
                _repaint(get(), put, meant)
    with drawing():
        mpl.rcParams["pdf.fonttype"] = 42
        content = io.BytesIO()
        canvas.savefig(
            content, format="pdf", bbox_inches="tight", transparent=True,
            metadata={"CreationDate": None, "Creator": None, "Producer": None},
        )  # fmt: skip
    return content.getvalue()


def _repaint(painted: Any, put: Any, meant: Mapping[Any, Any]) -> None:
    """Put the colours that are meant in the place of those that stand for them."""
    if isinstance(painted, str) and painted in ("none", "auto"):
        return
    rgba = to_rgba_array(painted)
    repainted = rgba.copy()
    for row, colour in enumerate(rgba):
        repainted[row, :3] = meant.get(tuple(colour[:3]), colour[:3])
    if len(rgba) and not np.array_equal(rgba, repainted):
        put(repainted[0] if np.ndim(painted) < 2 else repainted)
