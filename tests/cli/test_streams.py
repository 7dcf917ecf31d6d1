"""Streams that cannot take what a command says: nothing that was computed is lost for it."""

import os
import subprocess
import sys

import pytest

from snnbench.results.tables import read_runs
from tests.cli.conftest import TINY
from tests.report.samples import Made

PYTHON = [sys.executable, "-m", "snnbench"]
FULL = "No space left on device"
CLOSED = "Bad file descriptor"
LIGHT = [
    ["--version"], ["train", "--help"], ["studies"], ["studies", "show", "lab1-beta"],
    ["studies", "list", "--json"], ["datasets"], ["report", "results"],
    ["flops", "--arch", "784-10-10", "--input-shape", "none"],
]  # fmt: skip
TRAINING = [["train", *TINY], ["sweep", *TINY, "--vary", "beta=0.3,0.6", "--jobs", "1"]]


@pytest.fixture
def shell(tmp_path):
    """Return a function that runs `snnbench ARGS`, its streams set up by a shell, in a folder."""
    made = Made()
    made.runs("test_accuracy", [0.7, 0.8], beta=0.2, variant="größer ≥ 日本")
    made.runs("test_accuracy", [0.7, 0.8], beta=0.9, variant="kleiner")
    made.write(tmp_path / "results")

    def run(arguments, redirections="", **environment):
        command = f'"$@" {redirections}'
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command, "bash", *PYTHON, *arguments],
            capture_output=True, cwd=tmp_path, timeout=120, check=False,
            env=os.environ | environment,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(("arguments", "encoding"), [
    *((arguments, "cp437") for arguments in [*LIGHT, ["flops", "--arch", "größer≥"]]),
    (["report", "results"], "latin-1"), (["train", "--help"], "ascii"),
], ids=str)  # fmt: skip
def test_what_an_encoding_lacks_is_replaced(shell, arguments, encoding):
    done = shell(arguments, PYTHONIOENCODING=encoding)
    assert done.returncode == (2 if "größer≥" in arguments else 0), done.stderr
    assert b"Error\n" not in done.stderr
    said = done.stdout + done.stderr
    said.decode(encoding)
    assert said


def test_a_terminal_of_the_c_locale_is_one_of_ascii(shell):
    settings = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = shell(["report", "results"], **settings)
    assert done.returncode == 0, done.stderr
    assert b"gr??er ? ??" in done.stdout


def test_a_path_that_is_no_text_can_be_named(shell, tmp_path):
    done = shell(["report", b"results", "--html", b"caf\xe9.html"])
    assert done.returncode == 0, done.stderr
    assert b"Wrote caf?.html" in done.stderr.splitlines()


@pytest.mark.parametrize("redirections", ["2>/dev/full", "2>&-", "<&- 2>&-", "2> >(true)"])
@pytest.mark.parametrize("arguments", TRAINING, ids=["train", "sweep"])
def test_progress_that_nobody_takes_does_not_end_a_training(
    shell, arguments, redirections, tmp_path
):
    done = shell([*arguments, "--out", "out"], redirections)
    assert done.returncode == 0
    assert b"accuracy" in done.stdout
    assert set(read_runs(tmp_path / "out")["status"]) == {"done"}


@pytest.mark.parametrize(("redirections", "reason"), [(">/dev/full", FULL), (">&-", CLOSED)])
@pytest.mark.parametrize("arguments", [*LIGHT, *TRAINING], ids=lambda a: " ".join(a[:3]))
def test_a_result_that_cannot_be_printed_is_one_line_and_an_exit_code(
    shell, arguments, redirections, reason, tmp_path
):
    trains = arguments in TRAINING
    done = shell([*arguments, *(["--out", "out"] if trains else [])], redirections)
    assert done.returncode == 2
    lines = [line for line in done.stderr.decode().splitlines() if "stdout" in line]
    assert lines == [f"Error: stdout cannot be written: {reason}. What is recorded stays."]
    assert b"Traceback" not in done.stderr
    if trains:
        assert set(read_runs(tmp_path / "out")["status"]) == {"done"}


@pytest.mark.parametrize("arguments", LIGHT[:3], ids=" ".join)
def test_all_streams_may_be_closed(shell, arguments):
    assert shell(arguments, "<&- >&- 2>&-").returncode == 2


@pytest.mark.parametrize("arguments", [*LIGHT, *TRAINING], ids=lambda a: " ".join(a[:3]))
def test_a_reader_that_leaves_early_ends_a_command_quietly(shell, arguments, tmp_path):
    trains = arguments in TRAINING
    done = shell([*arguments, *(["--out", "out"] if trains else [])], "| head -c 1")
    assert done.returncode in (0, 141)  # what is short fits into the pipe
    assert b"rror" not in done.stderr
    assert b"Traceback" not in done.stderr
    if trains:
        assert set(read_runs(tmp_path / "out")["status"]) == {"done"}


def test_the_exit_code_of_the_command_counts_more_than_that_of_a_full_stdout(shell):
    done = shell(["report", "results", "--fail-if", "test_accuracy > 0"], ">/dev/full")
    assert done.returncode == 4


def test_files_do_not_take_the_place_of_a_closed_stream(shell, tmp_path):
    done = shell(["train", *TINY, "--out", "out"], "<&- >&- 2>&-")
    assert done.returncode == 2
    for name in ("runs", "epochs", "layers"):
        assert "recorded in" not in (tmp_path / "out" / f"{name}.csv").read_text()
    assert len(read_runs(tmp_path / "out")) == 1


def test_a_pipe_that_does_not_block_gets_everything(tmp_path):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen([*PYTHON, "train", "--help"], stdout=writer, cwd=tmp_path,
                               env=os.environ | {"COLUMNS": "20000"})  # fmt: skip
    os.close(writer)
    with pytest.raises(subprocess.TimeoutExpired):  # more than a pipe holds
        process.wait(timeout=3)
    with os.fdopen(reader, "rb") as file:
        text = file.read()
    assert process.wait(timeout=30) == 0
    assert len(text) > 2**16
    assert text.rstrip().endswith("╯".encode())
