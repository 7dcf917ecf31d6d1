"""A user's own table: CSV, TSV, Parquet or NPZ, numeric features and a column of labels."""

import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.data.columnar import read_parquet
from snnbench.data.dataset import PIXEL_SCALE, Array, Dataset, Labels, Part
from snnbench.data.delimited import SEPARATORS, read_delimited
from snnbench.data.files import unreadable
from snnbench.data.splits import split_test
from snnbench.errors import UserError

TEST_FRACTION = 0.2
# Not the run's seed: every run on a table must be judged by the same test rows.
TEST_SEED = 0
_SUFFIXES = (*SEPARATORS, ".parquet", ".npz")
_NPZ_DAMAGE = (
    ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_WHOLE = ("x", "y")
_SPLIT = ("x_train", "y_train", "x_test", "y_test")


def load_table(
    data_file: str | Path | None,
    target: str | None,
    test_fraction: float | None = None,
    test_samples: int | None = None,
) -> Dataset:
    """Load a table and split off its test part, stratified and always the same way.

    Args:
        data_file: .csv, .tsv, .parquet, or .npz with arrays x, y or x_train, y_train, x_test,
            y_test. x is [N, F], or [N, C, H, W] for images in an .npz.
        target: the column of the labels; None for .npz.
        test_fraction: share of the rows for testing, default 0.2; or
        test_samples: their number. Neither where the file has a test part of its own.

    Returns:
        Classes are the labels in order: numbers by value, text by the alphabet.

    Raises:
        UserError: whatever is wrong with the file, naming line and column where it has
            them; one class alone; a class that would miss from training or test part.
    """
    if data_file is None:
        raise UserError("table: no file is named.", "Name your table with --data-file.")
    path = Path(data_file).expanduser()
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise UserError(
            f"{path}: a table ends in {', '.join(_SUFFIXES)}, not in '{path.suffix}'.",
            "Save it in one of these formats.",
        )
    if suffix == ".npz":
        return _load_npz(path, target, test_fraction, test_samples)
    if target is None:
        raise UserError(
            f"{path}: no target column is named.", "Name the column of the labels with --target."
        )
    raw = read_parquet(path, target) if suffix == ".parquet" else read_delimited(path, target)
    labels, names = number_classes(raw.labels, f"{path}, column '{target}'")
    features = _as_float32(raw.features, str(path))
    return _split(path, Part(features, labels), names, test_fraction, test_samples)


def number_classes(labels: list[str], source: str) -> tuple[Labels, tuple[str, ...]]:
    """Return class numbers [N] and the classes' names, in order.

    Whole numbers are ordered by value and named without decimals ("3.0" is class "3");
    anything else is text and ordered as text.

    Raises:
        UserError: fewer than two classes, or labels that are measurements, not classes,
            or hold control characters.
    """
    for label in labels:
        if not label.isprintable():
            raise UserError(
                f"{source}: a label has control characters: {label[:40]!r}.", "Rename the class."
            )
    whole = [re.fullmatch(r"([+-]?\d{1,18})(\.0*)?", label, re.ASCII) for label in labels]
    if all(whole):
        values: NDArray[Any] = np.array([int(match[1]) for match in whole if match])
    else:
        values = np.array(labels)
    classes, numbers = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise UserError(
            f"{source}: there is one class only, '{classes[0]}'.", "Give a table of two or more."
        )
    if not all(whole) and len(classes) > len(labels) / 2 and all(map(_is_number, labels)):
        raise UserError(
            f"{source}: the labels are measurements ({len(classes):,} different numbers in "
            f"{len(labels):,} rows), not classes.",
            "Name the column that holds the class, or sort the numbers into classes first.",
        )
    return numbers.astype(np.int64), tuple(str(label) for label in classes)


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _as_float32(features: NDArray[Any], source: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        narrow = features.astype(np.float32)
    wrong = np.argwhere(~np.isfinite(narrow))
    if len(wrong):
        row, place = wrong[0][0], ", ".join(str(index) for index in wrong[0][1:])
        raise UserError(
            f"{source}: {features[tuple(wrong[0])]} in row {row}, feature {place} (counted from "
            "0) is not a finite number in 32 bits.",
            "Remove the row, or scale the feature.",
        )
    return narrow


def _split(
    path: Path,
    rows: Part,
    names: tuple[str, ...],
    test_fraction: float | None,
    test_samples: int | None,
) -> Dataset:
    if test_fraction is None and test_samples is None:
        test_fraction = TEST_FRACTION
    train, test = split_test(rows.y, test_samples, test_fraction, TEST_SEED)
    parts = Part(rows.x[train], rows.y[train]), Part(rows.x[test], rows.y[test])
    return _dataset(path, *parts, names)


def _dataset(path: Path, train: Part, test: Part, names: tuple[str, ...]) -> Dataset:
    for part, called in ((train, "training"), (test, "test")):
        counts = np.bincount(part.y, minlength=len(names))
        if not counts.all():
            name = names[int(np.argmin(counts))]
            everywhere = np.bincount(np.concatenate([train.y, test.y]), minlength=len(names))
            raise UserError(
                f"{path}: class '{name}' ({everywhere[np.argmin(counts)]} rows in all) has none "
                f"in the {called} part.",
                "Give more rows of this class, remove it, or take a test part of another size "
                "(test_fraction, test_samples).",
            )
    is_image = train.x.ndim == 4
    scale = PIXEL_SCALE if train.x.dtype == np.uint8 else 1.0
    return Dataset("table", train.x, train.y, test.x, test.y, len(names), names, scale, is_image)


def _load_npz(
    path: Path, target: str | None, test_fraction: float | None, test_samples: int | None
) -> Dataset:
    if target is not None:
        raise UserError(
            f"{path}: an .npz file names its labels itself (y), --target '{target}' has no effect.",
            "Leave --target out.",
        )
    arrays = _npz_arrays(path)
    if set(_SPLIT) <= set(arrays):
        if test_fraction is not None or test_samples is not None:
            raise UserError(
                f"{path}: the file has a test part (x_test), a test size has no effect.",
                "Leave test_fraction and test_samples out.",
            )
        return _presplit(path, arrays)
    if not set(_WHOLE) <= set(arrays):
        raise UserError(
            f"{path}: holds the arrays {', '.join(arrays) or 'none'}.",
            f"Save it with {', '.join(_WHOLE)} or with {', '.join(_SPLIT)}.",
        )
    labels, names = number_classes(_text_labels(arrays["y"], f"{path}, y"), f"{path}, y")
    return _split(path, _npz_part(path, arrays, "x", labels), names, test_fraction, test_samples)


def _presplit(path: Path, arrays: dict[str, Array]) -> Dataset:
    train_labels, test_labels = (
        _text_labels(arrays[key], f"{path}, {key}") for key in ("y_train", "y_test")
    )
    labels, names = number_classes(train_labels + test_labels, f"{path}, y")
    count = len(train_labels)
    train = _npz_part(path, arrays, "x_train", labels[:count])
    test = _npz_part(path, arrays, "x_test", labels[count:])
    if (train.x.shape[1:], train.x.dtype) != (test.x.shape[1:], test.x.dtype):
        raise UserError(
            f"{path}: x_train holds samples of {train.x.shape[1:]} {train.x.dtype}, x_test of "
            f"{test.x.shape[1:]} {test.x.dtype}.",
            "Give both the same.",
        )
    return _dataset(path, train, test, names)


def _npz_arrays(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as raw:
            if not zipfile.is_zipfile(raw):
                raise ValueError("it is no .npz archive")
            with np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files if name in (*_WHOLE, *_SPLIT)}
    except OSError as error:
        raise unreadable(path, error) from error
    except _NPZ_DAMAGE as error:
        raise UserError(
            f"{path}: cannot be read as .npz ({error}).",
            "Save it with numpy.savez, with arrays of numbers or text (no objects).",
        ) from error


def _npz_part(path: Path, arrays: dict[str, Array], key: str, labels: Labels) -> Part:
    x = arrays[key]
    if x.ndim not in (2, 4) or x.size == 0 or x.dtype.kind not in "buif":
        raise UserError(
            f"{path}: {key} has the shape {x.shape} and the type {x.dtype}.",
            "Give numbers: features (N, F) or images (N, C, H, W).",
        )
    if len(x) != len(labels):
        raise UserError(
            f"{path}: {key} has {len(x):,} samples, but there are {len(labels):,} labels.",
            "Give one label a sample.",
        )
    pixels = x.ndim == 4 and x.dtype == np.uint8
    return Part(x if pixels else _as_float32(x, f"{path}, {key}"), labels)


def _text_labels(labels: Array, source: str) -> list[str]:
    if labels.ndim != 1 or labels.size == 0 or labels.dtype.kind not in "buifU":
        raise UserError(
            f"{source}: labels have the shape {labels.shape} and the type {labels.dtype}.",
            "Give one whole number or text a sample.",
        )
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise UserError(f"{source}: a label is not a finite number.", "Give every sample a class.")
    texts = [str(label).strip() for label in labels.tolist()]
    if "" in texts:
        raise UserError(
            f"{source}: label {texts.index('')} is empty.", "Give every sample a class."
        )
    return texts
