"""Inference step by step in the event kernels: what `StepSums` adds up, for K runs at once."""

from collections.abc import Sequence

import numpy as np
import torch

from snnbench.kernels.base.jit import Floats, Ints, share
from snnbench.kernels.events.blocks import SpikeBlocks
from snnbench.kernels.events.counts import Counts, step_counts, weighted_step_counts
from snnbench.kernels.layers.decisions import (
    Found,
    add_up,
    decide_by_spikes,
    decide_by_values,
)
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.training.decisions import Decisions
from snnbench.training.steps import StepSums, Watch

_DECISION = 5  # nanoseconds


def add_steps(
    stack: SpikingStack,
    source: SpikeBlocks | Floats,
    counted: Counts,
    y: Ints,
    runs: Sequence[tuple[int, Watch]],
) -> None:
    """Add the last forward pass of a stack to the watches of some runs.

    Args:
        stack: has run over the batch; its output layer kept its membranes if it does not spike.
        source: of the pass.
        counted: input values that were not 0, at every step or, where they are the same at all,
            at the first, [B, T or 1].
        y: classes of the samples.
        runs: position and watch.
    """
    found = decide(stack, y)
    own = [(k, watch) for k, watch in runs if isinstance(watch, StepSums)]
    hidden = [step_counts(blocks) for blocks in stack.hidden_spikes] if own else []
    for k, watch in runs:
        if not isinstance(watch, StepSums):
            watch.add(Decisions(found.codes[k], found.margins[k]), None)
            continue
        assert watch.fan_outs is not None
        spikes = found.spikes[k]
        operations = np.zeros((len(watch.fan_outs), *spikes.shape), np.int64)
        for layer, by in enumerate(watch.fan_outs):
            if layer == 0:
                done = _first_operations(source, counted, by)
                operations[0, :, : done.shape[1]] = done
                continue
            fired = hidden[layer - 1][k :: stack.members]
            spikes = spikes + fired
            blocks = stack.hidden_spikes[layer - 1]
            if isinstance(by, int):
                np.multiply(fired, by, out=operations[layer], dtype=np.int64)
            else:
                operations[layer] = weighted_step_counts(blocks, _whole(by))[k :: stack.members]
        add_up(
            found.codes[k], found.margins[k], spikes, operations,
            (watch.margin is not None, np.float32(watch.margin or 0)), watch.right,
            (watch.counts, watch.spikes, watch.operations, watch.exits, watch.exit_counts,
             watch.exit_spikes, watch.exit_operations, watch.kept),
        )  # fmt: skip


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


def _first_operations(
    source: SpikeBlocks | Floats, counted: Counts, by: "int | torch.Tensor"
) -> Ints:
    if isinstance(by, int):
        return counted.astype(np.int64) * by
    if isinstance(source, SpikeBlocks):
        return weighted_step_counts(source, _whole(by))
    done: Ints = ((source != 0).astype(np.float64) @ by.numpy()).astype(np.int64)
    return done[:, None]


def _whole(by: torch.Tensor) -> Ints:
    numbers: Ints = by.numpy().astype(np.int64)
    return numbers
