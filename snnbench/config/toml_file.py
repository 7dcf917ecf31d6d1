"""A TOML file with the line of every key, so that a message can say where to look."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnbench.config.toml_lines import Path as KeyPath
from snnbench.config.toml_lines import key_lines
from snnbench.errors import UserError


@dataclass(frozen=True)
class TomlFile:
    """A file that was read.

    Attributes:
        path: where it lies.
        content: what it says.
        lines: key, as ("base", "lr") or ("claims", 0, "kind") -> its line.
    """

    path: Path
    content: Mapping[str, Any] = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)

    def where(self, key: KeyPath) -> str:
        """Return "FILE, line N" of a key, or of the table it is missing from."""
        while key and key not in self.lines:
            key = key[:-1]
        return f"{self.path}, line {self.lines.get(key, 1)}"

    def error(self, key: KeyPath, problem: str, remedy: str) -> UserError:
        """Return an error about a key, which begins with the file and the line."""
        return UserError(f"{self.where(key)}: {problem}", remedy)


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file.

    Raises:
        UserError: the file is missing, or is not TOML in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return TomlFile(path, tomllib.loads(text), key_lines(text))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a UTF-8 text file.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not TOML: {error}.", "Write lines such as: lr = 0.1") from None
    except RecursionError:
        raise UserError(f"{path} is nested too deeply.", "Write lines such as: lr = 0.1") from None
