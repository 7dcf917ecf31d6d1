"""The store: the four tables in one folder, one writer, any number of readers.

A run's epochs, layers and steps are written and synced first, its row in runs.csv last: that row
is the commit. A process killed at any moment leaves, at the files' ends, a torn line or rows of a
run that has no row in runs.csv; readers pass over them and the next writer cuts them off.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from snnbench.config.setting import Value
from snnbench.errors import UserError
from snnbench.results import disk, journal
from snnbench.results.aside import new_folder, set_aside
from snnbench.results.frames import read_epochs, read_layers, read_runs, read_steps
from snnbench.results.index import Entry, entry_of, find_run, index_runs
from snnbench.results.journal import Journal, table_path
from snnbench.results.judge import Findings
from snnbench.results.layout import Columns
from snnbench.results.lines import Row, to_lines
from snnbench.results.lock import WriterLock
from snnbench.results.migration import migrate, writable_columns
from snnbench.results.repair import doubts, repair
from snnbench.results.rows import Rows, RunRows, checked
from snnbench.results.schema import TABLES, columns_of

__all__ = ["ResultStore", "RunRows", "read_epochs", "read_layers", "read_runs", "read_steps"]


class ResultStore:
    """A folder of results, open for writing or only for looking runs up; one thread at a time.

    Attributes:
        folder: where the tables are.
        findings: which of the recorded runs do not hold.
        repairs: what was mended on opening or added to the tables since, a sentence each; for
            people.
    """

    def __init__(self, folder: Path, lock: WriterLock | None, findings: Findings) -> None:
        self.folder, self.findings = folder, findings
        self.repairs: list[str] = []
        self._lock = lock
        self._index: dict[str, Entry] = {}
        self._doubtful: set[str] = set()  # recorded, but rows are lost or do not hold
        self._aside = new_folder(folder)
        self._failed = False
        # The columns that the tables must have, and those they had when they last had them all.
        self._wanted: dict[str, Columns] = {}
        self._columns: dict[str, Columns] = {}

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        write: bool = True,
        judged: bool = False,
        known: Findings | None = None,
    ) -> Self:
        """Open a folder of results.

        For writing, the folder is created if need be, locked, and repaired (see `repairs`). A run
        that is done but whose epochs, layers or steps are lost counts as missing: appending it
        replaces it, and what there was of it is kept in a folder of its own below `set-aside`.
        Otherwise nothing is created, locked or changed, and a missing folder is an empty store.

        Args:
            folder: of the tables.
            write: whether runs are to be recorded.
            judged: a run whose row of runs.csv does not hold (see `judge`) counts as missing, too.
            known: so does one of these, the findings of a look at the folder just before.

        Raises:
            UserError: another process writes there, the folder cannot be written, or a file in it
                is not ours, damaged, or of a newer version. Nothing has been changed.
        """
        folder = Path(folder)
        store = cls(folder, WriterLock(folder) if write else None, known or Findings())
        try:
            store._open(judged=judged)
        except OSError as error:
            store.close()
            raise disk.trouble(error, folder) from error
        except BaseException:
            store.close()
            raise
        return store

    def _open(self, *, judged: bool) -> None:
        if self._lock is not None:
            disk.make_folder(self.folder)
            self._lock.acquire()
            found = repair(self.folder, self._aside, self.findings, judged=judged)
            self._index, self._doubtful = found.index, found.doubtful
            self.repairs = found.repairs
        elif table_path(self.folder, "runs").exists():
            wanted = self.findings if judged else None
            self._index = index_runs(self.folder, journal.load(self.folder), wanted)
            self._doubtful = self.findings.run_ids
            self.repairs = doubts(self.findings.faults)

    def close(self) -> None:
        """Give the folder free for other writers; closing twice is allowed."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def statuses(self) -> dict[str, str]:
        """Return run_id -> status of every recorded run, in the order they were written."""
        return {
            run_id: entry.status
            for run_id, entry in self._index.items()
            if run_id not in self._doubtful
        }

    def status(self, run_id: str) -> str | None:
        """Return the status of a run, or None if it is not recorded."""
        return self._index[run_id].status if self.has(run_id) else None

    def has(self, run_id: str) -> bool:
        """Return whether the run is recorded, whatever its status."""
        return run_id in self._index and run_id not in self._doubtful

    def row(self, run_id: str) -> dict[str, Value] | None:
        """Return a run's row of runs.csv as column -> value, or None if it is not recorded.

        Reads through the file: to look at many runs, use `read_runs`.

        Raises:
            UserError: a cell is not of its column's kind, or the file cannot be read.
        """
        if not self.has(run_id):
            return None
        try:
            return find_run(self.folder, run_id)
        except OSError as error:
            raise disk.trouble(error, self.folder) from error

    def append(
        self,
        run_row: Row,
        epoch_rows: Sequence[Row],
        layer_rows: Sequence[Row],
        step_rows: Sequence[Row] = (),
    ) -> None:
        """Record a run; when this returns, the run survives a kill and a power failure.

        Args:
            run_row: its row of runs.csv; `schema`, `layers` and `inference_steps` may be left out.
            epoch_rows: its rows of epochs.csv, as many as `epochs_run` says if it is done;
                `run_id` may be left out.
            layer_rows, step_rows: its rows of layers.csv and steps.csv, likewise.

        Raises:
            UserError: the disk is full or refuses; the files are as before.
            AssertionError, KeyError: a row that cannot be, or a run that is there: our mistake.
        """
        self.append_many([RunRows(run_row, epoch_rows, layer_rows, step_rows)])

    def append_many(self, runs: Iterable[Rows]) -> None:
        """Record the runs of a cohort: as `append`, with one sync a file for all of them.

        After a kill, some of them may be recorded and the others not.
        """
        records = checked(runs)
        again = {run_id: rows for run_id, rows in records.items() if run_id in self._doubtful}
        new = {run_id: rows for run_id, rows in records.items() if run_id not in again}
        present = new.keys() & self._index.keys()
        assert not present, f"recorded already, to be replaced instead: {sorted(present)}"
        self._append(new)
        self._replace(again)

    def replace(
        self,
        run_row: Row,
        epoch_rows: Sequence[Row],
        layer_rows: Sequence[Row],
        step_rows: Sequence[Row] = (),
    ) -> None:
        """Record a run in place of the one with its run_id, if there is one.

        At every moment, and after a kill, the tables hold the old run or the new one.

        Raises:
            UserError: the disk is full or refuses; the old run or the new one is recorded, and
                the store takes no more rows until it is opened again.
            AssertionError, KeyError: a row that cannot be: our mistake.
        """
        self.replace_many([RunRows(run_row, epoch_rows, layer_rows, step_rows)])

    def replace_many(self, runs: Iterable[Rows]) -> None:
        """Record runs in place of those with their run_ids: as `replace`, all in one step.

        The tables are written anew, once for all: replacing many at a time is worth it.
        """
        records = checked(runs)
        old = {run_id: rows for run_id, rows in records.items() if run_id in self._index}
        self._append({run_id: rows for run_id, rows in records.items() if run_id not in old})
        self._replace(old)

    def _append(self, records: Mapping[str, RunRows]) -> None:
        self._refuse_unless_writable()
        if not records:
            return
        _, text = self._prepare(records.values())
        paths = {name: table_path(self.folder, name) for name in TABLES}
        sizes: dict[str, int] = {}
        try:
            sizes = {name: path.stat().st_size for name, path in paths.items()}
            for name in TABLES:  # runs last
                if text[name]:
                    disk.append(paths[name], text[name])
            self._index |= {run_id: entry_of(rows.run) for run_id, rows in records.items()}
        except BaseException as error:  # Ctrl-C too: a run is recorded whole or not at all
            self._roll_back(records, sizes)
            if isinstance(error, OSError):
                raise disk.trouble(error, self.folder) from error
            raise

    def _roll_back(self, records: Mapping[str, RunRows], sizes: Mapping[str, int]) -> None:
        self._failed = True  # unless all of it succeeds: the next opening cuts off the rest
        for run_id in records:
            self._index.pop(run_id, None)
        with contextlib.suppress(OSError):
            for name in reversed(list(sizes)):  # runs first: without them the others do not count
                disk.truncate(table_path(self.folder, name), sizes[name])
            self._failed = False

    def _replace(self, records: Mapping[str, RunRows]) -> None:
        self._refuse_unless_writable()
        if not records:
            return
        change = Journal(frozenset(records), *self._prepare(records.values()))
        doubtful = records.keys() & self._doubtful
        self._failed = True  # until all is done: appending between the steps would be undone
        try:
            if doubtful:
                set_aside(self.folder, doubtful, self._aside)
                listed = ", ".join(sorted(doubtful))
                self.repairs.append(f"What there was of {listed} is kept in {self._aside}.")
            journal.commit(self.folder, change)
            journal.carry_out(self.folder, change)
            self._index = index_runs(self.folder, None)
        except OSError as error:
            raise disk.trouble(error, self.folder) from error
        self._doubtful -= records.keys()
        self._failed = False

    def _prepare(self, records: Collection[RunRows]) -> tuple[dict[str, Columns], dict[str, bytes]]:
        """Give the tables all their columns; return these and the records' lines, by table."""
        rows = {name: [row for record in records for row in record.of(name)] for name in TABLES}
        wanted = {name: columns_of(name) for name in TABLES}
        if wanted == self._wanted:  # nobody else writes here
            return self._columns, _lines_of(rows, self._columns)
        try:
            columns = {name: writable_columns(self.folder, name) for name in TABLES}
            text = _lines_of(rows, columns)
            for name in TABLES:  # runs last: its rows tell the version
                self.repairs += migrate(self.folder, name)
        except OSError as error:
            raise disk.trouble(error, self.folder) from error
        self._wanted, self._columns = wanted, columns
        return columns, text

    def _refuse_unless_writable(self) -> None:
        assert self._lock is not None, "opened with write=False"
        assert self._lock.held, "closed"
        if self._failed:
            raise UserError(
                f"{self.folder} takes no more rows since an earlier write failed.",
                "Run the same command again: it mends the tables and goes on.",
            )


def _lines_of(
    rows: Mapping[str, Sequence[Row]], columns: Mapping[str, Columns]
) -> dict[str, bytes]:
    return {name: to_lines(rows[name], columns[name]) for name in TABLES}
