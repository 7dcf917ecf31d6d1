"""Inference step by step in the event kernels: what `StepSums` adds up, for K runs at once."""

from collections.abc import Sequence

import numpy as np
import torch

from snnbench.kernels.base.jit import Floats, Ints, share
from snnbench.kernels.events.blocks import SpikeBlocks
from snnbench.kernels.events.counts import step_counts, weighted_step_counts
from snnbench.kernels.layers.decisions import (
    Found,
    add_counts,
    add_decisions,
    decide_by_spikes,
    decide_by_values,
)
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.training.decisions import Decisions
from snnbench.training.layer_input import Counted
from snnbench.training.steps import StepSums, Watch

_DECISION = 5  # nanoseconds


def add_steps(
    stack: SpikingStack,
    source: SpikeBlocks | Floats,
    counted: Counted | None,
    y: Ints,
    runs: Sequence[tuple[int, Watch]],
) -> None:
    """Add the last forward pass of a stack to the watches of some runs.

    Args:
        stack: has run over the batch; its output layer kept its membranes if it does not spike.
        source: of the pass.
        counted: what of the source is not 0, for watches of the flow.
        y: classes of the samples.
        runs: position and watch.
    """
    found = decide(stack, y)
    has_sums = any(isinstance(watch, StepSums) for _, watch in runs)
    hidden = [step_counts(blocks) for blocks in stack.hidden_spikes] if has_sums else []
    for k, watch in runs:
        if not isinstance(watch, StepSums):
            watch.add(Decisions(found.codes[k], found.margins[k]), None)
            continue
        exit_at = add_decisions(
            found.codes[k], found.margins[k], (watch.margin is not None, watch.least), watch.right,
            (watch.counts, watch.exits, watch.exit_counts, watch.kept),
        )  # fmt: skip
        fired, nothing = (watch.spikes, watch.exit_spikes), (_NONE, _NONE)
        assert watch.fan_outs is not None
        assert counted is not None
        for layer, by in enumerate(watch.fan_outs):
            values, who = (
                (hidden[layer - 1], (k, stack.members)) if layer else (counted.steps, (0, 1))
            )
            done = watch.operations[layer], watch.exit_operations[layer : layer + 1]
            spikes = fired if layer else nothing
            if isinstance(by, int):
                add_counts(values, who, exit_at, by, done, spikes)
                continue
            entered = stack.hidden_spikes[layer - 1] if layer else source
            add_counts(values, who, exit_at, 0, nothing, spikes)
            add_counts(_operations(entered, by), who, exit_at, 1, done, nothing)
        add_counts(found.spikes[k], (0, 1), exit_at, 0, nothing, fired)


_NONE = np.zeros(0, np.int64)


def decide(stack: SpikingStack, y: Ints) -> Found:
    """Return what every run decides after each step of the last forward pass."""
    last = stack.layers[-1]
    batch, members, classes = stack.spike_counts[-1].shape
    shape = (members, batch, stack.T)
    found = Found(np.empty(shape, np.int32), np.empty(shape, np.float32), np.empty(shape, np.int32))
    share(_DECISION * found.codes.size)
    if stack.readout == "current":
        decide_by_values(last.trace(), y, tuple(found))
    else:
        bits, row_bytes = last.spikes()
        decide_by_spikes(bits, row_bytes, last.layout.stride, y, classes, tuple(found))
    return found


def _operations(source: SpikeBlocks | Floats, by: torch.Tensor) -> Ints:
    """Return the operations at every step, or the first, of inputs that meet unequal numbers."""
    weights: Ints = by.numpy().astype(np.int64)
    if isinstance(source, SpikeBlocks):
        return np.ascontiguousarray(weighted_step_counts(source, weights))
    done: Ints = ((source != 0) @ weights)[:, None]
    return done
