"""Reading a file whole, packed with gzip or not."""

import gzip
import zlib
from pathlib import Path

from snnbench.errors import UserError

GZIP_MAGIC = b"\x1f\x8b"


def read_unpacked(path: Path, remedy: str) -> bytes:
    """Return the bytes of a file, unpacked if it is gzip.

    What is inside decides, not the name: browsers unpack `.gz` files and keep the name, or
    the other way round.

    Raises:
        UserError: the file cannot be read, or its gzip stream is damaged or cut.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise damaged_gzip(path, error, remedy) from error


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
