"""A member has the same bits alone, in any cohort, in any position, on any number of threads."""

import numba
import numpy as np
import pytest
import torch

from snnbench.kernels.base.jit import set_threads
from snnbench.kernels.base.optimizers import CohortOptimizer
from snnbench.kernels.functions import lif_scan
from snnbench.kernels.neurons.equations import Neurons
from tests.kernels.cohorts import Cohort, choose

COHORTS = {
    "alone": [3],
    "first of two": [3, 8],
    "last of five": [9, 0, 4, 1, 3],
    "in the middle of 16": [*range(15, -1, -1)],
    "among 17": [*range(17)],
}


@pytest.fixture(autouse=True)
def _restore_threads():
    yield
    set_threads(numba.config.NUMBA_NUM_THREADS)


def use_threads(n):
    """Use n threads even for the short kernels here."""
    set_threads(n, grain=0)


def results(cohort, readout):
    """Return outputs and all gradients with the members' axis first."""
    leaves = cohort.leaves()
    sums, trace = cohort.fast(readout)
    output = sums if trace is None else trace
    torch.manual_seed(0)
    shared = torch.randn(*output.shape[:-2], 1, output.shape[-1])
    gradients = torch.autograd.grad(output, leaves, shared.expand_as(output))
    return [t.detach().movedim(-2, 0).numpy() for t in (sums, output, *gradients)]


@pytest.mark.parametrize("readout", ["rate", "membrane"])
@pytest.mark.parametrize("widths", [[30, 10, 10], [37, 21, 40, 6]])
def test_a_member_of_any_cohort_has_the_bits_it_has_alone(widths, readout):
    options = {"K": 17, "B": 13, "T": 9, "exact": False}
    everyone = Cohort(widths, **options)
    expected = None
    for chosen in COHORTS.values():
        for threads in (1, 2):
            use_threads(threads)
            position = chosen.index(3)
            found = [array[position] for array in results(everyone.members(chosen), readout)]
            expected = expected or found
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(one, other)
    assert all(np.abs(array).max() > 0 for array in expected)


def test_the_scan_of_a_member_has_the_bits_it_has_alone():
    T, X = 7, 2100
    everyone = Neurons(*np.random.default_rng(0).uniform(0.3, 1.2, (3, 17)).tolist())
    current = torch.randn((T, 17, X), generator=torch.Generator().manual_seed(0))
    expected = None
    for chosen in COHORTS.values():
        for threads in (1, 2):
            use_threads(threads)
            position = chosen.index(3)
            leaf = current[:, chosen].contiguous().requires_grad_()
            spikes, membranes = lif_scan(leaf, choose(everyone, chosen))
            (gradient,) = torch.autograd.grad(spikes.sum() + membranes.square().sum(), leaf)
            tensors = (spikes, membranes, gradient)
            found = [t.detach()[:, position].numpy() for t in tensors]
            expected = expected or found
            for one, other in zip(found, expected, strict=True):
                assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("shape", [(30, 17, 10), (1, 17, 300), (3, 17, 2500)])
def test_the_optimizer_gives_a_member_the_bits_it_has_alone(kind, shape):
    random = np.random.default_rng(0)
    start = random.normal(size=shape).astype(np.float32)
    gradients = [random.normal(size=shape).astype(np.float32) for _ in range(3)]
    rates, momentum, decay = random.uniform(0.01, 0.1, (3, 17))
    expected = None
    for chosen in COHORTS.values():
        for threads in (1, 2):
            use_threads(threads)
            parameter = np.ascontiguousarray(start[:, chosen])
            optimizer = CohortOptimizer(kind, [parameter], momentum[chosen], decay[chosen])
            for gradient in gradients:
                mine = np.ascontiguousarray(gradient[:, chosen])
                optimizer.step([mine], rates[chosen], range(len(chosen)))
            found = parameter[:, chosen.index(3)]
            expected = found if expected is None else expected
            assert np.array_equal(found, expected)
    assert not np.array_equal(expected, start[:, 3])
