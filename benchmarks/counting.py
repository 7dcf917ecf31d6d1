"""What counting costs an evaluation of a spiking network: a ratio.

    python -m benchmarks.counting [--data-dir FOLDER]

An evaluation of 2,560 MNIST images by event kernels on one thread without any counting, with the
counts that every epoch has, and with those of `steps.csv`, which the reported epoch has; each the
first time, when the input's spikes are counted, and again. Medians of alternating repetitions of
processor time, which other processes disturb less than the clock.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from snnbench.config import RunConfig
from snnbench.data.catalogue import load_dataset
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.training.evaluation import evaluate
from snnbench.training.machine import using
from snnbench.training.stacked import StackedEngine
from snnbench.training.steps import StepSums

CASES = (("10-10", 50), ("10-10", 10), ("100-10", 20), ("256-256-10", 25))
_REPEATS = 31
_TRAINED = 60  # steps: an untrained network hardly fires
_BATCH = 128


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.counting", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--data-dir", help="folder of the data sets")
    options = parser.parse_args()
    print("arch", "T", "part", "ms", "ratio", sep="\t")
    for arch, T in CASES:
        times = measured(arch, T, options.data_dir)
        for name, seconds in times.items():
            ratio = seconds / times["nothing"]
            print(arch, T, name, f"{1000 * seconds:.1f}", f"{ratio:.2f}", sep="\t", flush=True)


def measured(arch: str, T: int, data_dir: str | None, repeats: int = _REPEATS) -> dict[str, float]:
    """Return the median processor time of an evaluation, by what is counted."""
    config = RunConfig(
        dataset="mnist", data_dir=data_dir, arch=arch, T=T, device="cpu", engine="fast",
        train_samples=_TRAINED * _BATCH, test_samples=20 * _BATCH, threads=1,
    )  # fmt: skip
    dataset = load_dataset("mnist", data_dir=data_dir)
    data = prepare(config, dataset, select(config, dataset), torch.device("cpu"))
    with using(config, 1):
        engine = StackedEngine([config], data)
        for rows in torch.arange(len(data.train)).split(_BATCH):
            engine.train_batch(1, rows, [config.lr], [0])

        def steps() -> list[StepSums]:
            return [StepSums(config, engine.networks[0], 3.0)]

        def anew(function: Callable[[], object]) -> Callable[[], object]:
            def call() -> None:
                for held in engine.held.values():
                    held.forget_counts()
                function()

            return call

        def counts() -> object:
            return evaluate(engine, data.test, [0])

        def all_counts() -> object:
            return evaluate(engine, data.test, [0], steps())

        parts: dict[str, Callable[[], object]] = {
            "nothing": lambda: evaluate(engine, data.test, [0], counted=False),
            "counts, first time": anew(counts),
            "counts": counts,
            "counts and steps, first time": anew(all_counts),
            "counts and steps": all_counts,
        }
        times: dict[str, list[float]] = {name: [] for name in parts}
        for _ in range(repeats):
            for name, function in parts.items():
                started = time.process_time()
                function()
                times[name].append(time.process_time() - started)
    return {name: statistics.median(own) for name, own in times.items()}


if __name__ == "__main__":
    main()
