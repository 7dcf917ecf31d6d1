"""A sweep of 100,000 runs with nothing trained: what planning, bookkeeping and resuming cost.

    python -m benchmarks.scale [--runs 100000] [--out FOLDER]

Everything is the program's own but the executor, which answers each task at once with made-up
rows. Times, and the largest resident set of the process:

1.  plan: a grid of the runs, from settings to a list.
2.  half: name them, group them into cohorts, and record the first half, row by row on the disk.
3.  rest: the same sweep again in the same folder; it reads what is there and does the rest.
4.  again: the same once more; nothing is left to do.
"""

import argparse
import dataclasses
import json
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.timing import peak_mb
from snnbench.data.catalogue import load_dataset
from snnbench.results.provenance import utc_now
from snnbench.studies.axis import parse_axis
from snnbench.studies.options import adhoc_study
from snnbench.studies.plan import Plan, expand
from snnbench.sweep.jobs import Job, Task
from snnbench.sweep.record import Recorded
from snnbench.sweep.run import Where, run_sweep
from snnbench.sweep.worker import Finished, Outcome

_SETTINGS = {"dataset": "digits", "arch": "10-10", "T": 10, "device": "cpu", "epochs": 3}
_POINTS = 1000  # the other runs are seeds


class SimulatedExecutor:
    """Answers every task at once, with rows made of the runs' names.

    Args:
        slots: as of any executor.
        seconds: that a task takes.
        outcome: gives a task's outcome; by default its runs are done.
    """

    def __init__(
        self,
        slots: int = 2,
        seconds: float = 0.0,
        outcome: Callable[[Task], Outcome] | None = None,
    ) -> None:
        self.slots, self.seconds = slots, seconds
        self.worker_bytes: float | None = 2.0**40
        self.shares_disk = False
        self.outcome = outcome or (lambda task: Outcome("done", tuple(map(made_up, task.jobs))))
        self.given: list[Task] = []
        self.waiting: list[Task] = []
        self.closed = False

    def submit(self, task: Task) -> None:
        """Take a task."""
        self.given.append(dataclasses.replace(task, models={}))
        self.waiting.append(task)

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        """Return the task that was taken first."""
        if not self.waiting:
            return []
        time.sleep(self.seconds)
        task = self.waiting.pop(0)
        return [(task, self.outcome(task))]

    def shares(self) -> dict[int, float]:
        """Return nothing."""
        return {}

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


@cache
def _data_sha256(dataset: str) -> str:
    return load_dataset(dataset).sha256


def made_up(job: Job, data_sha256: str | None = None) -> Finished:
    """Return rows of a run that nobody trained; the same for the same run.

    Args:
        job: the run.
        data_sha256: checksum of its data; None: they are read.
    """
    number = zlib.crc32(job.run_id.encode()) / 2**32
    epochs = len(job.config.learning_rates)
    row: dict[str, Any] = {"run_id": job.run_id, "study": job.study, "variant": job.variant}
    row |= {"status": "done", "error": None} | job.config.effective
    row |= {"epochs_run": epochs, "best_epoch": epochs, "params": 100, "cohort_size": 1}
    row |= {f"{name}_accuracy": number for name in ("train", "test", "max_test")}
    row |= {f"{name}_loss": 1 - number for name in ("train", "test")}
    row |= {"train_seconds": 0.0, "eval_seconds": 0.0, "started_at": utc_now()}
    known = data_sha256 if data_sha256 is not None else _data_sha256(job.config.dataset)
    row |= {"data_sha256": known, "numerics": job.config.numerics}
    curve = [
        {"epoch": epoch, "train_loss": 1 - number, "test_accuracy": number}
        for epoch in range(1, epochs + 1)
    ]
    layers = [{"layer": f"fc{n}", "kind": "linear", "params": 50} for n in (1, 2)]
    return Finished(row, curve, layers)


def plan_of(runs: int) -> Plan:
    """Return a grid of so many runs."""
    points = min(_POINTS, runs)
    axis = parse_axis(f"beta=0.001:0.999:{points}")
    return expand(adhoc_study(_SETTINGS, [axis], seeds=runs // points))


def simulate(plan: Plan, folder: Path, stop_after: int | None = None) -> int:
    """Run a sweep with nothing trained; return how many runs were recorded.

    Args:
        stop_after: stop, as at a signal, once so many runs are recorded.
    """
    recorded: list[int] = []
    for event in run_sweep(
        plan,
        folder,
        Where(),
        is_stopping=lambda: stop_after is not None and sum(recorded) >= stop_after,
        make_executor=lambda where, runs: SimulatedExecutor(),
    ):
        if isinstance(event, Recorded):
            recorded.append(len(event.rows))
    return sum(recorded)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; write `scale.json` where a folder is given."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []

    def timed(step: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        answer = work()
        seconds = round(time.perf_counter() - started, 2)
        rows.append({"step": step, "seconds": seconds, "peak_mb": round(peak_mb())})
        print(f"| {step} | {seconds} | {rows[-1]['peak_mb']} |", flush=True)
        return answer

    print("| step | seconds | peak MB |\n| --- | --- | --- |")
    plan = timed("plan", lambda: plan_of(options.runs))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = timed("half", lambda: simulate(plan, folder, options.runs // 2))
        second = timed("rest", lambda: simulate(plan, folder))
        third = timed("again", lambda: simulate(plan, folder))
        size = sum(path.stat().st_size for path in folder.glob("*.csv"))
    assert first + second == len(plan.runs)
    assert third == 0
    print(f"{len(plan.runs)} runs, {size / 1e6:.0f} MB of tables")
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        document = {"runs": len(plan.runs), "tables_mb": round(size / 1e6), "steps": rows}
        (options.out / "scale.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
