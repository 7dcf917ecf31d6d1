"""Replacing runs: the one change that touches rows already acknowledged.

The new rows of all tables are first written into one file, `.replace.json`, which gets its
name by a rename. That rename is the commit: before it the old runs are there, after it the new
ones, and nothing in between. Then each table is written anew without the old rows and with the
new (a rename each), and the journal is removed.

Killed after the commit, some tables still have the old rows. Whoever opens the folder finds the
journal: a writer does the rewriting again, which leads to the same files however much was done
already, and a reader lays the journal over the tables while reading.
"""

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.results.layout import Columns, Lines, check_schema, named, open_table, rearranged
from snnbench.results.lines import header_line, run_of
from snnbench.results.schema import LATER, SCHEMA_VERSION, TABLES, columns_of

_NAME = ".replace.json"


@dataclass(frozen=True)
class Journal:
    """The runs being replaced.

    Attributes:
        run_ids: whose old rows go.
        columns: table name -> the columns of its lines.
        text: table name -> the lines that come.
    """

    run_ids: frozenset[str]
    columns: Mapping[str, Columns]
    text: Mapping[str, bytes]


def table_path(folder: Path, name: str) -> Path:
    """Return the file of the table `name`, one of `TABLES`."""
    return folder / f"{name}.csv"


def path_of(folder: Path) -> Path:
    """Return the journal's file, there only while runs are being replaced."""
    return folder / _NAME


def commit(folder: Path, journal: Journal) -> None:
    """Put the journal on the disk: from here on the new runs are the recorded ones.

    Raises:
        OSError: the old ones are.
    """
    content = {
        "schema": SCHEMA_VERSION,
        "run_ids": sorted(journal.run_ids),
        "columns": {name: [c.name for c in columns] for name, columns in journal.columns.items()},
        "text": {name: lines.decode() for name, lines in journal.text.items()},
    }
    disk.replace_file(path_of(folder), [json.dumps(content).encode()])


def load(folder: Path) -> Journal | None:
    """Return the journal that a killed writer left, or that one is working through, if any.

    Raises:
        UserError: it is not ours; what we write is there as a whole or not at all.
    """
    path = path_of(folder)
    try:
        content = json.loads(path.read_bytes())
        check_schema(str(content["schema"]), path, 1)
        there = [name for name in TABLES if name not in LATER or name in content["text"]]
        text = {name: str(content["text"][name]).encode() for name in there}
        names = content.get("columns") or _columns_of_version_1()
        columns = {name: named(list(map(str, names[name])), path, name) for name in there}
        for name in LATER.keys() - text.keys():  # a journal of an older program
            text[name], columns[name] = b"", columns_of(name)
        return Journal(frozenset(map(str, content["run_ids"])), columns, text)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _damaged(path) from None


def carry_out(folder: Path, journal: Journal) -> None:
    """Write the journal's rows into the tables and remove it; done twice, it changes nothing.

    Raises:
        OSError: not finished; the journal is still there, to be carried out again.
    """
    for name in TABLES:
        with current_table(folder, name, journal) as (columns, lines):
            rows = (line + b"\n" for _, line in lines)
            path = table_path(folder, name)
            disk.replace_file(path, itertools.chain([header_line(columns)], rows))
    os.unlink(path_of(folder))
    # durable before anything is appended: a journal that came back would undo later replacements
    disk.sync_folder(folder)


@contextmanager
def current_table(
    folder: Path, name: str, journal: Journal | None
) -> Iterator[tuple[Columns, Lines]]:
    """Open a table as `open_table` does, with the journal laid over it.

    The journal's own rows come last, as they will in the file.

    Raises:
        UserError: the header or a row's number of cells is not ours.
    """
    with open_table(table_path(folder, name), name) as (columns, lines):
        yield columns, _laid_over(lines, columns, folder, name, journal) if journal else lines


def _laid_over(lines: Lines, columns: Columns, folder: Path, name: str, journal: Journal) -> Lines:
    path, number = table_path(folder, name), 1
    for number, line in lines:
        if run_of(line, columns, path, number) not in journal.run_ids:
            yield number, line
    # not splitlines(): only "\n" ends a row
    if not set(journal.columns[name]) <= set(columns):
        raise _damaged(path_of(folder))
    come = enumerate(journal.text[name].split(b"\n")[:-1], number + 1)
    # Of other columns where the table got more of them since this reader has read the journal.
    yield from rearranged(come, journal.columns[name], columns, path_of(folder))


def _damaged(path: Path) -> UserError:
    return UserError(
        f"{path} is damaged: it holds the new rows of runs that were being replaced.",
        "Delete it and replace these runs again (--force).",
    )


def _columns_of_version_1() -> dict[str, list[str]]:
    return {name: [c.name for c in columns_of(name) if c.since == 1] for name in TABLES}
