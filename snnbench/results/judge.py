"""Whether rows hold: every cell in its column's range, a run's name that of its settings and data.

Cells that are of another kind than their column, or rows of another number of cells, are no rows
of ours: whoever reads the file refuses it. Here it is about rows that we could have written, and
did not. For very many rows a look that costs little comes first, column by column.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from snnbench.config.arch import layer_names
from snnbench.config.identity import name_of_pieces, piece, run_name
from snnbench.config.run_config import NUMERICS, plugins_of, plugins_text
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError, did_you_mean
from snnbench.results.cells import CHARACTERS, LONGEST_TEXT, from_cell
from snnbench.results.schema import Column

MOST_NAMED = 20  # rows; of more there is a number
_ROWS_AT_ONCE = 128  # so few that their cells stay in a processor's cache

Cells = Sequence[str]
Numbered = tuple[int, Cells]  # a row and its line in the file
_NEEDED = ("epoch", "layer", "step")
_LARGE = 2.0**62  # what is larger may not fit a column's 64 bits


class Fault(NamedTuple):
    """A row that does not hold: where it stands, its run, and what is wrong, for people."""

    path: Path
    line: int
    run_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: run {self.run_id}: {self.what}"


def fault_notes(faults: Sequence[Fault], one: str, many: str) -> list[str]:
    """Return a sentence for each row that does not hold, of very many for the first.

    Args:
        faults: the rows.
        one, many: what becomes of a run, of runs: "is left out", "are left out".
    """
    notes = [f"{fault}. The run {one}." for fault in faults[:MOST_NAMED]]
    if (more := len(faults) - MOST_NAMED) > 0:
        notes.append(f"{more} more rows do not hold; their runs {many}.")
    return notes


def weight_layers(arch: str | None) -> int | None:
    """Return how many weight layers a network has; None if the notation does not parse."""
    try:
        return None if not arch else len(layer_names(arch))
    except UserError:
        return None


@dataclass(frozen=True)
class Findings:
    """What was found in the tables of a folder.

    Attributes:
        faults: of the rows that do not hold.
        unchecked: why the names of runs cannot be judged -> of how many.
    """

    faults: list[Fault] = field(default_factory=list)
    unchecked: Counter[str] = field(default_factory=Counter)

    @property
    def run_ids(self) -> set[str]:
        """The runs of which a row does not hold."""
        return {fault.run_id for fault in self.faults}


class Judge:
    """Judges rows of a table.

    Args:
        path: its file.
        columns: of its rows.
        findings: is added to.
    """

    def __init__(self, path: Path, columns: Sequence[Column], findings: Findings) -> None:
        self.findings = findings
        self._path, self._columns = path, columns
        self._place = {column.name: k for k, column in enumerate(columns)}
        self._names = _Names(columns) if "data_sha256" in self._place else None
        self._holding: list[set[str]] = [set() for _ in columns]  # texts that were looked at
        self._layers = _Remembered(lambda arch: str(weight_layers(arch) or ""))

    def passing(self, rows: Iterable[Numbered]) -> Iterator[Numbered]:
        """Yield rows again, all of them, once they have been judged."""
        rows = iter(rows)
        while chunk := list(islice(rows, _ROWS_AT_ONCE)):
            self._judge(chunk)
            yield from chunk

    def _judge(self, rows: Sequence[Numbered]) -> None:
        """Judge some rows, each with its line in the file."""
        by_column: list[Cells] = list(zip(*(cells for _, cells in rows), strict=True))
        found: dict[int, str | None] = {}
        for k, (column, cells) in enumerate(zip(self._columns, by_column, strict=True)):
            if self._all_hold(k, column, cells):
                continue
            for position, cell in enumerate(cells):
                if position not in found and (what := _refusal(cell, column)):
                    found[position] = self._said(column, what, rows[position][1])
        for position, what in self._contradictions(by_column, found):
            found.setdefault(position, what)
        if self._names is not None:
            for position in self._names.others(by_column):
                if position not in found:
                    found[position] = self._why_another(rows[position][1])
        for position in sorted(found):
            if (said := found[position]) is not None:
                line, cells = rows[position]
                run_id = cells[self._place["run_id"]]
                self.findings.faults.append(Fault(self._path, line, run_id, said))

    def _all_hold(self, k: int, column: Column, cells: Cells) -> bool:
        if column.name in _NEEDED and "" in cells:
            return False
        if column.kind in ("integer", "number"):
            return _numbers_hold(column, cells)
        if column.kind == "text" and column.words is None:
            return True
        new = set(cells) - self._holding[k]
        self._holding[k] |= {text for text in new if _refusal(text, column) is None}
        return self._holding[k] >= new

    def _said(self, column: Column, what: str, cells: Cells) -> str | None:
        """Return what is wrong, or None where a plug-in that is not loaded may know the word."""
        plugins = cells[self._place["plugins"]] if "plugins" in self._place else ""
        if plugins and column.words is not None:
            self._cannot(f"use plug-ins that are not loaded ({plugins})")
            return None
        return f"{column.name} {what}"

    def _contradictions(
        self, by_column: Sequence[Cells], found: Mapping[int, object]
    ) -> Iterator[tuple[int, str]]:
        """Yield positions of rows whose cells contradict each other, and how."""

        def rows(*names: str) -> Iterator[tuple[int, Cells]]:
            if all(name in self._place for name in names):
                rows = zip(*(by_column[self._place[name]] for name in names), strict=True)
                yield from ((k, row) for k, row in enumerate(rows) if k not in found)

        for k, (best, run) in rows("best_epoch", "epochs_run"):
            if best != run and best and (not run or int(best) > int(run)):
                yield k, f"best_epoch {best} is not one of its {run or 0} epochs"
        for k, (layers, arch, status) in rows("layers", "arch", "status"):
            if layers and status == "done" and self._layers[arch] not in ("", layers):
                yield k, f"layers {layers} are not the {self._layers[arch]} of arch {arch}"
        for k, (kind, rate) in rows("input_kind", "input_rate"):
            if kind == "spikes" and rate and not 0 <= float(rate) <= 1:
                yield k, f"input_rate {rate} of spikes is not from 0 to 1"

    def _why_another(self, cells: Cells) -> str | None:
        """Return what is wrong with a run's name, or None where it turns out to be right."""
        row = {c.name: from_cell(cell, c) for c, cell in zip(self._columns, cells, strict=True)}
        settings = {name: value for name, value in row.items() if name in SETTINGS}
        data, plugins, numerics = row["data_sha256"], row.get("plugins"), row.get("numerics")
        if data is None:
            return "data_sha256 is missing"
        used = plugins_of(settings)
        # not recorded of runs that failed, nor before there were several
        versions = range(1, NUMERICS.get(str(row["engine"]), 1) + 1)
        threads = {1, int(str(row["threads"] or 1))}  # they enter on some paths
        names = {
            run_name(settings, str(data), int(version), tuple(used), count)
            for version in ([str(numerics)] if numerics else versions)
            for count in threads
        }
        if row["run_id"] in names:
            return None
        if plugins and plugins != plugins_text(used):
            self._cannot(f"use plug-ins that are not loaded ({plugins})")
        elif any(len(str(value)) >= LONGEST_TEXT for value in settings.values()):
            self._cannot("have a setting that was too long for a cell")
        else:
            return "its settings and data are not those of which run_id is the name"
        return None

    def _cannot(self, why: str) -> None:
        self.findings.unchecked[why] += 1


def _refusal(text: str, column: Column) -> str | None:
    """Return what is wrong with a cell, or None if it holds."""
    try:
        value = from_cell(text, column)
    except ValueError as error:
        return str(error)
    if value is None:
        return "is missing" if column.name in _NEEDED else None
    if column.words is not None and value not in column.words:
        return f"'{value}' is not known. {did_you_mean(str(value), column.words)}".rstrip(".")
    if column.kind in ("integer", "number"):
        assert isinstance(value, int | float)
        bound = column.bounds.refusal(value)
        return f"{text} is not {bound}" if bound else None
    return None


def _numbers_hold(column: Column, cells: Cells) -> bool:
    """Return whether all cells hold, by a quick look; False may be wrong, True is not."""
    if "".join(cells).encode().translate(None, CHARACTERS[column.kind]):
        return False
    try:
        numbers = list(map(float, filter(None, cells)))
    except ValueError:
        return False
    if not numbers:
        return True
    ends = min(numbers), max(numbers)
    return all(abs(end) < _LARGE and column.bounds.refusal(end) is None for end in ends)


class _Names:
    """Whose run_id is not the name of their settings and data: `run_name` for very many rows."""

    def __init__(self, columns: Sequence[Column]) -> None:
        place = {column.name: k for k, column in enumerate(columns)}
        named = sorted(name for name in SETTINGS if name in place)
        self._pieces = [
            (place[name], _Remembered(_piece_of(columns[place[name]]))) for name in named
        ]
        self._run_id, self._data = place["run_id"], place["data_sha256"]
        self._numerics, self._plugins = place.get("numerics"), place.get("plugins")

    def others(self, by_column: Sequence[Cells]) -> Iterator[int]:
        """Yield the positions of rows that are to be looked at more closely."""
        nothing = [""] * len(by_column[0])
        pieces = [map(known.__getitem__, by_column[k]) for k, known in self._pieces]
        numerics = nothing if self._numerics is None else by_column[self._numerics]
        plugins = nothing if self._plugins is None else by_column[self._plugins]
        rows = zip(
            by_column[self._run_id], by_column[self._data], numerics, plugins,
            zip(*pieces, strict=True), strict=True,
        )  # fmt: skip
        for position, (run_id, data, version, plugin, own) in enumerate(rows):
            enters = "" if version == "1" else version
            if plugin or not data or name_of_pieces(own, data, enters) != run_id:
                yield position


class _Remembered(dict[str, str]):
    """Text of a cell -> what a function makes of it."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> str:
        made = self[text] = self._make(text)
        return made


def _piece_of(column: Column) -> Callable[[str], str]:
    def make(text: str) -> str:
        try:
            return piece(SETTINGS[column.name], from_cell(text, column))
        except ValueError:
            return "?"  # names no run; the cell is a fault already

    return make
