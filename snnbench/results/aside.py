"""Rows that are to be replaced or removed because they do not hold: kept beside the tables.

Each opening of the store that sets rows aside makes a folder of its own, with the tables
as they were: a folder of results as any other.
"""

import itertools
from collections.abc import Collection
from pathlib import Path

from snnbench.results import disk
from snnbench.results.journal import current_table, table_path
from snnbench.results.lines import header_line, run_of
from snnbench.results.provenance import utc_now
from snnbench.results.schema import TABLES

FOLDER = "set-aside"


def new_folder(folder: Path) -> Path:
    """Return a folder that is not there yet, for what one opening of the store sets aside."""
    named = folder / FOLDER / utc_now().replace(":", "")
    others = (named.with_name(f"{named.name}-{n}") for n in itertools.count(2))
    return next(path for path in itertools.chain([named], others) if not path.exists())


def set_aside(folder: Path, run_ids: Collection[str], to: Path) -> None:
    """Copy the rows of runs, as they are, into the tables of `to`; durable when this returns.

    Raises:
        UserError: a table is not ours.
        OSError: the disk refuses; the rows are still where they were.
    """
    disk.make_folder(to)
    for name in TABLES:
        path, kept = table_path(folder, name), table_path(to, name)
        with current_table(folder, name, None) as (columns, lines):
            rows = [
                line + b"\n"
                for number, line in lines
                if run_of(line, columns, path, number) in run_ids
            ]
            if kept.exists():
                disk.append(kept, b"".join(rows))
            else:
                disk.replace_file(kept, [header_line(columns), *rows])
