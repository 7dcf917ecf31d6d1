"""What must hold of counts whatever the network: of ours.

Weights and inputs are multiples of 1/8, so that sums are exact in any order.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count, tallying
from snnbench.cost.derive import conventions, network_values
from snnbench.cost.facts import FACTS, Share
from snnbench.cost.tally import Tally
from snnbench.network.build import build_network

SHAPE = (1, 6, 6)
SHARES = ("spikes_per_synapse", "activation_sparsity", "connection_sparsity")
MEASURED = ("input_rate", "output_rate", "input_nonzero", "output_spikes", "effective_operations")
ARCHS = ["9-4", "9:relu-5-4", "2c3-4", "3c3-p2-5-4", "2c5:linear-3c3-4"]
CONFIGS = st.builds(
    lambda neuron, **kwargs: RunConfig(v_th=1.0, encoding="bernoulli", **neuron, **kwargs),
    neuron=st.sampled_from([{"neuron": "if"}, {"neuron": "lif", "beta": 0.5}]),
    arch=st.sampled_from(ARCHS),
    reset=st.sampled_from(["subtract", "zero"]),
    readout=st.sampled_from(["rate", "current"]),
    bias=st.booleans(),
    seed=st.integers(0, 99),
)
_DENSE = {}
PROPERTY = settings(deadline=None, max_examples=12)


def built(config, T=4):
    """Return a network whose weights are multiples of 1/8, some of them 0."""
    network = build_network(config.changed(T=T), SHAPE).eval()
    generator = torch.Generator().manual_seed(config.seed)
    for parameter in network.parameters():
        eighths = torch.randint(-4, 8, parameter.shape, generator=generator)
        parameter.data = eighths / 8
    return network


def spikes(config, T=4, samples=5):
    generator = torch.Generator().manual_seed(config.seed + 1)
    return (torch.rand(T, samples, *SHAPE, generator=generator) < 0.4).float()


def counted(network, x, batches=None):
    tallies = [Tally() for _ in network.plan]
    with torch.no_grad(), tallying(network, tallies):
        for part in x.split(batches or [x.shape[1]], dim=1):
            network(part)
    key = (network.plan, network.bias)
    if key not in _DENSE:  # tracing takes longer than all else
        _DENSE[key] = dense_count(network)
    return count_network(network, tallies, len(x), _DENSE[key]).facts


@PROPERTY
@given(CONFIGS, st.permutations(range(5)), st.sampled_from([[1, 4], [2, 2, 1], [1] * 5]))
def test_neither_the_split_into_batches_nor_the_order_of_samples_matters(config, order, batches):
    network, x = built(config), spikes(config)
    assert counted(network, x[:, list(order)], batches) == counted(network, x)


@PROPERTY
@given(CONFIGS, st.permutations(range(4)))
def test_the_order_of_steps_leaves_what_enters_as_it_is(config, order):
    network, x = built(config), spikes(config)
    first, *_ = counted(network, x)
    other, *_ = counted(network, x[list(order)])
    for name in ("input_rate", "input_nonzero", "effective_operations", "dense_operations"):
        assert getattr(first, name) == getattr(other, name)


@PROPERTY
@given(CONFIGS)
def test_of_nothing_nothing_is_effective_and_dense_counts_stay(config):
    config = config.changed(bias=False)
    network, x = built(config), spikes(config)
    some, none = counted(network, x), counted(network, torch.zeros_like(x))
    for layer, silent in zip(some, none, strict=True):
        assert silent.effective_operations == silent.input_nonzero == silent.input_rate == 0
        assert silent.output_spikes in (0, None)
        for fact in FACTS:
            if fact.name not in MEASURED:
                assert getattr(silent, fact.name) == getattr(layer, fact.name)
    found = network_values(none)
    assert found["energy_pj_compute45nm"] == found["synops"] == 0
    if any(layer.neuron_updates for layer in none):
        assert found["activation_sparsity"] == 1


@PROPERTY
@given(CONFIGS)
def test_twice_the_steps_are_twice_the_operations_and_the_same_memory(config):
    x = spikes(config)
    once = counted(built(config), x)
    twice = counted(built(config, T=8), torch.cat([x, x]))
    for a, b in zip(once, twice, strict=True):
        assert b.dense_operations == 2 * a.dense_operations
        assert b.neuron_updates == 2 * a.neuron_updates
        assert (b.states, b.weights, b.params) == (a.states, a.weights, a.params)
    assert twice[0].effective_operations == 2 * once[0].effective_operations
    assert twice[0].input_rate == once[0].input_rate
    one, two = network_values(once), network_values(twice)
    assert two["flops"] == 2 * one["flops"]
    assert two["footprint"] == one["footprint"]


@PROPERTY
@given(CONFIGS, st.data())
def test_weights_pruned_from_a_layer_take_their_operations_along(config, data):
    network, x = built(config), spikes(config)
    which = data.draw(st.integers(0, len(network.plan) - 1))
    weight = network.weight_modules[which].weight
    gone = data.draw(st.integers(1, len(weight)))
    with torch.no_grad():
        weight[weight == 0] = 1 / 8
        before = counted(network, x)
        weight[:gone] = 0
    after = counted(network, x)
    for a, b in zip(before, after, strict=True):
        assert (b.dense_operations, b.weights) == (a.dense_operations, a.weights)
    a, b = before[which], after[which]
    left = (len(weight) - gone) / len(weight)  # each output unit or channel takes as many
    assert b.input_nonzero == a.input_nonzero  # what enters has not seen the layer
    assert b.effective_operations == pytest.approx(a.effective_operations * left, rel=1e-12)
    assert b.weights_nonzero == a.weights * left == weight.count_nonzero()


@PROPERTY
@given(CONFIGS)
def test_layers_are_added_up_and_shares_part_by_part(config):
    layers = counted(built(config), spikes(config))
    whole = network_values(layers)
    for name, word in conventions().items():
        parts = [word.load()(layer) for layer in layers]
        if whole[name] is None:
            empty = [isinstance(part, Share) and not part.whole for part in parts]
            assert None in parts or all(empty)
        elif name in SHARES:
            part, of = (sum(column) for column in zip(*parts, strict=True))
            assert whole[name] == pytest.approx(part / of)
        else:
            assert whole[name] == pytest.approx(sum(parts), rel=1e-12)


@PROPERTY
@given(CONFIGS)
def test_no_count_exceeds_the_dense_one_and_no_share_leaves_its_range(config):
    layers = counted(built(config), spikes(config))
    for layer in layers:
        assert 0 <= layer.effective_operations <= layer.dense_operations
        assert 0 <= layer.weights_nonzero <= layer.weights
        assert 0 <= (layer.output_spikes or 0) <= layer.neuron_updates
    found = network_values(layers)
    for name in ("activation_sparsity", "connection_sparsity"):
        assert found[name] is None or 0 <= found[name] <= 1
    assert found["energy_pj_compute45nm"] <= found["energy_pj_compute45nm_dense"] * (1 + 1e-12)
