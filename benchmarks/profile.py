"""What a training step of the small cases is made of.

    python -m benchmarks.profile [--threads N] [--out FOLDER]

Every part is timed by itself, on the same batch, so that its data are in the caches; "step" is
the whole, on one batch after another, as in training. What the parts do not explain is the cost
of calls from Python and of memory that is not in the caches. Times are medians in this process.
"""

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import torch

from benchmarks.cases import BATCH, CASES
from benchmarks.images import load_images
from benchmarks.ours import configs
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.training.allocation import freed_memory_kept
from snnbench.training.engines import make_engine
from snnbench.training.gradients import losses_and_gradients
from snnbench.training.perceptron import PerceptronEngine
from snnbench.training.stacked import StackedEngine

NAMES = ("t10", "t50", "betas16", "ann")
COLUMNS = ("case", "part", "ms")
_SECONDS = 0.5  # of a measurement
_BLOCKS = 15

Part = tuple[str, Callable[[], object]]


def main() -> None:
    """Measure and print; write `profile.csv` where a folder is given."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-dir", help="folder of the data sets")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    with freed_memory_kept():  # as in training
        for name in NAMES:
            for part, function in parts_of(name, options.threads, options.data_dir):
                rows.append((name, part, round(milliseconds(function), 4)))
                print(*rows[-1], sep="\t", flush=True)
    if options.out is not None:
        with (options.out / "profile.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def parts_of(name: str, threads: int, data_dir: str | None = None) -> Iterator[Part]:
    """Yield the parts of a case's step, the whole step first."""
    case = CASES[name]
    torch.set_num_threads(threads)
    runs = configs(case, "fast", threads)
    dataset = load_images(case, data_dir).dataset
    data = prepare(runs[0], dataset, select(runs[0], dataset), torch.device("cpu"))
    engine = make_engine(runs, data)
    in_parts = engine
    members, rates = range(len(runs)), [run.lr for run in runs]
    batches = cycle(torch.randperm(len(data.train)).split(BATCH)[: len(data.train) // BATCH])
    yield "step", lambda: engine.train_batch(1, next(batches), rates, members)
    if isinstance(engine, StackedEngine):
        if engine.narrow is not None:
            in_parts = StackedEngine(runs, data, whole_steps=False)
            yield (
                "step, part by part",
                lambda: in_parts.train_batch(1, next(batches), rates, members),
            )
        yield from _of_stack(in_parts, next(batches))
    elif isinstance(engine, PerceptronEngine):
        yield from _of_perceptron(engine, next(batches))


def _of_stack(engine: StackedEngine, rows: torch.Tensor) -> Iterator[Part]:
    members, source, stack = range(len(engine.configs)), engine.input, engine.training
    at, y = rows.numpy(), engine.data.train.y[rows].numpy()
    spikes = source.take(at, 1)
    yield "draw", lambda: source.take(at, 1)
    yield "forward", lambda: engine._forward(stack, spikes, keep=True)
    sums, _ = engine._forward(stack, spikes, keep=True)
    nothing = [None] * len(members)

    def loss() -> tuple[np.ndarray, np.ndarray]:
        return losses_and_gradients(engine.configs, sums, y, nothing, members, steps=engine.first.T)

    yield "loss", loss
    gradient = loss()[1]
    yield "backward", lambda: engine._backward(stack, spikes, gradient)
    yield "optimizer", _optimizer(engine, engine._backward(stack, spikes, gradient))


def _of_perceptron(engine: PerceptronEngine, rows: torch.Tensor) -> Iterator[Part]:
    part, at, members = engine.data.train, rows.numpy(), range(len(engine.configs))
    small = engine.small
    assert small is not None
    yield "forward and back", lambda: engine._small_step(small, part, at, members)
    yield "optimizer", _optimizer(engine, engine._updates)


def _optimizer(
    engine: StackedEngine | PerceptronEngine, gradients: list[np.ndarray]
) -> Callable[[], object]:
    still = [0.0] * len(engine.configs)
    return lambda: engine.optimizer.step(gradients, still, range(len(still)))


def milliseconds(function: Callable[[], object]) -> float:
    """Return the median time of a call, over blocks of calls."""
    started = time.perf_counter()
    calls = 0
    while time.perf_counter() - started < _SECONDS / 4 or calls < 3:
        function()
        calls += 1
    count = max(1, calls * 4 // _BLOCKS)
    blocks = []
    for _ in range(_BLOCKS):
        started = time.perf_counter()
        for _ in range(count):
            function()
        blocks.append((time.perf_counter() - started) / count)
    return 1000 * statistics.median(blocks)


if __name__ == "__main__":
    main()
