"""Initial weights: the moments and bounds of their formulas, and those of the other engines."""

import math

import numpy as np
import pytest

from snnbench.config import RunConfig
from snnbench.network.build import build_network
from snnbench.reference_numpy.initial import initial_parameters
from snnbench.reference_numpy.network import build_perceptron
from snnbench.words.networks import INITS


@pytest.mark.parametrize(
    ("init", "deviation", "bound"),
    [
        ("default", 1 / math.sqrt(3 * 400), 1 / math.sqrt(400)),
        ("xavier-normal", math.sqrt(2 / 700), None),
        ("xavier-uniform", math.sqrt(2 / 700), math.sqrt(6 / 700)),
        ("kaiming-normal", math.sqrt(2 / 400), None),
        ("kaiming-uniform", math.sqrt(2 / 400), math.sqrt(6 / 400)),
    ],
)
def test_initial_weights_have_the_moments_of_the_formulas(init, deviation, bound):
    weight, bias = initial_parameters(init, 400, 300, np.random.default_rng(0), np.float64)
    assert weight.shape == (300, 400)
    n, normal = weight.size, bound is None
    assert abs(weight.mean()) < 4 * deviation / math.sqrt(n)
    # the variance of n draws deviates by sqrt((kurtosis - 1) / n), kurtosis 3 or 9/5
    spread = math.sqrt((2 if normal else 0.8) / n)
    assert weight.var() == pytest.approx(deviation**2, rel=4 * spread)
    if normal:
        assert (np.abs(weight) < deviation).mean() == pytest.approx(0.6827, abs=0.006)
    else:
        assert 0.999 * bound < np.abs(weight).max() <= bound
    if init == "default":
        assert 0.95 * bound < np.abs(bias).max() <= bound
    else:
        assert not bias.any()


@pytest.mark.parametrize("init", INITS)
def test_initial_weights_are_distributed_like_those_of_the_other_engines(init):
    config = RunConfig(model="ann", arch="300-10", init=init)
    ours = build_perceptron(config, 400).layers["fc1"].parameters
    theirs = build_network(config, (400,)).weight_modules[0].state_dict()
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        expected = theirs[name].numpy()
        assert array.shape == expected.shape
        rel = {"weight": 0.02, "bias": 0.15}[name]  # 120,000 and 300 draws
        assert array.std() == pytest.approx(expected.std(), rel=rel)
        if not init.endswith("normal"):
            assert np.abs(array).max() == pytest.approx(np.abs(expected).max(), rel=rel)


def test_equal_layers_of_a_seed_start_equal_whatever_surrounds_them():
    def weights(**wanted):
        network = build_perceptron(RunConfig(model="ann", **wanted), 20)
        return [layer.parameters["weight"] for layer in network.dense_layers]

    one = weights(arch="30-10", seed=3)
    other = weights(arch="30-10-5", seed=3, batch_norm=True, activation="tanh")
    assert one[0].dtype == np.float32
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    assert not np.array_equal(one[0], weights(arch="30-10", seed=4)[0])
    assert not np.array_equal(*weights(arch="20-20-10")[:2])
