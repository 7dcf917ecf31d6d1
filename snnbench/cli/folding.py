"""Columns that tell no row from another are no columns but a line below the table."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any

from snnbench.config.setting import SETTINGS
from snnbench.report.page.cells import cell_text


def fold(
    header: Sequence[str], rows: Sequence[Sequence[Any]], names: Collection[str]
) -> tuple[list[str], list[list[Any]], list[str]]:
    """Take out columns that say the same in all rows, or follow from another one.

    Args:
        header: names of the columns; the first one stays.
        rows: as many cells each.
        names: of the columns that may be taken out: those that say what a row is, not what came
            of it, since of few rows everything seems to follow from everything.

    Returns:
        Header and rows of what is left, and a sentence for what was taken out.
    """
    if len(rows) < 2:
        return list(header), [list(row) for row in rows], []
    columns = [[_known(row[i]) for row in rows] for i in range(len(header))]
    same = [i for i in range(1, len(header)) if header[i] in names and len(set(columns[i])) == 1]
    implied: dict[int, list[int]] = {}
    taken = set(same)
    for i in range(1, len(header)):
        if header[i] in names and i not in taken and i not in implied:
            left = [j for j in range(len(header)) if j not in taken and header[j] in names]
            owners = [j for j in left if _is_of(header[i], header[j])]
            earlier = [j for j in left if j < i]
            for j in (*owners, *earlier):
                if _follows(columns, i, j, by_itself=j in owners):
                    implied.setdefault(j, []).append(i)
                    taken.add(i)
                    break
    said = []
    if same:
        said.append(f"The same in all: {_pairs(header, rows[0], same)}.")
    for j, those in implied.items():
        firsts = {columns[j][n]: n for n in reversed(range(len(rows)))}
        cases = [
            f"with {cell_text(rows[n][j]) or 'none'}, {_pairs(header, rows[n], given)}"
            for n in sorted(firsts.values())
            if (given := [i for i in those if rows[n][i] is not None])
        ]
        said.append(f"Implied by {header[j]}: {'; '.join(cases)}.")
    left = [i for i in range(len(header)) if i not in taken]
    return [header[i] for i in left], [[row[i] for i in left] for row in rows], said


def _follows(columns: list[list[Hashable]], i: int, j: int, *, by_itself: bool) -> bool:
    """Whether column i has one value for each of j's, and not only because there are few rows."""
    pairs, values = set(zip(columns[j], columns[i], strict=True)), set(columns[j])
    return len(pairs) == len(values) and (by_itself or len(values) < len(columns[j]))


def _is_of(name: str, owner: str) -> bool:
    """Whether a setting has an effect by what another one is, as beta by the neuron."""
    while name in SETTINGS and SETTINGS[name].of:
        name = SETTINGS[name].of
        if name == owner:
            return True
    return False


def _pairs(header: Sequence[str], row: Sequence[Any], which: Sequence[int]) -> str:
    return ", ".join(f"{header[i]} = {cell_text(row[i]) or 'none'}" for i in which)


def _known(value: Any) -> Hashable:
    return None if value is None else (type(value).__name__, cell_text(value), str(value))
