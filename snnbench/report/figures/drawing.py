"""Figures as inline SVG: same input, same bytes; colours that the page's light or dark sets."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, NullFormatter

from snnbench.report.figures.svg import FONT, FONT_SIZE, inline
from snnbench.report.reading.names import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours of which no figure is painted: the SVG names CSS variables instead, so that the page
# can have light ones and dark ones. Those of a series are distinct in lightness, too; those of the
# ramp are one hue, the first nearest to the page. Markers and dashes also differ.
INK = "#010203"
SERIES = tuple(f"#0a000{i}" for i in range(1, 7))
RAMP = tuple(f"#0b000{i}" for i in range(1, 10))
VARIABLES = (
    {INK: "ink"}
    | {name: f"series-{i}" for i, name in enumerate(SERIES, 1)}
    | {name: f"ramp-{i}" for i, name in enumerate(RAMP, 1)}
)
_CSS = {name: f"var(--{variable})" for name, variable in VARIABLES.items()}
_CSS[INK] = "currentColor"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_LINES = 10
BAND = "Bands and bars are 95 % t-intervals over seeds; where there is none, n is 1."

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.sans-serif": [FONT],  # the whole list would stand at every text
    "font.family": "sans-serif",
    "font.size": FONT_SIZE,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # "$" in a name is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
    # the grid shows where the ticks are
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.15,
    "grid.color": INK,
    "legend.frameon": False,
    "lines.markersize": 4,
    "path.simplify_threshold": 0.3,  # points from the line that nobody sees
}
_WIDTH, _HEIGHT = 5.0, 3.2  # inches: readable on a telephone, two beside each other on a desk
_POINTS = 72  # to the inch: a pixel of matplotlib's is a unit of the SVG


@dataclass(frozen=True)
class Figure:
    """A drawn figure.

    Attributes:
        name: letters, digits and "-"; once in a report.
        title: what it shows, in a few words.
        caption: what must be known to read it.
        description: what is to be seen, for those who cannot see it.
        svg: an `<svg>` element with title and description.
        canvas: what was drawn, for other formats.
    """

    name: str
    title: str
    caption: str
    description: str
    svg: str
    canvas: Canvas | None = field(default=None, compare=False, repr=False)


class Drawing:
    """One figure while it is drawn, with one plot, or several below each other.

    Args:
        height: of all, in inches.
        panels: heights of the plots relative to each other; they share their x axis.

    Attributes:
        axes: the first plot.
        panels: all of them, from the top.
    """

    def __init__(self, height: float = _HEIGHT, panels: Sequence[float] = (1.0,)) -> None:
        layout: Literal["constrained"] | None = "constrained" if len(panels) > 1 else None
        self.canvas = Canvas(figsize=(_WIDTH, height), layout=layout, dpi=_POINTS)
        FigureCanvasSVG(self.canvas)
        grid = self.canvas.subplots(len(panels), sharex=True, squeeze=False, height_ratios=panels)
        self.panels: list[Axes] = [row[0] for row in grid]
        self.axes = self.panels[0]

    def legend(self, handles: Sequence[Any], labels: Sequence[str]) -> None:
        """Put a legend below the plot, a line an entry; names are shown as they are."""
        # matplotlib hides what begins with "_"
        shown = [" " + shortened(label) if label[:1] == "_" else shortened(label)
                 for label in labels]  # fmt: skip
        has_name = bool(self.axes.get_xlabel())
        below = (36 if has_name else 22) / (self.axes.bbox.height or 1)
        self.axes.legend(
            handles, shown, loc="upper left", bbox_to_anchor=(0, -below), borderaxespad=0,
            ncol=2 if max(map(len, shown), default=0) < 24 else 1, handlelength=3.5,
        )  # fmt: skip

    def logarithmic(self, values: Sequence[float]) -> None:
        """Make the x axis logarithmic, its powers of ten numbers, not formulas.

        Args:
            values: drawn at it, none below 0; from 0 to the smallest other one it is linear.
        """
        above = min(value for value in values if value > 0)
        for axes in self.panels:
            if min(values) > 0:
                axes.set_xscale("log")
            else:
                axes.set_xscale("symlog", linthresh=above)
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())

    def finish(self, name: str, title: str, caption: str, description: str) -> Figure:
        """Return the figure; nothing more can be drawn."""
        title, caption, description = map(printable, (title, caption, description))
        text = io.StringIO()
        mpl.rcParams["svg.hashsalt"] = name
        self.canvas.savefig(
            text, format="svg", bbox_inches="tight", transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )  # fmt: skip
        svg = inline(text.getvalue(), name, title, description, _CSS)
        return Figure(name, title, caption, description, svg, self.canvas)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in our style; the user's own settings are as before when this ends."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        # names may be in any script: the browser has the glyphs that matplotlib lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def part_of_name(name: str) -> str:
    """Return a column's name, or that of a setting's choice, as part of a figure's name."""
    return name.replace("_", "-")


def shortened(text: str, most: int = 48) -> str:
    """Return text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
