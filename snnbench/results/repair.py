"""What a writer does on opening a folder: make it whole after whatever stopped the last one."""

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from snnbench.errors import UserError
from snnbench.results import disk, journal
from snnbench.results.index import Entry, incomplete_runs, index_runs
from snnbench.results.journal import table_path
from snnbench.results.lines import (
    first_cell,
    header_line,
    torn_run,
    whole_lines,
    whole_size,
)
from snnbench.results.schema import TABLES


@dataclass(frozen=True)
class Repaired:
    """A whole folder.

    Attributes:
        index: the runs in it.
        incomplete: runs in it that must be done again, since rows of theirs are lost.
        repairs: what was mended, a sentence each.
    """

    index: dict[str, Entry]
    incomplete: set[str]
    repairs: list[str]


@dataclass(frozen=True)
class _Scan:
    """What epochs.csv or layers.csv holds.

    Attributes:
        rows: run_id -> number of rows, for the runs in runs.csv.
        end: offset behind the last of these rows.
        orphans_inside, orphans_behind: rows of other runs, before `end` and after it.
    """

    rows: Counter[str]
    end: int
    orphans_inside: int
    orphans_behind: int


def repair(folder: Path) -> Repaired:
    """Make the folder whole; the caller holds its lock. What is whole is only read.

    Raises:
        UserError: a file is not ours, newer, or damaged elsewhere than at its end; it is left
            as it is.
        OSError: the disk refuses.
    """
    for name in _headless(folder):
        disk.replace_file(table_path(folder, name), [header_line(TABLES[name])])
    repairs: list[str] = []
    if pending := journal.load(folder):
        journal.carry_out(folder, pending)
        repairs.append(f"Finished replacing {_count(len(pending.run_ids), 'run')}.")
    index = index_runs(folder, None)
    scans = {name: _scan(folder, name, index) for name in ("epochs", "layers")}
    incomplete = incomplete_runs(index, scans["epochs"].rows)
    torn = {torn_run(table_path(folder, name)) for name in scans}
    incomplete |= {run_id for run_id in torn if run_id in index}
    # everything has been read and understood: from here on files are changed
    _remove_temporaries(folder)
    runs = table_path(folder, "runs")
    repairs += _cut(runs, whole_size(runs))
    for name, scan in scans.items():
        repairs += _remove_orphans(folder, name, index, scan)
    if incomplete:
        repairs.append(
            f"Rows of {_count(len(incomplete), 'run')} are lost from epochs.csv or layers.csv,"
            f" to be done again: {', '.join(sorted(incomplete)[:3])}"
            f"{', ...' if len(incomplete) > 3 else '.'}"
        )
    return Repaired(index, incomplete, repairs)


def _headless(folder: Path) -> list[str]:
    """Return the tables to be made new: all of them in a new folder.

    Headers are written as whole files, before any row. Where a header is missing while another
    file has rows, somebody lost a file: making it new would turn the other rows into orphans.
    """
    headless, filled = [], []
    for name in ("runs", "epochs", "layers"):  # runs.csv first: it tells of a newer version
        path, columns = table_path(folder, name), TABLES[name]
        first = _first_line(path)
        if header_line(columns).startswith(first) and not first.endswith(b"\n"):
            headless.append(name)
            continue
        next(whole_lines(path, columns), None)  # refuses a header that is not ours
        if os.path.getsize(path) > len(first):
            filled.append(name)
    if headless and filled:
        raise UserError(
            f"{table_path(folder, headless[0])} is missing or cut off within its header,"
            f" but {filled[0]}.csv beside it has rows.",
            "Restore the file from a backup, or name another folder.",
        )
    return headless


def _first_line(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.readline()
    except FileNotFoundError:
        return b""


def _scan(folder: Path, name: str, index: Iterable[str]) -> _Scan:
    path, columns = table_path(folder, name), TABLES[name]
    rows: Counter[str] = Counter()
    commas = len(columns) - 1
    offset = end = len(_first_line(path))
    inside = behind = 0
    # The rows of a run follow one another. There may be millions: those that start like the row
    # before are only counted.
    run_id, start, known = "", b"\n", False
    for number, line in whole_lines(path, columns):
        if not line.startswith(start) or line.count(b",") != commas:
            run_id = first_cell(line, columns, path, number)
            start, known = run_id.encode() + b",", run_id in index
        offset += len(line) + 1
        if known:
            rows[run_id] += 1
            end = offset
            inside += behind
            behind = 0
        else:
            behind += 1
    return _Scan(rows, end, inside, behind)


def _remove_orphans(folder: Path, name: str, index: Iterable[str], scan: _Scan) -> list[str]:
    path, columns = table_path(folder, name), TABLES[name]
    orphans = scan.orphans_inside + scan.orphans_behind
    repairs = _cut(path, whole_size(path))
    if scan.orphans_inside:
        # Only somebody who takes rows out of runs.csv leaves orphans here: rare, so write it all.
        kept = (
            line + b"\n"
            for number, line in whole_lines(path, columns)
            if first_cell(line, columns, path, number) in index
        )
        disk.replace_file(path, itertools.chain([header_line(columns)], kept))
    elif scan.orphans_behind:
        disk.truncate(path, scan.end)
    if orphans:
        rows = _count(orphans, "row")
        repairs.append(f"{path.name}: removed {rows} of runs that runs.csv does not have.")
    return repairs


def _cut(path: Path, size: int) -> list[str]:
    surplus = os.path.getsize(path) - size
    if not surplus:
        return []
    disk.truncate(path, size)
    return [f"{path.name}: cut off a last line that was not written to its end."]


def _remove_temporaries(folder: Path) -> None:
    for path in (*(table_path(folder, name) for name in TABLES), journal.path_of(folder)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(disk.temporary_of(path))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
