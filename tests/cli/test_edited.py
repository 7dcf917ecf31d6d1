"""Tables that somebody has edited, as a user meets them in every command that reads them."""

import csv
import json
import shutil

import pytest

from tests.cli.conftest import TINY
from tests.forking import run_snnbench

SWEEP = ["sweep", *TINY, "--vary", "beta=0.2,0.8", "--jobs", "1"]


def rows_of(folder, name="runs"):
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def set_cell(folder, name, line, column, value):
    rows = rows_of(folder, name)
    rows[line - 2][column] = value
    with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def notes(report):
    """Return what a report says, but for the checkout that these runs were made in."""
    found = json.loads(report.stdout)["notes"]
    return [note for note in found if "-dirty" not in note]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept") / "t"
    run_snnbench(*SWEEP, "--out", folder, check=True)
    return folder


@pytest.fixture
def folder(swept, tmp_path):
    """The tables of two runs, as "t" in the folder where commands run."""
    return shutil.copytree(swept, tmp_path / "t")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("test_accuracy", "2", "test_accuracy 2 is not at most 1"),
        ("energy_pj_compute45nm", "-5", "energy_pj_compute45nm -5 is not at least 0"),
        ("model", "xnn", "model 'xnn' is not known. Did you mean 'snn'"),
        ("beta", "0.5", "its settings and data are not those of which run_id is the name"),
        ("test_accuracy", "0.123", "test_accuracy is 0.123, but that of its best epoch is"),
    ],
)
def test_a_report_names_a_row_that_does_not_hold_and_leaves_it_out(
    snnbench, folder, column, value, words
):
    set_cell(folder, "runs", 3, column, value)
    report = snnbench("report", "t", "--json")
    assert report.returncode == 0, report.stderr
    (note,) = notes(report)
    assert f"runs.csv, line 3: run {rows_of(folder)[1]['run_id']}: {words}" in note
    assert json.loads(report.stdout)["studies"][0]["statuses"] == {"done": 1}


def test_a_sweep_makes_a_run_again_whose_row_does_not_hold_and_keeps_the_row(
    snnbench, folder, tmp_path
):
    before = rows_of(folder)
    set_cell(folder, "runs", 3, "beta", "0.5")
    run_id = before[1]["run_id"]
    where = f"runs.csv, line 3: run {run_id}: "
    reuse = snnbench(*SWEEP, "--out", "other", "--reuse", "t")
    assert "1 runs are taken over" in reuse.stderr
    assert where in reuse.stderr
    planned = snnbench(*SWEEP, "--out", "t", "--dry-run", "--json")
    assert (json.loads(planned.stdout)["to_do"], where in planned.stderr) == (1, True)
    again = snnbench(*SWEEP, "--out", "t")
    assert again.returncode == 0, again.stderr
    assert where in again.stderr
    assert "1 of 2 runs are recorded already" in again.stderr
    (aside,) = (folder / "set-aside").iterdir()
    assert str(aside.relative_to(tmp_path)) in again.stderr
    assert [row["beta"] for row in rows_of(aside)] == ["0.5"]
    assert len(rows_of(aside, "epochs")) == 2
    times = {"started_at", "train_seconds", "eval_seconds", "cohort_size"}
    found = {row["run_id"]: row for row in rows_of(folder)}
    assert {name: cell for name, cell in found[run_id].items() if name not in times} == {
        name: cell for name, cell in before[1].items() if name not in times
    }
    assert notes(snnbench("report", "t", "--json")) == []


def test_one_run_is_trained_again_if_its_row_does_not_hold(snnbench, tmp_path):
    command = ("train", *TINY, "--out", "t")
    assert snnbench(*command).returncode == 0
    set_cell(tmp_path / "t", "runs", 2, "firing_rate", "1.5")
    nothing = snnbench("report", "t")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "firing_rate 1.5 is not at most 1" in nothing.stderr
    again = snnbench(*command)
    assert again.returncode == 0
    assert "firing_rate 1.5 is not at most 1. The run counts as missing." in again.stderr
    assert "not trained again" not in again.stderr
    assert "not trained again" in snnbench(*command).stderr


@pytest.mark.parametrize(("name", "column"), [("epochs", "test_accuracy"), ("layers", "params")])
def test_a_row_of_another_table_is_named_too(snnbench, folder, name, column):
    set_cell(folder, name, 3, column, "-1")
    report = snnbench("report", "t")
    assert report.returncode == 0
    assert f"{name}.csv, line 3: run " in report.stderr
    assert f"{column} -1 is not at least 0" in report.stderr


@pytest.mark.parametrize("name", ["runs", "epochs", "layers"])
def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_goes_on(snnbench, folder, name):
    path = folder / f"{name}.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert notes(snnbench("report", "t", "--json")) == []
    more = snnbench("sweep", *TINY, "--vary", "beta=0.2,0.5,0.8", "--jobs", "1", "--out", "t")
    assert more.returncode == 0, more.stderr
    assert "2 of 3 runs are recorded already" in more.stderr
    again = snnbench("train", *TINY, "--beta", "0.5", "--out", "t", "--force")
    assert again.returncode == 0, again.stderr
    assert len(rows_of(folder)) == 3
    assert notes(snnbench("report", "t", "--json")) == []
