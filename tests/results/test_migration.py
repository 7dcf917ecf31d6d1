"""Tables of the first version: read as they are, and given the later columns when written to."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch

from snnbench.api import train
from snnbench.errors import UserError
from snnbench.results import schema
from snnbench.results.frames import to_rows
from snnbench.results.schema import SCHEMA_VERSION, TABLES, Column, columns_of
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_runs, read_steps
from snnbench.studies.catalogue import find_study
from snnbench.studies.plan import expand
from snnbench.sweep.record import Recorded
from snnbench.sweep.run import Planned
from tests.forking import run_snnbench
from tests.results.samples import (
    FIRST_TABLES,
    ROOT,
    as_version_1,
    contents,
    filled,
    read_csv,
    run_rows,
)
from tests.sweep.plans import TINY, adhoc
from tests.sweep.test_drive import sweep

COMMITTED = ("lab1-loss", "mimic-teachers", "tabular-snn")
OLD = {"ties": "first"}  # the only rule there was
NEW = [column.name for column in columns_of("runs") if column.since > 1]
CURVE = [column.name for column in columns_of("epochs") if column.since > 1]
FACTS = [column.name for column in columns_of("layers") if column.since > 1]
ADDED = (
    f"epochs.csv: added {', '.join(CURVE)} (version {SCHEMA_VERSION} of the tables).",
    f"layers.csv: added {', '.join(FACTS)} (version {SCHEMA_VERSION} of the tables).",
    f"steps.csv: new (version {SCHEMA_VERSION} of the tables).",
    f"runs.csv: added {', '.join(NEW)} (version {SCHEMA_VERSION} of the tables).",
)

# what the program did before there was a choice
WAS = {"schema": str(SCHEMA_VERSION), "ties": "first"}


@pytest.fixture
def copied(tmp_path: Path):
    """Return a function that copies committed tables of the first version."""

    def copy(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for table in FIRST_TABLES:
            shutil.copyfile(ROOT / "results" / name / f"{table}.csv", folder / f"{table}.csv")
        assert not set(NEW) & read_csv(folder, "runs")[0].keys()
        return folder

    return copy


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return as_version_1(filled(tmp_path / "old"))


def with_columns(monkeypatch: pytest.MonkeyPatch, name: str, *columns: Column) -> None:
    """Let a table have these columns, in the place of those of the same names or at its end."""
    mine = {column.name: column for column in (*columns_of(name), *columns)}
    make = {"runs": "_runs", "layers": "_layers"}[name]
    monkeypatch.setattr(schema, make, lambda *_: tuple(mine.values()))


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_tables_are_read_as_they_are_and_left_so(copied, name: str) -> None:
    folder = copied(name)
    before = contents(folder)
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        runs = read_runs(folder)
        row = store.row(runs["run_id"][0])
    assert row is not None
    assert list(row) == list(runs.columns) == [column.name for column in columns_of("runs")]
    assert runs[[n for n in NEW if n not in WAS]].isna().all(axis=None)
    assert set(runs["ties"]) == {"first"}
    assert runs["numerics"].dtype == "Int64"
    accuracies = [float(cells["test_accuracy"]) for cells in read_csv(folder, "runs")]
    assert runs["test_accuracy"].tolist() == accuracies
    assert row["test_accuracy"] == accuracies[0]
    assert len(read_epochs(folder)) == before["epochs"].count(b"\n") - 1
    assert len(read_layers(folder)) == before["layers"].count(b"\n") - 1
    assert contents(folder) == before


@pytest.mark.parametrize("name", COMMITTED)
def test_a_run_that_is_added_brings_the_columns_and_changes_no_old_value(copied, name: str) -> None:
    folder = copied(name)
    before = {table: read_csv(folder, table) for table in FIRST_TABLES}
    with ResultStore.open(folder) as store:
        store.append(*run_rows("new", path="scan", numerics=1))
        assert store.repairs == [*ADDED]
        store.append(*run_rows("newer"))
        assert store.repairs == [*ADDED]
    *kept, new, _ = read_csv(folder, "runs")
    assert list(new) == [column.name for column in columns_of("runs")]
    assert (new["path"], new["numerics"], new["plugins"]) == ("scan", "1", "")
    assert (new["layers"], new["schema"]) == ("2", str(SCHEMA_VERSION))
    added = dict.fromkeys(NEW, "") | WAS
    assert kept == [row | added for row in before["runs"]]
    curve = dict.fromkeys(CURVE, "")
    assert read_csv(folder, "epochs")[:-4] == [row | curve for row in before["epochs"]]
    facts = dict.fromkeys(FACTS, "")
    assert read_csv(folder, "layers")[:-4] == [row | facts for row in before["layers"]]
    with ResultStore.open(folder) as store:
        assert store.repairs == []


def test_a_run_that_is_replaced_brings_the_columns_and_changes_no_other_run(copied) -> None:
    folder = copied("lab1-loss")
    first, *others = read_csv(folder, "runs")
    with ResultStore.open(folder) as store:
        store.replace(*run_rows(first["run_id"], path="scan"))
        assert store.repairs == [*ADDED]
        row = store.row(first["run_id"])
        assert row is not None
        assert (row["path"], row["test_accuracy"]) == ("scan", 0.5)
    *kept, _ = read_csv(folder, "runs")
    assert kept == [row | dict.fromkeys(NEW, "") | WAS for row in others]


def test_a_row_that_cannot_be_brings_no_columns(old: Path) -> None:
    before = contents(old)
    with ResultStore.open(old) as store, pytest.raises(KeyError, match="betaa"):
        store.append(*run_rows("new", betaa=1.0))
    assert contents(old) == before


def test_a_sweep_that_has_nothing_to_do_changes_nothing(
    copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    folder = copied("tabular-snn")
    before = contents(folder)
    events, executor = sweep(expand(find_study("tabular-snn")), folder)
    [planned] = events
    assert (len(planned.jobs), planned.to_do, planned.repairs) == (20, (), ())
    assert executor.given == []
    assert contents(folder) == before


def test_a_sweep_says_with_the_first_runs_what_it_added(tmp_path: Path) -> None:
    sweep(adhoc("beta=0.1,0.5", settings=OLD), tmp_path)
    events, _ = sweep(adhoc("beta=0.1,0.5,0.7", settings=OLD), as_version_1(tmp_path))
    assert [e.repairs for e in events if isinstance(e, Planned)] == [()]
    assert [e.repairs for e in events if isinstance(e, Recorded)] == [ADDED]


def test_runs_are_taken_over_from_a_folder_and_into_one_of_the_first_version(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    sweep(adhoc("beta=0.1,0.5", settings=OLD), first)
    sweep(adhoc("beta=0.7", settings=OLD), second)
    plan = adhoc("beta=0.1,0.7", settings=OLD)
    events, executor = sweep(plan, as_version_1(second), reuse=[as_version_1(first)])
    assert (events[0].taken_over, events[0].repairs, executor.given) == (1, ADDED, [])
    assert set(read_runs(second)["schema"]) == {SCHEMA_VERSION}


def test_training_one_run_says_what_it_added(old: Path) -> None:
    result = train(**TINY | {"engine": "reference"}, out=old)
    assert result.repairs[-4:] == ADDED
    assert result.row["schema"] == SCHEMA_VERSION


def test_a_report_is_the_same_once_the_columns_are_there(copied) -> None:
    folder = copied("lab1-loss")

    def report() -> str:
        return run_snnbench("report", folder, cwd=ROOT, check=True).stdout

    before = report()
    [run_id, *_] = reversed(read_runs(folder)["run_id"])
    tables = (read(folder) for read in (read_runs, read_epochs, read_layers))
    [run], epochs, layers = (to_rows(table[table["run_id"] == run_id]) for table in tables)
    with ResultStore.open(folder) as store:
        store.replace(run | {"schema": SCHEMA_VERSION}, epochs, layers)
    assert read_csv(folder, "runs")[-1]["schema"] == str(SCHEMA_VERSION)
    assert "on MNIST: 2 configurations, 10 runs" in before
    assert report() == before


def test_a_setting_that_came_later_reads_as_what_was_done_before_where_it_has_an_effect(
    copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied("tabular-snn")
    whole = read_runs(folder)
    readout = Column("readout", "text", "", "came later", since=2, absent="current")
    with_columns(monkeypatch, "runs", readout, Column("knob", "number", "", "", 2, 0.5))
    as_version_1(folder)
    assert "readout" not in read_csv(folder, "runs")[0]
    read = read_runs(folder)
    assert set(whole["readout"]) == {None, "current"}
    assert read["readout"].tolist() == whole["readout"].tolist()
    assert read["knob"].tolist() == [0.5] * len(read)
    with ResultStore.open(folder) as store:
        for run_id, value in zip(whole["run_id"], whole["readout"], strict=True):
            row = store.row(run_id)
            assert row is not None
            assert (row["readout"], row["knob"]) == (value, 0.5)
        store.append(*run_rows("new"))
    cells = [(row["readout"], row["knob"]) for row in read_csv(folder, "runs")]
    assert cells == [*((value or "", "0.5") for value in whole["readout"]), ("", "")]


def test_a_damaged_setting_is_refused_with_its_line_when_another_follows_from_it(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_columns(monkeypatch, "runs", Column("knob", "number", "", "", 2, 0.5))
    text = (old / "runs.csv").read_text().replace(",true,", ",TRUE,")
    (old / "runs.csv").write_text(text)
    with pytest.raises(UserError, match=r"runs\.csv, line 2: column bias: 'TRUE'"):
        read_runs(old)


@pytest.mark.parametrize("name", TABLES)
def test_columns_in_another_order_are_read_and_written(tmp_path: Path, name: str) -> None:
    folder = filled(tmp_path)
    read = {"runs": read_runs, "epochs": read_epochs, "layers": read_layers, "steps": read_steps}[
        name
    ]
    whole, rows = read(folder), read_csv(folder, name)
    pd.DataFrame(rows)[[*rows[0]][::-1]].to_csv(folder / f"{name}.csv", index=False)
    pd.testing.assert_frame_equal(read(folder), whole)
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        store.append(*run_rows("new", path="scan"))
        store.replace(*run_rows("run1"))
        assert store.repairs == []
        assert set(store.statuses()) == {"run0", "run1", "run2", "new"}
    assert [*read_csv(folder, name)[0]] == [*rows[0]][::-1]
    assert [row for row in read_csv(folder, name) if row["run_id"] != "new"][: len(rows) // 3] == [
        row for row in rows if row["run_id"] == "run0"
    ]
    assert read(folder)["run_id"].value_counts()["new"] == len(rows) // 3


def test_a_torn_epoch_in_another_order_of_columns_is_known_by_its_run(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    rows = read_csv(folder, "layers")
    moved = ["layer", "run_id", *[name for name in rows[0] if name not in ("layer", "run_id")]]
    text = pd.DataFrame(rows)[moved].to_csv(index=False)
    (folder / "layers.csv").write_text(text[:-8])
    with pytest.raises(UserError, match=r"layers\.csv, line 7: the file is cut off"):
        read_layers(folder)
    with ResultStore.open(folder) as store:
        assert not store.has("run2")


@pytest.mark.parametrize("name", TABLES)
def test_a_byte_order_mark_is_read_past(tmp_path: Path, name: str) -> None:
    folder = filled(tmp_path)
    path = folder / f"{name}.csv"
    before = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + before)
    assert list(read_runs(folder)["run_id"]) == ["run0", "run1", "run2"]
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        store.append(*run_rows("run3"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf" + before)
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        assert len(store.statuses()) == 4


def test_a_column_of_a_plug_in_is_refused_without_it_and_the_remedy_names_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as plugged:
        with_columns(plugged, "runs", Column("theirs", "number", "", "", 2))
        with ResultStore.open(tmp_path) as store:
            store.append(*run_rows("a", theirs=1.5))
        assert read_runs(tmp_path)["theirs"].tolist() == [1.5]
    for look in (read_runs, ResultStore.open):
        with pytest.raises(UserError, match="has the unknown 'theirs'") as caught:
            look(tmp_path)
        assert "--plugin" in caught.value.remedy


def test_a_plug_ins_column_is_added_to_tables_of_this_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path)
    with_columns(monkeypatch, "layers", Column("theirs", "number", "", "", 2))
    runs = (folder / "runs.csv").read_bytes()
    assert read_layers(folder)["theirs"].isna().all()
    with ResultStore.open(folder) as store:
        row, epochs, layers, _ = run_rows("new")
        store.append(row, epochs, [layer | {"theirs": 2.0} for layer in layers])
        assert store.repairs == [
            f"layers.csv: added theirs (version {SCHEMA_VERSION} of the tables)."
        ]
    assert read_layers(folder)["theirs"].dropna().tolist() == [2.0, 2.0]
    assert (folder / "runs.csv").read_bytes().startswith(runs)


def test_a_table_without_a_column_of_the_first_version_is_refused(old: Path) -> None:
    path = old / "runs.csv"
    path.write_text(path.read_text().replace(",beta,", ",path,", 1))
    with pytest.raises(UserError, match="the header lacks 'beta'"):
        read_runs(old)
