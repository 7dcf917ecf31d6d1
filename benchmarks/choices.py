"""Where the fast engine does without BLAS: reads only what is not zero, or takes layers together.

    python -m benchmarks.choices [--threads N] [--out FOLDER]

Three measurements. The first two are a training step's worth of one layer (forward and backward,
batch 128), the third is a step of a whole ANN on 8 x 8 pixels:

1.  A hidden spiking layer: the kernels on blocks of spikes, against a dense product of the
    spikes as floats (BLAS) with the same scan behind it, over rates and widths.
2.  The first layer of an ANN: only the non-zero inputs, against gathering the rows and a dense
    product, over densities and widths.
3.  An ANN with two hidden layers: all layers behind the first in one call ("events" in the
    table), against products of BLAS, over widths.

Times are medians of interleaved repetitions in this process.
"""

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.cases import BATCH, BETA, SLOPE
from snnbench.config import RunConfig
from snnbench.data.catalogue import load_dataset
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.kernels.base.jit import Buffer, set_threads
from snnbench.kernels.events.blocks import SpikeBlocks, events_from_spikes
from snnbench.kernels.functions import lif_scan
from snnbench.kernels.layers.layer import SpikingLayer
from snnbench.kernels.layers.layout import Layout
from snnbench.kernels.neurons.equations import Neurons
from snnbench.kernels.perceptron.sparse_input import SparseRows
from snnbench.training.allocation import freed_memory_kept
from snnbench.training.perceptron import PerceptronEngine

COLUMNS = ("layer", "inputs", "units", "density", "events_ms", "dense_ms", "dense_over_events")
SHAPES = ((128, 10), (256, 256), (1000, 1000))
RATES = (0.02, 0.1, 0.3, 0.6, 1.0)
T = 25
PIXELS = 784
UNITS = (10, 64, 256, 1000)
DENSITIES = (0.1, 0.2, 0.3, 0.5, 1.0)
HIDDEN = ((32, 32), (64, 64), (128, 64), (128, 128), (256, 128), (256, 256))
_SECONDS = 0.4  # a pair of measurements

Pass = Callable[[], object]
Row = dict[str, object]


def main() -> None:
    """Measure and print; write `choices.csv` where a folder is given."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choices", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    set_threads(options.threads)
    with freed_memory_kept():  # as in training
        _report(options.out)


def _report(out: Path | None) -> None:
    rows = []
    print("| layer | density | events, ms | dense, ms | dense over events |")
    print("| --- | --- | --- | --- | --- |")
    for row in measured():
        rows.append(row)
        print(
            f"| {row['layer']} {row['inputs']}-{row['units']} | {row['density']:.2f} | "
            f"{row['events_ms']:.3g} | {row['dense_ms']:.3g} | {row['dense_over_events']:.2f} |",
            flush=True,
        )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        with (out / "choices.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def measured() -> Iterator[Row]:
    """Yield a row for every layer and density."""
    generator = np.random.default_rng(0)
    for inputs, units in SHAPES:
        for rate in RATES:
            spikes = (generator.random((BATCH, T, inputs)) < rate).astype(np.float32)
            yield _row("spiking", (inputs, units), rate, hidden_layer(spikes, units))
    for units in UNITS:
        for density in DENSITIES:
            values = generator.random((16 * BATCH, PIXELS), np.float32)
            values *= generator.random(values.shape) < density
            rows = generator.permutation(len(values))[:BATCH]
            yield _row("ANN input", (PIXELS, units), density, input_layer(values, rows, units))
    for shape in HIDDEN:
        yield _row("ANN hidden", shape, 1.0, hidden_layers(shape))


def hidden_layer(spikes: np.ndarray, units: int) -> tuple[Pass, Pass]:  # type: ignore[type-arg]
    """Return both ways through a hidden spiking layer and back, its input's gradient included."""
    batch, _, inputs = spikes.shape
    neurons = Neurons([BETA], [1.0], [SLOPE])
    weight = np.random.default_rng(1).standard_normal((inputs, 1, units), np.float32)
    weight /= inputs**0.5
    layer = SpikingLayer(inputs, units, neurons, T, shared=False)
    blocks, bias = SpikeBlocks(inputs, T), np.zeros((1, units), np.float32)
    base = layer.layout.padded(bias, Buffer(np.float32))
    ones = np.ones((batch, 1, layer.layout.row), np.float32)
    zeros = np.zeros((1, 1, layer.layout.row), np.float32)
    below = Layout(1, inputs, shared=False), Buffer(np.float32)

    def events() -> None:
        layer.forward(events_from_spikes(spikes, blocks), weight, base)
        layer.backward(ones, zeros, weight, below)

    dense_spikes = torch.from_numpy(spikes).transpose(0, 1).contiguous().requires_grad_()
    dense_weight = torch.from_numpy(weight[:, 0]).requires_grad_()

    def dense() -> None:
        out, _ = lif_scan((dense_spikes @ dense_weight)[:, None], neurons)
        torch.autograd.grad(out.sum(), (dense_spikes, dense_weight))

    return events, dense


def input_layer(
    values: np.ndarray,  # type: ignore[type-arg]
    rows: np.ndarray,  # type: ignore[type-arg]
    units: int,
) -> tuple[Pass, Pass]:
    """Return both ways through an ANN's first layer and back to its weights."""
    generator = np.random.default_rng(2)
    weight = generator.standard_normal((1, PIXELS, units), np.float32)
    above = generator.standard_normal((1, len(rows), units), np.float32)
    out, sparse = np.empty_like(weight), SparseRows(values)

    def events() -> None:
        sparse.product(rows, weight, None)
        sparse.weight_gradient(rows, above, out)

    x, index, w, g = map(torch.from_numpy, (values, rows, weight[0], above[0]))
    gradient = torch.empty_like(w)

    def dense() -> None:
        taken = x[index]
        torch.mm(taken, w)
        torch.mm(taken.t(), g, out=gradient)

    return events, dense


def hidden_layers(widths: tuple[int, int]) -> tuple[Pass, Pass]:
    """Return both ways of a step of an ANN with two hidden layers."""
    config = RunConfig(model="ann", dataset="digits", arch=f"{widths[0]}-{widths[1]}-10",
                       device="cpu", engine="fast", batch_size=BATCH)  # fmt: skip
    dataset = load_dataset("digits")
    data = prepare(config, dataset, select(config, dataset), torch.device("cpu"))
    together, by_blas = (
        PerceptronEngine([config], data, small_layers=how) for how in ("always", "never")
    )
    rows = torch.arange(BATCH)
    return (
        lambda: together.train_batch(1, rows, [0.0], [0]),
        lambda: by_blas.train_batch(1, rows, [0.0], [0]),
    )


def _row(layer: str, shape: tuple[int, int], density: float, passes: tuple[Pass, Pass]) -> Row:
    times = _medians(passes)
    return dict(zip(COLUMNS, (layer, *shape, density, *times, times[1] / times[0]), strict=True))


def _medians(passes: Sequence[Pass]) -> list[float]:
    """Return the median milliseconds of each, taken in turns."""
    times: list[list[float]] = [[] for _ in passes]
    for run in passes:
        run()
    ends = time.perf_counter() + _SECONDS
    while time.perf_counter() < ends or len(times[0]) < 3:
        for run, taken in zip(passes, times, strict=True):
            started = time.perf_counter()
            run()
            taken.append(1e3 * (time.perf_counter() - started))
    return [statistics.median(taken) for taken in times]


if __name__ == "__main__":
    main()
