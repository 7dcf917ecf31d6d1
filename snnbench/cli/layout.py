"""How a table is laid out in so many columns of text: no number and no word is ever split.

Numbers stay whole, texts are broken at blanks. What does not fit is turned, a line a column, where
it has one row or two; of more rows, columns are left out, from the right. Only a word that is wider
than all there is is broken, for want of anything better.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from snnbench.report.page.cells import cell_text, is_whole

_GAP = 2
_NARROWEST = 16  # a text is not made narrower, unless it is shorter
_FEW = 2  # rows, that a table can be turned


@dataclass(frozen=True)
class Laid:
    """A table as lines.

    Attributes:
        header: lines above it; none where the table is turned.
        body: lines of its rows.
        left_out: names of the columns that found no place.
    """

    header: list[str]
    body: list[str]
    left_out: list[str]


@dataclass(frozen=True, eq=False)  # two columns can have the same cells
class _Column:
    name: str
    cells: list[str]
    whole: list[bool]
    one_line: bool = False  # its name, where there is room

    @classmethod
    def of(cls, name: str, values: Sequence[Any], *, one_line: bool) -> "_Column":
        cells, whole = [cell_text(v) for v in values], [is_whole(v) for v in values]
        return cls(cell_text(name), cells, whole, one_line)

    @property
    def right(self) -> bool:
        """Whether it holds numbers only, which are set to the right."""
        known = [whole for whole, cell in zip(self.whole, self.cells, strict=True) if cell]
        return bool(known) and all(known)

    @property
    def most(self) -> int:
        """Width without any break."""
        name = cell_len(self.name) if self.one_line else _longest(self.name)
        return max(name, *map(cell_len, self.cells), 0)

    @property
    def least(self) -> int:
        """Width below which something would be split."""
        cells = zip(self.cells, self.whole, strict=True)
        least = [cell_len(c) if whole else max(_longest(c), min(cell_len(c), _NARROWEST))
                 for c, whole in cells]  # fmt: skip
        return max(_longest(self.name), *least, 0)


def lay_out(
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    width: int,
    keep: Collection[str] = (),
    *,
    may_turn: bool = True,
    one_line: bool = False,
) -> Laid:
    """Return a table as lines of at most `width`.

    Args:
        header: names of the columns, the one that matters most first.
        rows: as many cells each.
        width: of the terminal.
        keep: columns that are left out after all others.
        may_turn: a table of few rows is turned; not one that grows before one's eyes.
        one_line: names of columns are one line, where there is room.
    """
    columns = [
        _Column.of(name, [row[i] for row in rows], one_line=one_line)
        for i, name in enumerate(header)
    ]
    if _fits(columns, width):
        return _upright(columns, width, [])
    if len(rows) > _FEW or not may_turn:
        shown = _chosen(columns, width, keep)
        if len(shown) > 1 or not may_turn:
            left_out = [column.name for column in columns if column not in shown]
            return _upright(shown, width, left_out)
    return Laid([], _turned(columns, rows, width), [])


def wrapped(text: str, width: int) -> list[str]:
    """Break a text at blanks into lines of at most `width`."""
    if cell_len(text) <= width:
        return [text]
    lines = Text(text).wrap(_CONSOLE, max(width, 1), overflow="fold")
    return [line.plain.rstrip() for line in lines]


_CONSOLE = Console(width=80, force_terminal=False)  # of which only the rules of breaking are asked


def _longest(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _fits(columns: Sequence[_Column], width: int) -> bool:
    return sum(c.least for c in columns) + _GAP * (len(columns) - 1) <= width


def _chosen(columns: Sequence[_Column], width: int, keep: Collection[str]) -> list[_Column]:
    """Leave out columns from the right, never the first, until the rest fits."""
    shown = list(columns)
    for kept in (False, True):
        for column in reversed(columns[1:]):
            if not _fits(shown, width) and (column.name in keep) is kept:
                shown.remove(column)
    return shown if _fits(shown, width) else shown[:1]


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Share out what is left after the least, to the narrowest need first."""
    widths = [c.least for c in columns]
    left = width - sum(widths) - _GAP * (len(columns) - 1)
    needy = sorted(range(len(columns)), key=lambda i: columns[i].most - columns[i].least)
    for rank, i in enumerate(needy):
        more = min(columns[i].most - columns[i].least, max(left, 0) // (len(needy) - rank))
        widths[i] += more
        left -= more
    return widths


def _upright(columns: Sequence[_Column], width: int, left_out: list[str]) -> Laid:
    widths = _widths(columns, width)
    right = [column.right for column in columns]
    names = [wrapped(c.name, w) for c, w in zip(columns, widths, strict=True)]
    tall = max(map(len, names), default=0)
    names = [[""] * (tall - len(name)) + name for name in names]
    body: list[str] = []
    for row in zip(*(column.cells for column in columns), strict=True):
        body += _beside([wrapped(c, w) for c, w in zip(row, widths, strict=True)], widths, right)
    return Laid(_beside(names, widths, right), body, left_out)


def _turned(columns: Sequence[_Column], rows: Sequence[Sequence[Any]], width: int) -> list[str]:
    """Return a line a column, its name and the value of each row; of many rows one by one."""
    names = [column.name for column in columns]
    together = [_Column.of("", names, one_line=False)]
    together += [_Column("", [c.cells[i] for c in columns], [c.whole[i] for c in columns])
                 for i in range(len(rows))]  # fmt: skip
    if len(rows) <= _FEW and _fits(together, width):
        return _upright(together, width, []).body
    body: list[str] = []
    for number in range(1, len(rows) + 1):
        pair = [together[0], together[number]]
        body += [""] if number > 1 else []
        if _fits(pair, width):
            body += _upright(pair, width, []).body
            continue
        for column, cell in zip(columns, together[number].cells, strict=True):
            body += wrapped(column.name, width)
            body += [" " * _GAP + line for line in wrapped(cell, width - _GAP)]
    return body


def _beside(
    cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool]
) -> list[str]:
    """Return the lines of cells that stand beside each other."""
    lines = []
    for i in range(max(map(len, cells), default=0)):
        parts = []
        for cell, width, is_right in zip(cells, widths, right, strict=True):
            text = cell[i] if i < len(cell) else ""
            blank = " " * (width - cell_len(text))
            parts.append(blank + text if is_right else text + blank)
        lines.append((" " * _GAP).join(parts).rstrip())
    return lines
