"""A report cut down to what a notebook's cell has room for: words, short tables, a figure."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnbench.report.figures.drawing import Figure
from snnbench.report.page.cells import cell_text
from snnbench.report.page.ranking import Ranking
from snnbench.report.page.render import environment, standing_alone
from snnbench.report.page.sections import Report
from snnbench.report.page.tables import Cell, Number, Table

_MOST_ROWS = 10
# What a figure's name has where it says most of a sweep, the best first.
_TELLING = ("-vary-", "-by-", "-energy")


@dataclass(frozen=True)
class Picture:
    """One figure, which a notebook shows.

    Attributes:
        name: by which `plot` finds it.
        figure: with its title, caption, and description.
    """

    name: str
    figure: Figure

    def _repr_svg_(self) -> str:
        return standing_alone(self.figure)

    def __repr__(self) -> str:
        return f"<Picture {self.name}: {self.figure.title}>"

    def save(self, path: str | Path) -> Path:
        """Write it as an SVG file, on white.

        Raises:
            OSError: it cannot be written.
        """
        Path(path).write_text(self._repr_svg_(), encoding="utf-8")
        return Path(path)


@dataclass(frozen=True)
class Pictures(Sequence[Picture]):
    """Several figures, which a notebook shows one below the other."""

    all: tuple[Picture, ...]

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, position):  # type: ignore[no-untyped-def]
        return self.all[position]

    def _repr_html_(self) -> str:
        return _rendered((), (), self.all)

    def __repr__(self) -> str:
        return f"<Pictures {', '.join(picture.name for picture in self.all)}>"


def pictures_of(report: Report) -> dict[str, Picture]:
    """Return name -> figure: of one study what it shows, of several with the study's name before.

    The first figure of an answer is the first.
    """
    several = len(report.sections) > 1
    found = [] if report.headline is None else [Picture(report.headline.name, report.headline)]
    for section in report.sections:
        study = f"{section.name or 'runs'}-" if several else ""
        found += [Picture(study + f.name.partition("-")[2], f) for f in section.figures]
    return {picture.name: picture for picture in found}


def first_picture(report: Report) -> Picture | None:
    """Return the figure that says most; None where there is none."""
    found = list(pictures_of(report).values())
    if report.headline is not None:
        return found[0]
    for part in _TELLING:
        for picture in found:
            if part in picture.figure.name:
                return picture
    return found[0] if found else None


def cut_html(words: Sequence[str], tables: Mapping[str, Ranking], picture: Picture | None) -> str:
    """Return words, the first rows of tables, and a figure, as HTML without style or script.

    Args:
        words: a paragraph each.
        tables: title -> table.
        picture: None for none.
    """
    shown = [_short(title, table) for title, table in tables.items() if table.rows]
    return _rendered(words, shown, () if picture is None else (picture,))


def _short(title: str, table: Ranking) -> Table:
    more = len(table.rows) - _MOST_ROWS
    title = f"{title}: the best {_MOST_ROWS} of {len(table.rows)}" if more > 0 else title
    rows = [tuple(map(_cell, row)) for row in table.rows[:_MOST_ROWS]]
    return Table(title, tuple(table.header), tuple(rows))


def _cell(value: object) -> Cell:
    text = cell_text(value)
    return Number(text, value) if isinstance(value, int | float) else text


def _rendered(words: Sequence[str], tables: Sequence[Table], pictures: Sequence[Picture]) -> str:
    template = environment(autoescape=True).get_template("cut.html")
    return template.render(words=words, tables=tables, pictures=list(_inlined(pictures)))


def _inlined(pictures: Sequence[Picture]) -> Iterator[tuple[Figure, str]]:
    """Yield figures with their address: as an image, so that no two share the names within."""
    for picture in pictures:
        data = b64encode(picture._repr_svg_().encode()).decode()
        yield picture.figure, f"data:image/svg+xml;base64,{data}"
