"""Counts held against SpikingJelly's `op_counter`, run on the same models and inputs."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.op_counter import (
    ACCounter,
    DispatchCounterMode,
    MACCounter,
    MemoryAccessCounter,
    SynOpCounter,
)
from torch import nn

from snnbench import count
from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count, tallying
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.network.build import build_network

T, B = 4, 6


def theirs(model, x):
    """Return what each counter says of one pass, of all samples and steps together."""
    counters = {"synops": SynOpCounter(), "acs": ACCounter(), "macs": MACCounter(),
                "bytes": MemoryAccessCounter()}  # fmt: skip
    functional.reset_net(model)
    with torch.no_grad(), DispatchCounterMode(list(counters.values())):
        model(x)
    return {name: counter.get_total() for name, counter in counters.items()}


def ours(model, x, input_kind):
    """Return what our conventions say of the same."""
    found = count(model_from=model, input=x, layout="TB", input_kind=input_kind).count.conventions()
    return {name: value and value * B for name, value in found.items()}


def spikes(*shape, rate=0.3):
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(T, B, *shape, generator=generator) < rate).float()


class StepByStep(nn.Module):
    def __init__(self, node, **kwargs):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(30, 20), nn.Linear(20, 5)
        self.node1, self.node2 = node(v_threshold=0.2, **kwargs), node(v_threshold=0.2, **kwargs)

    def forward(self, x):
        return torch.stack([self.node2(self.fc2(self.node1(self.fc1(step)))) for step in x])


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = layer.Conv2d(2, 4, 3, padding=1, step_mode="m")
        self.conv2 = layer.Conv2d(4, 6, 3, stride=2, padding=1, groups=2, step_mode="m")
        self.node1, self.node2 = (
            neuron.LIFNode(tau=2.0, v_threshold=0.1, step_mode="m") for _ in range(2)
        )
        self.fc = nn.Linear(96, 5)

    def forward(self, x):
        return self.fc(self.node2(self.conv2(self.node1(self.conv1(x)))).flatten(2))


@pytest.mark.parametrize(
    ("node", "reset", "sums"),
    [
        # charge; soft reset, threshold: one sum each. A hard reset has one more, the leak two.
        (neuron.IFNode, {"v_reset": None}, 3),
        (neuron.IFNode, {}, 4),
        (neuron.LIFNode, {"tau": 2.0, "v_reset": None}, 5),
        (neuron.LIFNode, {"tau": 2.0}, 6),
    ],
)  # fmt: skip
def test_synaptic_operations_are_theirs_and_their_acs_have_a_neurons_sums_too(node, reset, sums):
    torch.manual_seed(0)
    model, x = StepByStep(node, **reset), spikes(30)
    found, counted = ours(model, x, "spikes"), theirs(model, x)
    assert found["synops"] == found["effective_acs"] == counted["synops"] > 0
    assert found["effective_macs"] == counted["macs"] == 0
    assert counted["acs"] == counted["synops"] + sums * T * B * (20 + 5)


def test_convolutions_are_exact_at_their_borders():
    torch.manual_seed(0)
    model, x = Images(), spikes(2, 8, 8)
    found, counted = ours(model, x, "spikes"), theirs(model, x)
    assert found["synops"] == counted["synops"] > 0


def test_real_inputs_are_dense_macs_to_them_effective_ones_to_us():
    torch.manual_seed(0)
    model, x = Images(), torch.rand(T, B, 2, 8, 8)
    found, counted = ours(model, x, "real"), theirs(model, x)
    assert found["effective_acs"] == counted["synops"] > 0
    # of the first layer: with padding's products, as fvcore counts, and without
    assert counted["macs"] == T * B * 4 * 64 * 18
    assert found["effective_macs"] == T * B * 2 * 4 * 22**2


def test_a_real_batch_of_zeros_is_spikes_to_them_and_real_to_us():
    model, x = nn.Linear(30, 20), torch.zeros(T, B, 30)
    assert theirs(model, x)["macs"] == theirs(model, x)["synops"] == 0
    found = ours(model, x, "real")
    assert found["effective_macs"] == 0
    assert found["dense_macs"] == T * B * 600
    ones = torch.ones(T, B, 30)
    assert theirs(model, ones)["synops"] == ours(model, ones, "real")["effective_macs"]


def test_weights_of_zero_are_operations_to_them_and_none_to_us():
    model, x = nn.Linear(30, 20), spikes(30)
    model.weight.data[:5] = 0
    assert theirs(model, x)["synops"] == x.sum() * 20
    assert ours(model, x, "spikes")["synops"] == x.sum() * 15


def test_binary_weights_are_spikes_to_them_and_weights_to_us():
    model, x = nn.Linear(30, 20), torch.rand(T, B, 30)
    model.weight.data = (model.weight.data > 0).float()
    found, counted = ours(model, x, "real"), theirs(model, x)
    assert (counted["macs"], found["effective_acs"]) == (0, 0)
    assert counted["synops"] == found["effective_macs"] == T * B * model.weight.sum()


@pytest.mark.parametrize("bias", [True, False])
def test_bytes_moved_follow_from_the_facts(bias):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(30, 20, bias), nn.Linear(20, 5, bias))
    x = torch.rand(1, 1, 30)
    facts = count(model_from=model, input=x).count.facts
    moved = [f.input_values + f.weights + f.biases + f.outputs for f in facts]
    assert theirs(model, x[0])["bytes"] == 4 * sum(moved)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(["12-10", "3c3-p2-9-10", "2c5-3c3-10"]), st.integers(1, 4), st.booleans())
def test_synaptic_operations_of_our_networks_are_theirs(arch, steps, leaky):
    config = RunConfig(arch=arch, T=steps, v_th=0.2, neuron="lif" if leaky else "if",
                       encoding="bernoulli")  # fmt: skip
    network = build_network(config, (1, 8, 8)).eval()
    images = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(steps))
    x = encode(config, images, torch.arange(5), EVALUATION_EPOCH)
    tallies, counter = [Tally() for _ in network.plan], SynOpCounter()
    with torch.no_grad(), tallying(network, tallies):
        network(x)
    functional.reset_net(network)
    with torch.no_grad(), network.traceable(), DispatchCounterMode([counter]):
        network(x)
    found = count_network(network, tallies, steps, dense_count(network)).conventions()
    assert found["synops"] * 5 == pytest.approx(counter.get_total(), rel=1e-12)
