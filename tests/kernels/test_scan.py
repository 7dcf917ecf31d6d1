"""The scan alone against `reference`: values bit for bit, gradients within rounding."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.kernels.functions import lif_scan
from snnbench.kernels.neurons.equations import RESETS, SURROGATES, Neurons
from tests.kernels.cohorts import assert_close, scan_member


def compare(neurons, current, T=None):
    current.requires_grad_()
    spikes, membranes = lif_scan(current, neurons, T)
    over_time = current if T is None else current.expand(T, *current.shape)
    pairs = [scan_member(over_time[:, k], neurons, k) for k in range(neurons.members)]
    slow_spikes, slow_membranes = (torch.stack(part, 1) for part in zip(*pairs, strict=True))
    assert torch.equal(spikes, slow_spikes)
    assert torch.equal(membranes, slow_membranes)
    random = np.random.default_rng(0)
    one, other = (torch.from_numpy(random.normal(size=spikes.shape)).float() for _ in range(2))
    for weights in ((one, None), (None, other), (one, other)):
        given = [w for w in weights if w is not None]
        fast, slow = (
            [output for output, w in zip(outputs, weights, strict=True) if w is not None]
            for outputs in ((spikes, membranes), (slow_spikes, slow_membranes))
        )
        (fast_gradient,) = torch.autograd.grad(fast, current, given, retain_graph=True)
        (slow_gradient,) = torch.autograd.grad(slow, current, given, retain_graph=True)
        assert_close(fast_gradient, slow_gradient)
    return slow_gradient


def draw_neurons(random, K, **options):
    beta, v_th, slope = random.uniform([[0], [0.5], [0.5]], [[1], [1.5], [3]], (3, K)).tolist()
    return Neurons(beta, v_th, slope, **options)


@settings(deadline=None, max_examples=60)
@given(
    K=st.sampled_from([1, 2, 5]),
    T=st.integers(1, 9),
    rest=st.sampled_from([(1,), (31,), (32,), (33,), (4, 3, 5), (2049,), (3, 701)]),
    constant=st.booleans(),
    reset=st.sampled_from(list(RESETS)),
    detach_reset=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_the_scan_equals_the_reference(K, T, rest, constant, reset, detach_reset, seed):
    random = np.random.default_rng(seed)
    shape = (K, *rest) if constant else (T, K, *rest)
    current = torch.from_numpy(random.normal(0.4, 1, shape)).float()
    neurons = draw_neurons(random, K, reset=reset, detach_reset=detach_reset)
    compare(neurons, current, T if constant else None)


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_every_surrogate_gives_the_gradient_of_the_reference(surrogate):
    random = np.random.default_rng(1)
    current = torch.from_numpy(random.normal(0.4, 1, (6, 2, 70))).float()
    assert compare(draw_neurons(random, 2, surrogate=surrogate), current).abs().max() > 0


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_no_surrogate_is_disturbed_by_membranes_far_from_the_threshold(surrogate):
    current = torch.tensor([[[-1e30, -300.0, -90.0, 90.0, 300.0, 1e30]]])
    compare(Neurons([0.5], [1.0], [1.0], surrogate=surrogate), current)


def test_a_current_that_is_not_contiguous_is_read_right():
    random = np.random.default_rng(2)
    whole = torch.from_numpy(random.normal(0.4, 1, (5, 8, 2))).float()
    neurons = draw_neurons(random, 2)
    spikes, _ = lif_scan(whole.transpose(1, 2), neurons)
    expected, _ = lif_scan(whole.transpose(1, 2).contiguous(), neurons)
    assert torch.equal(spikes, expected)
    assert expected.sum() > 0


@pytest.mark.parametrize("reset", RESETS)
def test_a_gradient_that_is_not_given_changes_no_sum(reset):
    # Membranes at a surrogate of 0 leave the sign of a zero to what is added: +0 would change it.
    random = np.random.default_rng(4)
    current = torch.from_numpy(random.normal(0, 2, (3, 1, 40))).float().requires_grad_()
    neurons = Neurons([0.5], [1.0], [1.0], surrogate="rect", reset=reset)
    spikes, membranes = lif_scan(current, neurons)
    one = torch.from_numpy(random.choice([-1.0, -0.0], spikes.shape)).float()
    nothing = torch.full_like(one, -0.0)
    given = (one, nothing)
    for outputs in ((spikes, membranes), (membranes, spikes)):
        (absent,) = torch.autograd.grad(outputs[:1], current, given[:1], retain_graph=True)
        (present,) = torch.autograd.grad(outputs, current, given, retain_graph=True)
        assert torch.equal(absent, present)
        assert torch.equal(torch.signbit(absent), torch.signbit(present))
