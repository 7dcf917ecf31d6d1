"""What a run needs is known from its settings: nothing is compiled while it trains."""

import itertools

import pytest

from snnbench.config import RunConfig
from snnbench.inputs.reading import read_data
from snnbench.kernels.base import jit
from snnbench.kernels.groups import GROUPS
from snnbench.kernels.needs import groups_of
from snnbench.kernels.warmup import ALL
from snnbench.runs import resolve_machine, run_cohort

# What kernels can hang on, of an SNN and of an ANN: each word alone, and some together.
SNN = [
    {},
    *({"encoding": word} for word in ("repeat", "threshold", "latency")),
    *({"readout": word} for word in ("current", "membrane")),
    *({"loss": word} for word in ("mse", "ce")),
    *({"optimizer": word} for word in ("sgd", "adam", "adamw")),
    *({"arch": word} for word in ("10", "10-10", "20-20-10", "40-40-10", "40-10", "10-40-10")),
    {"arch": "10-10", "encoding": "latency", "readout": "membrane"},
    {"arch": "4c3-10"},
    {"arch": "4c3-p2-10", "encoding": "repeat"},
    {"arch": "20:linear-10-10"},
    {"surrogate": "atan", "reset": "zero", "bias": False},
]
ANN = [
    {},
    *({"loss": word} for word in ("mse", "ce")),
    *({"optimizer": word} for word in ("sgd", "adam", "adamw")),
    *({"arch": word} for word in ("10", "40-40-10", "1100-10", "4c3-p2-10")),
    {"activation": "tanh", "bias": False},
    {"batch_norm": True},
]
CASES = [{"model": "snn", "T": 3} | case for case in SNN] + [{"model": "ann"} | c for c in ANN]


def used_by(function):
    """Return all kernels, with their signatures, that are used while it runs."""
    for kernel in jit._kept.values():
        kernel._make_finalizer()()
        kernel._reset_overloads()
        kernel.overloads.clear()
    function()
    return {(name, s) for name, kernel in jit._kept.items() for s in kernel.overloads}


@pytest.fixture(scope="module")
def in_groups():
    """Group -> the kernels that it makes ready."""
    return {name: used_by(use) for name, use in GROUPS.items()}


@pytest.mark.parametrize(
    ("case", "members"),
    list(itertools.product(CASES, (1, 2))),
    ids=lambda value: ",".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
def test_a_run_uses_no_kernel_but_those_it_is_known_to_need(case, members, in_groups):
    settings = {"dataset": "digits", "train_samples": 60, "test_samples": 20, "epochs": 1,
                "batch_size": 30, "device": "cpu"}  # fmt: skip
    configs = [
        resolve_machine(RunConfig(**settings | case, lr=0.01 * k)) for k in range(1, members + 1)
    ]
    groups = groups_of(configs[0])
    ready = set().union(*(in_groups[name] for name in groups))
    used = used_by(lambda: list(run_cohort(configs, read_data(configs[0]))))
    assert used <= ready


def test_each_group_is_needed_by_some_run_and_no_run_needs_all():
    needed = [groups_of(RunConfig(**case)) for case in CASES]
    assert set().union(*needed) == ALL
    assert all(groups < ALL for groups in needed)


@pytest.mark.parametrize("engine", ["reference", "numpy"])
def test_other_engines_need_no_kernels(engine):
    assert not groups_of(RunConfig(model="ann", engine=engine))
