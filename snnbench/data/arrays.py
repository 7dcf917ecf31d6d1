"""NPZ: arrays of features, or of images in any of the layouts that people keep them in."""

import zipfile
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnbench.data.delimited import RawTable
from snnbench.data.files import unreadable
from snnbench.data.precision import check_digits, check_finite
from snnbench.errors import UserError, shortened

Array = NDArray[Any]

_DAMAGE = (
    ValueError, EOFError, RuntimeError, MemoryError, OSError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_WHOLE = ("x", "y")
_SPLIT = ("x_train", "y_train", "x_test", "y_test")
_LAYOUTS = "features (N, F) or images (N, H, W), (N, H, W, C) or (N, C, H, W)"


def read_npz(path: Path) -> RawTable:
    """Return features and labels of an .npz file: of x and y, or of x_train, y_train and so on.

    Raises:
        UserError: damaged file, other arrays, other shapes or types, a value that is no finite
            number.
    """
    arrays = _arrays(path)
    if set(_SPLIT) <= set(arrays):
        train, test = (_part(path, arrays, f"_{part}") for part in ("train", "test"))
        kinds = [(x.shape[1:], "uint8" if _are_pixels(x) else "float32") for x, _ in (train, test)]
        if kinds[0] != kinds[1]:
            shown = (f"{shape} {kind}" for shape, kind in kinds)
            raise UserError(
                f"{path}: x_train holds samples of {next(shown)}, x_test of {next(shown)}.",
                "Give both the same.",
            )
        joined = np.concatenate([train[0], test[0]])
        return RawTable(_channels_first(path, joined), train[1] + test[1], test=len(test[1]))
    if set(_WHOLE) <= set(arrays):
        x, labels = _part(path, arrays, "")
        return RawTable(_channels_first(path, x), labels)
    raise UserError(
        f"{path}: holds the arrays {shortened(', '.join(arrays))}.",
        f"Save it with {', '.join(_WHOLE)} or with {', '.join(_SPLIT)}.",
    )


def _arrays(path: Path) -> dict[str, Any]:
    """Return the arrays by name; of names that mean nothing here, nothing is read."""
    try:
        with path.open("rb") as raw:
            if not zipfile.is_zipfile(raw):
                raise ValueError("it is no .npz archive")
            with np.load(raw, allow_pickle=False) as file:
                known = (*_WHOLE, *_SPLIT)
                return {name: file[name] if name in known else None for name in file.files}
    except FileNotFoundError as error:
        raise unreadable(path, error) from error
    except _DAMAGE as error:
        raise UserError(
            f"{path}: cannot be read as .npz ({error}).",
            "Save it with numpy.savez, with arrays of numbers or text (no objects).",
        ) from error


def _part(path: Path, arrays: dict[str, Any], ending: str) -> tuple[Array, list[str]]:
    """Return samples, as uint8 pixels or float64, and their labels."""
    key, x = f"x{ending}", arrays[f"x{ending}"]
    labels = _labels(arrays[f"y{ending}"], f"{path}, y{ending}")
    if x.ndim not in (2, 3, 4) or x.size == 0 or x.dtype.kind not in "buif":
        raise UserError(
            f"{path}: {key} has the shape {x.shape} and the type {x.dtype}.",
            f"Give numbers: {_LAYOUTS}.",
        )
    if len(x) != len(labels):
        raise UserError(
            f"{path}: {key} has {len(x):,} samples, but there are {len(labels):,} labels.",
            "Give one label a sample.",
        )
    if _are_pixels(x):
        return x, labels
    check_finite(x, f"{path}, {key}")
    values = x.astype(np.float64)
    if x.dtype.kind in "iu":
        rows, flat = x.reshape(len(x), -1), values.reshape(len(x), -1)
        check_digits(
            flat,
            lambda column: map(Fraction, rows[:, column].tolist()),
            lambda column: f"{path}, {key}, feature {column} (counted from 0)",
        )
    return values, labels


def _are_pixels(x: Array) -> bool:
    return x.ndim > 2 and x.dtype == np.uint8


def _channels_first(path: Path, x: Array) -> Array:
    """Return images as [N, C, H, W]; rows of features as they are."""
    if x.ndim == 2:
        return x
    if x.ndim == 3:
        return x[:, np.newaxis]
    first, middle, last = x.shape[1:]
    # Images are square, or else have fewer channels than rows and columns.
    if (first == middle) != (middle == last):
        is_last = first == middle
    elif first != last:
        is_last = last < first
    else:
        raise UserError(
            f"{path}: which axis of {x.shape} holds the channels cannot be told.",
            "Save one channel as (N, H, W), or rows of features as (N, F).",
        )
    return np.ascontiguousarray(np.moveaxis(x, 3, 1)) if is_last else x


def _labels(labels: Array, source: str) -> list[str]:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
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
