"""A report's tables as LaTeX, to be put into a paper: booktabs, captions, labels, units.

A table of more rows than a page holds is a longtable, one of more columns than a page is wide
becomes several, each with the first column.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from snnbench.report.page.cells import number_text, spread_text
from snnbench.report.page.changes import tables_of
from snnbench.report.page.merging import Merged, Spread, merged
from snnbench.report.page.sections import Report, title_of
from snnbench.report.page.tables import Table, section_tables
from snnbench.report.page.tex import CHARACTER, math, slug, tex

HEAD = (
    "% Needs \\usepackage{array,booktabs,longtable}; names in other scripts than Latin need XeLaTeX"
    f" or LuaLaTeX.\n{CHARACTER}\n"
)
_MOST_ROWS = 35  # on a page
# Points of an A4 or letter page of LaTeX's article, of a digit in \small, and between columns.
_PAGE, _DIGIT, _GAP = 345.0, 4.7, 12.0
_BROKEN = 20  # characters from which on a text is broken into lines
_HALF = r"$\pm$: half the 95\,\% interval over seeds."
_ENDS = r"In brackets: the 95\,\% interval over seeds."


def to_latex(report: Report) -> dict[str, str]:
    """Return name -> every table of a report, in the order in which they are read.

    A name, also that of the table's label, is made of study and title: "lab1-beta-verdicts".
    """
    named = [("report", "", table) for table in tables_of(report)]
    for section in report.sections:
        study = section.name or "runs"
        named += [(study, f"{title_of(section)}: ", table) for table in section_tables(section)]
    found: dict[str, str] = {}
    for study, title, table in named:
        for name, text in _parts(slug(f"{study} {table.title}"), f"{title}{table.title}", table):
            free = name
            while free in found:
                free += "-x"
            found[free] = text.replace(f"{{tab:{name}}}", f"{{tab:{free}}}")
    return found


def _parts(name: str, title: str, table: Table) -> Iterator[tuple[str, str]]:
    """Yield name and text of a table, or of each of its parts."""
    header, rows = merged(table.header, table.rows)
    columns = [
        _Column.of(name, cells) for name, cells in zip(header, zip(*rows, strict=True), strict=True)
    ]
    parts = _fitting(columns)
    for number, part in enumerate(parts, 1):
        own = name if len(parts) == 1 else f"{name}-{number}"
        of = "" if len(parts) == 1 else f" ({number} of {len(parts)})"
        yield own, _table(own, f"{title}{of}", part)


class _Column(NamedTuple):
    """A column as LaTeX has it.

    Attributes:
        head: lines of its name.
        cells: of its rows.
        points: its width, the least one of texts that are broken into lines.
        kind: how it is set: "l", "r", or "p" for such texts.
        told: what must be known of its numbers.
    """

    head: tuple[str, ...]
    cells: tuple[str, ...]
    points: float
    kind: str
    told: frozenset[str]

    @classmethod
    def of(cls, name: str, cells: Sequence[Merged]) -> "_Column":
        lengths = [len(_plain(cell)) for cell in cells]
        texts = [len(cell) for cell in cells if isinstance(cell, str)]
        longest = min(max(lengths), _BROKEN) if texts else max(lengths)
        head = textwrap.wrap(name, max(longest, 8), break_long_words=False) or [""]
        wide = max([longest, *map(len, head)])
        kind = "r" if not texts else "p" if max(texts) > _BROKEN else "l"
        spreads = (cell for cell in cells if isinstance(cell, Spread))
        told = frozenset(_HALF if spread.ends is None else _ENDS for spread in spreads)
        shown = tuple(_cell(cell) for cell in cells)
        return cls(tuple(head), shown, _DIGIT * wide + _GAP, kind, told)


def _fitting(columns: Sequence[_Column]) -> list[list[_Column]]:
    """Return the columns in parts that a page is wide enough for, the first in each of them."""
    first, *rest = columns
    parts = [[first]]
    for column in rest:
        taken = sum(other.points for other in parts[-1]) + column.points
        if taken > _PAGE and len(parts[-1]) > 1:
            parts.append([first])
        parts[-1].append(column)
    return parts


def _table(name: str, title: str, columns: Sequence[_Column]) -> str:
    told = sorted(frozenset[str]().union(*(column.told for column in columns)))
    caption = " ".join([f"{tex(title)}.", *told])
    about = rf"\caption{{{caption}}}\label{{tab:{name}}}"
    head = f"\\toprule\n{_row([_head(column) for column in columns])}\n\\midrule"
    by_row = zip(*(column.cells for column in columns), strict=True)
    rows = [_row(cells) for cells in by_row if any(cells)]  # a part may have nothing to say
    body, kinds = "\n".join(rows), _kinds(columns)
    if len(rows) > _MOST_ROWS:
        return (
            f"{{\\small\n\\begin{{longtable}}{{{kinds}}}\n{about}\\\\\n{head}\n\\endfirsthead\n"
            f"{head}\n\\endhead\n\\bottomrule\n\\endfoot\n{body}\n\\end{{longtable}}}}\n"
        )
    return (
        f"\\begin{{table}}\n\\centering\\small\n{about}\n\\begin{{tabular}}{{{kinds}}}\n{head}\n"
        f"{body}\n\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def _kinds(columns: Sequence[_Column]) -> str:
    """Return how the columns are set; those of long texts share the room that is left."""
    broken = [column for column in columns if column.kind == "p"]
    left = _PAGE - sum(column.points for column in columns)
    more = max(0.0, left / len(broken)) if broken else 0.0
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{{(c.points - _GAP + more) / _PAGE:.3f}\linewidth}}"
        if c.kind == "p"
        else c.kind
        for c in columns
    )


def _head(column: _Column) -> str:
    lines = r" \\ ".join(map(tex, column.head))
    if len(column.head) == 1:
        return lines
    side = "r" if column.kind == "r" else "l"
    return rf"\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{lines}\end{{tabular}}"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Merged) -> str:
    if isinstance(cell, Spread) and cell.ends is not None:
        low, high = (math(number_text(end)) for end in cell.ends)
        return f"{math(number_text(cell.value))} {{[}}{low}, {high}{{]}}"
    if cell is None or isinstance(cell, str):
        return tex(cell or "")
    return math(_plain(cell))


def _plain(cell: Merged) -> str:
    """Return a cell as text: so many characters wide is what LaTeX makes of it."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if not isinstance(cell, Spread):
        return number_text(cell)
    if cell.ends is None:
        return spread_text(cell.value, cell.half)
    low, high = map(number_text, cell.ends)
    return f"{number_text(cell.value)} [{low}, {high}]"
