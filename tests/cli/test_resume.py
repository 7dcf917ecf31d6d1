"""A command that was killed goes on where it was, and ends as if it had not been."""

import csv
import os
import re
import signal
import subprocess
import time

import pytest

from tests.forking import SNNBENCH, run_snnbench

LONG = ["--arch", "64-10", "-T", "20", "--epochs", "12", "--val-samples", "100"]
TIMES = ("train_seconds", "eval_seconds", "started_at", "cohort_size", "cpu_threads")


OFTEN = ("--checkpoint-every", "0")


def command(*arguments):
    return [SNNBENCH, *arguments, *OFTEN]


def snnbench(*arguments):
    return run_snnbench(*arguments, *OFTEN, check=True)


def rows(folder, name):
    with open(folder / f"{name}.csv", newline="") as file:
        found = [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(file)]
    return sorted(found, key=lambda row: (row["run_id"], int(row.get("epoch") or 0)))


def tables(folder):
    return [rows(folder, name) for name in ("runs", "epochs", "layers")]


def kill_after_a_checkpoint(process, folder, more=0):
    deadline = time.monotonic() + 120
    while len(list(folder.glob("checkpoints/*.json"))) <= more and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", *LONG],
        ["train", *LONG, "--engine", "reference", "--T", "5"],
        ["sweep", *LONG, "--vary", "beta=0.2,0.8", "--seeds", "2", "--jobs", "2"],
    ],
    ids=["train", "reference", "sweep"],
)
def test_a_killed_command_goes_on_and_ends_with_the_same_bits(arguments, tmp_path):
    arguments = ["-T" if a == "--T" else a for a in arguments]
    quiet = snnbench(*arguments, "--out", tmp_path / "quiet")
    assert "checkpoint" not in quiet.stderr
    folder, said = tmp_path / "out", ""
    for _ in range(2):
        process = subprocess.Popen(
            command(*arguments, "--out", folder), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        kill_after_a_checkpoint(process, folder)
    last = snnbench(*arguments, "--out", folder)
    said = last.stderr
    assert re.search(r"Run \w{12} goes on from its checkpoint after epoch \d+", said)
    assert tables(folder) == tables(tmp_path / "quiet")
    assert not (folder / "checkpoints").exists()


def test_a_sweep_with_halving_that_was_killed_chooses_the_same_runs(tmp_path):
    arguments = ["sweep", "--arch", "32-10", "-T", "10", "--epochs", "9", "--val-samples", "200",
                 "--halving", "--vary", "lr=0.0001,0.001,0.003,0.01,0.03,0.1"]  # fmt: skip
    for name, jobs in (("quiet", "1"), ("two", "2")):
        snnbench(*arguments, "--jobs", jobs, "--out", tmp_path / name)
    folder = tmp_path / "out"
    process = subprocess.Popen(
        command(*arguments, "--jobs", "2", "--out", folder), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    kill_after_a_checkpoint(process, folder, more=6)
    snnbench(*arguments, "--jobs", "1", "--out", folder)
    expected = tables(tmp_path / "quiet")
    assert tables(tmp_path / "two") == expected
    assert tables(folder) == expected
    statuses = [row["status"] for row in expected[0]]
    assert (statuses.count("done"), statuses.count("halved")) == (1, 5)
