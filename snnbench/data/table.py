"""A user's own table: CSV, TSV, Parquet or NPZ, numeric features and a column of labels."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from snnbench.config.effects import NPZ
from snnbench.data.arrays import read_npz
from snnbench.data.columnar import read_parquet
from snnbench.data.dataset import PIXEL_SCALE, Dataset, Indices, Labels
from snnbench.data.delimited import SEPARATORS, RawTable, read_delimited
from snnbench.data.precision import check_finite, narrowed
from snnbench.data.splits import split_test, subset
from snnbench.errors import UserError, shortened

TEST_FRACTION = 0.2
# Not the run's seed: every run on a table must be judged by the same test rows.
TEST_SEED = 0
_SUFFIXES = (*SEPARATORS, ".parquet", NPZ)


def load_table(
    data_file: str | Path | None,
    target: str | None,
    test_fraction: float | None = None,
    test_samples: int | None = None,
) -> Dataset:
    """Load a table and split off its test part, stratified and always the same way.

    Args:
        data_file: .csv, .tsv, .parquet, or .npz with arrays x, y or x_train, y_train, x_test,
            y_test. There x is [N, F], or images [N, H, W], [N, H, W, C] or [N, C, H, W].
        target: the column of the labels; None for .npz.
        test_fraction: share of the rows for testing, default 0.2; none where the file has a test
            part of its own; or
        test_samples: their number, of the file's own test part where it has one.

    Returns:
        Classes are the labels in order: numbers by value, text by the alphabet. Images are
        [N, C, H, W].

    Raises:
        UserError: whatever is wrong with the file, naming line and column where it has
            them; one class alone; a class that would miss from training or test part.
    """
    if data_file is None:
        raise UserError("table: no file is named.", "Name your table with --data-file.")
    path = Path(data_file).expanduser()
    raw = _read(path, target)
    where = "y" if target is None else f"column '{target}'"
    labels, names = number_classes(raw.labels, f"{path}, {where}")
    x = raw.features
    is_pixels = x.dtype == np.uint8
    if not is_pixels:
        check_finite(x, str(path))
        x = narrowed(x)
    train, test = _parts(path, labels, raw.test, test_fraction, test_samples)
    _check_classes(path, labels[train], labels[test], names)
    return Dataset(
        name="table",
        x_train=x[train],
        y_train=labels[train],
        x_test=x[test],
        y_test=labels[test],
        n_classes=len(names),
        class_names=names,
        scale=PIXEL_SCALE if is_pixels else 1.0,
        is_image=x.ndim == 4,
        feature_names=raw.names,
        own_test=raw.test > 0,
    )


def _read(path: Path, target: str | None) -> RawTable:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise UserError(
            f"{path}: a table ends in {', '.join(_SUFFIXES)}, not in '{path.suffix}'.",
            "Save it in one of these formats.",
        )
    if suffix == NPZ:
        if target is None:
            return read_npz(path)
        raise UserError(
            f"{path}: an .npz file names its labels itself (y), --target '{target}' has no effect.",
            "Leave --target out.",
        )
    if target is None:
        raise UserError(
            f"{path}: no target column is named.", "Name the column of the labels with --target."
        )
    return read_parquet(path, target) if suffix == ".parquet" else read_delimited(path, target)


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
    # No array of texts: there every label would take as much room as the longest.
    values: list[Any] = [int(match[1]) for match in whole if match] if all(whole) else labels
    classes = sorted(set(values))
    if len(classes) < 2:
        raise UserError(
            f"{source}: there is one class only, '{shortened(str(classes[0]))}'.",
            "Give a table of two or more.",
        )
    if not all(whole) and len(classes) > len(labels) / 2 and all(map(_is_number, labels)):
        raise UserError(
            f"{source}: the labels are measurements ({len(classes):,} different numbers in "
            f"{len(labels):,} rows), not classes.",
            "Name the column that holds the class, or sort the numbers into classes first.",
        )
    number = {label: place for place, label in enumerate(classes)}
    numbers = np.array([number[value] for value in values], np.int64)
    return numbers, tuple(str(label) for label in classes)


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _parts(
    path: Path,
    labels: Labels,
    own: int,
    test_fraction: float | None,
    test_samples: int | None,
) -> tuple[Indices, Indices]:
    """Return the rows for training and for testing; the last `own` are the file's test part."""
    if not own:
        if test_fraction is None and test_samples is None:
            test_fraction = TEST_FRACTION
        return split_test(labels, test_samples, test_fraction, TEST_SEED)
    if test_fraction is not None:
        raise UserError(
            f"{path}: the file has a test part (x_test), test_fraction has no effect.",
            "Leave test_fraction out.",
        )
    train, test = np.split(np.arange(len(labels)), [len(labels) - own])
    if test_samples is not None:
        test = test[subset(labels[test], test_samples, TEST_SEED)]
    return train, test


def _check_classes(path: Path, train: Labels, test: Labels, names: tuple[str, ...]) -> None:
    for part, called in ((train, "training"), (test, "test")):
        counts = np.bincount(part, minlength=len(names))
        if not counts.all():
            name = names[int(np.argmin(counts))]
            everywhere = np.bincount(np.concatenate([train, test]), minlength=len(names))
            raise UserError(
                f"{path}: class '{name}' ({everywhere[np.argmin(counts)]} rows in all) has none "
                f"in the {called} part.",
                "Give more rows of this class, remove it, or take a test part of another size "
                "(test_fraction, test_samples).",
            )
