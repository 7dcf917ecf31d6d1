"""What a writer does on opening a folder: make it whole after whatever stopped the last one."""

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnbench.errors import UserError
from snnbench.results import disk, journal
from snnbench.results.aside import set_aside
from snnbench.results.index import Entry, index_runs
from snnbench.results.journal import table_path
from snnbench.results.judge import Fault, Findings, fault_notes
from snnbench.results.layout import Columns, open_table
from snnbench.results.lines import header_line, run_of, torn_run, whole_size, without_mark
from snnbench.results.schema import KEYS, LATER, TABLES, columns_of


@dataclass(frozen=True)
class Repaired:
    """A whole folder.

    Attributes:
        index: the runs in it.
        doubtful: runs in it that must be done again, since rows of theirs are lost or do not hold.
        repairs: what was mended, a sentence each.
    """

    index: dict[str, Entry]
    doubtful: set[str]
    repairs: list[str]


@dataclass(frozen=True)
class _Scan:
    """What a table but runs.csv holds.

    Attributes:
        rows: run_id -> number of rows, for the runs in runs.csv.
        torn: the run of a last line that is not whole, where one can tell.
        end: offset behind the last of these rows.
        orphans_inside, orphans_behind: rows of other runs, before `end` and after it.
    """

    rows: Counter[str]
    torn: str | None
    end: int
    orphans_inside: int
    orphans_behind: int

    @property
    def orphans(self) -> int:
        """All rows of other runs."""
        return self.orphans_inside + self.orphans_behind


def repair(folder: Path, aside: Path, findings: Findings, *, judged: bool = False) -> Repaired:
    """Make the folder whole; the caller holds its lock. What is whole is only read.

    Args:
        folder: of the tables.
        aside: where rows are kept that runs.csv has no run for, unless a killed writer left them.
        findings: which runs do not hold.
        judged: whether it is to be added to here.

    Raises:
        UserError: a file is not ours, newer, or damaged elsewhere than at its end; it is left
            as it is.
        OSError: the disk refuses.
    """
    for name in _headless(folder):
        disk.replace_file(table_path(folder, name), [header_line(columns_of(name))])
    repairs: list[str] = []
    if pending := journal.load(folder):
        journal.carry_out(folder, pending)
        repairs.append(f"Finished replacing {_count(len(pending.run_ids), 'run')}.")
    index = index_runs(folder, None, findings if judged else None)
    scans = {name: _scan(folder, name, index) for name in KEYS}
    lost = {
        run_id
        for run_id, entry in index.items()
        if entry.status == "done"
        and any(scan.rows[run_id] != entry.rows_of(name) for name, scan in scans.items())
    }
    lost |= {scan.torn for scan in scans.values() if scan.torn in index}
    faults = findings.faults
    # everything has been read and understood: from here on files are changed
    _remove_temporaries(folder)
    runs = table_path(folder, "runs")
    repairs += _cut(runs, whole_size(runs))
    if any(s.orphans_inside or (s.orphans and (faults or not index)) for s in scans.values()):
        repairs += _set_aside(folder, index, aside)
    for name, scan in scans.items():
        repairs += _remove_orphans(folder, name, index, scan)
    if lost:
        repairs.append(
            f"Rows of {_count(len(lost), 'run')} are lost from epochs.csv, layers.csv or steps.csv,"
            f" to be done again: {', '.join(sorted(lost)[:3])}"
            f"{', ...' if len(lost) > 3 else '.'}"
        )
    repairs += doubts(faults)
    return Repaired(index, lost | {fault.run_id for fault in faults}, repairs)


def doubts(faults: Sequence[Fault]) -> list[str]:
    """Return what is said of runs that count as missing because a row of theirs does not hold."""
    return fault_notes(faults, "counts as missing", "count as missing")


def _headless(folder: Path) -> list[str]:
    """Return the tables to be made new: all of them in a new folder.

    Headers are written as whole files, before any row. Where a header is missing while another
    file has rows, somebody lost a file: making it new would turn the other rows into orphans.
    """
    headless, filled = [], []
    columns: Columns = ()  # of runs.csv
    for name in ("runs", *KEYS):  # runs.csv first: it tells of a newer version
        path = table_path(folder, name)
        first = _first_line(path)
        if _is_cut(first, name):
            headless.append(name)
            continue
        with open_table(path, name) as (present, _):  # refuses a header that is not ours
            columns = present if name == "runs" else columns
        if os.path.getsize(path) > len(first):
            filled.append(name)
    names = {column.name for column in columns}
    older = [name for name, column in LATER.items() if filled and column not in names]
    headless = [n for n in headless if n not in older or table_path(folder, n).exists()]
    if headless and filled:
        raise UserError(
            f"{table_path(folder, headless[0])} is missing or cut off within its header,"
            f" but {filled[0]}.csv beside it has rows.",
            "Restore the file from a backup, or name another folder.",
        )
    return headless


def _is_cut(header: bytes, name: str) -> bool:
    """Return whether a first line is the start of a header, which may be in any order."""
    *names, last = without_mark(header).split(b",")
    known = {column.name.encode() for column in columns_of(name)}
    return known.issuperset(names) and any(column.startswith(last) for column in known)


def _first_line(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.readline()
    except FileNotFoundError:
        return b""


def _scan(folder: Path, name: str, index: Iterable[str]) -> _Scan:
    path = table_path(folder, name)
    rows: Counter[str] = Counter()
    offset = end = len(_first_line(path))
    inside = behind = 0
    # The rows of a run follow one another. There may be millions: those that start like the row
    # before are only counted.
    never = b"\n"
    run_id, start, known = "", never, False
    with open_table(path, name) as (columns, lines):
        commas, is_first = len(columns) - 1, columns[0].name == "run_id"
        for number, line in lines:
            if not line.startswith(start) or line.count(b",") != commas:
                run_id = run_of(line, columns, path, number)
                start, known = run_id.encode() + b"," if is_first else never, run_id in index
            offset += len(line) + 1
            if known:
                rows[run_id] += 1
                end = offset
                inside += behind
                behind = 0
            else:
                behind += 1
    return _Scan(rows, torn_run(path, columns), end, inside, behind)


def _set_aside(folder: Path, index: Container[str], aside: Path) -> list[str]:
    """Keep rows whose run was taken out of runs.csv, or goes by another name there."""
    orphans: set[str] = set()
    for name in KEYS:
        path = table_path(folder, name)
        with open_table(path, name) as (columns, lines):
            orphans |= {run_of(line, columns, path, number) for number, line in lines}
    orphans = {run_id for run_id in orphans if run_id not in index}
    set_aside(folder, orphans, aside)
    return [f"Rows of runs that runs.csv does not have are kept in {aside}."]


def _remove_orphans(folder: Path, name: str, index: Iterable[str], scan: _Scan) -> list[str]:
    path = table_path(folder, name)
    repairs = _cut(path, whole_size(path))
    if scan.orphans_inside:
        # Only somebody who takes rows out of runs.csv leaves orphans here: rare, so write it all.
        with open_table(path, name) as (columns, lines):
            kept = (
                line + b"\n"
                for number, line in lines
                if run_of(line, columns, path, number) in index
            )
            disk.replace_file(path, itertools.chain([header_line(columns)], kept))
    elif scan.orphans_behind:
        disk.truncate(path, scan.end)
    if scan.orphans:
        rows = _count(scan.orphans, "row")
        repairs.append(f"{path.name}: removed {rows} of runs that runs.csv does not have.")
    return repairs


def _cut(path: Path, size: int) -> list[str]:
    surplus = os.path.getsize(path) - size if path.exists() else 0
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
