"""Folders of living processes stay, those of killed ones go, and nobody else's are touched."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from snnbench.scratch import scratch_folder

HOLDER = """
import sys, time
from snnbench.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "file").write_text("mine")
    print(folder, flush=True)
    time.sleep(600)
"""
# Makes, uses and clears away as fast as it can.
BUSY = """
import os, signal
from snnbench.scratch import scratch_folder
for i in range(300):
    with scratch_folder() as folder:
        (folder / "file").write_text("mine")
        assert (folder / "file").read_text() == "mine"
held = scratch_folder()
held.__enter__()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def started(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_a_folder_is_of_this_user_alone_and_goes_with_its_context(temporary):
    with scratch_folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("x")
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_at_the_next_start_and_not_before(temporary):
    first, second = started(HOLDER), started(HOLDER)
    killed, living = first.stdout.readline().strip(), second.stdout.readline().strip()
    try:
        first.kill()
        first.communicate()
        assert os.path.exists(killed)
        with scratch_folder():
            assert not os.path.exists(killed)
            assert os.path.exists(f"{living}/file")
    finally:
        second.kill()
        second.communicate()
    with scratch_folder() as folder:
        assert list(temporary.iterdir()) == [folder]


def test_what_is_not_a_killed_process_folder_is_left_alone(temporary):
    (temporary / "snnbench-results").mkdir(mode=0o700)
    (temporary / "snnbench-1-abcdefgh").mkdir(mode=0o755)
    (temporary / "snnbench-2-abcdefgh").write_text("a file")
    (temporary / "elsewhere").mkdir(mode=0o700)
    (temporary / "snnbench-3-abcdefgh").symlink_to(temporary / "elsewhere")
    if os.geteuid() == 0:
        (temporary / "snnbench-4-abcdefgh").mkdir(mode=0o700)
        os.chown(temporary / "snnbench-4-abcdefgh", 65534, 65534)
    before = sorted(temporary.iterdir())
    with scratch_folder():
        pass
    assert sorted(temporary.iterdir()) == before


def test_many_that_make_and_clear_at_once_do_not_harm_each_other(temporary):
    busy = [started(BUSY) for _ in range(4)]
    for process in busy:
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL  # at its end, and not by a fault
    with scratch_folder() as folder:
        assert list(temporary.iterdir()) == [folder]
