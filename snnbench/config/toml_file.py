"""A TOML file with the line of every key, so that a message can say where to look."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any

from snnbench.config.text import decoded
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.config.toml_lines import key_lines
from snnbench.errors import UserError

_LARGEST = 2**63  # TOML's own bound


@dataclass(frozen=True)
class TomlFile:
    """A file that was read.

    Attributes:
        path: where it lies.
        content: what it says.
        lines: key, as ("base", "lr") or ("claims", 0, "kind") -> its line.
        written: `content` with fractions as the texts that they were written as.
    """

    path: Path
    content: Mapping[str, Any] = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)
    written: Mapping[str, Any] = field(repr=False)

    def where(self, key: KeyPath) -> str:
        """Return "FILE, line N" of a key, or of the table it is missing from.

        A table that has no line of its own, as `a` in [[a]] or [a.b], begins where its first part
        does.
        """
        while key:
            parts = [line for other, line in self.lines.items() if other[: len(key)] == key]
            if parts:
                return f"{self.path}, line {min(parts)}"
            key = key[:-1]
        return f"{self.path}, line 1"

    def decimals(self, key: KeyPath) -> int:
        """Return after how many decimals a number ends as it is written: 2 of 0.20, 0 of 10, -5 of
        2.5e6."""
        value: Any = self.written
        for part in key:
            value = value[part]
        try:
            exponent = Decimal(str(value).strip()).as_tuple().exponent
        except DecimalException:  # of 1e-99999999999999999999, which is 0
            return 0
        return -exponent if isinstance(exponent, int) else 0

    def error(self, key: KeyPath, problem: str, remedy: str) -> UserError:
        """Return an error about a key, which begins with the file and the line."""
        return UserError(f"{self.where(key)}: {problem}", remedy)


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file.

    Raises:
        UserError: the file is missing, or is not TOML in UTF-8.
    """
    try:
        text = decoded(path.read_bytes(), path).replace("\r\n", "\n")
        file = TomlFile(path, tomllib.loads(text), key_lines(text),
                        tomllib.loads(text, parse_float=str))  # fmt: skip
        integers = list(_integers(file.content))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    except RecursionError:
        raise UserError(f"{path} is nested too deeply.", "Write lines such as: lr = 0.1") from None
    except ValueError as error:  # tomllib's own, and int()'s of very long numbers
        raise UserError(f"{path} is not TOML: {error}.", "Write lines such as: lr = 0.1") from None
    for key, value in integers:
        if abs(value) > _LARGEST:
            raise file.error(key, "an integer of more than 64 bits.", "Write lines such as: T = 10")
    return file


def _integers(value: Any, key: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    """Yield the integers of a document, which Python would read of any length."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _integers(item, (*key, name))
    elif isinstance(value, int):
        yield key, value
