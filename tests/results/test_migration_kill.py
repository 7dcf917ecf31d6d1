"""Killed or refused by the disk while tables get columns: the old run or the new one, always."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from snnbench.errors import UserError
from snnbench.results import journal, schema
from snnbench.results.journal import current_table
from snnbench.results.lines import to_cells
from snnbench.results.migration import migrate
from snnbench.results.schema import SCHEMA_VERSION, Column, columns_of
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_runs
from tests.results.samples import (
    FIRST_TABLES,
    as_version_1,
    check_whole,
    contents,
    copy_of,
    filled,
    read_csv,
    run_rows,
)
from tests.results.test_replace import Killed, generation, killed_at, refused_at

FACTS = [column.name for column in columns_of("layers") if column.since > 1]
LATE = Column("late", "number", "", "came later", since=2)


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tables of the first version, each of which lacks a column."""
    layers = (*columns_of("layers"), LATE)
    monkeypatch.setattr(schema, "EPOCHS", (*schema.EPOCHS, LATE))
    monkeypatch.setattr(schema, "_layers", lambda *_: layers)
    return as_version_1(filled(tmp_path / "old"))


def appended(store: ResultStore) -> None:
    row, epochs, layers, _ = run_rows("new", epochs=7, mark=0.7, path="scan")
    store.append(row, [e | {"late": 1.0} for e in epochs], [x | {"late": 1.0} for x in layers])


def replaced(store: ResultStore) -> None:
    row, epochs, layers, _ = run_rows("run1", epochs=7, mark=0.7, path="scan")
    store.replace(row, [e | {"late": 1.0} for e in epochs], [x | {"late": 1.0} for x in layers])


def check_readable(folder: Path) -> float | None:
    """All runs are there, old or new, with rows of one kind; return the mark of the changed one."""
    runs, epochs, layers = read_runs(folder), read_epochs(folder), read_layers(folder)
    assert list(runs["run_id"].sort_values())[-3:] == ["run0", "run1", "run2"]
    changed = None
    for run_id, mark in zip(runs["run_id"], runs["test_accuracy"], strict=True):
        is_new = mark == 0.7
        assert list(epochs["late"][epochs["run_id"] == run_id].notna()) == [is_new] * (
            7 if is_new else 2
        )
        assert list(layers["late"][layers["run_id"] == run_id].notna()) == [is_new] * 2
        assert list(runs["path"][runs["run_id"] == run_id].notna()) == [is_new]
        changed = mark if is_new else changed
    return changed


@pytest.mark.parametrize("change", [appended, replaced])
@pytest.mark.parametrize(("stop", "stopped"), [(killed_at, Killed), (refused_at, UserError)])
def test_stopped_at_any_step_leaves_the_old_run_or_the_new_one(
    old: Path, tmp_path: Path, change: Any, stop: Any, stopped: type[BaseException]
) -> None:
    seen = []
    for step in range(1, 100):
        folder = copy_of(old, tmp_path / "stopped")
        store = ResultStore.open(folder)
        with stop(step) as done, suppress(stopped):
            change(store)
        store.close()
        as_read = check_readable(folder)  # before anybody mends it
        with ResultStore.open(folder) as store:
            assert set(store.statuses()) >= {"run0", "run1", "run2"}
            assert check_readable(folder) == as_read
            if as_read is None:
                change(store)
        assert check_readable(folder) == 0.7
        check_whole(folder)
        assert not [path for path in folder.iterdir() if path.suffix in {".tmp", ".json"}]
        seen.append(as_read)
        if len(done) < step:
            break
    assert (seen[0], seen[-1]) == (None, 0.7)
    new = seen.index(0.7)
    # each table's write, sync, rename and sync of the folder come before the first new row
    assert new > 3 * 4
    assert set(seen[:new]) == {None}
    if stop is killed_at:
        assert set(seen[new:]) == {0.7}


def test_a_store_goes_on_after_the_disk_refused_a_table_with_more_columns(
    old: Path, tmp_path: Path
) -> None:
    for step in range(1, 13):
        folder = copy_of(old, tmp_path / "full")
        with ResultStore.open(folder) as store:
            with refused_at(step), pytest.raises(UserError, match="No space left"):
                appended(store)
            assert not store.has("new")
            appended(store)
            assert set(store.statuses()) == {"run0", "run1", "run2", "new"}
        check_whole(folder)
        assert check_readable(folder) == 0.7


def journal_of_version_1(folder: Path) -> None:
    """Leave what a killed program of the first version would: run1 gets the mark 0.9."""
    lines = {name: text.decode().splitlines(True) for name, text in contents(folder).items()}
    text = {
        name: "".join(line.replace("0.5", "0.9") for line in lines[name] if "run1" in line)
        for name in FIRST_TABLES
    }
    content = {"schema": 1, "run_ids": ["run1"], "text": text}
    (folder / ".replace.json").write_text(json.dumps(content))


def test_a_journal_of_the_first_version_is_read_and_carried_out(tmp_path: Path) -> None:
    folder = as_version_1(filled(tmp_path))
    with ResultStore.open(folder) as store:
        store.replace(*run_rows("run1", epochs=9))
    journal_of_version_1(as_version_1(folder))
    header = contents(folder)["runs"].partition(b"\n")[0]
    assert generation(folder, "run1") == 0.9
    with ResultStore.open(folder) as store:
        assert store.repairs == ["Finished replacing 1 run."]
        assert contents(folder)["runs"].partition(b"\n")[0] == header
        store.append(*run_rows("run3"))
    assert generation(folder, "run1") == 0.9
    check_whole(folder)


def test_a_journal_read_before_the_table_got_columns_fits_the_table_after(old: Path) -> None:
    journal_of_version_1(old)
    loaded = journal.load(old)
    (old / ".replace.json").unlink()
    assert migrate(old, "runs")
    with current_table(old, "runs", loaded) as (columns, lines):
        *_, (number, line) = lines
    assert columns == columns_of("runs")
    names = [column.name for column in columns]
    row = dict(zip(names, to_cells(line, columns, old, number), strict=True))
    assert (row["run_id"], row["test_accuracy"], row["schema"], row["path"]) == (
        "run1", "0.9", str(SCHEMA_VERSION), "",
    )  # fmt: skip


def test_a_journal_beside_a_table_that_lacks_its_columns_is_refused(old: Path) -> None:
    before = copy_of(old, old.parent / "copy")
    with ResultStore.open(old) as store, killed_at(21) as done, suppress(Killed):
        replaced(store)  # all tables have their columns, and the journal is there
    assert done[16:20] == ["write", "fsync", "replace", "fsync"]
    for name, content in contents(before).items():
        (old / f"{name}.csv").write_bytes(content)
    for look in (read_runs, ResultStore.open):
        with pytest.raises(UserError, match=r"\.replace\.json is damaged"):
            look(old)


def test_old_rows_keep_their_cells_when_a_table_gets_columns(old: Path) -> None:
    before = {name: read_csv(old, name) for name in FIRST_TABLES}
    with ResultStore.open(old) as store:
        appended(store)
        added = {name: [c.name for c in columns_of(name) if c.since > 1] for name in FIRST_TABLES}
        version = f"(version {SCHEMA_VERSION} of the tables)."
        *said, runs = [f"{name}.csv: added {', '.join(n)} {version}" for name, n in added.items()]
        assert store.repairs == [*said, f"steps.csv: new {version}", runs]
    for name in FIRST_TABLES:
        for row, was in zip(read_csv(old, name), before[name], strict=False):
            kept = was if name != "runs" else was | {"schema": str(SCHEMA_VERSION)}
            assert {key: row[key] for key in was} == kept
