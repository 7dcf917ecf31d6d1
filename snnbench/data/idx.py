"""IDX, the file format of MNIST and Fashion-MNIST.

Layout (http://yann.lecun.com/exdb/mnist): two zero bytes, one byte for the element type, one
for the number of dimensions, the dimensions as big-endian 32-bit integers, the elements.
"""

import struct
from pathlib import Path

import numpy as np

from snnbench.data.dataset import Array, Labels, Part, class_numbers
from snnbench.data.files import LARGEST, read_unpacked
from snnbench.errors import UserError

_ELEMENT_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_UBYTE = 0x08
_REMEDY = "Replace it with an undamaged copy."


def read_idx(path: Path, remedy: str = _REMEDY) -> Array:
    """Return the array in an IDX file, packed with gzip or not, in native byte order.

    Raises:
        UserError: unreadable file, damaged gzip, wrong magic number, unknown element type,
            or fewer or more bytes than the header promises.
    """
    raw = read_unpacked(path, remedy, LARGEST)
    if len(raw) < 4 or raw[:2] != b"\0\0":
        raise UserError(
            f"{path}: not an IDX file (it starts with {raw[:4].hex(' ') or 'nothing'}, "
            "expected 00 00, a type and a number of dimensions).",
            remedy,
        )
    kind, ndim = raw[2], raw[3]
    if kind not in _ELEMENT_TYPES:
        known = ", ".join(f"{code:#04x}" for code in _ELEMENT_TYPES)
        raise UserError(f"{path}: unknown IDX type {kind:#04x} (known: {known}).", remedy)
    start = 4 + 4 * ndim
    if ndim == 0 or len(raw) < start:
        raise UserError(f"{path}: the IDX header with {ndim} dimensions is cut off.", remedy)
    shape = struct.unpack(f">{ndim}I", raw[4:start])
    dtype = np.dtype(_ELEMENT_TYPES[kind])
    _check_length(path, len(raw) - start, shape, dtype, remedy)
    try:
        values: Array = np.frombuffer(raw, dtype, offset=start).reshape(shape)
    except ValueError as error:  # sizes beyond what an array has, and a 0 among them
        raise UserError(f"{path}: the IDX header is damaged ({error}).", remedy) from error
    # A copy, because an array over `bytes` is read-only.
    return values.astype(dtype.newbyteorder("="))


def _check_length(
    path: Path, found: int, shape: tuple[int, ...], dtype: np.dtype[np.generic], remedy: str
) -> None:
    expected = dtype.itemsize
    for size in shape:  # in Python's integers: a damaged header can promise more than 2^64
        expected *= size
    if found != expected:
        wrong = "cut off" if found < expected else "too long"
        dimensions = " x ".join(str(size) for size in shape)
        raise UserError(
            f"{path}: the file is {wrong}: {found:,} bytes after the header, expected "
            f"{expected:,} for {dimensions}.",
            remedy,
        )


def idx_bytes(array: Array) -> bytes:
    """Return a uint8 array as the bytes of an unpacked IDX file: the inverse of `read_idx`."""
    assert array.dtype == np.uint8, array.dtype
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, _UBYTE, array.ndim, *array.shape)
    return header + array.tobytes()


def read_images(path: Path, remedy: str = _REMEDY) -> Array:
    """Return grey images [N, 1, H, W], uint8, from an IDX file of N x H x W bytes.

    Raises:
        UserError: as `read_idx`; other dimensions, another type, or no image.
    """
    images = read_idx(path, remedy)
    if images.ndim != 3 or images.dtype != np.uint8 or images.size == 0:
        raise _wrong_content(path, images, "images: N x H x W bytes", remedy)
    return images[:, np.newaxis]


def read_labels(path: Path, n_classes: int = 10, remedy: str = _REMEDY) -> Labels:
    """Return class numbers [N] from an IDX file of N bytes.

    Raises:
        UserError: as `read_idx`; other dimensions, another type, no label, or one that is
            not below `n_classes`.
    """
    labels = read_idx(path, remedy)
    if labels.ndim != 1 or labels.dtype != np.uint8 or labels.size == 0:
        raise _wrong_content(path, labels, "labels: N bytes", remedy)
    return class_numbers(labels, n_classes, str(path), remedy)


def read_part(images: Path, labels: Path, n_classes: int = 10, remedy: str = _REMEDY) -> Part:
    """Return images [N, 1, H, W] and labels [N] of two IDX files that belong together.

    Raises:
        UserError: as `read_images` and `read_labels`; the files differ in N.
    """
    x, y = read_images(images, remedy), read_labels(labels, n_classes, remedy)
    if len(x) != len(y):
        raise UserError(
            f"{images} holds {len(x):,} images, but {labels.name} {len(y):,} labels: "
            "they do not belong together.",
            remedy,
        )
    return Part(x, y)


def _wrong_content(path: Path, found: Array, expected: str, remedy: str) -> UserError:
    dimensions = " x ".join(str(size) for size in found.shape)
    return UserError(
        f"{path}: holds {dimensions} values of type {found.dtype}, expected {expected}.", remedy
    )
