"""Compile all kernels once, or load them from numba's cache on disk."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numba.core import event

from snnbench.kernels.base.jit import Ints, is_kept, is_ready, mark_ready
from snnbench.kernels.base.losses import KINDS, closed_losses, hits_of_members
from snnbench.kernels.base.optimizers import WORTH_THREADS, CohortOptimizer
from snnbench.kernels.events.counts import (
    input_counts,
    step_counts,
    value_counts,
    weighted_step_counts,
)
from snnbench.kernels.events.events import (
    ActivePixels,
    SpikeBlocks,
    bernoulli_events,
    draw_keys,
    events_from_spikes,
)
from snnbench.kernels.functions import (
    input_convolution,
    lif_scan,
    pooled_lif_scan,
)
from snnbench.kernels.layers.decisions import (
    Found,
    add_counts,
    add_decisions,
    decide_by_spikes,
    decide_by_values,
)
from snnbench.kernels.layers.narrow_stack import NarrowStack
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.kernels.neurons.equations import Neurons
from snnbench.kernels.perceptron.small_layers import SmallLayers
from snnbench.kernels.perceptron.sparse_input import SparseRows

_T = 2
_KINDS = ("sgd", "adam")  # adamw shares the kernel of adam


class _Watch(event.Listener):
    """Notices when numba compiles something, and says so the first time."""

    def __init__(self, announce: Callable[[], None]) -> None:
        self.announce, self.compiled = announce, False

    def on_start(self, event: Any) -> None:
        if not self.compiled:
            self.compiled = True
            self.announce()

    def on_end(self, event: Any) -> None:
        pass


@contextmanager
def announcing(announce: Callable[[], None]) -> Iterator[_Watch]:
    """Within the context `announce` is called before the first kernel that must be compiled.

    The context's value says, as `compiled`, whether there was one.
    """
    watch = _Watch(announce)
    with event.install_listener("numba:compile", watch):
        yield watch


def compile_kernels(announce: Callable[[], None] = lambda: None) -> bool:
    """Make every kernel ready, by using each on very little data.

    Args:
        announce: called before the first kernel is compiled, if any is; compiling takes long.

    Returns:
        Whether anything had to be compiled, and was not in the cache.
    """
    with announcing(announce) as watch:
        with _second_process():
            _use_layers()
        _use_others()
    mark_ready(draw_keys)
    return watch.compiled


def are_compiled() -> bool:
    """Return whether `compile_kernels` has been through once, and its code is there and whole."""
    return is_ready(draw_keys)


@contextmanager
def _second_process() -> Iterator[None]:
    """While in the context another process compiles the others: half of the work.

    What it does not manage, for whatever reason, is compiled here afterwards.
    """
    if are_compiled() or not is_kept(draw_keys) or (os.cpu_count() or 1) < 2:
        yield
        return
    script = f"from {__name__} import compile_others; compile_others()"
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
    except OSError:
        yield
        return
    try:
        yield
        process.wait()
    finally:
        process.kill()
        process.communicate()


def compile_others() -> None:
    """Compile what `_second_process` is for, and end when the parent does: then its pipe closes."""

    def end_with_parent() -> None:
        with contextlib.suppress(OSError):
            os.read(0, 1)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    _use_others()


def _use_others() -> None:
    _use_scan()
    _use_losses()
    _use_sparse_input()
    _use_small_layers()
    for kind in _KINDS:
        use_optimizer(kind)


def _use_losses() -> None:
    sums, y = np.ones((1, 1, 2), np.float32), np.zeros(1, np.int64)
    for kind in KINDS.values():
        kinds = np.array([kind])
        closed_losses(sums, y, kinds, np.float32(1), np.empty_like(sums))
    hits_of_members(sums, y)


def _use_small_layers() -> None:
    rows, parameters = np.zeros(1, np.int64), np.ones(6, np.float32)
    small = SmallLayers(
        [2, 2, 1],
        ["linear"] * 2,
        1,
        parameters=parameters,
        gradients=np.zeros_like(parameters),
        members=1,
        sparse=SparseRows(np.ones((1, 2), np.float32)),
    )
    small.train(rows, rows, rows)


def _use_sparse_input() -> None:
    values, rows = np.ones((1, 3), np.float32), np.zeros(1, np.int64)
    weight = np.ones((1, 3, 2), np.float32)
    sparse = SparseRows(values)
    sparse.weight_gradient(rows, sparse.product(rows, weight, None), np.empty_like(weight))


def _use_layers() -> None:
    """Go through tiles of both widths, and through both ways to an input's gradient."""
    widths = [4, 10, 40, 40, 3]
    samples = np.arange(1)
    blocks = SpikeBlocks(widths[0], _T)
    events_from_spikes(np.ones((1, _T, widths[0]), np.float32), blocks)
    pixels = ActivePixels(np.ones((1, widths[0]), np.float32))
    bernoulli_events(pixels, samples, draw_keys(0, 0, samples), _T, blocks)
    input_counts(blocks)
    step_counts(blocks)
    weighted_step_counts(blocks, samples.repeat(widths[0]))
    value_counts(np.ones((1, 3), np.float32))
    neurons = Neurons([0.5], [1.0], [1.0])
    narrow = NarrowStack(
        [widths[0], 3],
        neurons,
        _T,
        batch=1,
        parameters=np.ones(3 * widths[0], np.float32),
        pixels=pixels,
        y=samples,
        kind=KINDS["mse"],
    )
    narrow.train(samples, draw_keys(0, 0, samples), np.zeros((1, 1)))
    stack = SpikingStack(widths, [neurons] * (len(widths) - 1), _T, readout="membrane")
    pairs = list(pairwise(widths))
    weights = [np.ones((m, 1, n), np.float32) for m, n in pairs]
    _, trace = stack.forward(blocks, weights, [None] * len(pairs))
    stack.backward(None, trace, weights)
    _use_decisions(stack, samples)


def _use_decisions(stack: SpikingStack, y: Ints) -> None:
    last = stack.layers[-1]
    shape, classes = (1, len(y), _T), last.layout.units
    found = Found(np.empty(shape, np.int32), np.empty(shape, np.float32), np.empty(shape, np.int32))
    bits, row_bytes = last.spikes()
    decide_by_values(last.trace(), y, tuple(found))
    decide_by_spikes(bits, row_bytes, last.layout.stride, y, classes, tuple(found))
    codes = 2 * classes + 3
    out = [np.zeros(size, np.int64) for size in ((_T, codes), _T, codes, 2)]
    exit_at = add_decisions(
        found.codes[0], found.margins[0], (True, np.float32(0)), np.ones(codes, bool), tuple(out)
    )
    sums = np.zeros(_T, np.int64), np.zeros(1, np.int64)
    for kind in (np.int32, np.int64):
        add_counts(found.spikes[0].astype(kind), (0, 1), exit_at, 1, sums, sums)


def _use_scan() -> None:
    current = torch.ones((_T, 1, 3), requires_grad=True)
    spikes, _ = lif_scan(current, Neurons([0.5], [1.0], [1.0]))
    torch.autograd.grad(spikes.sum(), current)
    plane = torch.ones((_T, 1, 1, 2, 2), requires_grad=True)
    pooled = pooled_lif_scan(plane, Neurons([0.5], [1.0], [1.0]))
    torch.autograd.grad(pooled.sum(), plane)
    weight = torch.ones((1, 1, 1, 1), requires_grad=True)
    torch.autograd.grad(input_convolution(plane[0].detach(), weight, None, (0, 0)).sum(), weight)


def use_optimizer(kind: str) -> None:
    """Make an optimizer's kernels ready: of one thread, and of many."""
    for size in (1, WORTH_THREADS):
        parameter = np.ones((1, 1, size), np.float32)
        CohortOptimizer(kind, [parameter], [0.0], [0.0]).step([parameter], [0.0], [0])
