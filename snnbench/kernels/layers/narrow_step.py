"""A training step of a single run with narrow spiking layers, sample by sample.

Drawing, all layers, loss, all layers back and the weight gradients of a sample follow each other
while its blocks and membranes are in the fastest memory. All operations and their order are those
of the separate kernels, and so are all bits.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.columns import copy
from snnbench.kernels.base.jit import (
    Floats,
    Ints,
    Plain,
    inner,
    kernel,
    parallel_kernel,
)
from snnbench.kernels.base.lanes import WIDTH, add, load, store_first, zeros
from snnbench.kernels.base.losses import HITS, add_hit, sample_loss
from snnbench.kernels.base.products import multiply, transpose
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks
from snnbench.kernels.events.events import Pixels, draw_row, fetch_row
from snnbench.kernels.layers.linear_lif import (
    TABLE_ROWS,
    Filled,
    Flags,
    Shape,
    build_table,
    scan_samples,
)
from snnbench.kernels.layers.linear_lif_backward import (
    CHUNKS,
    Gradients,
    Grads,
    reduce_pieces,
    scan_back,
    scatter,
)
from snnbench.kernels.layers.narrow_arrays import Found, Network, Room, Shared, Sizes, Source
from snnbench.kernels.layers.outputs import pack_row
from snnbench.kernels.neurons.equations import Constants, Switches


@kernel
def train(
    source: Plain, network: Plain, shared: Plain, rooms: Plain, out: Plain, sizes: Plain,
    switches: Plain, vectors: Any,
) -> tuple[float, Ints]:  # fmt: skip
    """Do `_train` with what comes as plain tuples.

    Numba takes longer to recognize named ones, which is seen where a step takes microseconds; and
    in the parallel function itself, whose loops share them out, it would not find their names.
    """
    return _train(
        Source(*source), Network(*network), Shared(*shared), Room(*rooms), Found(*out),
        Sizes(*sizes), Switches(*switches), vectors,
    )  # fmt: skip


@parallel_kernel
def _train(
    source: Source,
    network: Network,
    shared: Shared,
    rooms: Room,
    out: Found,
    sizes: Sizes,
    switches: Switches,
    vectors: Any,
) -> tuple[float, Ints]:
    """Take a step but for the optimizer's; return the loss and hits, [2 + C].

    L layers; padded rows have as many values as a tile has lanes.

    Args:
        source, network: the batch, and what it goes through.
        shared, rooms: memory.
        out: filled.
        sizes, switches: what the kernels branch on.
        vectors: width of a tile.
    """
    workers, plan = sizes.workers, network.plan
    for worker in prange(workers):
        _work((worker, workers), source, network, shared, rooms, out, sizes, switches, vectors)
    for worker in prange(workers):
        for layer in range(plan.shape[0]):
            _add_pieces(layer, (worker, workers), network, shared.pieces, out.gradients, vectors)
    batch = source.samples.size
    for layer in range(plan.shape[0]):
        _add_biases(layer, batch, network, out, vectors)
        for chunk in range(CHUNKS):
            out.sums[layer, 0] += out.spikes[chunk, layer]
    return _added_up(out.values[:batch]), out.hits.sum(0)


@inner
def _work(
    who: tuple[int, int],
    source: Source,
    network: Network,
    shared: Shared,
    rooms: Room,
    out: Found,
    sizes: Sizes,
    switches: Switches,
    vectors: Any,
) -> None:
    """Do a worker's part of the chunks, with tables of its own.

    Making these takes a core less time than another's memory to come over.
    """
    worker, workers = who
    tables = shared.subsets[worker], shared.turned[worker], shared.base[worker]
    for layer in range(network.plan.shape[0]):
        _prepare(layer, network, tables, vectors)
    for chunk in range(worker * CHUNKS // workers, (worker + 1) * CHUNKS // workers):
        _train_chunk(
            chunk, source, network, tables, shared.pieces, rooms, out, sizes, switches, vectors
        )


@inner
def _prepare(
    layer: int, network: Network, tables: tuple[Floats, Floats, Floats], vectors: Any
) -> None:
    """Make a layer's table of subsets, turn its weights round, and copy its biases."""
    plan, parameters = network.plan, network.parameters
    subsets, turned, base = tables
    m, n, _, start, bias = plan[layer]
    lanes = WIDTH * len(vectors)
    weight = parameters[start : start + m * n]
    build_table(weight, 1, n, 0, 1, _table(layer, plan, subsets, lanes), vectors)
    if layer > 0:
        transpose(weight, 0, 0, (0, 1, m, n), 0, turned[layer], lanes)
    if bias >= 0:
        copy(parameters[bias : bias + n], base[layer])


@inner
def _add_pieces(
    layer: int,
    who: tuple[int, int],
    network: Network,
    pieces: Floats,
    gradients: Floats,
    vectors: Any,
) -> None:
    """Sum the chunks' gradients of a worker's part of a layer's weights."""
    m, n, _, start, _ = network.plan[layer]
    worker, workers = who
    of_layer = _pieces(layer, network.plan, pieces, WIDTH * len(vectors))
    gradient = gradients[start : start + m * n]
    for row in range(worker * m // workers, (worker + 1) * m // workers):
        reduce_pieces(of_layer, gradient, row, Shape(0, 0, 1, n), 1, vectors)


@inner
def _add_biases(layer: int, batch: int, network: Network, out: Found, vectors: Any) -> None:
    """Sum the samples' gradients of a layer's biases."""
    _, n, _, _, bias = network.plan[layer]
    back, gradients = out.back[layer], out.gradients
    if bias >= 0:
        total = zeros(vectors)
        for b in range(batch):
            total = add(total, load(back[b], 0, total))
        store_first(gradients, bias, total, n)


@inner
def _train_chunk(
    chunk: int,
    source: Source,
    network: Network,
    prepared: tuple[Floats, Floats, Floats],
    pieces: Floats,
    rooms: Room,
    out: Found,
    sizes: Sizes,
    switches: Switches,
    vectors: Any,
) -> None:
    """Take the samples of a chunk one after another; each is the only one of its arrays."""
    pixels = Pixels(source.starts, source.records)
    samples, plan = source.samples, network.plan
    tables, turned, base = prepared
    groups, codes, bits = rooms.groups[chunk], rooms.codes[chunk], rooms.bits[chunk]
    membranes, currents, below = rooms.membranes[chunk], rooms.currents[chunk], rooms.below[chunk]
    subsets, T, kind = rooms.subsets[chunk], sizes.T, sizes.kind
    batch = samples.size
    layers, classes = plan.shape[0], plan[-1, 1]
    lanes = WIDTH * len(vectors)
    words = (T + WORD - 1) // WORD
    starts, ends, counts = plan[:, 2].copy(), plan[:, 2].copy(), plan[:, 2].copy()
    sums, gradient = np.zeros(lanes, np.float32), np.zeros(lanes, np.float32)
    no_gradient, nothing = np.zeros(lanes, np.float32), np.zeros(0, np.float32)
    # Of its own memory, for a line of the caches with another's would go to and fro.
    entered, hits = np.zeros(layers, np.int64), np.zeros(HITS + classes, np.int64)
    for layer in range(layers):
        _piece(chunk, layer, plan, pieces, lanes)[:] = 0
    for b in range(batch * chunk // CHUNKS, batch * (chunk + 1) // CHUNKS):
        if b + 1 < batch * (chunk + 1) // CHUNKS:
            fetch_row(pixels, samples[b + 1])
        sample = samples[b]
        first = Blocks(starts[:1], ends[:1], groups, codes, counts[:1])
        draw_row(pixels, sample, source.keys[sample], T, words, first, 0)
        for layer in range(layers):
            n = plan[layer, 1]
            here = slice(layer, layer + 1)
            scan_samples(
                Blocks(starts[here], ends[here], groups, codes, counts[here]),
                base[layer],
                _neurons_of(network, layer),
                Filled(_table(layer, plan, tables, lanes), membranes[layer], bits, sums),
                Shape(1, T, 1, n), 0, Flags(switches.reset, 1, 1), 0, 1, (0, 1), vectors,
            )  # fmt: skip
            entered[layer] += counts[layer]
            if layer + 1 < layers:
                after = slice(layer + 1, layer + 2)
                there = Blocks(starts[after], ends[after], groups, codes, counts[after])
                pack_row(bits, 0, lanes // 8, 0, (T, n), 0, there)
        wanted = source.y[sample]
        out.values[b] = sample_loss(
            sums[:classes], wanted, kind, np.float32(1 / T), batch, gradient[:classes]
        )
        add_hit(sums[:classes], wanted, hits)
        for layer in range(layers - 1, -1, -1):
            n = plan[layer, 1]
            last = layer == layers - 1
            scan_back(
                membranes[layer],
                _neurons_of(network, layer),
                Grads(gradient if last else below, no_gradient),
                (0, 0 if last else lanes, 0, 0),
                currents, subsets, Gradients(no_gradient, out.back[layer, b], nothing),
                Shape(1, T, 1, n), switches,
                0, 0, vectors,
            )  # fmt: skip
            here = slice(layer, layer + 1)
            sink = _piece(chunk, layer, plan, pieces, lanes)
            into = Blocks(starts[here], ends[here], groups, codes, counts[here])
            scatter(into, subsets, sink, Shape(1, T, 1, n), 0, 0, 1, vectors)
            if layer > 0:
                inputs = plan[layer, 0]
                multiply(
                    currents, turned[layer], below, (0, T), (0, 0, 0), (n, lanes, 1, lanes, inputs),
                    vectors,
                )  # fmt: skip
    copy(hits, out.hits[chunk])
    copy(entered, out.spikes[chunk])


@inner
def _neurons_of(network: Network, layer: int) -> Constants:
    return Constants(
        network.beta[layer], network.v_th[layer], network.slope[layer], network.gain[layer]
    )


@inner
def _table(layer: int, plan: Ints, tables: Floats, lanes: int) -> Floats:
    """Return the sums of subsets of a layer's weights."""
    groups = (plan[layer, 0] + GROUP - 1) // GROUP
    first = plan[layer, 2] * TABLE_ROWS * lanes
    return tables[first : first + groups * TABLE_ROWS * lanes]


@inner
def _piece(chunk: int, layer: int, plan: Ints, pieces: Floats, lanes: int) -> Floats:
    """Return where a chunk adds up the weight gradient of a layer."""
    of_layer = _pieces(layer, plan, pieces, lanes)
    size = len(of_layer) // CHUNKS
    return of_layer[chunk * size : (chunk + 1) * size]


@inner
def _pieces(layer: int, plan: Ints, pieces: Floats, lanes: int) -> Floats:
    """Return where the chunks add up the weight gradients of a layer, one after another."""
    groups = (plan[layer, 0] + GROUP - 1) // GROUP
    first = CHUNKS * plan[layer, 2] * GROUP * lanes
    return pieces[first : first + CHUNKS * groups * GROUP * lanes]


@inner
def _added_up(values: Any) -> float:
    """Return the sum over the samples, in their order."""
    total = 0.0
    for value in values:
        total += value
    return total
