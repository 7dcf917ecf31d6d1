"""One writer a folder, however the last one ended."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from snnbench.errors import UserError
from snnbench.results.tables import ResultStore, read_runs
from tests.results.samples import check_whole, run_rows


def test_a_second_writer_is_refused_naming_the_first(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(UserError, match="is being written by") as caught:
            ResultStore.open(tmp_path)
        assert f"process {holder.pid} on {os.uname().nodename}, started 20" in str(caught.value)
        assert "-c" in caught.value.problem  # its command
        assert caught.value.remedy.startswith("Wait until it has ended")
        with pytest.raises(UserError, match="no runs"):
            read_runs(tmp_path)  # readers are not kept out
        holder.kill()
        holder.wait()
        assert (tmp_path / ".lock.holder").exists()  # nobody cleaned up
        with ResultStore.open(tmp_path) as store:
            store.append(*run_rows("a"))
    finally:
        holder.kill()
        holder.communicate()
    check_whole(tmp_path)


HOLD = (
    "import sys\n"
    "from snnbench.results.tables import ResultStore\n"
    "store = ResultStore.open(sys.argv[1])\n"
    "print('open', flush=True)\n"
    "sys.stdin.read()\n"
)


def test_two_stores_in_one_process_are_two_writers(tmp_path: Path) -> None:
    with ResultStore.open(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()} on"):
        ResultStore.open(tmp_path)


def test_a_holder_that_has_not_written_its_name_is_still_a_holder(tmp_path: Path) -> None:
    with ResultStore.open(tmp_path):
        (tmp_path / ".lock.holder").write_text("{")
        with pytest.raises(UserError, match="by another process"):
            ResultStore.open(tmp_path)


def test_another_thread_may_write_and_close_what_this_one_opened(tmp_path: Path) -> None:
    store = ResultStore.open(tmp_path)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(store.append, *run_rows("a")).result()
        thread.submit(store.close).result()
    with ResultStore.open(tmp_path) as store:
        assert store.statuses() == {"a": "done"}
