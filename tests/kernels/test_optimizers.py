"""The fused optimizers against torch.optim, step by step."""

import numpy as np
import pytest
import torch

from snnbench.kernels.base import optimizers
from snnbench.kernels.base.optimizers import CohortOptimizer

SHAPES = [(17, 10), (1, 10), (10, 300), (1, 1)]
MEMBERS = [  # lr, momentum, weight decay
    (0.1, 0.0, 0.0),
    (0.03, 0.9, 0.01),
    (0.003, 0.5, 0.1),
    (1e-4, 0.99, 1e-4),
]
TORCH = {
    "sgd": lambda p, lr, momentum, decay: torch.optim.SGD(
        p, lr=lr, momentum=momentum, weight_decay=decay
    ),
    "adam": lambda p, lr, momentum, decay: torch.optim.Adam(p, lr=lr, weight_decay=decay),
    "adamw": lambda p, lr, momentum, decay: torch.optim.AdamW(p, lr=lr, weight_decay=decay),
}


def start(random, members):
    return [random.normal(size=(a, members, b)).astype(np.float32) for a, b in SHAPES]


@pytest.mark.parametrize("members", [MEMBERS, MEMBERS[1:2]], ids=["cohort", "alone"])
@pytest.mark.parametrize("worth_threads", [0, optimizers.WORTH_THREADS])
@pytest.mark.parametrize("kind", TORCH)
def test_fifty_steps_are_those_of_torch(monkeypatch, kind, worth_threads, members):
    monkeypatch.setattr(optimizers, "WORTH_THREADS", worth_threads)
    random = np.random.default_rng(0)
    parameters = start(random, len(members))
    rates, momentum, decay = (list(column) for column in zip(*members, strict=True))
    optimizer = CohortOptimizer(kind, parameters, momentum, decay)
    copies = [
        [torch.from_numpy(p[:, k].copy()).requires_grad_() for p in parameters]
        for k in range(len(members))
    ]
    others = [TORCH[kind](c, *m) for c, m in zip(copies, members, strict=True)]
    for step in range(50):
        if step == 30:  # a schedule changes the rates on the way
            rates = [rate / 10 for rate in rates]
            for other, rate in zip(others, rates, strict=True):
                other.param_groups[0]["lr"] = rate
        gradients = start(random, len(members))
        optimizer.step(gradients, rates, range(len(members)))
        for k, (copy, other) in enumerate(zip(copies, others, strict=True)):
            for tensor, gradient in zip(copy, gradients, strict=True):
                tensor.grad = torch.from_numpy(gradient[:, k].copy())
            other.step()
            for tensor, parameter in zip(copy, parameters, strict=True):
                np.testing.assert_allclose(
                    parameter[:, k], tensor.detach(), rtol=2e-5, atol=2e-6, err_msg=f"step {step}"
                )


@pytest.mark.parametrize("kind", TORCH)
def test_a_frozen_member_keeps_its_values_whatever_its_gradient(kind):
    random = np.random.default_rng(0)
    parameters = start(random, 3)
    optimizer = CohortOptimizer(kind, parameters, [0.9] * 3, [0.1] * 3)
    optimizer.step(start(random, 3), [0.1] * 3, range(3))
    before = [parameter.copy() for parameter in parameters]
    gradients = start(random, 3)
    for gradient in gradients:
        gradient[:, 1] = np.nan
    active = [0, 2]
    optimizer.step(gradients, [0.1] * 3, active)
    for parameter, old in zip(parameters, before, strict=True):
        assert np.array_equal(parameter[:, 1], old[:, 1])
        assert np.isfinite(parameter).all()
        assert (parameter[:, active] != old[:, active]).all()


def test_a_parameter_that_could_only_be_copied_is_refused():
    parameter = np.zeros((4, 3, 2), np.float32).transpose(2, 1, 0)
    with pytest.raises(AssertionError, match="contiguous"):
        CohortOptimizer("sgd", [parameter], [0.0] * 3, [0.0] * 3)
