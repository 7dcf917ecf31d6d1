"""What ending runs early saves: a sweep with and without `--halving` and `patience`.

    python -m benchmarks.halving [--repeats 3] [--dataset mnist] [--data-dir FOLDER]

27 runs of 9 epochs train on one worker, spiking networks and ordinary ones, in a process of their
own; those without and those with take turns. Printed are medians of the ratios, with / without:

epochs   run-epochs that were trained, of 243 without; halving trains 63.
billed   seconds in the tables, of training and evaluation: no start-up, no preparation of data.
cpu      seconds of the processors, start-up of the program and its worker included.
wall     seconds of the clock, which also tell of what else the machine does.

All come close to the first where a run that has ended costs nothing. Runs share the encoding of
their input, so that the few that are left are dearer one by one.
"""

import argparse
import csv
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_SHARED = (
    "--arch", "100-10", "--epochs", "9", "--train-samples", "6000", "--test-samples", "1000",
    "--val-fraction", "0.1", "--device", "cpu", "--jobs", "1", "--vary", "lr=1e-4:1e-1:log:9",
)  # fmt: skip
_MODELS = {
    "snn": ("-T", "10", "--vary", "beta=0.3,0.6,0.9"),
    "ann": ("--model", "ann", "--vary", "weight_decay=0,1e-4,1e-3"),
}
_WAYS = {"halving": ("--halving",), "patience": ("--patience", "2")}


class Cost(NamedTuple):
    """What a sweep took; the columns of the table."""

    epochs: float
    billed: float
    cpu: float
    wall: float


def cost_of(options: Sequence[str]) -> Cost:
    """Run a sweep and return what it took."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snnbench", "sweep", *options, "--out", folder]
        before, started = _cpu(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        wall, cpu = time.perf_counter() - started, _cpu() - before
        with (Path(folder) / "runs.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    billed = sum(float(row["train_seconds"]) + float(row["eval_seconds"]) for row in rows)
    return Cost(sum(int(row["epochs_run"]) for row in rows), billed, cpu, wall)


def _cpu() -> float:
    """Return the seconds that processes started here, and those they started, have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.halving", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--data-dir")
    options = parser.parse_args(arguments)
    data = ["--dataset", options.dataset]
    data += ["--data-dir", options.data_dir] if options.data_dir else []
    print(f"| model, way | {' | '.join(Cost._fields)} | cpu s without | with |")
    print("| --- " * (len(Cost._fields) + 3) + "|")
    for model, own in _MODELS.items():
        plain: list[Cost] = []
        ended: dict[str, list[Cost]] = {way: [] for way in _WAYS}
        for _ in range(options.repeats):
            plain.append(cost_of([*_SHARED, *own, *data]))
            for way, more in _WAYS.items():
                ended[way].append(cost_of([*_SHARED, *own, *data, *more]))
        for way, costs in ended.items():
            pairs = list(zip(plain, costs, strict=True))
            ratios = [
                statistics.median(b[i] / a[i] for a, b in pairs) for i in range(len(Cost._fields))
            ]
            seconds = [statistics.median(cost.cpu for cost in found) for found in (plain, costs)]
            cells = [f"{r:.3f}" for r in ratios] + [f"{s:.1f}" for s in seconds]
            print(f"| {model}, {way} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
