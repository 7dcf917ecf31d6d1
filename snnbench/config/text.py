"""The bytes of a text file of a user's -> its text."""

import codecs
from pathlib import Path

from snnbench.errors import UserError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(raw: bytes, path: Path, wanted: str = "UTF-8") -> str:
    """Return the text of a file in UTF-8, without the byte order mark that it may begin with.

    Args:
        raw: what the file holds.
        path: the file, for messages.
        wanted: what to save it as instead.

    Raises:
        UserError: it is not in UTF-8.
    """
    if raw.startswith(_UTF16) or b"\0" in raw[:2]:
        raise UserError(
            f"{path}: not a text file in UTF-8, but in UTF-16.", f"Save it as {wanted}."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: not a text file in UTF-8 (byte {raw[error.start]:#04x} at {error.start:,}).",
            f"Save it as {wanted}.",
        ) from None
