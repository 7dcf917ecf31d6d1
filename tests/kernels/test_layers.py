"""Fully connected layers: values and gradients against `reference`."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.kernels.events.events import SpikeBlocks, events_from_spikes
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.kernels.neurons.equations import RESETS, SURROGATES
from tests.kernels.cohorts import Cohort, assert_close, scan_member
from tests.kernels.stacks import spiking_layers

READOUTS = ("rate", "current", "membrane")


def compare(cohort, readout):
    """Assert equal values, bit for bit, and gradients within rounding."""
    leaves = cohort.leaves()
    sums, trace = cohort.fast(readout)
    slow_sums, _, membranes = cohort.slow(readout)
    fast, slow = (sums, slow_sums) if trace is None else (trace, membranes)
    assert torch.equal(sums.detach(), slow_sums.detach())
    assert torch.equal(fast.detach(), slow.detach())
    gradient = torch.from_numpy(np.random.default_rng(1).normal(size=slow.shape)).float()
    fast_gradients = torch.autograd.grad(fast, leaves, gradient)
    slow_gradients = torch.autograd.grad(slow, leaves, gradient, materialize_grads=True)
    for one, other in zip(fast_gradients, slow_gradients, strict=True):
        assert_close(one, other)
    return slow_gradients


@settings(deadline=None, max_examples=80)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    K=st.sampled_from([1, 2, 3, 17]),
    B=st.integers(1, 6),
    T=st.integers(1, 11),
    rate=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    reset=st.sampled_from(list(RESETS)),
    detach_reset=st.booleans(),
    readout=st.sampled_from(READOUTS),
    bias=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_layers_equal_the_reference(widths, readout, **settings_):
    compare(Cohort(widths, **settings_), readout)


@pytest.mark.parametrize("surrogate", SURROGATES)
@pytest.mark.parametrize("reset", RESETS)
def test_every_surrogate_gives_the_gradients_of_the_reference(surrogate, reset):
    cohort = Cohort([12, 20, 5], K=3, T=7, B=4, reset=reset, surrogate=surrogate, seed=4)
    gradients = compare(cohort, "rate")
    assert all(gradient.abs().max() > 0 for gradient in gradients)


@pytest.mark.parametrize("readout", READOUTS)
def test_a_batch_of_real_size_equals_the_reference(readout):
    gradients = compare(Cohort([100, 50, 33, 10], K=2, T=26, B=50, rate=0.2), readout)
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_membranes_of_any_weights_are_within_rounding():
    cohort = Cohort([200, 30], K=3, T=20, B=20, exact=False, reset="none")
    cohort.leaves()
    _, trace = cohort.fast("membrane")
    assert_close(trace.detach() / 10, cohort.slow("membrane")[2].detach() / 10)


@settings(deadline=None, max_examples=40)
@given(
    units=st.integers(1, 40),
    K=st.sampled_from([1, 2, 5]),
    B=st.integers(1, 6),
    T=st.integers(1, 11),
    hidden=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_a_constant_current_is_repeated(units, K, B, T, hidden, seed):
    widths = [1, units, 7] if hidden else [1, units]
    cohort = Cohort(widths, K=K, B=B, T=T, seed=seed)
    leaves = cohort.leaves()[1 : len(widths) - 1]
    current = torch.from_numpy(np.random.default_rng(seed).normal(0.5, 1, (B, K, units))).float()
    current.requires_grad_()
    stack = SpikingStack(widths, cohort.neurons, T, source="current")
    sums, _ = spiking_layers(stack, current, cohort.weights[1:], cohort.biases[1:])
    members = []
    for k in range(K):
        x = current[:, k].expand(T, B, units)
        x, _ = scan_member(x, cohort.neurons[0], k)
        if hidden:
            x, _ = scan_member(
                x @ cohort.weights[1][:, k] + cohort.biases[1][k], cohort.neurons[1], k
            )
        members.append(x.sum(0))
    slow = torch.stack(members, 1)
    assert torch.equal(sums, slow)
    gradient = torch.randn(slow.shape, generator=torch.Generator().manual_seed(seed))
    inputs = [current, *leaves]
    fast_gradients = torch.autograd.grad(sums, inputs, gradient)
    for one, other in zip(fast_gradients, torch.autograd.grad(slow, inputs, gradient), strict=True):
        assert_close(one, other)


def test_spike_counts_of_every_layer_are_kept():
    cohort = Cohort([20, 18, 6], K=2, T=9, B=5)
    cohort.leaves()
    stack = cohort.stack("rate")
    with torch.no_grad():
        cohort.fast("rate", stack)
    first = cohort.members([0, 1])
    first.weights, first.biases = cohort.weights[:1], cohort.biases[:1]
    assert np.array_equal(stack.spike_counts[0], first.slow("rate")[0].detach().numpy())
    assert np.array_equal(stack.spike_counts[1], cohort.slow("rate")[0].detach().numpy())
    assert stack.spike_counts[0].max() > 1


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("units", [3, 10, 16, 33, 130])
def test_a_layer_hands_on_its_spikes_without_silent_groups(units, shared):
    K, T, B = 3, 6, 5
    # the first layer's input is shared by all members, that of the others is not
    cohort = Cohort([7, units] if shared else [7, 12, units], K=K, T=T, B=B, bias=False)
    cohort.weights[-1][:, :, : units // 2] = -1  # half of the units never fire
    cohort.leaves()
    stack = cohort.stack("membrane")
    _, membranes = cohort.fast("membrane", stack)
    v_th = torch.tensor(cohort.neurons[-1].v_th)[:, None]
    rows = (
        (membranes >= v_th).float().detach().numpy().transpose(0, 2, 1, 3).reshape(B * K, T, units)
    )
    blocks = stack.layers[-1].emit(SpikeBlocks(units, T))
    assert np.array_equal(blocks.dense(), rows)
    assert np.array_equal(blocks.counts, rows.sum((1, 2)))
    assert blocks.counts.max() > 0
    expected = events_from_spikes(rows, SpikeBlocks(units, T))
    assert np.array_equal(blocks.ends, expected.ends)


def test_one_stack_serves_batches_of_any_size_in_turn():
    widths, T = [11, 19, 35, 4], 6
    stack = None
    for B in (7, 2, 9, 1):
        cohort = Cohort(widths, K=2, T=T, B=B, seed=3)
        stack = stack or cohort.stack("rate")
        leaves = cohort.leaves()
        fast, _ = cohort.fast("rate", stack)
        slow, _, _ = cohort.slow("rate")
        assert torch.equal(fast, slow)
        gradient = torch.ones_like(slow)
        fast_gradients = torch.autograd.grad(fast, leaves, gradient)
        slow_gradients = torch.autograd.grad(slow, leaves, gradient)
        for one, other in zip(fast_gradients, slow_gradients, strict=True):
            assert_close(one, other)


def test_going_back_through_memory_used_again_is_refused():
    cohort = Cohort([5, 4])
    cohort.leaves()
    stack = cohort.stack("rate")
    sums, _ = cohort.fast("rate", stack)
    cohort.fast("rate", stack)
    with pytest.raises(AssertionError, match="forward again"):
        sums.sum().backward()


def test_no_gradient_is_computed_for_what_needs_none():
    cohort = Cohort([5, 4, 3])
    cohort.leaves()
    cohort.weights[0].requires_grad_(False)
    cohort.fast("rate")[0].sum().backward()
    assert cohort.weights[0].grad is None
    assert cohort.weights[1].grad is not None
    assert cohort.biases[0].grad is not None


def test_a_diverged_member_leaves_the_others_alone():
    cohort = Cohort([9, 10, 6], K=3, T=6)
    expected = gradients_of(cohort)
    for weight in cohort.weights:
        weight.detach()[:, 1] = float("nan")
    for one, other in zip(gradients_of(cohort), expected, strict=True):
        assert torch.equal(one[..., ::2, :], other[..., ::2, :])
    assert gradients_of(cohort)[0][:, 1].isnan().any()


def gradients_of(cohort):
    leaves = cohort.leaves()
    return torch.autograd.grad(cohort.fast("rate")[0].square().sum(), leaves)


def test_evaluation_keeps_no_membranes_and_gives_the_same_sums():
    cohort = Cohort([9, 10, 6], K=2, T=6)
    cohort.leaves()
    blocks = events_from_spikes(cohort.spikes, SpikeBlocks(9, 6))
    stack = cohort.stack("rate")
    arrays = [[t.detach().numpy() for t in group] for group in (cohort.weights, cohort.biases)]
    kept, _ = stack.forward(blocks, *arrays, keep=True)
    light, _ = stack.forward(blocks, *arrays, keep=False)
    assert np.array_equal(kept, light)
    assert kept.max() > 0
