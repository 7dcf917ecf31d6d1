"""A training step of a single run with narrow spiking layers, sample by sample.

Drawing, all layers, loss, all layers back and the weight gradients of a sample follow each other
while its blocks and membranes are in the fastest memory. All operations and their order are those
of the separate kernels, and so are all bits.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.jit import Floats, Ints, kernel, parallel_kernel
from snnbench.kernels.base.lanes import WIDTH, add, load, store_first, zeros
from snnbench.kernels.base.losses import prediction, sample_loss
from snnbench.kernels.base.products import multiply, transpose
from snnbench.kernels.events.blocks import GROUP, WORD
from snnbench.kernels.events.events import draw_row, fetch_row
from snnbench.kernels.layers.linear_lif import TABLE_ROWS, build_table, scan_samples
from snnbench.kernels.layers.linear_lif_backward import (
    CHUNKS,
    reduce_pieces,
    scan_back,
    scatter,
)
from snnbench.kernels.layers.outputs import pack_row


@parallel_kernel
def train(
    source: Any,
    network: Any,
    shared: Any,
    blocks: Any,
    steps: Any,
    out: Any,
    sizes: tuple[int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> tuple[float, int]:
    """Take a step but for the optimizer's; return the loss and how many predictions are right.

    L layers; padded rows have as many values as a tile has lanes.

    Args:
        source: starts and records of `ActivePixels`, keys and classes of all samples; which
            samples are the batch.
        network: for every layer M, N, where its groups of inputs begin among those of all layers,
            where its weights do among the parameters, and its biases (-1: none), int64 [L, 5];
            the parameters, flat; beta, v_th, slope and gain, padded [L, lanes] each.
        shared: memory of every worker for tables of subsets, turned weights, and padded biases,
            which are 0 where a layer has none; memory for pieces of the gradients.
        blocks: memory of every chunk of the batch for groups, codes and bits.
        steps: likewise for membranes, dL/dI, dL/dS of the layer below and tables of gradients.
        out: filled: sums of dL/dI of every sample [L, B, lanes], gradients as `network` has the
            parameters, what each sample adds to the loss [B], correct predictions of every chunk,
            spikes into each layer [chunks, L]; the latter are added to those of the run [L, 1].
        sizes: workers, at most chunks; T; the kind of loss, see `losses.KINDS`.
        switches: of `Neurons`.
        vectors: width of a tile.
    """
    workers = sizes[0]
    for worker in prange(workers):
        _work(
            (worker, workers), source, network, shared, blocks, steps, out, sizes, switches, vectors
        )
    for worker in prange(workers):
        for layer in range(network[0].shape[0]):
            _add_pieces(layer, (worker, workers), network, shared[3], out[1], vectors)
    batch, (_, _, values, right, spikes, sums) = source[4].size, out
    for layer in range(network[0].shape[0]):
        _add_biases(layer, batch, network, out, vectors)
        for chunk in range(CHUNKS):
            sums[layer, 0] += spikes[chunk, layer]
    return _added_up(values[:batch]), right.sum()


@kernel
def _work(
    who: tuple[int, int],
    source: Any,
    network: Any,
    shared: Any,
    blocks: Any,
    steps: Any,
    out: Any,
    sizes: tuple[int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> None:
    """Do a worker's part of the chunks, with tables of its own.

    Making these takes a core less time than another's memory to come over.
    """
    worker, workers = who
    subsets, turned, base, pieces = shared
    tables = subsets[worker], turned[worker], base[worker]
    for layer in range(network[0].shape[0]):
        _prepare(layer, network, tables, vectors)
    for chunk in range(worker * CHUNKS // workers, (worker + 1) * CHUNKS // workers):
        _train_chunk(
            chunk, source, network, tables, pieces, blocks, steps, out, sizes, switches, vectors
        )


@kernel
def _prepare(layer: int, network: Any, tables: Any, vectors: Any) -> None:
    """Make a layer's table of subsets, turn its weights round, and copy its biases."""
    plan, parameters = network[0], network[1]
    subsets, turned, base = tables
    m, n, _, start, bias = plan[layer]
    lanes = WIDTH * len(vectors)
    weight = parameters[start : start + m * n]
    build_table(weight, 1, n, 0, 1, _table(layer, plan, subsets, lanes), vectors)
    if layer > 0:
        transpose(weight, 0, 0, (0, 1, m, n), 0, turned[layer], lanes)
    if bias >= 0:
        base[layer, :n] = parameters[bias : bias + n]


@kernel
def _add_pieces(
    layer: int, who: tuple[int, int], network: Any, pieces: Floats, gradients: Floats, vectors: Any
) -> None:
    """Sum the chunks' gradients of a worker's part of a layer's weights."""
    m, n, _, start, _ = network[0][layer]
    worker, workers = who
    of_layer = _pieces(layer, network[0], pieces, WIDTH * len(vectors))
    gradient = gradients[start : start + m * n]
    for row in range(worker * m // workers, (worker + 1) * m // workers):
        reduce_pieces(of_layer, gradient, row, (0, 0, 1, n), 1, vectors)


@kernel
def _add_biases(layer: int, batch: int, network: Any, out: Any, vectors: Any) -> None:
    """Sum the samples' gradients of a layer's biases."""
    _, n, _, _, bias = network[0][layer]
    back, gradients = out[0][layer], out[1]
    if bias >= 0:
        total = zeros(vectors)
        for b in range(batch):
            total = add(total, load(back[b], 0, total))
        store_first(gradients, bias, total, n)


@kernel
def _train_chunk(
    chunk: int,
    source: Any,
    network: Any,
    prepared: Any,
    pieces: Floats,
    blocks: Any,
    steps: Any,
    out: Any,
    sizes: tuple[int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> None:
    """Take the samples of a chunk one after another; each is the only one of its arrays."""
    pixel_starts, records, keys, y, samples = source
    plan, _, beta, v_th, slope, gain = network
    tables, turned, base = prepared
    groups, codes, bits = blocks[0][chunk], blocks[1][chunk], blocks[2][chunk]
    membranes, currents, below = steps[0][chunk], steps[1][chunk], steps[2][chunk]
    subsets = steps[3][chunk]
    back, _, values, right, spikes, _ = out
    batch, (_, T, kind) = samples.size, sizes
    layers, classes = plan.shape[0], plan[-1, 1]
    lanes = WIDTH * len(vectors)
    words = (T + WORD - 1) // WORD
    starts, ends, counts = plan[:, 2].copy(), plan[:, 2].copy(), plan[:, 2].copy()
    sums, gradient = np.zeros(lanes, np.float32), np.zeros(lanes, np.float32)
    no_gradient, nothing = np.zeros(lanes, np.float32), np.zeros(0, np.float32)
    # Of its own memory, for a line of the caches with another's would go to and fro.
    entered, hits = np.zeros(layers, np.int64), 0
    for layer in range(layers):
        _piece(chunk, layer, plan, pieces, lanes)[:] = 0
    for b in range(batch * chunk // CHUNKS, batch * (chunk + 1) // CHUNKS):
        if b + 1 < batch * (chunk + 1) // CHUNKS:
            fetch_row((pixel_starts, records), samples[b + 1])
        sample = samples[b]
        first = (starts[:1], ends[:1], groups, codes, counts[:1])
        draw_row((pixel_starts, records), sample, keys[sample], T, words, first, 0)
        for layer in range(layers):
            n = plan[layer, 1]
            here = slice(layer, layer + 1)
            scan_samples(
                (starts[here], ends[here], groups, codes, counts[here]),
                base[layer],
                (beta[layer], v_th[layer]),
                (_table(layer, plan, tables, lanes), membranes[layer], bits, sums),
                (1, T, 1, n), 0, (switches[0], 1, 1), 0, 1, (0, 1), vectors,
            )  # fmt: skip
            entered[layer] += counts[layer]
            if layer + 1 < layers:
                after = slice(layer + 1, layer + 2)
                there = (starts[after], ends[after], groups, codes, counts[after])
                pack_row(bits, 0, lanes // 8, 0, (T, n), 0, there)
        values[b] = sample_loss(
            sums[:classes], y[sample], kind, np.float32(1 / T), batch, gradient[:classes]
        )
        hits += prediction(sums[:classes]) == y[sample]
        for layer in range(layers - 1, -1, -1):
            n = plan[layer, 1]
            last = layer == layers - 1
            scan_back(
                membranes[layer],
                (beta[layer], v_th[layer], slope[layer], gain[layer]),
                (gradient if last else below, no_gradient),
                (0, 0 if last else lanes, 0, 0),
                currents, subsets, (no_gradient, back[layer, b], nothing), (1, T, 1, n), switches,
                0, 0, vectors,
            )  # fmt: skip
            here = slice(layer, layer + 1)
            sink = _piece(chunk, layer, plan, pieces, lanes)
            into = (starts[here], ends[here], groups, codes, counts[here])
            scatter(into, subsets, sink, (1, T, 1, n), 0, 0, 1, vectors)
            if layer > 0:
                inputs = plan[layer, 0]
                multiply(
                    currents, turned[layer], below, (0, T), (0, 0, 0), (n, lanes, 1, lanes, inputs),
                    vectors,
                )  # fmt: skip
    right[chunk], spikes[chunk] = hits, entered


@kernel
def _table(layer: int, plan: Ints, tables: Floats, lanes: int) -> Floats:
    """Return the sums of subsets of a layer's weights."""
    groups = (plan[layer, 0] + GROUP - 1) // GROUP
    first = plan[layer, 2] * TABLE_ROWS * lanes
    return tables[first : first + groups * TABLE_ROWS * lanes]


@kernel
def _piece(chunk: int, layer: int, plan: Ints, pieces: Floats, lanes: int) -> Floats:
    """Return where a chunk adds up the weight gradient of a layer."""
    of_layer = _pieces(layer, plan, pieces, lanes)
    size = len(of_layer) // CHUNKS
    return of_layer[chunk * size : (chunk + 1) * size]


@kernel
def _pieces(layer: int, plan: Ints, pieces: Floats, lanes: int) -> Floats:
    """Return where the chunks add up the weight gradients of a layer, one after another."""
    groups = (plan[layer, 0] + GROUP - 1) // GROUP
    first = CHUNKS * plan[layer, 2] * GROUP * lanes
    return pieces[first : first + CHUNKS * groups * GROUP * lanes]


@kernel
def _added_up(values: Any) -> float:
    """Return the sum over the samples, in their order."""
    total = 0.0
    for value in values:
        total += value
    return total
