"""A training step of a single run with narrow spiking layers, sample by sample.

Drawing, all layers, loss, all layers back and the weight gradients of a sample follow each other
while its blocks and membranes are in the fastest memory. All operations and their order are those
of the separate kernels, and so are all bits.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.spiking.kernels.cpu.blocks import GROUP, WORD
from snnbench.spiking.kernels.cpu.events import draw_row, fetch_row
from snnbench.spiking.kernels.cpu.jit import Floats, Ints, kernel, parallel_kernel
from snnbench.spiking.kernels.cpu.lanes import WIDTH, add, load, store, zeros
from snnbench.spiking.kernels.cpu.linear_lif import TABLE_ROWS, build_table, scan_samples
from snnbench.spiking.kernels.cpu.linear_lif_backward import (
    CHUNKS,
    reduce_pieces,
    scan_back,
    scatter,
)
from snnbench.spiking.kernels.cpu.losses import prediction, sample_loss
from snnbench.spiking.kernels.cpu.outputs import pack_row
from snnbench.spiking.kernels.cpu.products import multiply, transpose


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
) -> float:
    """Take a step, and return the loss.

    L layers; padded rows have as many values as a tile has lanes.

    Args:
        source: starts and records of `ActivePixels`; samples, keys and classes of the batch.
        network: for every layer M, N, where its groups of inputs begin among those of all layers,
            and where its weights do, int64 [L, 4]; the weights, flat; biases, beta, v_th, slope
            and gain, padded [L, lanes] each.
        shared: memory for tables of subsets, turned weights and pieces of the gradients.
        blocks: memory of every chunk of the batch for groups, codes and bits.
        steps: likewise for membranes, dL/dI, dL/dS of the layer below and tables of gradients.
        out: filled: sums of dL/dI of every sample [L, B, lanes] and of all of them [L, lanes],
            weight gradients as `network` has the weights, what each sample adds to the loss [B];
            added to: correct predictions of every chunk, and spikes into each layer [chunks, L].
        sizes: B, T and the kind of loss, see `losses.KINDS`.
        switches: of `Neurons`.
        vectors: width of a tile.
    """
    for layer in range(network[0].shape[0]):
        _prepare(layer, network, shared, vectors)
    for chunk in prange(CHUNKS):
        _train_chunk(chunk, source, network, shared, blocks, steps, out, sizes, switches, vectors)
    for layer in range(network[0].shape[0]):
        _finish(layer, network, shared, out, vectors)
    return _added_up(out[3])


@kernel
def _prepare(layer: int, network: Any, shared: Any, vectors: Any) -> None:
    """Make a layer's table of subsets, and turn its weights round."""
    plan, weights = network[0], network[1]
    tables, turned, _ = shared
    m, n, _, start = plan[layer]
    lanes = WIDTH * len(vectors)
    weight = weights[start : start + m * n]
    build_table(weight, 1, n, 0, 1, _table(layer, plan, tables, lanes), vectors)
    if layer > 0:
        transpose(weight, 0, 0, (0, 1, m, n), 0, turned[layer], lanes)


@kernel
def _finish(layer: int, network: Any, shared: Any, out: Any, vectors: Any) -> None:
    """Sum the chunks' weight gradients, and the samples' of the biases."""
    m, n, _, start = network[0][layer]
    back, of_bias, of_weights = out[0][layer], out[1][layer], out[2]
    pieces = _pieces(layer, network[0], shared[2], WIDTH * len(vectors))
    gradient = of_weights[start : start + m * n]
    for row in range(m):
        reduce_pieces(pieces, gradient, row, (0, 0, 1, n), 1, vectors)
    total = zeros(vectors)
    for b in range(len(back)):
        total = add(total, load(back[b], 0, total))
    store(of_bias, 0, total)


@kernel
def _train_chunk(
    chunk: int,
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
    """Take the samples of a chunk one after another; each is the only one of its arrays."""
    pixel_starts, records, samples, keys, y = source
    plan, _, base, beta, v_th, slope, gain = network
    tables, turned, pieces = shared
    groups, codes, bits = blocks[0][chunk], blocks[1][chunk], blocks[2][chunk]
    membranes, currents, below = steps[0][chunk], steps[1][chunk], steps[2][chunk]
    subsets = steps[3][chunk]
    back, _, _, values, right, spikes = out
    batch, T, kind = sizes
    layers, classes = plan.shape[0], plan[-1, 1]
    lanes = WIDTH * len(vectors)
    words = (T + WORD - 1) // WORD
    starts, ends, counts = plan[:, 2].copy(), plan[:, 2].copy(), plan[:, 2].copy()
    sums, gradient = np.zeros(lanes, np.float32), np.zeros(lanes, np.float32)
    no_gradient, nothing = np.zeros(lanes, np.float32), np.zeros(0, np.float32)
    for layer in range(layers):
        _piece(chunk, layer, plan, pieces, lanes)[:] = 0
    for b in range(batch * chunk // CHUNKS, batch * (chunk + 1) // CHUNKS):
        if b + 1 < batch * (chunk + 1) // CHUNKS:
            fetch_row((pixel_starts, records), samples[b + 1])
        first = (starts[:1], ends[:1], groups, codes, counts[:1])
        draw_row((pixel_starts, records), samples[b], keys[b], T, words, first, 0)
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
            spikes[chunk, layer] += counts[layer]
            if layer + 1 < layers:
                after = slice(layer + 1, layer + 2)
                there = (starts[after], ends[after], groups, codes, counts[after])
                pack_row(bits, 0, lanes // 8, 0, (T, n), 0, there)
        values[b] = sample_loss(
            sums[:classes], y[b], kind, np.float32(1 / T), batch, gradient[:classes]
        )
        right[chunk] += prediction(sums[:classes]) == y[b]
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
                    currents, turned[layer], below, (0, T), (0, 0, 0), (n, lanes, lanes, inputs),
                    vectors,
                )  # fmt: skip


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
