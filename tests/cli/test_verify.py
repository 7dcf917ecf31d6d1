"""`snnbench verify` as a user runs it: exit codes, streams, words, JSON; nothing is left behind."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from snnbench.progress.stopping import NOTED
from snnbench.sweep.record import Recorded
from snnbench.verify.retraining import verify
from tests.cli.conftest import TINY
from tests.cli.test_edited import rows_of, set_cell
from tests.forking import SNNBENCH, run_snnbench
from tests.results.samples import as_version_1

STUDY = """
name = "mine"
seeds = 2
[base]
arch = "16-10"
T = 3
epochs = 2
train_samples = 256
device = "cpu"
ties = "first"
[vary]
beta = [0.2, 0.8]
[[claims]]
text = "More than a tenth is right."
kind = "above"
metric = "test_accuracy"
value = 0.001
[[claims]]
text = "The layers' arithmetic follows from the settings."
kind = "equals"
metric = "params"
value = 1210
tolerance = 0.0
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    (folder / "mine.toml").write_text(STUDY)
    made = run_snnbench("sweep", "mine.toml", "--out", "t", "--jobs", "1", cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def folder(swept, tmp_path):
    shutil.copy(swept / "mine.toml", tmp_path)
    return shutil.copytree(swept / "t", tmp_path / "t")


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_table_that_was_made_here_gives_the_same_bits_and_nothing_is_written(
    snnbench, folder, tmp_path
):
    before, temporary = files_in(folder), tmp_path / "temporary"
    temporary.mkdir()
    done = snnbench("verify", "t", "--all", "--claims", "mine.toml", "--json",
                    env={"TMPDIR": str(temporary)})  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert document["counts"] == {"same": 4, "rounding": 0, "different": 0, "unfinished": 0,
                                  "unverifiable": 0}  # fmt: skip
    (columns,) = {one["columns"] for one in document["runs"]}
    assert columns > 40
    assert document["summary"] == [f"4 of 4 runs gave the same bits in all {columns} columns.",
                                   "2 of 2 verdicts are the same."]  # fmt: skip
    assert [claim["holds"] for claim in document["claims"]] == [True, True]
    assert [row["run_id"] for row in rows_of(folder)] == [r["run_id"] for r in document["runs"]]
    assert files_in(folder) == before
    assert list(temporary.iterdir()) == []
    assert "4 of 4 runs" in done.stderr


def test_some_runs_of_an_older_table_are_drawn_and_said_in_words(snnbench, folder):
    as_version_1(folder)
    done = snnbench("verify", "t", "--runs", "2", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert "t: 2 of 4 finished runs trained again" in done.stdout
    assert "2 of 2 runs gave the same bits in all " in done.stdout
    assert sum(row["run_id"] in done.stdout for row in rows_of(folder)) == 2


def test_results_that_the_program_does_not_give_are_different(snnbench, folder):
    """Somebody has made them better in all places where they stand."""
    runs, epochs = rows_of(folder), rows_of(folder, "epochs")
    for column in ("test_accuracy", "max_test_accuracy"):
        set_cell(folder, "runs", 2, column, "0.95")
    last = next(k for k, row in enumerate(epochs)
                if row["run_id"] == runs[0]["run_id"] and row["epoch"] == "2")  # fmt: skip
    set_cell(folder, "epochs", last + 2, "test_accuracy", "0.95")
    end = max(k for k, row in enumerate(rows_of(folder, "steps"))
              if row["run_id"] == runs[0]["run_id"])  # fmt: skip
    set_cell(folder, "steps", end + 2, "test_accuracy", "0.95")
    done = snnbench("verify", "t", "--all")
    assert done.returncode == 4, done.stderr
    assert "1 of 4 runs are different." in done.stdout
    assert "3 of 4 runs gave the same bits" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(runs[0]["run_id"])]
    assert "test_accuracy, max_test_accuracy, epochs.test_accuracy" in line
    assert f"0.95 there, {runs[0]['test_accuracy']} here" in line


def test_a_row_that_does_not_hold_is_no_verified_table(snnbench, folder):
    set_cell(folder, "runs", 3, "test_accuracy", "2")
    done = snnbench("verify", "t", "--runs", "1")
    assert done.returncode == 4
    assert "runs.csv, line 3: run " in done.stderr
    assert "1 rows of the table do not hold" in done.stdout
    assert "1 of 1 runs gave the same bits" in done.stdout


def test_a_table_on_other_data_is_not_verifiable_and_not_different(snnbench, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("a,b,y\n" + "".join(f"{i % 7},{i % 3},{i % 2}\n" for i in range(100)))
    made = snnbench("train", "--dataset", "table", "--data-file", "data.csv", "--target", "y",
                    "--arch", "4-2", "-T", "2", "--epochs", "1", "--batch-size", "20",
                    "--out", "t")  # fmt: skip
    assert made.returncode == 0, made.stderr
    data.rename(tmp_path / "moved.csv")
    done = snnbench("verify", "t")
    assert done.returncode == 3
    assert "1 of 1 runs cannot be verified here: see why." in done.stdout
    assert "data.csv" in done.stdout
    done = snnbench("verify", "t", "--data-file", "moved.csv")
    assert done.returncode == 0, done.stderr
    (tmp_path / "moved.csv").write_text(data_of(tmp_path).replace("1,", "0,", 1))
    done = snnbench("verify", "t", "--data-file", "moved.csv", "--json")
    assert done.returncode == 3
    (one,) = json.loads(done.stdout)["runs"]
    assert (one["outcome"], one["columns"]) == ("unverifiable", 0)
    assert "The data are others: table has SHA-256" in one["reason"]


def data_of(folder):
    return (folder / "moved.csv").read_text()


def test_students_are_verified_with_their_teachers(snnbench, tmp_path):
    (tmp_path / "pair.toml").write_text(
        '[base]\narch = "8-10"\nmodel = "ann"\nepochs = 2\ntrain_samples = 200\ndevice = "cpu"\n'
        '[variants.student]\nteacher = "teacher"\nloss = "mimic-l2"\narch = "6-10"\n'
        "[variants.teacher]\n"
    )
    assert snnbench("sweep", "pair.toml", "--out", "t").returncode == 0
    shutil.rmtree(tmp_path / "t" / "models")
    done = snnbench("verify", "t", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 runs gave the same bits" in done.stdout


def test_a_plug_in_is_asked_for(snnbench, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from torch.nn import functional\n"
        "from snnbench.words.losses import LOSSES\n"
        "@LOSSES.add('margin', 'hinge loss of the right class')\n"
        "def margin(scores, y, wanted, config):\n"
        "    return functional.multi_margin_loss(scores, y)\n"
    )
    made = snnbench("train", *TINY, "--plugin", "mine.py", "--loss", "margin", "--out", "t")
    assert made.returncode == 0, made.stderr
    done = snnbench("verify", "t")
    assert done.returncode == 3
    assert "It used plug-ins that are not loaded here: mine.py" in done.stdout
    done = snnbench("verify", "t", "--plugin", "mine.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--claims", "mine.toml"], "Give --all"),
        (["--runs", "0"], "--runs 0 verifies nothing"),
        (["--runs", "2", "--all"], "Keep one of them"),
        (["--all", "--claims", "lab1-loss"], "has no run of the study 'lab1-loss'"),
        (["--all", "--claims", "nothing"], "There is no study 'nothing'"),
        (["--jobs", "0"], "--jobs 0 runs nothing"),
        (["--data-dir"], "requires an argument"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_trained(snnbench, folder, arguments, words):
    done = snnbench("verify", "t", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_a_folder_without_runs_is_refused(snnbench, tmp_path):
    for name in ("nowhere", "."):
        done = snnbench("verify", name)
        assert (done.returncode, "no runs in" in done.stderr) == (2, True)


@pytest.mark.parametrize("signals", [1, 2])
def test_an_interrupted_verification_leaves_nothing_and_says_how_far_it_came(tmp_path, signals):
    made = run_snnbench("train", "--arch", "64-64-10", "-T", "40", "--epochs", "30", "--out", "t",
               "--device", "cpu", cwd=tmp_path)  # fmt: skip
    assert made.returncode == 0, made.stderr
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    before = files_in(tmp_path / "t")
    child = subprocess.Popen(
        [SNNBENCH, "verify", "t"], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, env=os.environ | {"TMPDIR": str(temporary)},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(temporary.glob("snnbench-*/runs.csv")):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.01)
    time.sleep(signals - 1)  # a second by which a run is handed out
    for _ in range(signals):
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
    out, err = child.communicate(timeout=100)
    assert err.count(NOTED) <= 1
    if signals == 1 and child.returncode == 0:  # it waited for the run
        assert "1 of 1 runs gave the same bits" in out
        assert NOTED in err
    else:
        assert (child.returncode, out) == (130, "")
        assert ("nothing is kept", "Stopped: 0 of 1 runs were verified.")[signals == 1] in err
    assert list(temporary.iterdir()) == []
    assert files_in(tmp_path / "t") == before


def test_what_was_trained_when_it_was_stopped_is_compared(swept):
    ended = []
    events = verify(swept / "t", None, jobs=1, is_stopping=lambda: bool(ended))
    try:
        while True:
            if isinstance(event := next(events), Recorded):
                ended.append(event)
    except StopIteration as end:
        made = end.value
    assert made.chosen == made.finished == 4
    assert 0 < len(made.runs) < 4
    assert {one.outcome for one in made.runs} == {"same"}


def test_a_table_in_other_hands_needs_no_lock_and_may_be_read_only(snnbench, folder):
    with open(folder / "runs.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 4
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert snnbench("verify", "t", "--runs", "1").returncode == 0
    finally:
        folder.chmod(0o755)
