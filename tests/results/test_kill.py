"""A real process, killed with SIGKILL while it writes as fast as it can."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from snnbench.results.tables import ResultStore
from tests.results.samples import ROOT, check_whole, read_csv

# Appends runs, cohorts and replacements, and says so only after each call has returned.
WRITER = """
import sys
from snnbench.results.tables import ResultStore
from tests.results.samples import run_rows

with ResultStore.open(sys.argv[1]) as store:
    number = len(store.statuses())
    print("open", flush=True)
    mark = number
    while True:
        mark += 1
        if mark % 5 == 0 and number:
            again = f"run{mark * 7 % number}"
            runs, write = [run_rows(again, mark=float(mark))], store.replace_many
        else:
            size = 1 if mark % 2 else 3
            runs = [run_rows(f"run{number + k}", mark=float(mark)) for k in range(size)]
            number, write = number + size, store.append_many
        write(runs)
        print(*(row["run_id"] for row, *_ in runs), mark, flush=True)
"""


def test_kill_9_at_any_moment_loses_no_acknowledged_run_and_leaves_no_half_one(
    tmp_path: Path,
) -> None:
    moments = random.Random(3)
    acknowledged: dict[str, int] = {}
    mended = 0
    for _ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        lines = [writer.stdout.readline() for _ in range(moments.randrange(8))]
        time.sleep(moments.uniform(0.0, 0.01))
        writer.send_signal(signal.SIGKILL)
        output, _ = writer.communicate()
        for line in (*lines, *output.splitlines(keepends=True)):
            if line.endswith("\n"):
                *run_ids, mark = line.split()
                acknowledged |= dict.fromkeys(run_ids, int(mark))
        with ResultStore.open(tmp_path) as store:
            mended += bool(store.repairs)
            recorded = store.statuses()
        check_whole(tmp_path)
        marks = {row["run_id"]: float(row["test_accuracy"]) for row in read_csv(tmp_path, "runs")}
        assert marks.keys() == recorded.keys()
        for run_id, mark in acknowledged.items():
            assert marks[run_id] >= mark, f"{run_id}: acknowledged {mark}, found {marks[run_id]}"
        # beyond what was acknowledged: at most the call that was going on
        assert len(recorded) - len(acknowledged) <= 3 * 12
    assert len(acknowledged) > 20
    assert mended > 0, "no kill came in the middle of a write: this test has tested nothing"
