"""Counts against their definitions, done the slow way."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count, tallying
from snnbench.cost.effective import effective_operations
from snnbench.cost.expected import expected_count
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.network.build import build_network

SHAPE = (1, 8, 8)
NETWORKS = [
    {"arch": "12-10", "T": 4, "v_th": 0.2},
    {"arch": "12-10", "T": 4, "v_th": 0.2, "encoding": "repeat"},
    {"arch": "3c3-p2-9-10", "T": 3, "v_th": 0.1, "batch_norm": True},
    {"arch": "3c5-p2-2c3-7:relu-10", "T": 2, "v_th": 0.1, "surrogate": "s2nn"},
    {"arch": "9:linear-9-10", "T": 3, "v_th": 0.1, "readout": "current", "encoding": "latency"},
    {"arch": "3c3-p2-9-10", "model": "ann", "batch_norm": True, "dropout": 0.5},
    {"arch": "9-8-10", "model": "ann", "activation": "sigmoid"},
]


def run(config, x, batches):
    """Count a network over x in batches of these sizes."""
    network = build_network(config, SHAPE).eval()
    tallies = [Tally() for _ in network.plan]
    with torch.no_grad(), tallying(network, tallies):
        for part, samples in zip(
            x.split(batches), torch.arange(len(x)).split(batches), strict=True
        ):
            network(encode(config, part, samples, EVALUATION_EPOCH))
    T = config.T if config.model == "snn" else None
    return network, count_network(network, tallies, T, dense_count(network))


def numbers(values):
    return {name: value for name, value in values.items() if isinstance(value, int | float)}


def images(n=7):
    x = torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(1))
    return x * (x > 0.5)


@pytest.mark.parametrize("settings", NETWORKS)
def test_counts_do_not_change_with_the_split_into_batches(settings):
    config = RunConfig(**settings)
    _, whole = run(config, images(), [7])
    _, split = run(config, images(), [1, 4, 2])
    assert numbers(whole.totals()) == pytest.approx(numbers(split.totals()), rel=1e-6)
    for a, b in zip(whole.layers, split.layers, strict=True):
        assert numbers(a) == pytest.approx(numbers(b), rel=1e-6)


@pytest.mark.parametrize("settings", NETWORKS)
def test_effective_operations_are_the_layer_applied_again_to_binary_inputs(settings):
    config = RunConfig(**settings)
    network = build_network(config, SHAPE).eval()
    inputs = {}
    for entry, module in zip(network.plan, network.weight_modules, strict=True):
        module.register_forward_pre_hook(
            lambda m, args, name=entry.name: inputs.__setitem__(name, args[0])
        )
    _, count = run(config, images(), [7])
    with torch.no_grad():
        network(encode(config, images(), torch.arange(7), EVALUATION_EPOCH))
        for entry, module, layer in zip(
            network.plan, network.weight_modules, count.layers, strict=True
        ):
            x = (inputs[entry.name] != 0).double()
            if x.dim() == 5:
                x = x.flatten(0, 1)
            weight = (module.weight != 0).double()
            if entry.kind == "linear":
                y = nn.functional.linear(x, weight)
            else:
                y = nn.functional.conv2d(x, weight, padding=entry.kernel // 2)
            counted, other = layer["effective_macs"], layer["effective_acs"]
            if entry.input_kind == "spikes":
                counted, other = other, counted
            assert counted == pytest.approx(y.sum().item() / 7)
            assert 0 < counted <= layer["dense_macs"]
            assert other == 0
            assert layer["input_nonzero"] == pytest.approx(x.sum().item() / 7)


def test_zero_weights_do_not_count():
    layer = nn.Linear(4, 3, bias=False)
    with torch.no_grad():
        layer.weight[:] = 1
        layer.weight[0] = 0
        layer.weight[1, 2] = 0
    # units 0, 1, 3 meet two weights that are not zero, unit 2 meets one
    nonzero = torch.tensor([10, 0, 5, 1])
    assert effective_operations(layer, nonzero, samples=5) == (10 * 2 + 5 * 1 + 1 * 2) / 5


def test_a_convolutions_borders_count_exactly():
    layer = nn.Conv2d(1, 2, 3, padding=1)
    nonzero = torch.zeros(1, 4, 4)
    nonzero[0, 0, 0] = 1  # a corner pixel meets 4 of the 9 weights of each of 2 channels
    assert effective_operations(layer, nonzero, samples=1) == 8
    nonzero[0, 1, 1] = 1  # an inner one meets all 9
    assert effective_operations(layer, nonzero, samples=1) == 8 + 18


@pytest.mark.parametrize("settings", NETWORKS)
def test_fvcore_and_the_layer_plan_agree_on_dense_macs_with_nothing_uncounted(settings):
    config = RunConfig(**settings)
    counted = dense_count(build_network(config, SHAPE))
    expected = expected_count(config, SHAPE, None)
    assert counted.uncounted == {}
    assert counted.macs == {layer.layer: layer.dense_operations for layer in expected.facts}


def test_an_operator_without_a_rule_is_listed():
    from snnbench.cost.dense import count_dense

    class Odd(nn.Module):
        def forward(self, x):
            return torch.fft.fft(x).real

    counted = count_dense(nn.Sequential(nn.Linear(4, 3), Odd()), torch.zeros(1, 4))
    assert counted.uncounted == {"aten::fft_fft": 1, "aten::real": 1}
    assert counted.macs["0"] == 12


ENCODINGS = st.sampled_from(["repeat", "threshold", "bernoulli", "latency"])
LAYERS = st.sampled_from(["7", "7:linear", "7:relu", "3c3", "3c3:linear", "3c3-p2"])


@settings(deadline=None, max_examples=40)
@given(
    model=st.sampled_from(["ann", "snn"]),
    layers=st.lists(LAYERS, max_size=3),
    encoding=ENCODINGS,
    T=st.integers(1, 4),
    mean=st.sampled_from([-3.0, 0.0, 0.5]),
    seed=st.integers(0, 9),
)
def test_the_lab_count_is_never_below_what_is_effective(model, layers, encoding, T, mean, seed):
    layers = sorted(layers, key=lambda layer: "c" not in layer)
    spiking = {"model": "snn", "encoding": encoding, "T": T, "v_th": 0.2}
    config = RunConfig(
        arch="-".join([*layers, "10"]), seed=seed, **(spiking if model == "snn" else {})
    )
    x = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(seed)) + mean
    if model == "snn" and encoding != "repeat":
        x = x.clamp(0, 1)
    network, count = run(config, x, [3])
    for entry, facts in zip(network.plan, count.layers, strict=True):
        effective = facts["effective_macs"] + facts["effective_acs"]
        assert facts["flops_lab"] >= 2 * effective
        if entry.input_kind != "spikes":
            M, N = facts["inputs"], facts["outputs"]
            assert facts["flops_lab"] == (2 * M + 1) * N * facts["applied_steps"]


@settings(deadline=None, max_examples=25)
@given(rate=st.floats(0, 1), T=st.integers(1, 20), hidden=st.integers(1, 9))
def test_expected_counts_are_the_formulas(rate, T, hidden):
    config = RunConfig(arch=f"{hidden}-10", T=T)
    totals = expected_count(config, (784,), rate).totals()
    assert totals["effective_acs"] == pytest.approx(rate * T * (784 * hidden + 10 * hidden))
    assert totals["effective_macs"] == 0
    assert totals["energy_pj_compute45nm"] == pytest.approx(0.9 * totals["effective_acs"])


def test_the_lab_count_of_the_ann_needs_no_rate():
    count = expected_count(RunConfig(arch="10-10", model="ann"), (784,), None)
    assert count.totals()["flops_lab"] == 15_900
    assert count.totals()["dense_macs"] == 7_940


def test_what_is_not_known_is_missing_not_zero():
    totals = expected_count(RunConfig(arch="10-10"), (784,), None).totals()
    unknown = ("flops_lab", "effective_acs", "energy_pj_compute45nm", "firing_rate")
    assert all(totals[name] is None for name in unknown)


def test_firing_silent_and_saturated_fractions_are_those_of_the_neurons():
    # Unit 0 always fires, unit 1 never, unit 2 fires when its input spikes.
    config = RunConfig(arch="3-10", T=4)
    network = build_network(config, (1,))
    with torch.no_grad():
        first, second = network.weight_modules
        first.weight[:, 0] = torch.tensor([0.0, 0.0, 5.0])
        first.bias[:] = torch.tensor([5.0, -5.0, -1.0])
        second.weight[:] = 0
        second.bias[:] = 0
    x = torch.zeros(4, 2, 1)
    x[1, 0] = 1
    tallies = [Tally() for _ in network.plan]
    with torch.no_grad(), tallying(network, tallies):
        network(x)
    count = count_network(network, tallies, 4, dense_count(network))
    spikes = [8, 0, 1] + [0] * 10  # unit 2: a subtractive reset leaves 3, then decays under -1
    rates = network.neurons[0](first(x).detach())
    spikes[2] = rates.sum((0, 1))[2].item()
    assert count.firing_rate == pytest.approx(sum(spikes) / 13 / 8)
    assert count.silent_fraction == pytest.approx(11 / 13)
    assert count.saturated_fraction == pytest.approx(1 / 13)
    assert count.facts[0].output_rate == pytest.approx(sum(spikes) / 3 / 8)
    assert count.facts[1].input_rate == pytest.approx(sum(spikes) / 3 / 8)


def test_the_facts_of_a_spiking_convolution_by_hand():
    config = RunConfig(arch="3c3-p2-9-10", T=4, bias=False, batch_norm=True, v_th=1e9)
    network = build_network(config, SHAPE)
    with torch.no_grad():
        network.weight_modules[0].weight[0] = 0
    tallies = [Tally() for _ in network.plan]
    x = torch.zeros(4, 2, *SHAPE)
    x[0, 0, 0, 3, :5] = 1
    with torch.no_grad(), tallying(network.eval(), tallies):
        network(x)
    first, second, _ = count_network(network, tallies, 4, dense_count(network)).facts
    assert (first.model, first.steps, first.applied_steps) == ("snn", 4, 4)
    assert (first.inputs, first.input_values, first.outputs) == (9, 64, 3 * 64)
    assert (first.weights, first.weights_nonzero, first.biases, first.params) == (27, 18, 0, 33)
    assert (first.input_nonzero, first.output_spikes) == (5 / 2, 0)
    assert first.dense_operations == 4 * (9 * 3 * 64 + 2 * 3 * 64)
    # of two filters, a pixel at the left border meets 6 weights, the other four meet 9
    assert first.effective_operations == 2 * (6 + 4 * 9) / 2
    assert (first.neuron_updates, first.states) == (4 * 3 * 64, 3 * 64)
    assert (second.input_values, second.weights, second.states) == (3 * 16, 3 * 16 * 9, 9)


@pytest.mark.parametrize(
    ("settings", "updates", "steps"),
    [
        ({"model": "ann"}, [0, 0], 1),
        ({"T": 3, "readout": "current"}, [3 * 12, 0], 3),
        ({"T": 3, "encoding": "repeat"}, [3 * 12, 3 * 10], 3),
    ],
)
def test_neurons_are_updated_at_every_step_and_only_where_they_spike(settings, updates, steps):
    _, count = run(RunConfig(arch="12-10", **settings), images(), [7])
    assert [layer.neuron_updates for layer in count.facts] == updates
    assert [layer.steps for layer in count.facts] == [steps, steps]
    silent = [layer.output_spikes is None for layer in count.facts]
    assert silent == [update == 0 for update in updates]
