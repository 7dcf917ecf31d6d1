"""The stacked optimizers step by step against torch.optim, for every run of a cohort."""

import pytest
import torch

from snnbench.config import RunConfig
from snnbench.training.optim import StackedOptimizer

STEPS = 30
RUNS = [
    {"lr": 0.1, "weight_decay": 0.0},
    {"lr": 0.01, "weight_decay": 0.05},
    {"lr": 0.003, "weight_decay": 0.5},
]


def theirs(kind, run, p):
    options = {"lr": run["lr"], "weight_decay": run["weight_decay"]}
    if kind == "sgd":
        return torch.optim.SGD([p], momentum=run.get("momentum", 0.0), **options)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind]([p], **options)


def gradient(k, step):
    return torch.randn(40, generator=torch.Generator().manual_seed(100 * k + step))


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_every_run_follows_torchs_optimizer(kind):
    runs = [
        run | ({"momentum": m} if kind == "sgd" else {})
        for run, m in zip(RUNS, (0.0, 0.9, 0.5), strict=True)
    ]
    configs = [RunConfig(optimizer=kind, **run) for run in runs]
    start = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))
    parameters, gradients = start.clone(), torch.zeros(3, 40)
    ours = StackedOptimizer(configs, parameters, gradients)
    singles = [start[k].clone().requires_grad_() for k in range(3)]
    optimizers = [theirs(kind, run, p) for run, p in zip(runs, singles, strict=True)]
    for step in range(STEPS):
        for k, (p, optimizer) in enumerate(zip(singles, optimizers, strict=True)):
            gradients[k] = p.grad = gradient(k, step)
            optimizer.step()
        ours.step([config.lr for config in configs], [0, 1, 2])
        for k, p in enumerate(singles):
            torch.testing.assert_close(parameters[k], p.detach(), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_a_run_ends_bit_for_bit_the_same_alone_or_beside_others_that_stop(kind):
    momentum = {"momentum": 0.9} if kind == "sgd" else {}
    configs = [RunConfig(optimizer=kind, **run, **momentum) for run in RUNS]

    def follow(rows, stops):
        parameters = torch.ones(len(rows), 40)
        gradients = torch.zeros(len(rows), 40)
        optimizer = StackedOptimizer([configs[k] for k in rows], parameters, gradients)
        for step in range(STEPS):
            active = [i for i, k in enumerate(rows) if step < stops.get(k, STEPS)]
            for i, k in enumerate(rows):
                stopped = i not in active
                gradients[i] = torch.nan if stopped else gradient(k, step)
            optimizer.step([configs[k].lr for k in rows], active)
        return {k: parameters[i] for i, k in enumerate(rows)}

    together = follow([2, 0, 1], stops={0: 7})
    assert torch.equal(together[1], follow([1], {})[1])
    assert torch.equal(together[2], follow([0, 2], {})[2])
    assert torch.isfinite(together[0]).all()
    assert not torch.equal(together[0], follow([0], {})[0])
