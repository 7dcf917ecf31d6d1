"""On which line of a TOML file every key stands: `tomllib` keeps the values only.

The text has been accepted by `tomllib`, so the scanner need only find where things begin and
end; it never judges.
"""

import re
from collections.abc import Iterator

# A key of the document: table names, keys and positions in arrays from the root down.
Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# A string's text up to its end; the longer quotes first, a backslash takes the next character.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:\\.|[^"\\])*"' r"|'[^']*'",
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([btnfre"\\]))')
_ESCAPED = dict(zip('btnfre"\\', '\b\t\n\f\r\x1b"\\', strict=True))


def key_lines(text: str) -> dict[Path, int]:
    """Return key -> line, from 1, for every key, table and array element of a valid document.

    >>> key_lines("[a]\\nb = 1\\nc.d = [2,\\n3]\\n")[("a", "c", "d", 1)]
    4
    """
    return dict(_Scanner(text).document())


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted, self.line = 0, 1  # the line of a place, counted up as places come by
        self.arrays: dict[Path, int] = {}  # array of tables -> its last element so far

    def document(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        while self.skip(_BLANK) < len(self.text):
            if self.text.startswith("[", self.at):
                is_array = self.text.startswith("[[", self.at)
                self.at += 2 if is_array else 1
                line = self.line_here()
                table = self.table(self.key(), is_array)
                self.at += 2 if is_array else 1
                yield table, line
            else:
                yield from self.pair(table)

    def table(self, key: list[str], is_array: bool) -> Path:
        """Return where a header's table stands, inside the last element of arrays above it."""
        path: Path = ()
        for depth, name in enumerate(key, 1):
            path += (name,)
            if depth == len(key) and is_array:
                self.arrays[path] = self.arrays.get(path, -1) + 1
            if path in self.arrays:
                path += (self.arrays[path],)
        return path

    def pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        line = self.line_here()
        path = table
        for name in self.key():
            path += (name,)
            yield path, line
        self.at += 1  # the sign "="
        yield from self.value(path)

    def value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self.skip(_SPACE)
        start = self.text[self.at]
        if start in "\"'":
            self.skip(_STRING)
        elif start == "[":
            yield from self.elements(path)
        elif start == "{":
            self.at += 1
            while self.text[self.skip(_BLANK)] != "}":
                yield from self.pair(path)
                self.skip_comma()
            self.at += 1
        else:
            self.skip(_BARE_VALUE)

    def elements(self, path: Path) -> Iterator[tuple[Path, int]]:
        self.at += 1
        position = 0
        while self.text[self.skip(_BLANK)] != "]":
            yield (*path, position), self.line_here()
            yield from self.value((*path, position))
            self.skip_comma()
            position += 1
        self.at += 1

    def key(self) -> list[str]:
        """Read a dotted key up to the sign after it."""
        names = []
        while True:
            self.skip(_SPACE)
            start = self.at
            if self.text[start] in "\"'":
                self.skip(_STRING)
                name = self.text[start + 1 : self.at - 1]
                names.append(_ESCAPE.sub(_unescaped, name) if self.text[start] == '"' else name)
            else:
                self.skip(_BARE_KEY)
                names.append(self.text[start : self.at])
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        assert match is not None, f"not TOML at character {self.at}"
        self.at = match.end()
        return self.at

    def skip_comma(self) -> None:
        self.skip(_BLANK)
        if self.text.startswith(",", self.at):
            self.at += 1

    def line_here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED[match[3]]
