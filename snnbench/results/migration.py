"""Tables of an older program get the columns, and the table, that came later, before new rows."""

import itertools
from pathlib import Path

from snnbench.results import disk
from snnbench.results.journal import table_path
from snnbench.results.layout import Columns, open_table, rearranged
from snnbench.results.lines import header_line
from snnbench.results.schema import LATER, SCHEMA_VERSION, columns_of


def writable_columns(folder: Path, name: str) -> Columns:
    """Return the columns that a table has after `migrate`, in its order."""
    with open_table(table_path(folder, name), name) as (present, _):
        return _grown(present, name)


def migrate(folder: Path, name: str) -> list[str]:
    """Write a table anew if it lacks columns, and return what to say of it; the folder is whole.

    After a kill the old file is there or the new one.

    Raises:
        OSError: not done; the old file is there or the new one.
    """
    path = table_path(folder, name)
    if name in LATER and not path.exists():
        disk.replace_file(path, [header_line(columns_of(name))])
        return [f"{path.name}: new (version {SCHEMA_VERSION} of the tables)."]
    with open_table(path, name) as (present, lines):
        columns = _grown(present, name)
        if columns == present:
            return []
        rows = (line + b"\n" for _, line in rearranged(lines, present, columns, path))
        disk.replace_file(path, itertools.chain([header_line(columns)], rows))
    added = ", ".join(column.name for column in columns if column not in present)
    return [f"{path.name}: added {added} (version {SCHEMA_VERSION} of the tables)."]


def _grown(present: Columns, name: str) -> Columns:
    known = columns_of(name)
    return present if len(present) == len(known) else known
