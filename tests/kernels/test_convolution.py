"""The gradient of a first convolution's weights against torch's, on random shapes."""

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.kernels import functions
from snnbench.kernels.base.jit import set_threads
from snnbench.kernels.functions import input_convolution
from snnbench.training.engines import make_engine
from snnbench.training.modules import ModuleEngine
from tests.training.test_stacked import data_of, one_step


def draw(samples, channels, height, width, outputs, size):
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand((samples, channels, height, width), generator=generator) < 0.4).float()
    weight = torch.randn((outputs, channels, size, size), generator=generator)
    bias = torch.randn(outputs, generator=generator)
    return x, weight.requires_grad_(), bias.requires_grad_()


@settings(deadline=None, max_examples=60)
@given(
    samples=st.integers(1, 20),
    channels=st.integers(1, 3),
    height=st.integers(3, 12),
    width=st.integers(3, 12),
    outputs=st.integers(1, 9),
    size=st.integers(1, 5),
    padding=st.integers(0, 3),
    has_bias=st.booleans(),
)
def test_values_and_gradients_are_those_of_torch(
    samples, channels, height, width, outputs, size, padding, has_bias
):
    size = min(size, height + 2 * padding, width + 2 * padding)
    x, weight, bias = draw(samples, channels, height, width, outputs, size)
    parameters = [weight, bias] if has_bias else [weight]
    ours = input_convolution(x, weight, bias if has_bias else None, (padding, padding))
    theirs = torch.nn.functional.conv2d(x, weight, bias if has_bias else None, padding=padding)
    assert torch.equal(ours, theirs)
    above = torch.randn(theirs.shape, generator=torch.Generator().manual_seed(1))
    for a, b in zip(
        torch.autograd.grad(ours, parameters, above),
        torch.autograd.grad(theirs, parameters, above),
        strict=True,
    ):
        assert a.shape == b.shape
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_bits_are_the_same_on_one_and_two_threads():
    x, weight, bias = draw(37, 2, 9, 11, 6, 3)
    ends = []
    try:
        for threads in (1, 2):
            set_threads(threads, grain=0)
            out = input_convolution(x, weight, bias, (1, 1))
            ends.append(torch.autograd.grad(out.square().sum(), (weight, bias)))
    finally:
        set_threads(numba.config.NUMBA_NUM_THREADS)
    for one, two in zip(*ends, strict=True):
        assert np.array_equal(one.numpy(), two.numpy())


@pytest.mark.parametrize("model", ["snn", "ann"])
def test_a_step_of_a_network_with_two_convolutions_is_the_reference_engines(model, monkeypatch):
    calls = []
    original = functions.weight_gradients
    monkeypatch.setattr(
        functions, "weight_gradients", lambda *args: calls.append(args) or original(*args)
    )
    given_settings = {"model": model, "arch": "4c3-p2-6c3-10", "optimizer": "sgd", "lr": 0.01,
                      "train_samples": 200, "batch_size": 50}  # fmt: skip
    if model == "snn":
        given_settings["T"] = 6
    config = RunConfig.from_layers({}, given_settings)
    data = data_of(config)
    fast, slow = make_engine([config], data), ModuleEngine([config], data)
    loss_s, right_s, step_s = one_step(slow, config)
    assert not calls
    loss_f, right_f, step_f = one_step(fast, config)
    assert len(calls) == 1  # the second convolution's input needs a gradient
    assert loss_f == pytest.approx(loss_s, rel=1e-5)
    assert right_f == right_s
    for a, b in zip(step_f, step_s, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)
