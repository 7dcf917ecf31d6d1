"""Where words go: results to stdout, progress and messages to stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from snnbench.errors import UserError

_UNBOUNDED = 100_000  # columns of an output that is no terminal: nothing is wrapped or dropped


def stdout() -> Console:
    """Return the console for results; as wide as needed where stdout is no terminal."""
    width = None if sys.stdout.isatty() else _UNBOUNDED
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def stderr() -> Console:
    """Return the console for progress and messages."""
    width = None if sys.stderr.isatty() else _UNBOUNDED
    return Console(file=sys.stderr, width=width, highlight=False)


def say(message: str) -> None:
    """Print a message to stderr."""
    stderr().print(escape(message), soft_wrap=True)


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


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table to stdout; numbers in full where stdout is no terminal."""
    console = stdout()
    console.print(escape(title), style="bold", soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    rows = [list(row) for row in rows]
    for index, name in enumerate(header):
        numeric = any(isinstance(row[index], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell_text(value, full=not console.is_terminal)) for value in row))
    console.print(table)


def cell_text(value: Any, *, full: bool) -> str:
    """Return a value as text: rounded for reading, or in full; "" for a missing one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not full:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int) and not full:
        return f"{value:,}"
    return str(value)
