"""CSV and TSV, read strictly: what pandas would guess at or fill in is an error here."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.config.text import decoded
from snnbench.data.files import read_unpacked
from snnbench.data.precision import check_digits
from snnbench.errors import UserError, did_you_mean, shortened

SEPARATORS = {".csv": ",", ".tsv": "\t"}
_NAMES = {",": "comma", "\t": "tab", ";": "semicolon"}
_CHUNK = 4096  # rows converted at a time: bounds the memory that cells take as text
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DAMAGED = "Replace it with an undamaged copy."


@dataclass(frozen=True)
class RawTable:
    """A table with its labels as they stand in the file.

    Attributes:
        features: numbers [N, F] or images [N, C, H, W]: float64, all finite, or uint8 pixels.
        labels: one label a row, as text.
        names: of the features; () where the file has none.
        test: how many rows, the last ones, are the file's own test part; 0 where it has none.
    """

    features: NDArray[Any]
    labels: list[str]
    names: tuple[str, ...] = ()
    test: int = 0


Row = tuple[int, list[str]]  # line number (from 1; the last one of a quoted cell), cells


def read_delimited(path: Path, target: str) -> RawTable:
    """Return features and labels of a CSV or TSV file with a header line.

    Args:
        path: a file in UTF-8, ending in .csv or .tsv.
        target: the column of the labels; all others are features.

    Raises:
        UserError: not UTF-8, empty, header alone, unnamed or doubled columns, another
            separator, no target column, a row with more or fewer cells, an empty cell, a
            cell that is no finite number; with line, column and value.
    """
    separator, text = SEPARATORS[path.suffix.lower()], _text(path)
    rows = _rows(path, text, separator)
    header = _header(path, next(rows, None), separator)
    at = target_column(path, header, target)
    names = header[:at] + header[at + 1 :]
    labels: list[str] = []
    chunks: list[NDArray[np.float64]] = []
    for chunk in _chunks(rows):
        for line, cells in chunk:
            _check_width(path, line, cells, header, separator)
            labels.append(cells.pop(at).strip())
            if not labels[-1]:
                raise _empty(path, line, header[at])
        chunks.append(_numbers(path, chunk, names))
    if not labels:
        raise UserError(f"{path}: there is a header, but no row of data.", "Give a table of data.")
    features = np.concatenate(chunks)

    def exact(column: int) -> Iterator[Fraction]:
        _, *again = _rows(path, text, separator)
        place = header.index(names[column])
        return (Fraction(Decimal(cells[place].strip())) for _, cells in again)

    check_digits(features, exact, lambda column: f"{path}, column '{names[column]}'")
    return RawTable(features, labels, tuple(names))


def target_column(path: Path, header: list[str], target: str) -> int:
    """Return the position of the target column.

    Raises:
        UserError: there is no such column, or no other one.
    """
    if target not in header:
        raise UserError(
            f"{path}: there is no column '{target}' for the target.",
            did_you_mean(target, header) + " (The first line must hold the columns' names.)",
        )
    if len(header) == 1:
        raise UserError(
            f"{path}: '{target}' is the only column.", "Give columns to predict it from."
        )
    return header.index(target)


def check_names(path: Path, header: list[str]) -> None:
    """Raise UserError for columns without a name, names used twice or not fit for a screen."""
    for position, name in enumerate(header, start=1):
        if not name.isprintable():
            raise UserError(
                f"{path}: the name of column {position} has control characters: {name[:40]!r}.",
                "Rename the column.",
            )
        if not name:
            raise UserError(
                f"{path}: column {position} has no name.",
                "Name it or remove it. (pandas writes its row numbers like this: save with "
                "index=False.)",
            )
    doubled = sorted(name for name, count in Counter(header).items() if count > 1)
    if doubled:
        raise UserError(
            f"{path}: more than one column is called '{doubled[0]}'.",
            "Give every column a name of its own.",
        )


def _text(path: Path) -> str:
    return decoded(read_unpacked(path, _DAMAGED), path, "CSV in UTF-8")


def _rows(path: Path, text: str, separator: str) -> Iterator[Row]:
    """Yield the rows of a text, without blank lines at its end."""
    reader = csv.reader(
        io.StringIO(text.rstrip(" \r\n"), newline=""), delimiter=separator, strict=True
    )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"{path}, line {reader.line_num}: cannot be read as a table ({error}).",
                "Mend the quotation marks in this line.",
            ) from error
        yield reader.line_num, cells


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _header(path: Path, row: Row | None, separator: str) -> list[str]:
    if row is None:
        raise UserError(f"{path}: the file is empty.", "Give a table with a header line.")
    header = [name.strip() for name in row[1]]
    if len(header) == 1:
        for other, name in _NAMES.items():
            if other != separator and other in header[0]:
                raise UserError(
                    f"{path}: the columns are separated by {name}s, not by {_NAMES[separator]}s.",
                    f"Save it with a {_NAMES[separator]} between columns (and a point in "
                    f"decimal numbers){_other_suffix(other)}.",
                )
    check_names(path, header)
    return header


def _other_suffix(separator: str) -> str:
    suffixes = [suffix for suffix, found in SEPARATORS.items() if found == separator]
    return f", or rename it to end in {suffixes[0]}" if suffixes else ""


def _check_width(
    path: Path, line: int, cells: list[str], header: list[str], separator: str
) -> None:
    if len(cells) != len(header):
        raise UserError(
            f"{path}, line {line}: {len(cells)} cells, the header has {len(header)}.",
            f"Mend this line (cells are separated by {_NAMES[separator]}s).",
        )


def _numbers(path: Path, chunk: list[Row], names: list[str]) -> NDArray[np.float64]:
    """Convert the cells of a chunk; look for the culprit only if that fails."""
    try:
        numbers = np.array([[float(cell) for cell in row] for _, row in chunk])
        written = "".join(cell for _, row in chunk for cell in row)
        # float() also reads 1_0 as 10, and digits of other scripts: slips, not numbers.
        if np.isfinite(numbers).all() and "_" not in written and written.isascii():
            return numbers
    except ValueError:
        pass
    return np.array(
        [
            [
                _number(path, line, name, cell.strip(" \t"))
                for name, cell in zip(names, row, strict=True)
            ]
            for line, row in chunk
        ]
    )


def _number(path: Path, line: int, name: str, cell: str) -> float:
    if not cell:
        raise _empty(path, line, name)
    if not _NUMBER.fullmatch(cell) or not np.isfinite(float(cell)):
        remedy = "Mend this cell, remove its row or its column, or code the column in numbers."
        if re.fullmatch(r"[+-]?\d+,\d+", cell):
            remedy = "Write decimal numbers with a point."
        raise UserError(
            f"{path}, line {line}, column '{name}': {shortened(cell)!r} is not a finite number.",
            remedy,
        )
    return float(cell)


def _empty(path: Path, line: int, name: str) -> UserError:
    return UserError(
        f"{path}, line {line}, column '{name}': the cell is empty.",
        "Fill it in, or remove its row or its column.",
    )
