"""The tables as DataFrames: right types, and no plausible wrong number."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from snnbench.errors import UserError
from snnbench.results import frames
from snnbench.results.lines import header_line
from snnbench.results.schema import SCHEMA_VERSION, TABLES, columns_of
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_runs, read_steps
from tests.results.samples import filled, run_rows

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "runs": read_runs,
    "epochs": read_epochs,
    "layers": read_layers,
    "steps": read_steps,
}


def edited(folder: Path, name: str, edit: Callable[[list[str]], None]) -> Path:
    """`folder`, with a table's lines edited; line numbers as in an editor are index + 1."""
    path = folder / f"{name}.csv"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    edit(lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def set_cell(line: str, name: str, cell: str) -> str:
    cells = line.replace('"0.1x10,0.01x10"', "").split(",")
    cells[[column.name for column in columns_of("runs")].index(name)] = cell
    return ",".join(cells)


def test_the_columns_have_their_types_and_missing_is_missing(tmp_path: Path) -> None:
    with ResultStore.open(tmp_path) as store:
        store.append(*run_rows("a", study="None", variant="NA", error="=1+1", params=2**63 - 1))
        store.append(*run_rows("b", study=None, bias=None, test_accuracy=None, lr=1e-320, epochs=0))
    runs = read_runs(tmp_path)
    assert list(runs.columns) == [column.name for column in columns_of("runs")]
    assert runs["study"].tolist() == ["None", None]
    assert runs["variant"].tolist() == ["NA", None]
    assert runs["error"].tolist() == ["=1+1", None]
    assert runs["study"].dtype == object
    assert runs["params"].dtype == "Int64"
    assert runs["params"][0] == 2**63 - 1
    assert runs["params"][1] is pd.NA
    assert runs["bias"].dtype == "boolean"
    assert runs["bias"][0] == np.True_
    assert runs["bias"][1] is pd.NA
    assert runs["test_accuracy"].dtype == "float64"
    assert np.isnan(runs["test_accuracy"][1])
    assert runs["lr"][1] == 1e-320
    assert runs["beta"].isna().all()
    assert runs.index.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["epochs", "layers"])
def test_a_table_without_rows_has_the_same_types(tmp_path: Path, name: str) -> None:
    row, *_ = run_rows("a", epochs=0)
    with ResultStore.open(tmp_path) as store:
        store.append(row, [], [])
    empty = READERS[name](tmp_path)
    assert len(empty) == 0
    full = READERS[name](filled(tmp_path / "full"))
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_many_rows_are_read_in_order_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_ROWS_AT_ONCE", 3)
    filled(tmp_path, 5)
    epochs = read_epochs(tmp_path)
    assert epochs["run_id"].tolist() == [f"run{k // 2}" for k in range(10)]
    assert epochs["epoch"].tolist() == [1, 2] * 5
    assert epochs.index.tolist() == list(range(10))
    assert epochs["epoch"].dtype == "Int64"


def test_a_writer_in_the_middle_of_an_append_is_read_past(tmp_path: Path) -> None:
    filled(tmp_path, 2)
    whole = {name: read(tmp_path) for name, read in READERS.items()}
    row = (tmp_path / "epochs.csv").read_bytes().splitlines()[-1].replace(b"run1", b"run2")
    for name, tail in {"epochs": row + b"\n" + row[:-1], "layers": b"", "runs": b"1,ru"}.items():
        with open(tmp_path / f"{name}.csv", "ab") as file:
            file.write(tail)
    for name, read in READERS.items():
        pd.testing.assert_frame_equal(read(tmp_path), whole[name])


@pytest.mark.parametrize("name", TABLES)
def test_a_folder_without_runs_is_refused(tmp_path: Path, name: str) -> None:
    read = READERS[name]
    with pytest.raises(UserError, match=f"no runs in {re.escape(str(tmp_path / 'none'))}"):
        read(tmp_path / "none")
    with pytest.raises(UserError, match="no runs in"):
        read(tmp_path)
    ResultStore.open(tmp_path).close()
    with pytest.raises(UserError, match="no runs in"):
        read(tmp_path)


def test_a_missing_epochs_table_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "epochs.csv").unlink()
    with pytest.raises(UserError, match=r"epochs\.csv is missing"):
        read_epochs(tmp_path)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header.replace(",", ";"), "separated by ';'"),
        (lambda header: header + ",run_id", "names 'run_id' more than once"),
        (
            lambda header: header.replace("run_id", "run"),
            "lacks 'run_id' and has the unknown 'run'",
        ),
        (lambda header: header + ",mine", "has the unknown 'mine'"),
        (lambda header: "", "is not a table of snnbench"),
    ],
)
def test_a_header_that_is_not_ours_is_refused(
    tmp_path: Path, name: str, change: Callable[[str], str], message: str
) -> None:
    def edit(lines: list[str]) -> None:
        lines[0] = change(lines[0])

    edited(filled(tmp_path), name, edit)
    with pytest.raises(UserError, match=rf"{name}\.csv, line 1.*{message}"):
        READERS[name](tmp_path)
    with pytest.raises(UserError, match=rf"{name}\.csv, line 1.*{message}"):
        ResultStore.open(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "epochs.csv").write_bytes(b"")
    with pytest.raises(UserError, match=r"epochs\.csv is empty"):
        read_epochs(tmp_path)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: line[:-4].rsplit(",", 1)[0], r"\d+ cells, the header has \d+"),
        (lambda line: line + ",1", r"\d+ cells, the header has \d+"),
        (lambda line: line.replace(",", ";"), r"\d+ cells, the header has \d+"),
        (lambda line: "", "1 cells, the header has"),
        (lambda line: line.replace("run", '"run', 1), "not a row of CSV"),
    ],
)
def test_a_damaged_row_in_the_middle_is_refused_with_its_line(
    tmp_path: Path, name: str, change: Callable[[str], str], message: str
) -> None:
    def edit(lines: list[str]) -> None:
        lines[2] = change(lines[2])

    folder = edited(filled(tmp_path), name, edit)
    with pytest.raises(UserError, match=rf"{name}\.csv, line 3: {message}"):
        READERS[name](folder)


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "runs.csv"
    path.write_bytes(path.read_bytes().replace(b"lab1", b"l\xe4b1"))
    with pytest.raises(UserError, match=r"runs\.csv, line 2: not UTF-8"):
        read_runs(tmp_path)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("lr", "0.1a", "column lr: '0.1a' is not a number"),
        ("lr", "nan", "column lr: 'nan' is not a number"),
        ("lr", "1e999", "column lr: '1e999' is not a number"),
        ("lr", "1_0", "column lr: '1_0' is not a number"),
        ("T", "5.0", "column T: '5.0' is not an integer"),
        ("T", str(2**63), f"column T: '{2**63}' is not an integer"),
        ("bias", "TRUE", "column bias: 'TRUE' is neither true nor false"),
        ("epochs_run", "x", "column epochs_run: 'x' is not an integer"),
        ("status", "finished", "unknown status 'finished'"),
        ("status", "dnoe", "unknown status 'dnoe'. Did you mean 'done'"),
        ("status", "", "unknown status ''"),
        ("run_id", "run0", "run run0 is there twice"),
        ("run_id", "", "no run_id"),
        ("schema", "0", "'0' is no version"),
        ("schema", "", "'' is no version"),
        ("schema", str(SCHEMA_VERSION + 1), "written by a newer snnbench"),
    ],
)
def test_a_wrong_cell_is_refused_with_file_line_and_column(
    tmp_path: Path, column: str, cell: str, message: str
) -> None:
    def edit(lines: list[str]) -> None:
        lines[2] = set_cell(lines[2], column, cell)

    edited(filled(tmp_path), "runs", edit)
    with pytest.raises(UserError, match=rf"runs\.csv, line 3: {re.escape(message)}"):
        read_runs(tmp_path)


@pytest.mark.parametrize("more", ["", ",a_new_column"])
def test_a_newer_version_is_refused_saying_what_to_do_and_left_alone(
    tmp_path: Path, more: str
) -> None:
    newer = str(SCHEMA_VERSION + 1)

    def edit(lines: list[str]) -> None:
        lines[0] += more
        lines[1:] = [set_cell(line, "schema", newer) + ",5" * bool(more) for line in lines[1:]]

    edited(filled(tmp_path), "runs", edit)
    (tmp_path / "epochs.csv").write_bytes((tmp_path / "epochs.csv").read_bytes() + b"torn")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    for look in (*READERS.values(), ResultStore.open, lambda f: ResultStore.open(f, write=False)):
        with pytest.raises(UserError, match="newer snnbench") as caught:
            look(tmp_path)
        assert "Update snnbench" in caught.value.remedy
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")} == before


@pytest.mark.parametrize(("name", "what"), [("epochs", "epoch 2"), ("layers", "layer fc2")])
def test_an_epoch_or_layer_twice_is_refused(tmp_path: Path, name: str, what: str) -> None:
    edited(filled(tmp_path), name, lambda lines: lines.insert(3, lines[2]))
    with pytest.raises(UserError, match=rf"{name}\.csv, line 4: {what} of run run0 is there twice"):
        READERS[name](tmp_path)


def test_a_truncated_table_is_refused_not_read_as_a_shorter_one(tmp_path: Path) -> None:
    filled(tmp_path)
    for name in ("epochs", "layers"):
        path = tmp_path / f"{name}.csv"
        path.write_bytes(path.read_bytes()[:-4])
        with pytest.raises(UserError, match=rf"{name}\.csv, line 7: the file is cut off"):
            READERS[name](tmp_path)
    edited(tmp_path, "epochs", lambda lines: None)  # now at the end of a line
    with pytest.raises(UserError, match=r"epochs\.csv, line 6: run run2 has 1 of its 2 epochs"):
        read_epochs(tmp_path)
    edited(tmp_path, "epochs", lambda lines: lines.pop())  # now at the end of a run
    with pytest.raises(UserError, match=r"epochs\.csv, line 5: run run2 has 0 of its 2 epochs"):
        read_epochs(tmp_path)


def test_a_folder_whose_epochs_were_all_taken_out_can_still_be_reported(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "epochs.csv").write_bytes(header_line(columns_of("epochs")))
    assert len(read_epochs(tmp_path)) == 0
    assert len(read_runs(tmp_path)) == 3


def test_two_tables_joined_by_hand_are_refused(tmp_path: Path) -> None:
    one, two = filled(tmp_path / "1", 1), filled(tmp_path / "2", 1)
    path = one / "runs.csv"
    path.write_bytes(path.read_bytes() + (two / "runs.csv").read_bytes())
    with pytest.raises(UserError, match=r"runs\.csv, line 3: 'schema' is no version"):
        read_runs(one)
