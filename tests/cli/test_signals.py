"""SIGINT and SIGTERM at any moment: one message, the exit code, and what was recorded stays.

A few moments by default; SNNBENCH_TEST_SIGNALS=100 takes so many for every command.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from snnbench.progress.stopping import NOTED, GentleStop, Stopped
from tests.cli.conftest import TINY
from tests.cli.test_sweep import recorded, wait_for
from tests.report.samples import Made

MOMENTS = int(os.environ.get("SNNBENCH_TEST_SIGNALS", "4"))
LONGEST = 3.0  # seconds after the start
PYTHON = [sys.executable, "-m", "snnbench"]
COMMANDS = {
    "help": ["--help"],
    "bad": ["train", "--lr", "nan"],
    "report": ["report", "results", "--html", "page.html"],
    "train": ["train", *TINY, "--epochs", "100000", "--out", "out"],
    "sweep": ["sweep", *TINY, "--epochs", "400", "--vary", "reset=zero,none", "--seeds", "8",
              "--jobs", "2", "--out", "out"],
}  # fmt: skip

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def has_its_handlers(process):
    """Return whether SIGTERM is caught, which is not so before the program's own code runs."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            caught = next(line for line in file if line.startswith("SigCgt"))
    except OSError:
        return True
    return (
        bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1)) or process.poll() is not None
    )


def is_over(process):
    """Return whether a process has ended, or is being taken apart: then it has no memory."""
    try:
        return "VmRSS" not in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    except OSError:
        return True


def start(arguments, folder):
    process = subprocess.Popen(
        [*PYTHON, *arguments], cwd=folder, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(folder)},
    )  # fmt: skip
    wait_for(lambda: has_its_handlers(process))
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_at_any_moment_is_one_message_and_an_exit_code(name, number, tmp_path):
    Made().runs("test_accuracy", [0.7, 0.8]).write(tmp_path / "results")
    moments = random.Random(f"{name}{number}")
    kept = 0
    for i in range(MOMENTS):
        process = start(COMMANDS[name], tmp_path)
        time.sleep(moments.uniform(0, LONGEST * (i + 1) / MOMENTS if name != "help" else 0.3))
        ended = process.poll()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)  # as a terminal does: the workers get it, too
        over = is_over(process)
        _, words = process.communicate(timeout=60)
        assert "Traceback" not in words, words
        assert "Exception" not in words, words
        came_too_late = over and process.returncode == 0
        if ended is None and process.returncode != 2 and not came_too_late:
            assert process.returncode == 128 + number, words
            lines = [line for line in words.splitlines() if line.startswith("Stopped")]
            assert len(lines) == 1, words
            assert lines[0].startswith("Stopped; what was finished is recorded. To do the rest: ")
        assert recorded(tmp_path / "out") >= kept
        kept = recorded(tmp_path / "out")
        wait_for(lambda process=process: not members(process.pid), 5)


def members(group):
    """Return the processes of a group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def test_while_cohorts_run_the_first_signal_waits_and_the_second_ends(tmp_path):
    two = ["--vary", "arch=8-10,16-10", "--vary", "epochs=1,100000", "--search", "list"]
    process = start(["sweep", "-T", "3", "--train-samples", "256", *two, "--jobs", "2"], tmp_path)
    assert process.stderr.readline().startswith("1 of 2 runs")  # the other goes on
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == f"{NOTED}\n"
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert words.splitlines()[-1].startswith("Stopped; ")
    assert len(words.splitlines()) == 1
    wait_for(lambda: not members(process.pid), 5)
    assert not list(tmp_path.glob("snnbench-*"))


def test_a_second_signal_waits_until_what_is_said_has_been_said():
    said = []

    def say():
        with stop.held():
            os.kill(os.getpid(), signal.SIGINT)
            said.append("all of it")

    with GentleStop() as stop:
        stop.begin()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Stopped):
            say()
    assert (said, stop.number) == (["all of it"], signal.SIGINT)


def test_an_interrupt_before_there_are_handlers_is_no_traceback(tmp_path):
    code = (
        "import builtins, runpy\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *rest, **more):\n"
        "    if name == 'shlex':\n"
        "        raise KeyboardInterrupt\n"
        "    return real(name, *rest, **more)\n"
        "builtins.__import__ = interrupted\n"
        "runpy.run_module('snnbench.__main__', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"Stopped.\n")


def test_importing_the_package_changes_no_handler():
    code = (
        "import signal\n"
        "numbers = (signal.SIGINT, signal.SIGTERM)\n"
        "before = [signal.getsignal(n) for n in numbers]\n"
        "import snnbench, snnbench.__main__, snnbench.cli.app, snnbench.api\n"
        "assert [signal.getsignal(n) for n in numbers] == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.5, 1.0, 1.5])
def test_while_workers_begin_a_signal_to_all_is_one_line_and_none_of_theirs(delay, tmp_path):
    process = start([*COMMANDS["sweep"][:-2], "--epochs", "100000"], tmp_path)
    wait_for(lambda: len(members(process.pid)) >= 3)  # workers, and Python's own tracker
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    line = process.stderr.readline()
    if line == f"{NOTED}\n":  # a run was already being trained
        os.killpg(process.pid, signal.SIGINT)
        line = process.stderr.readline()
    assert line.startswith("Stopped; ")
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 130
    wait_for(lambda: not members(process.pid), 5)
