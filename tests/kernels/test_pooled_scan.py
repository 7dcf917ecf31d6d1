"""Scan and pooling in one, against the scan and torch's pooling: to the bit, gradients too."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import max_pool2d

from snnbench.kernels.functions import lif_scan, pooled_lif_scan
from snnbench.kernels.neurons.equations import RESETS, SURROGATES
from tests.kernels.test_scan import draw_neurons


def compare(neurons, current, T=None):
    random = np.random.default_rng(0)
    current.requires_grad_()
    fast = pooled_lif_scan(current, neurons, T)
    constant = current if T is None else current.expand(T, *current.shape)
    spikes, _ = lif_scan(constant.unsqueeze(1), neurons)
    slow = max_pool2d(spikes.flatten(0, 2), 2).view(fast.shape)
    assert torch.equal(fast, slow)
    gradient = torch.from_numpy(random.normal(size=fast.shape)).float()
    (of_fast,) = torch.autograd.grad(fast, current, gradient)
    (of_slow,) = torch.autograd.grad(slow, current, gradient)
    if T is None:
        assert torch.equal(of_fast, of_slow)
    else:  # summed over the steps from the last to the first
        torch.testing.assert_close(of_fast, of_slow, rtol=1e-5, atol=1e-6)
    return fast, of_fast


@settings(deadline=None, max_examples=60)
@given(
    T=st.integers(1, 6),
    planes=st.sampled_from([(1, 1), (2, 3), (40, 1)]),
    height=st.integers(2, 19),
    width=st.integers(2, 37),
    constant=st.booleans(),
    reset=st.sampled_from(list(RESETS)),
    detach_reset=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_it_equals_the_scan_and_torchs_pooling(
    T, planes, height, width, constant, reset, detach_reset, seed
):
    random = np.random.default_rng(seed)
    shape = (*planes, height, width) if constant else (T, *planes, height, width)
    current = torch.from_numpy(random.normal(0.4, 1, shape)).float()
    neurons = draw_neurons(random, 1, reset=reset, detach_reset=detach_reset)
    compare(neurons, current, T if constant else None)


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_every_surrogate_goes_back_through_the_pooling(surrogate):
    random = np.random.default_rng(1)
    current = torch.from_numpy(random.normal(0.4, 1, (4, 2, 3, 8, 8))).float()
    pooled, gradient = compare(draw_neurons(random, 1, surrogate=surrogate), current)
    assert 0 < pooled.mean() < 1
    assert gradient.abs().max() > 0
