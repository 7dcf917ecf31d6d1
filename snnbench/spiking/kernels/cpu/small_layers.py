"""The layers of perceptrons behind the first, and the loss, in one call a step.

As products of BLAS, activations and losses they are twenty calls, each of which takes longer than
its arithmetic where layers are small. Each run is computed alone, and in a fixed order, so that
no bit depends on its companions or on the number of threads.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numba import prange

from snnbench.spiking.kernels.cpu.jit import (
    Floats,
    Ints,
    Numbers,
    aligned,
    inlined,
    kernel,
    parallel_kernel,
    share,
)
from snnbench.spiking.kernels.cpu.lanes import NARROW, WIDTH
from snnbench.spiking.kernels.cpu.losses import prediction, sample_loss
from snnbench.spiking.kernels.cpu.products import multiply

ACTIVATIONS = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}
_PER_NANOSECOND = 4  # multiplications, those of the way back included


class SmallLayers:
    """Forward and backward through all layers but the first one's product.

    Args:
        widths: inputs M of the first layer, then units N of every layer.
        activations: of every layer, among ACTIVATIONS.
        batch: samples at most.
        parameters: of K runs, flat: weights [K, M, N] of every layer, then biases [K, N] of every
            layer or of none; read at every step.
        gradients: of the parameters, flat like them; those of the first layer's weights are left
            to the caller.
        members: K.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activations: Sequence[str],
        batch: int,
        *,
        parameters: Floats,
        gradients: Floats,
        members: int,
    ) -> None:
        self._parameters, self._gradients = parameters, gradients
        inputs, units = np.array(widths[:-1]), np.array(widths[1:])
        weights = [0, *accumulate((members * inputs * units).tolist())]
        biases = [weights[-1], *accumulate((members * units).tolist(), initial=weights[-1])][1:]
        has_bias = parameters.size > weights[-1]
        starts = biases[:-1] if has_bias else [-1] * len(units)
        values = [0, *accumulate((batch * units[1:]).tolist())]  # the first layer's are given
        codes = [ACTIVATIONS[name] for name in activations]
        columns = (inputs, units, weights[:-1], starts, codes, [-1, *values[:-1]])
        self._plan = np.array(columns).T.copy()
        widest = max(widths[1:])
        longest = max(batch, widest)
        # Of every member: values, something turned round, gradients of two layers, a tile.
        sizes = (values[-1], longest * widest, batch * widest, batch * widest, longest * WIDTH)
        self._memory = tuple(aligned((members, size), np.float32) for size in sizes)
        self._nanoseconds = members * float((inputs * units)[1:].sum()) * 3 / _PER_NANOSECOND

    def train(self, first: Floats, rows: Ints, y: Ints, kinds: Ints) -> tuple[Numbers, Ints]:
        """Return losses and correct predictions of all runs, and write the gradients.

        Args:
            first: what the first layer's product and bias give, [K, B, N], C-contiguous; becomes
                the loss's derivative by it.
            rows: which samples, int64 [B].
            y: classes of all samples.
            kinds: loss of every run, see `losses.KINDS`; 0 for none, whose gradient is 0.
        """
        losses, right = np.zeros(len(kinds)), np.zeros(len(kinds), np.int64)
        step = (
            first.reshape(-1), (rows, y, kinds), (self._plan, self._parameters, self._gradients),
            self._memory, (losses, right), NARROW,
        )  # fmt: skip
        if len(kinds) == 1:  # to change the number of threads, and back, takes longer than to call
            _train_member(0, *step)
        else:
            share(self._nanoseconds * len(rows))
            _train(*step)
        return losses, right


@parallel_kernel
def _train(first: Floats, samples: Any, network: Any, memory: Any, out: Any, vectors: Any) -> None:
    for k in prange(out[0].size):
        _train_member(k, first, samples, network, memory, out, vectors)


@kernel
def _train_member(
    k: int, first: Floats, samples: Any, network: Any, memory: Any, out: Any, vectors: Any
) -> None:
    rows, y, kinds = samples
    plan, parameters, gradients = network
    all_values, turned, tile = memory[0][k], memory[1][k], memory[4][k]
    here, there = memory[2][k], memory[3][k]
    batch, layers = rows.size, plan.shape[0]
    size = batch * plan[0, 1]
    mine = first[k * size : (k + 1) * size]
    _activate(mine, plan[0, 4])
    below = mine
    for layer in range(1, layers):
        m, n, start, bias, activation, at = plan[layer]
        values = all_values[at : at + batch * n]
        weight = parameters[start + k * m * n : start + (k + 1) * m * n]
        _product(below, weight, (batch, m, n), tile, values, vectors)
        if bias >= 0:
            _add_to_rows(values, parameters[bias + k * n : bias + (k + 1) * n])
        _activate(values, activation)
        below = values
    classes = plan[layers - 1, 1]
    for b in range(batch):
        row, wanted = below[b * classes : (b + 1) * classes], y[rows[b]]
        to = here[b * classes : (b + 1) * classes]
        out[0][k] += sample_loss(row, wanted, kinds[k], np.float32(1), batch, to)
        out[1][k] += prediction(row) == wanted
    for layer in range(layers - 1, 0, -1):
        m, n, start, bias, activation, at = plan[layer]
        gradient = here[: batch * n]
        _derive(gradient, all_values[at : at + batch * n], activation, gradient)
        if bias >= 0:
            _sum_rows(gradient, gradients[bias + k * n : bias + (k + 1) * n])
        under = plan[layer - 1, 5]
        inputs = mine if layer == 1 else all_values[under : under + batch * m]
        across = turned[: batch * m]
        _turn(inputs, batch, m, across)
        mine_of = slice(start + k * m * n, start + (k + 1) * m * n)
        _product(across, gradient, (m, batch, n), tile, gradients[mine_of], vectors)
        back = turned[: m * n]
        _turn(parameters[mine_of], m, n, back)
        _product(gradient, back, (batch, n, m), tile, there, vectors)
        here, there = there, here
    _derive(here, mine, plan[0, 4], mine)
    n, bias = plan[0, 1], plan[0, 3]
    if bias >= 0:
        _sum_rows(mine, gradients[bias + k * n : bias + (k + 1) * n])


@kernel
def _product(
    a: Floats, b: Floats, shape: tuple[int, int, int], tile: Floats, out: Floats, vectors: Any
) -> None:
    """Compute out [R, N] = a [R, I] b [I, N], a tile of columns at a time."""
    rows, inner, columns = shape
    lanes = WIDTH * len(vectors)
    for first in range(0, columns, lanes):
        n = min(lanes, columns - first)
        for i in range(inner):
            for q in range(n):
                tile[i * lanes + q] = b[i * columns + first + q]
            for q in range(n, lanes):
                tile[i * lanes + q] = 0
        multiply(a, tile, out, (0, rows), (0, 0, first), (inner, inner, columns, n), vectors)


@inlined
def _turn(a: Floats, rows: int, columns: int, out: Floats) -> None:
    """Write a [rows, columns] as [columns, rows]."""
    for i in range(rows):
        for j in range(columns):
            out[j * rows + i] = a[i * columns + j]


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


@kernel
def _activate(values: Floats, activation: int) -> None:
    """Apply an activation in place; what is not a number stays so."""
    one = np.float32(1)
    if activation == 1:
        for i in range(values.size):
            values[i] = np.float32(0) if values[i] < 0 else values[i]
    elif activation == 2:
        for i in range(values.size):
            values[i] = one / (one + np.exp(-values[i]))
    elif activation == 3:
        for i in range(values.size):
            values[i] = np.tanh(values[i])


@kernel
def _derive(gradient: Floats, values: Floats, activation: int, out: Floats) -> None:
    """Multiply a gradient with the activation's derivative, which its value gives."""
    one = np.float32(1)
    if activation == 1:
        for i in range(values.size):
            out[i] = np.float32(0) if values[i] <= 0 else gradient[i]
    elif activation == 2:
        for i in range(values.size):
            out[i] = gradient[i] * (values[i] * (one - values[i]))
    elif activation == 3:
        for i in range(values.size):
            out[i] = gradient[i] * (one - values[i] * values[i])
    else:
        for i in range(values.size):
            out[i] = gradient[i]
