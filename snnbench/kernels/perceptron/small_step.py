"""A step of perceptrons with small layers: forward, loss and back, half a batch after the other.

As products of BLAS, activations and losses they are twenty calls, each of which takes longer than
its arithmetic where layers are small. A run's two halves are what threads share out; they are the
same on any number of threads, and a run's do not depend on its companions, nor do its bits.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.columns import copy, load_columns
from snnbench.kernels.base.jit import Floats, Ints, Plain, inlined, inner, parallel_kernel
from snnbench.kernels.base.lanes import WIDE, WIDTH, add, load, store, store_first, zeros
from snnbench.kernels.base.losses import HITS, add_hit, sample_loss
from snnbench.kernels.base.products import multiply, transpose
from snnbench.kernels.perceptron.activations import activate, derive
from snnbench.kernels.perceptron.small_arrays import Found, Memory, Network, Samples
from snnbench.kernels.perceptron.sparse_input import LANES, Sparse, add_outer, multiply_rows

HALVES = 2  # of a batch; each has gradients of its own, which are added at the end


@parallel_kernel
def train(
    workers: int,
    source: Plain,
    samples: Plain,
    network: Plain,
    memory: Plain,
    out: Plain,
    vectors: Any,
) -> None:
    """Write losses, hits and gradients of K runs with L layers.

    Args:
        workers: threads that share the work.
        source: `Sparse`, the non-zero inputs of all samples; empty where the caller computes the
            first layer's product and its weights' gradient.
        samples, network: `Samples` and `Network`: the batch, and what it goes through.
        memory: `Memory`, to work in.
        out: `Found`; filled.
        vectors: width of a tile.
    """
    source, samples, network = Sparse(*source), Samples(*samples), Network(*network)
    memory, out = Memory(*memory), Found(*out)
    members = out.losses.shape[0]
    if members == 1:
        for worker in prange(workers):
            for half in range(worker * HALVES // workers, (worker + 1) * HALVES // workers):
                _train_half((0, half, half), source, samples, network, memory, out, vectors)
        for worker in prange(workers):
            _add_halves(0, 0, (worker, workers), source, network, memory, out.gradients)
    else:
        for worker in prange(workers):
            room = worker * HALVES
            for k in range(worker * members // workers, (worker + 1) * members // workers):
                for half in range(HALVES):
                    who = (k, half, room + half)
                    _train_half(who, source, samples, network, memory, out, vectors)
                _add_halves(k, room, (0, 1), source, network, memory, out.gradients)


@inner
def _train_half(
    who: tuple[int, int, int],
    source: Sparse,
    samples: Samples,
    network: Network,
    memory: Memory,
    out: Found,
    vectors: Any,
) -> None:
    """Take a half of the batch of a run; `who` is the run, the half, and the room it works in."""
    k, half, room = who
    all_rows, y, kinds = samples
    plan = network.plan
    batch, layers, units = all_rows.size, plan.shape[0], plan[0, 1]
    low, high = batch * half // HALVES, batch * (half + 1) // HALVES
    rows, count = all_rows[low:high], high - low
    first = memory.first[(k * batch + low) * units : (k * batch + high) * units]
    values, here, there, tile, table, pieces = (
        memory.values[room], memory.here[room], memory.there[room],
        memory.tile[room], memory.tables[room], memory.pieces[room],
    )  # fmt: skip
    if source.starts.size > 0:
        _multiply_input(k, source, rows, network, table, first)
    activate(first, plan[0, 4])
    below = first
    for layer in range(1, layers):
        below = _forward(k, plan[layer], count, network.parameters, below, tile, values, vectors)
    loss, classes = 0.0, plan[-1, 1]
    hits = np.zeros(HITS + classes, np.int64)
    for b in range(count):
        row, wanted = below[b * classes : (b + 1) * classes], y[rows[b]]
        to = here[b * classes : (b + 1) * classes]
        loss += sample_loss(row, wanted, kinds[k], np.float32(1), batch, to)
        add_hit(row, wanted, hits)
    out.losses[k, half] = loss
    copy(hits, out.hits[k, half])
    for layer in range(layers - 1, 0, -1):
        under = plan[layer - 1, 5]
        inputs = first if layer == 1 else values[under : under + count * plan[layer, 0]]
        work = (tile, values, pieces)
        _back(k, plan[layer], count, network.parameters, inputs, here, there, work, vectors)
        here, there = there, here
    derive(here, first, plan[0, 4], first)
    if plan[0, 3] >= 0:
        _sum_rows(first, pieces[plan[0, 7] : plan[0, 7] + units])
    if source.starts.size > 0:
        inputs_of = plan[0, 0]
        for number in range((units + LANES - 1) // LANES):
            part = table[number * inputs_of * LANES : (number + 1) * inputs_of * LANES]
            add_outer(source, rows, first, part, (1, inputs_of, units), number, WIDE)


@inner
def _forward(
    k: int,
    layer: Ints,
    count: int,
    parameters: Floats,
    below: Floats,
    tile: Floats,
    values: Floats,
    vectors: Any,
) -> Floats:
    """Return a layer's values, of those of the layer below."""
    m, n, start, bias, activation, at, _, _ = layer
    out = values[at : at + count * n]
    weight = parameters[start + k * m * n : start + (k + 1) * m * n]
    _product(below, weight, (count, m, n), (m, 1), tile, out, vectors)
    if bias >= 0:
        _add_to_rows(out, parameters[bias + k * n : bias + (k + 1) * n])
    activate(out, activation)
    return out


@inner
def _back(
    k: int,
    layer: Ints,
    count: int,
    parameters: Floats,
    inputs: Floats,
    here: Floats,
    there: Floats,
    work: tuple[Floats, Floats, Floats],
    vectors: Any,
) -> None:
    """Write the gradients of a layer, from `here`, and of its inputs, to `there`."""
    m, n, start, bias, activation, at, to_weight, to_bias = layer
    tile, values, pieces = work
    gradient = here[: count * n]
    derive(gradient, values[at : at + count * n], activation, gradient)
    if bias >= 0:
        _sum_rows(gradient, pieces[to_bias : to_bias + n])
    into = pieces[to_weight : to_weight + m * n]
    _product(inputs, gradient, (m, count, n), (1, m), tile, into, vectors)
    weight = parameters[start + k * m * n : start + (k + 1) * m * n]
    _multiply_back(gradient, weight, (count, m, n), tile, there, vectors)


@inner
def _multiply_input(
    k: int, source: Sparse, rows: Ints, network: Network, table: Floats, out: Floats
) -> None:
    """Compute the first layer's product and bias from its non-zero inputs."""
    plan, parameters = network
    m, n, start, bias, _, _, _, _ = plan[0]
    weight = parameters[start + k * m * n : start + (k + 1) * m * n]
    base = parameters[bias + k * n : bias + (k + 1) * n] if bias >= 0 else np.zeros(n, np.float32)
    for tile in range((n + LANES - 1) // LANES):
        part = table[tile * m * LANES : (tile + 1) * m * LANES]
        multiply_rows(source, rows, weight, base, part, out, (1, m, n), tile, WIDE)


@inner
def _add_halves(
    k: int,
    room: int,
    share: tuple[int, int],
    source: Sparse,
    network: Network,
    memory: Memory,
    gradients: Floats,
) -> None:
    """Add up a part of a run's gradients, whose halves lie in `room` and behind it.

    Args:
        share: which part, of how many.
    """
    plan, tables, pieces = network.plan, memory.tables, memory.pieces
    part, parts = share
    for layer in range(plan.shape[0]):
        m, n, start, bias, _, _, to_weight, to_bias = plan[layer]
        low, high = part * m // parts, (part + 1) * m // parts
        to = gradients[start + k * m * n : start + (k + 1) * m * n]
        if layer > 0:
            span = (to_weight + low * n, to_weight + high * n)
            _add_vectors(pieces[room], pieces[room + 1], span, to[low * n :])
        elif source.starts.size > 0:
            _add_tiles(tables[room], tables[room + 1], (low, high), (m, n), to)
        if bias >= 0 and part == 0:
            to = gradients[bias + k * n : bias + (k + 1) * n]
            _add_vectors(pieces[room], pieces[room + 1], (to_bias, to_bias + n), to)


@inlined
def _add_vectors(a: Floats, b: Floats, span: tuple[int, int], out: Floats) -> None:
    for i in range(span[1] - span[0]):
        out[i] = a[span[0] + i] + b[span[0] + i]


@inlined
def _add_tiles(
    a: Floats, b: Floats, rows: tuple[int, int], shape: tuple[int, int], out: Floats
) -> None:
    """Write the sum of two tables of tiles, row after row as weights [M, N] are."""
    m, n = shape
    zero = zeros(WIDE)
    for row in range(rows[0], rows[1]):
        for work in range((n + LANES - 1) // LANES):
            at, column = (work * m + row) * LANES, work * LANES
            total = add(load(a, at, zero), load(b, at, zero))
            store_first(out, row * n + column, total, min(LANES, n - column))


@inner
def _product(
    a: Floats,
    b: Floats,
    shape: tuple[int, int, int],
    strides: tuple[int, int],
    tile: Floats,
    out: Floats,
    vectors: Any,
) -> None:
    """Compute out [R, N] = a [R, I] b [I, N], a tile of columns at a time.

    Args:
        shape: R, I, N.
        strides: elements from row to row of a, and within a row.
    """
    rows, inner, columns = shape
    lanes, zero = WIDTH * len(vectors), zeros(vectors)
    for first in range(0, columns, lanes):
        n = min(lanes, columns - first)
        for i in range(inner):
            store(tile, i * lanes, load_columns(b, i * columns + first, n, zero, lanes))
        sizes = (inner, strides[0], strides[1], columns, n)
        multiply(a, tile, out, (0, rows), (0, 0, first), sizes, vectors)


@inner
def _multiply_back(
    gradient: Floats,
    weight: Floats,
    shape: tuple[int, int, int],
    tile: Floats,
    out: Floats,
    vectors: Any,
) -> None:
    """Compute out [B, M] = gradient [B, N] weight' [N, M]; shape is B, M, N."""
    batch, m, n = shape
    lanes = WIDTH * len(vectors)
    for first in range(0, m, lanes):
        transpose(weight, 0, first, (0, 1, m, n), 0, tile, lanes)
        sizes = (n, n, 1, m, min(lanes, m - first))
        multiply(gradient, tile, out, (0, batch), (0, 0, first), sizes, vectors)


@inlined
def _add_to_rows(a: Floats, row: Floats) -> None:
    for start in range(0, a.size, row.size):
        for i in range(row.size):
            a[start + i] += row[i]


@inlined
def _sum_rows(a: Floats, out: Floats) -> None:
    out[:] = 0
    for start in range(0, a.size, out.size):
        for i in range(out.size):
            out[i] += a[start + i]
