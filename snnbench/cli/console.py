"""Where words go: results to stdout, progress and messages to stderr."""

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from snnbench.cli.folding import fold as folded
from snnbench.cli.layout import lay_out, wrapped
from snnbench.errors import UserError
from snnbench.progress.screens import UNBOUNDED, stderr


def stdout() -> Console:
    """Return the console for results; as wide as needed where stdout is no terminal."""
    width = None if sys.stdout.isatty() else UNBOUNDED
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def say(message: str) -> None:
    """Print a message to stderr, broken at blanks where it is wider than a terminal."""
    _print_lines(stderr(), message)


def print_error(error: UserError) -> None:
    """Print what is wrong and what to do, to stderr."""
    console = stderr()
    console.print(f"[bold red]Error:[/] {escape(error.problem)}", soft_wrap=True)
    console.print(escape(error.remedy), soft_wrap=True)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document to stdout; NaN and infinity would be a fault of ours."""
    print(json.dumps(document, indent=2, allow_nan=False, default=_plain))


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} has no place in a result")
    return item()


def print_table(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    fold: Collection[str] = (),
    keep: Collection[str] = (),
    where: str = "--json has all",
) -> None:
    """Print a table to stdout, for reading: numbers have four significant digits.

    On a terminal no number and no word is split: see `lay_out`. Elsewhere a row is one line.

    Args:
        title: what it is.
        header: names of the columns, the one that matters most first.
        rows: as many cells each.
        fold: columns that are a line below it where they tell no row from another: see `fold`.
        keep: columns that are left out after all others where there is no room.
        where: where all columns are, in words.
    """
    print_words(title, style="bold")
    names, cells, notes = folded(header, [list(row) for row in rows], fold)
    console = stdout()
    laid = lay_out(names, cells, console.width, keep, one_line=not console.is_terminal)
    for line in laid.header:
        console.print(Text(line, style="bold"), soft_wrap=True)
    for line in laid.body:
        console.print(Text(line), soft_wrap=True)
    if laid.left_out:
        notes.append(f"No room for: {', '.join(laid.left_out)}. {where}; so has a wider terminal.")
    for note in notes:
        print_words(note)


def print_words(text: str, *, style: str = "") -> None:
    """Print a sentence to stdout, broken at blanks where it is wider than a terminal."""
    _print_lines(stdout(), text, style)


def _print_lines(console: Console, text: str, style: str = "") -> None:
    for line in wrapped(text, console.width) if console.is_terminal else [text]:
        console.print(Text(line, style=style), soft_wrap=True)
