"""Figures as inline SVG: same input, same bytes; colours that the page's light or dark sets."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, NullFormatter

from snnbench.report.reading.groups import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours of which no figure is painted: the SVG names CSS variables instead, so that the page
# can have light ones and dark ones. Distinct in lightness, too; markers and dashes also differ.
INK = "#010203"
SERIES = tuple(f"#0a000{i}" for i in range(1, 7))
VARIABLES = {INK: "ink"} | {name: f"series-{i}" for i, name in enumerate(SERIES, 1)}
_CSS = {name: f"var(--{variable})" for name, variable in VARIABLES.items()}
_CSS[INK] = "currentColor"
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
_LONG = 300  # characters of a line's path; a marker has fewer
_MARKERS = ("o", "s", "^", "D", "v", "x", "P", "*")
MOST_LINES = 8
BAND = "Bands and bars are 95 % t-intervals over seeds; where there is none, n is 1."

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans"],  # the whole list would stand at every text
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # "$" in a name is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.15,
    "grid.color": INK,
    "legend.frameon": False,
    "lines.markersize": 4,
}
_WIDTH, _HEIGHT = 5.0, 3.2  # inches: readable on a telephone, two beside each other on a desk


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
        self.canvas = Canvas(figsize=(_WIDTH, height), layout=layout)
        FigureCanvasSVG(self.canvas)
        grid = self.canvas.subplots(len(panels), sharex=True, squeeze=False, height_ratios=panels)
        self.panels: list[Axes] = [row[0] for row in grid]
        self.axes = self.panels[0]

    def legend(self, handles: list[Any], labels: list[str]) -> None:
        """Put a legend below the plot, a line an entry; names are shown as they are."""
        # matplotlib hides what begins with "_"
        shown = [" " + shortened(label) if label[:1] == "_" else shortened(label)
                 for label in labels]  # fmt: skip
        self.axes.legend(
            handles, shown, loc="upper left", bbox_to_anchor=(0, -0.2), borderaxespad=0,
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
        svg = _inline(text.getvalue(), name, title, description)
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


def line_style(index: int) -> dict[str, Any]:
    """Return colour, dashes and marker of the nth line: no two alike among `MOST_LINES`."""
    return {
        "color": SERIES[index % len(SERIES)],
        "linestyle": _DASHES[(index + index // len(SERIES)) % len(_DASHES)],
        "marker": _MARKERS[index % len(_MARKERS)],
    }


def part_of_name(name: str) -> str:
    """Return a column's name, or that of a setting's choice, as part of a figure's name."""
    return name.replace("_", "-")


def shortened(text: str, most: int = 48) -> str:
    """Return text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _rounded(place: re.Match[str]) -> str:
    """Round coordinates: of long lines to tenths of a point, else to hundredths.

    The lines to the next point need no letter of their own.
    """
    is_line = place[0].startswith('d="M') and not re.search("[a-yA-KN-Y]", place[0][3:])
    digits = 1 if is_line and len(place[0]) > _LONG else 2
    text = re.sub(
        r"-?\d+\.\d+",
        lambda number: f"{float(number[0]):.{digits}f}".rstrip("0").rstrip("."),
        place[0],
    )
    return re.sub(r"\s*L ", " ", text) if is_line else text


def _inline(svg: str, name: str, title: str, description: str) -> str:
    """Return matplotlib's file as an element of a page with other figures.

    Its ids are made the figure's own, its fixed size is left to the page, and what nobody reads
    is left out: indentation, ids that nothing refers to, rotations by 0.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    svg = re.sub(r'\b(?:d|x|y|transform)="[^"]*"', _rounded, svg)
    svg = re.sub(r"\n +", "\n", svg)
    used = set(re.findall(r"#([^)\"]*)[)\"]", svg))
    svg = re.sub(
        r' id="([^"]*)"', lambda own: f' id="{name}-{own[1]}"' if own[1] in used else "", svg
    )
    svg = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'xlink:href="#([^"]*)"', rf'href="#{name}-\1"', svg)
    for colour, css in _CSS.items():
        svg = svg.replace(colour, css)
    head, _, body = svg.partition(">")
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    assert box is not None, "an SVG of matplotlib has a viewBox"
    head = (
        f'<svg viewBox="0 0 {box[1]} {box[2]}" role="img" xmlns="http://www.w3.org/2000/svg"'
        f' aria-labelledby="{name}-title {name}-desc"'
    )
    words = (
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    return f"{head}>{words}{body}".strip()
