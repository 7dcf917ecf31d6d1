"""Kernels by what needs them: each group is made ready by using its kernels on very little data.

Of several groups that a run needs, different processes compile different ones; a kernel that two
groups share would be compiled twice.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from snnbench.kernels.base.jit import Floats
from snnbench.kernels.base.losses import KINDS, closed_losses, hits_of_members
from snnbench.kernels.base.optimizers import WORTH_THREADS, CohortOptimizer
from snnbench.kernels.base.products import input_gradient
from snnbench.kernels.events.blocks import SpikeBlocks, events_from_spikes
from snnbench.kernels.events.counts import (
    input_counts,
    step_counts,
    value_counts,
    weighted_step_counts,
)
from snnbench.kernels.events.events import ActivePixels, bernoulli_events, draw_keys
from snnbench.kernels.layers.decisions import (
    Found,
    add_counts,
    add_decisions,
    decide_by_spikes,
    decide_by_values,
)
from snnbench.kernels.layers.narrow_stack import NarrowStack
from snnbench.kernels.layers.outputs import member_rows, pack_bits
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.kernels.neurons.equations import Neurons
from snnbench.kernels.perceptron.small_layers import SmallLayers
from snnbench.kernels.perceptron.sparse_input import SparseRows

_T, _INPUTS = 2, 4
_ROW = np.zeros(1, np.int64)  # the only sample, and its class


def _layer(units: int) -> None:
    """Use a layer of spiking neurons, whose tiles are as wide as so many units need."""
    blocks = _silence()
    stack = SpikingStack([_INPUTS, units], [_neurons()], _T)
    weight = np.ones((_INPUTS, 1, units), np.float32)
    sums, _ = stack.forward(blocks, [weight], [None])
    stack.backward(np.ascontiguousarray(sums), None, [weight])


def _silence() -> SpikeBlocks:
    """Return blocks of one sample that never spikes."""
    blocks = SpikeBlocks(_INPUTS, _T)
    blocks.resize(1)
    blocks.ends[:], blocks.counts[:] = blocks.starts, 0
    return blocks


def _neurons() -> Neurons:
    return Neurons([0.5], [1.0], [1.0])


def _draws() -> None:
    blocks, pixels = SpikeBlocks(_INPUTS, _T), ActivePixels(np.ones((1, _INPUTS), np.float32))
    bernoulli_events(pixels, _ROW, draw_keys(0, 0, _ROW), _T, blocks)


def _spikes() -> None:
    events_from_spikes(np.ones((1, _T, _INPUTS), np.float32), SpikeBlocks(_INPUTS, _T))


def _between() -> None:
    """Use what takes spikes from a layer to the next, and its gradient back."""
    blocks = _silence()
    pack_bits(np.zeros(16, np.uint8), 2, _INPUTS, (1, _T, 1, _INPUTS), blocks.arrays)


def _many_tiles() -> None:
    flat = np.ones(64, np.float32)
    input_gradient(flat, flat, flat, flat.copy(), (1, 1, 1, 1), 1, (1, 1))


def _narrow() -> None:
    narrow = NarrowStack(
        [_INPUTS, 3],
        _neurons(),
        _T,
        batch=1,
        parameters=np.ones(3 * _INPUTS, np.float32),
        pixels=ActivePixels(np.ones((1, _INPUTS), np.float32)),
        y=_ROW,
        kind=KINDS["mse"],
    )
    narrow.train(_ROW, draw_keys(0, 0, _ROW), np.zeros((1, 1)))


def _counts() -> None:
    blocks = _silence()
    input_counts(blocks)
    step_counts(blocks)
    weighted_step_counts(blocks, np.ones(_INPUTS, np.int64))
    value_counts(np.ones((1, 3), np.float32))


def _decisions() -> None:
    """Use what follows the steps of inference."""
    classes, values = 3, np.ones((1, _T, 1, 3), np.float32)
    shape = (1, 1, _T)
    found = Found(np.zeros(shape, np.int32), np.ones(shape, np.float32), np.ones(shape, np.int32))
    member_rows(values.reshape(-1), np.empty(values.size, np.float32), values.shape, (3, 16, 3))
    decide_by_values(values, _ROW, tuple(found))
    decide_by_spikes(np.zeros(16, np.uint8), 2, classes, _ROW, classes, tuple(found))
    codes = 2 * classes + 3
    out = [np.zeros(size, np.int64) for size in ((_T, codes), _T, codes, 2)]
    exit_at = add_decisions(
        found.codes[0], found.margins[0], (True, np.float32(0)), np.ones(codes, bool), tuple(out)
    )
    sums = np.zeros(_T, np.int64), np.zeros(1, np.int64)
    for kind in (np.int32, np.int64):
        add_counts(found.spikes[0].astype(kind), (0, 1), exit_at, 1, sums, sums)


def _losses() -> None:
    sums = np.ones((1, 1, 2), np.float32)
    for kind in KINDS.values():
        closed_losses(sums, _ROW, np.array([kind]), np.float32(1), np.empty_like(sums))
    hits_of_members(sums, _ROW)


def _optimizer(kind: str) -> None:
    """Use an optimizer's kernels: of one thread, and of many."""
    for size in (1, WORTH_THREADS):
        parameter = np.ones((1, 1, size), np.float32)
        CohortOptimizer(kind, [parameter], [0.0], [0.0]).step([parameter], [0.0], [0])


def _small_layers() -> None:
    parameters = np.ones(6, np.float32)
    small = SmallLayers(
        [2, 2, 1],
        ["linear"] * 2,
        1,
        parameters=parameters,
        gradients=np.zeros_like(parameters),
        members=1,
        sparse=SparseRows(np.ones((1, 2), np.float32)),
    )
    small.train(_ROW, _ROW, _ROW)


def _sparse_input() -> None:
    weight: Floats = np.ones((1, 3, 2), np.float32)
    sparse = SparseRows(np.ones((1, 3), np.float32))
    sparse.weight_gradient(_ROW, sparse.product(_ROW, weight, None), np.empty_like(weight))


def _scan() -> None:
    import torch

    from snnbench.kernels.functions import lif_scan

    current = torch.ones((_T, 1, 3), requires_grad=True)
    spikes, _ = lif_scan(current, _neurons())
    torch.autograd.grad(spikes.sum(), current)


def _pooled_scan() -> None:
    import torch

    from snnbench.kernels.functions import pooled_lif_scan

    plane = torch.ones((_T, 1, 1, 2, 2), requires_grad=True)
    torch.autograd.grad(pooled_lif_scan(plane, _neurons()).sum(), plane)


def _convolution() -> None:
    import torch

    from snnbench.kernels.functions import input_convolution

    weight = torch.ones((1, 1, 1, 1), requires_grad=True)
    out = input_convolution(torch.ones((1, 1, 2, 2)), weight, None, (0, 0))
    torch.autograd.grad(out.sum(), weight)


# In the order in which they are best compiled: what takes longest first.
GROUPS: Mapping[str, Callable[[], None]] = {
    "narrow-step": _narrow,
    "small-layers": _small_layers,
    "layers-32": partial(_layer, 20),
    "layers-16": partial(_layer, 3),
    "pooled-scan": _pooled_scan,
    "scan": _scan,
    "sparse-input": _sparse_input,
    "convolution": _convolution,
    "counts": _counts,
    "decisions": _decisions,
    "many-tiles": _many_tiles,
    "between": _between,
    "draws": _draws,
    "spikes": _spikes,
    "losses": _losses,
    "adam": partial(_optimizer, "adam"),
    "sgd": partial(_optimizer, "sgd"),
}
