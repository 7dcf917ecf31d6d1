"""The pickles of CIFAR-10's Python version, read without running anything they say.

A pickle is a program. The six files need three functions to build one array of bytes. Here
stand-ins answer to their names, which only note what they are given; every other name is
refused. So neither numpy nor anything else can be called by what a file says.
"""

import io
import pickle
import pickletools
import struct
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnbench.errors import UserError

# What damaged opcodes and wrong arguments end in, besides UnpicklingError.
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError,
    AttributeError, OverflowError, MemoryError, struct.error,
)  # fmt: skip


_LARGEST = 2**31  # of a label
_MOST_TUPLES = 16  # a batch has 6 to 8: sizes, types, states
_GAP = 1000  # positions of the memo that may be left out


class _ForbiddenError(Exception):
    """The pickle asks for something other than an array of bytes."""


class _Noted:
    """Takes the place of an array or of a dtype: keeps its arguments and its state."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Latin1:
    """Answers to `_codecs.encode`, by which Python 3 writes bytes in old protocols."""

    def __call__(self, text: object, encoding: object = "latin1") -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise _ForbiddenError(f"text in the encoding {encoding!r}")
        return text.encode("latin1")

    def __setstate__(self, state: object) -> None:
        # A pickle may set attributes of whatever it names: not of this one, which is shared.
        raise _ForbiddenError("a changed _codecs.encode")


class _BatchUnpickler(pickle.Unpickler):
    _ALLOWED: ClassVar[Mapping[tuple[str, str], object]] = {
        ("numpy.core.multiarray", "_reconstruct"): _Noted,
        ("numpy._core.multiarray", "_reconstruct"): _Noted,  # its name since numpy 2
        ("numpy", "ndarray"): "ndarray",
        ("numpy", "dtype"): _Noted,
        ("_codecs", "encode"): _Latin1(),
    }

    def find_class(self, module: str, name: str) -> object:
        try:
            return self._ALLOWED[module, name]
        except KeyError:
            raise _ForbiddenError(f"{module}.{name}") from None


def read_batch(raw: bytes, source: str, remedy: str) -> tuple[NDArray[np.uint8], list[int]]:
    """Return pixels (an array of uint8, of any shape) and labels of a pickled batch.

    Args:
        raw: the pickle.
        source: the file's name, for messages.
        remedy: what to do about a damaged file.

    Raises:
        UserError: the pickle asks for anything but arrays of bytes, is damaged, or lacks
            pixels or labels. Nothing it says has been run.
    """
    try:
        with warnings.catch_warnings():  # Python warns of escapes in damaged text
            warnings.simplefilter("ignore", DeprecationWarning)
            _check_size(raw)
            # The files were written by Python 2, whose text is bytes.
            content = _BatchUnpickler(io.BytesIO(raw), encoding="bytes").load()
        batch = {_key(key): value for key, value in content.items()}
        return _pixels(batch["data"]), _labels(batch["labels"])
    except _ForbiddenError as error:
        raise UserError(
            f"{source}: the pickle asks for {error}, which no CIFAR-10 file needs; it was refused.",
            "Do not trust this file. " + remedy,
        ) from error
    except _DAMAGE as error:
        raise UserError(
            f"{source}: not a batch of CIFAR-10's Python version "
            f"({type(error).__name__}: {error}).",
            remedy,
        ) from error


def _check_size(raw: bytes) -> None:
    """Refuse a pickle that makes more of its bytes than a batch does.

    A position in the memo takes room for all below it, and tuples of tuples grow without end when
    they are hashed or shown.
    """
    tuples = puts = 0
    for opcode, argument, _ in pickletools.genops(raw):
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            puts += 1
            if int(argument or 0) > puts + _GAP:
                raise ValueError(f"a memo of {argument:,}")
        tuples += "TUPLE" in opcode.name
    if tuples > _MOST_TUPLES:
        raise ValueError(f"{tuples:,} tuples")


def _key(key: object) -> object:
    return key.decode("latin1") if isinstance(key, bytes) else key


def _pixels(noted: Any) -> NDArray[np.uint8]:
    """Build the array from the state numpy pickles: (version, shape, dtype, order, bytes)."""
    _, shape, dtype, fortran_order, raw = noted.state
    if not isinstance(raw, bytes):
        raise ValueError("the pixels are not bytes")
    if _key(dtype.arguments[0]) not in ("u1", "uint8") or fortran_order:
        raise ValueError("the pixels are not an array of bytes in C order")
    pixels: NDArray[np.uint8] = np.frombuffer(raw, np.uint8).reshape(shape)
    return pixels


def _labels(values: Any) -> list[int]:
    if not isinstance(values, list) or not all(
        type(value) is int and abs(value) < _LARGEST for value in values
    ):
        raise ValueError("the labels are not a list of integers")
    return values
