"""Parquet, as strict as the text formats: every gap and every column of another kind is named."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.data.delimited import RawTable, check_names, target_column
from snnbench.data.files import unreadable
from snnbench.data.precision import check_digits
from snnbench.errors import UserError


def read_parquet(path: Path, target: str) -> RawTable:
    """Return features and labels of a Parquet file.

    Args:
        path: the file.
        target: the column of the labels (integers, truth values or text); all others are
            features (numbers or truth values).

    Raises:
        UserError: damaged file, no rows, doubled columns, no target column, an empty or
            not finite cell, a column of another kind; with row (counted from 0) and column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Opened here, so that pyarrow takes no path for the address of a remote file.
        file = path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        with file:
            content = pq.ParquetFile(file).read()
        content.validate(full=True)  # or text that is no UTF-8 would fail later
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: cannot be read as Parquet ({_first_line(error)}).",
            "Replace it with an undamaged copy.",
        ) from error
    header: list[str] = content.column_names
    check_names(path, header)
    _refuse_index(path, header)
    at = target_column(path, header, target)
    if content.num_rows == 0:
        raise UserError(f"{path}: there are columns, but no row of data.", "Give a table of data.")
    labels = _labels(path, target, content.column(at))
    names = [name for name in header if name != target]
    features = np.stack([_numbers(path, n, content.column(n)) for n in names], axis=1)

    def exact(column: int) -> Iterator[Fraction]:
        return map(Fraction, content.column(names[column]).to_pylist())

    check_digits(features, exact, lambda column: f"{path}, column '{names[column]}'")
    return RawTable(features, labels, tuple(names))


def _refuse_index(path: Path, header: list[str]) -> None:
    for name in header:
        if name.startswith("__index_level_"):
            raise UserError(
                f"{path}: column '{name}' holds pandas' row numbers, which are no feature.",
                "Save it with index=False.",
            )


def _labels(path: Path, name: str, column: Any) -> list[str]:
    import pyarrow.types as kinds

    _refuse_gaps(path, name, column)
    kind = column.type.value_type if kinds.is_dictionary(column.type) else column.type
    if kinds.is_floating(kind):
        _numbers(path, name, column)  # refuses NaN
    elif not (
        kinds.is_integer(kind)
        or kinds.is_boolean(kind)
        or kinds.is_string(kind)
        or kinds.is_large_string(kind)
    ):
        raise UserError(
            f"{path}, column '{name}': labels of type {kind}.", "Give whole numbers or text."
        )
    labels = [str(value).strip() for value in column.to_pylist()]
    if "" in labels:
        raise _empty(path, name, labels.index(""))
    return labels


def _numbers(path: Path, name: str, column: Any) -> NDArray[np.float64]:
    import pyarrow.types as kinds

    _refuse_gaps(path, name, column)
    kind = column.type
    if not (kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind)):
        raise UserError(
            f"{path}, column '{name}': {kind} where numbers belong (the first is "
            f"'{str(column[0].as_py())[:40]}').",
            "Remove the column or code it in numbers.",
        )
    numbers: NDArray[np.float64] = column.to_numpy().astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise UserError(
            f"{path}, row {wrong[0]} (counted from 0), column '{name}': {numbers[wrong[0]]} is "
            "not a finite number.",
            "Fill it in, or remove its row or its column.",
        )
    return numbers


def _refuse_gaps(path: Path, name: str, column: Any) -> None:
    if column.null_count:
        raise _empty(path, name, column.is_null().to_pylist().index(True))


def _empty(path: Path, name: str, row: int) -> UserError:
    return UserError(
        f"{path}, row {row} (counted from 0), column '{name}': the cell is empty.",
        "Fill it in, or remove its row or its column.",
    )


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
