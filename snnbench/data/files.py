"""Reading a file whole, packed with gzip or not."""

import gzip
import io
import os
import zlib
from pathlib import Path

from snnbench.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"
LARGEST = 64 * 2**20  # bytes, unpacked: no file of a known data set has more


def read_unpacked(path: Path, remedy: str, most: int | None = None) -> bytes:
    """Return the bytes of a file, unpacked if it is gzip.

    What is inside decides, not the name: browsers unpack `.gz` files and keep the name, or
    the other way round.

    Args:
        path: the file.
        remedy: what to do about a damaged file.
        most: bytes that it can have; None for any number.

    Raises:
        UserError: the file cannot be read or is too large, or its gzip stream is damaged or cut.
    """
    too_large = UserError(f"{path}: holds more than {most or 0:,} bytes.", remedy)
    try:
        with path.open("rb") as file:
            if most is not None and os.fstat(file.fileno()).st_size > most:
                raise too_large
            raw = file.read()
    except OSError as error:
        raise unreadable(path, error) from error
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as unpacked:
            raw = unpacked.read(-1 if most is None else most + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise damaged_gzip(path, error, remedy) from error
    if most is not None and len(raw) > most:
        raise too_large
    return raw


def unreadable(path: Path, error: OSError) -> UserError:
    """Return the message for a file that the system refuses to read."""
    return UserError(
        f"{path}: cannot be read ({error.strerror or error}).",
        "Check that it is there, is a file and may be read by you.",
    )


def damaged_gzip(path: Path, error: Exception, remedy: str) -> UserError:
    """Return the message for a gzip file that is cut or whose checksum is wrong."""
    found = "it ends too early" if isinstance(error, EOFError) else str(error)
    return UserError(f"{path}: the gzip file is damaged ({found}).", remedy)
