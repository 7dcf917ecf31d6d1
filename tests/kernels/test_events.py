"""Spike blocks hold what was put in; the encoder draws the reference's spikes, bit for bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.inputs import bernoulli as encoding
from snnbench.kernels.events.counts import input_counts, step_counts, weighted_step_counts
from snnbench.kernels.events.events import (
    ActivePixels,
    SpikeBlocks,
    bernoulli_events,
    draw_keys,
    events_from_spikes,
)

# Values whose products with 65536 lie on and beside a half, and the ends.
EDGES = np.array(
    [0.0, 1.0, 0.5, 0.5 / 65536, 0.49999 / 65536, 1.5 / 65536, 2.5 / 65536, 1 - 0.5 / 65536, 1e-30],
    np.float32,
)


def reference_spikes(values, keys, T):
    spikes = encoding.bernoulli_spikes(torch.from_numpy(values), T, torch.from_numpy(keys))
    return spikes.transpose(0, 1).numpy()


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 2**20),
    samples=st.lists(st.integers(0, 2**31), min_size=1, max_size=9),
)
def test_keys_are_those_of_the_reference(seed, epoch, samples):
    rows = np.array(samples)
    expected = encoding.draw_keys(seed, epoch, torch.from_numpy(rows)).numpy()
    assert np.array_equal(draw_keys(seed, epoch, rows), expected)


@settings(deadline=None)
@given(
    M=st.integers(1, 40),
    T=st.integers(1, 21),
    B=st.integers(1, 7),
    seed=st.integers(0, 2**32 - 1),
    active=st.floats(0, 1),
)
def test_bernoulli_events_are_the_spikes_of_the_reference(M, T, B, seed, active):
    random = np.random.default_rng(seed)
    values = random.random((5, M), dtype=np.float32) * (random.random((5, M)) < active)
    values = np.where(random.random((5, M)) < 0.3, random.choice(EDGES, (5, M)), values)
    samples = random.integers(0, 5, B)
    keys = draw_keys(seed, 1, samples)
    blocks = bernoulli_events(ActivePixels(values), samples, keys, T, SpikeBlocks(M, T))
    expected = reference_spikes(values[samples], keys, T)
    assert np.array_equal(blocks.dense(), expected)
    assert np.array_equal(blocks.counts, expected.sum((1, 2)))


def test_thresholds_are_rounded_as_the_reference_rounds_them():
    pixels = ActivePixels(EDGES[None])
    entries = pixels.starts[1]
    groups, limits = np.split(pixels.records.astype(np.int64), [entries])
    found = np.zeros(12, np.int64)
    for q, column in enumerate(limits.reshape(-1, 4).T):
        found[4 * groups + q] = np.where(column > 0, column + 1, 0)
    expected = (torch.from_numpy(EDGES) * 65536).round().long().numpy()
    assert found[: EDGES.size].tolist() == expected.tolist()
    assert {0, 2, 65536} <= set(expected.tolist())


def test_zero_never_spikes_and_one_always_does():
    values = np.array([[0, 1, 0, 0, 1, 0]], np.float32)
    T = 1000
    keys = draw_keys(0, 1, np.arange(1))
    blocks = bernoulli_events(ActivePixels(values), np.arange(1), keys, T, SpikeBlocks(6, T))
    units, steps = input_counts(blocks)
    assert units.tolist() == [0, T, 0, 0, T, 0]
    assert steps.tolist() == [[2] * T]


def test_memory_used_again_for_another_batch_holds_that_batch_only():
    values = np.random.default_rng(0).random((9, 30), dtype=np.float32)
    pixels, blocks = ActivePixels(values), SpikeBlocks(30, 6)
    for samples in (np.arange(9), np.array([4]), np.array([7, 7, 2])):
        keys = draw_keys(1, 1, samples)
        bernoulli_events(pixels, samples, keys, 6, blocks)
        assert np.array_equal(blocks.dense(), reference_spikes(values[samples], keys, 6))


def test_blocks_of_another_shape_are_refused():
    pixels = ActivePixels(np.ones((1, 5), np.float32))
    with pytest.raises(AssertionError, match="another shape"):
        bernoulli_events(pixels, np.arange(1), np.arange(1), 3, SpikeBlocks(5, 4))


@settings(deadline=None)
@given(
    M=st.integers(1, 40),
    T=st.integers(1, 21),
    rows=st.integers(1, 7),
    rate=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
    seed=st.integers(0, 1000),
)
def test_blocks_give_back_the_spikes_they_were_made_of(M, T, rows, rate, seed):
    spikes = (np.random.default_rng(seed).random((rows, T, M)) < rate).astype(np.float32)
    blocks = events_from_spikes(spikes, SpikeBlocks(M, T))
    assert np.array_equal(blocks.dense(), spikes)
    assert np.array_equal(blocks.counts, spikes.sum((1, 2)))
    units, steps = input_counts(blocks)
    assert np.array_equal(units, spikes.sum((0, 1)))
    assert np.array_equal(steps, spikes.sum(2))
    assert np.array_equal(step_counts(blocks), steps)
    weights = np.arange(spikes.shape[2]) % 5
    assert np.array_equal(weighted_step_counts(blocks, weights), (spikes * weights).sum(2))
    silent = (spikes == 0).all(1)
    grouped = np.pad(silent, ((0, 0), (0, -M % 4)), constant_values=True).reshape(rows, -1, 4)
    assert (blocks.ends - blocks.starts).sum() == (~grouped.all(2)).sum(), "silent groups are kept"
