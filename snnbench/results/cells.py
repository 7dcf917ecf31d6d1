"""One value as one cell of text, and back.

A cell is empty where a value is missing: never 0, "None" or NaN.
"""

import math
from numbers import Integral, Real

from snnbench.config.setting import Value
from snnbench.results.schema import Column

# A spreadsheet takes a cell that starts so for a formula; blanks before it do not stop all of them.
_FORMULA_STARTS = ("=", "+", "-", "@")
_NEUTRALISED = ("'", "\t")
# A cell in a spreadsheet holds 32,767 characters; a longer error message is a log, not a cell.
LONGEST_TEXT = 32_000
# Kind -> what its cells are made of. int() and float() alone would also take "1_0", " 1" and "nan".
CHARACTERS = {"integer": b"-0123456789", "number": b"+-.0123456789eE"}


def to_cell(value: object, column: Column) -> str:
    """Return the text of one cell, from which `from_cell` makes the same value again.

    Three things do not come back as they went in: NaN and infinity are written as missing; text
    is made one line and cut at `LONGEST_TEXT` characters; empty text is missing text.

    Raises:
        AssertionError: the value is not of the column's kind: our mistake.
    """
    if value is None:
        return ""
    if column.kind == "text":
        assert isinstance(value, str), f"{column.name}: {value!r} is not text"
        return _neutralised(value)
    if column.kind == "boolean":
        assert isinstance(value, bool), f"{column.name}: {value!r} is not a boolean"
        return "true" if value else "false"
    assert not isinstance(value, bool), f"{column.name}: {value!r} is not a number"
    # `type` first: a plain number need not ask the abstract class, which is slow
    if column.kind == "integer":
        assert type(value) is int or isinstance(value, Integral), f"{column.name}: {value!r}"
        integer = int(value)
        assert -(2**63) <= integer < 2**63, f"{column.name}: {value} does not fit 64 bits"
        return str(integer)
    assert type(value) is float or isinstance(value, Real), f"{column.name}: {value!r}"
    number = float(value)
    return repr(number) if math.isfinite(number) else ""


def from_cell(text: str, column: Column) -> Value:
    """Return the value of one cell; None where it is empty.

    Raises:
        ValueError: the text is not a value of the column's kind, in words for the user.
    """
    if text == "":
        return None
    if column.kind == "text":
        return text.removeprefix("'")
    if column.kind == "boolean":
        if text in {"true", "false"}:
            return text == "true"
        raise ValueError(f"'{text}' is neither true nor false")
    try:
        if text.encode("utf-8", "replace").translate(None, CHARACTERS[column.kind]):
            pass
        elif column.kind == "integer":
            integer = int(text)
            if -(2**63) <= integer < 2**63:
                return integer
        else:
            number = float(text)
            if math.isfinite(number):
                return number
    except ValueError:
        pass
    raise ValueError(f"'{text}' is not {'an integer' if column.kind == 'integer' else 'a number'}")


def _neutralised(text: str) -> str:
    if text.isascii() and text.isprintable():
        line = text  # most texts
    else:
        # Lone surrogates (of file names that are not UTF-8) cannot be encoded: \udc.. in letters.
        line = " ".join(text.encode("utf-8", "backslashreplace").decode().splitlines())
    if len(line) > LONGEST_TEXT:
        line = line[: LONGEST_TEXT - 1] + "…"
    # Text that starts with an apostrophe gets one more, so that reading takes off what we added.
    if line.startswith(_NEUTRALISED) or line.lstrip().startswith(_FORMULA_STARTS):
        return "'" + line
    return line
