"""What a killed or careless writer leaves behind, and what opening makes of it."""

import os
from pathlib import Path

import pytest

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.results.lines import header_line
from snnbench.results.schema import TABLES, columns_of
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_runs
from tests.results.samples import check_whole, copy_of, filled, read_csv, run_rows


def cut_at(folder: Path, name: str, size: int) -> None:
    with open(folder / f"{name}.csv", "r+b") as file:
        file.truncate(size)


@pytest.fixture
def _no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of syncs take minutes, and these tests do not cut the power."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.mark.usefixtures("_no_sync")
@pytest.mark.parametrize("name", ["epochs", "layers", "steps", "runs"])
def test_a_table_cut_at_any_byte_is_whole_again_after_opening(tmp_path: Path, name: str) -> None:
    whole = filled(tmp_path / "whole")
    content = (whole / f"{name}.csv").read_bytes()
    header = len(header_line(columns_of(name)))
    folder = copy_of(whole, tmp_path / "cut")
    for size in range(header, len(content) + 1):
        for table in TABLES:
            (folder / f"{table}.csv").write_bytes((whole / f"{table}.csv").read_bytes())
        cut_at(folder, name, size)
        with ResultStore.open(folder) as store:
            recorded = set(store.statuses())
            torn = not content[:size].endswith(b"\n")
            assert any("cut off a last line" in repair for repair in store.repairs) == torn
            rows = content[header:size].count(b"\n")
            if name == "runs":  # a run whose row is whole is there, no other
                assert recorded == {f"run{k}" for k in range(rows)}
            else:  # a run is there while both of its epochs, or layers, are
                assert recorded == {f"run{k}" for k in range(rows // 2)}
            missing = {"run0", "run1", "run2"} - recorded
            for run_id in sorted(missing):
                store.append(*run_rows(run_id))
        check_whole(folder)


@pytest.mark.usefixtures("_no_sync")
@pytest.mark.parametrize("name", ["epochs", "layers", "steps", "runs"])
def test_a_table_cut_within_its_header_is_refused_and_nothing_is_changed(
    tmp_path: Path, name: str
) -> None:
    folder = filled(tmp_path)
    header = header_line(columns_of(name))
    for size in range(len(header)):
        cut_at(folder, name, 0)
        (folder / f"{name}.csv").write_bytes(header[:size])
        before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
        with pytest.raises(UserError, match=f"{name}.csv is missing or cut off within its header"):
            ResultStore.open(folder)
        assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == before


@pytest.mark.parametrize("name", ["epochs", "layers", "steps", "runs"])
def test_a_lost_table_is_not_made_new_beside_others_that_have_rows(
    tmp_path: Path, name: str
) -> None:
    folder = filled(tmp_path)
    (folder / f"{name}.csv").unlink()
    with pytest.raises(UserError, match=f"{name}.csv is missing"):
        ResultStore.open(folder)


def test_a_writer_killed_while_making_the_tables_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_bytes(header_line(columns_of("runs")))
    (tmp_path / "epochs.csv").write_bytes(header_line(columns_of("epochs"))[:9])
    (tmp_path / ".layers.csv.tmp").write_bytes(b"run_")
    with ResultStore.open(tmp_path) as store:
        store.append(*run_rows("a"))
    check_whole(tmp_path)
    assert not (tmp_path / ".layers.csv.tmp").exists()


def test_rows_of_a_run_that_never_got_its_own_row_are_removed(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    runs = (folder / "runs.csv").read_bytes().splitlines(keepends=True)
    (folder / "runs.csv").write_bytes(b"".join(runs[:-1]))  # run2 is not committed
    with ResultStore.open(folder) as store:
        assert store.repairs == [
            "epochs.csv: removed 2 rows of runs that runs.csv does not have.",
            "layers.csv: removed 2 rows of runs that runs.csv does not have.",
            "steps.csv: removed 2 rows of runs that runs.csv does not have.",
        ]
        assert list(store.statuses()) == ["run0", "run1"]
    check_whole(folder)
    assert {row["run_id"] for row in read_csv(folder, "epochs")} == {"run0", "run1"}


def test_a_run_taken_out_of_runs_csv_by_hand_can_be_done_again(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    runs = (folder / "runs.csv").read_bytes().splitlines(keepends=True)
    (folder / "runs.csv").write_bytes(b"".join([runs[0], runs[1], runs[3]]))  # without run1
    with ResultStore.open(folder) as store:
        assert len(store.repairs) == 4
        assert list(store.statuses()) == ["run0", "run2"]
        (kept,) = (folder / "set-aside").iterdir()
        assert str(kept) in store.repairs[0]
        assert [row["run_id"] for row in read_csv(kept, "epochs")] == ["run1", "run1"]
        assert [row["layer"] for row in read_csv(kept, "layers")] == ["fc1", "fc2"]
        store.append(*run_rows("run1"))
    check_whole(folder)


def test_nothing_is_written_when_there_is_nothing_to_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = filled(tmp_path)

    def forbidden(*_: object) -> None:
        raise AssertionError("written")

    monkeypatch.setattr(disk, "replace_file", forbidden)
    monkeypatch.setattr(disk, "truncate", forbidden)
    monkeypatch.setattr(os, "write", forbidden)
    with ResultStore.open(folder) as store:
        assert store.repairs == []


def test_a_run_that_lost_epochs_counts_as_missing_and_is_replaced_when_done_again(
    tmp_path: Path,
) -> None:
    folder = filled(tmp_path)  # as copied while another program was writing it
    epochs = (folder / "epochs.csv").read_bytes().splitlines(keepends=True)
    (folder / "epochs.csv").write_bytes(b"".join(epochs[:-1]))
    with ResultStore.open(folder) as store:
        assert any("Rows of 1 run are lost" in repair for repair in store.repairs)
        assert list(store.statuses()) == ["run0", "run1"]
        assert not store.has("run2")
        assert store.row("run2") is None
        assert len(read_runs(folder)) == 3  # not thrown away before the new one is there
        store.append_many([run_rows("run2", mark=0.9), run_rows("run3")])
        assert store.has("run2")
    check_whole(folder)
    marks = {row["run_id"]: row["test_accuracy"] for row in read_csv(folder, "runs")}
    assert marks == {"run0": "0.5", "run1": "0.5", "run2": "0.9", "run3": "0.5"}


def test_a_run_whose_layers_are_torn_counts_as_missing(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    cut_at(folder, "layers", (folder / "layers.csv").stat().st_size - 3)
    with ResultStore.open(folder) as store:
        assert list(store.statuses()) == ["run0", "run1"]
        store.append(*run_rows("run2", mark=0.9))
        assert "run2 is kept in" in store.repairs[-1]
    check_whole(folder)
    (kept,) = (folder / "set-aside").iterdir()
    assert [row["test_accuracy"] for row in read_csv(kept, "runs")] == ["0.5"]
    assert [len(read_csv(kept, name)) for name in TABLES] == [2, 1, 2, 1]


def test_a_table_damaged_in_its_middle_is_refused_with_file_and_line(tmp_path: Path) -> None:
    for name in TABLES:
        folder = filled(tmp_path / name)
        content = (folder / f"{name}.csv").read_bytes()
        lines = content.splitlines(keepends=True)
        lines[2] = lines[2][:7] + b"\n"
        (folder / f"{name}.csv").write_bytes(b"".join(lines) + b"torn")
        with pytest.raises(UserError, match=rf"{name}\.csv, line 3: \d cells"):
            ResultStore.open(folder)
        assert (folder / f"{name}.csv").read_bytes() == b"".join(lines) + b"torn"


def test_another_programs_runs_csv_is_left_alone(tmp_path: Path) -> None:
    for content in (b"name,distance\nmonday,5\n", b"name,distance", b"\x00\xff\x00"):
        (tmp_path / "runs.csv").write_bytes(content)
        with pytest.raises(UserError, match=r"runs\.csv, line 1"):
            ResultStore.open(tmp_path)
        assert (tmp_path / "runs.csv").read_bytes() == content
        assert not (tmp_path / "epochs.csv").exists()


def test_a_file_saved_with_quotes_and_windows_newlines_loses_no_rows(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    for name in TABLES:
        lines = (folder / f"{name}.csv").read_bytes().splitlines()
        quoted = [
            b",".join(
                b'"%s"' % cell for cell in line.replace(b'"0.1x10,0.01x10"', b"x").split(b",")
            )
            for line in lines
        ]
        (folder / f"{name}.csv").write_bytes(b"\r\n".join(quoted) + b"\r\n")
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        assert len(store.statuses()) == 3
        store.append(*run_rows("run3"))
        row = store.row("run2")
    assert row is not None
    assert row["test_accuracy"] == 0.5
    check_whole(folder)
    for read in (read_runs, read_epochs, read_layers):
        assert set(read(folder)["run_id"]) == {"run0", "run1", "run2", "run3"}
