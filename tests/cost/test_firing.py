"""Firing rates, silent and saturated neurons, neuron updates and states of anyone's neurons."""

import pytest
import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn

from tests.cost.chains import B, Chain, T, at_once, check, step_by_step
from tests.cost.models import counted, layers


@pytest.mark.parametrize("mode", ["s", "m"])
@pytest.mark.parametrize(
    "make",
    [
        lambda mode: neuron.LIFNode(tau=2.0, step_mode=mode),
        lambda mode: neuron.IFNode(step_mode=mode, v_reset=None),
        lambda mode: neuron.ParametricLIFNode(step_mode=mode),
        lambda mode: neuron.LIFNode(step_mode=mode, store_v_seq=mode == "m"),
        lambda mode: neuron.KLIFNode(step_mode=mode),
    ],
)
def test_neurons_of_spikingjelly(make, mode):
    count = check(lambda: make(mode), at_once if mode == "m" else step_by_step, 1)
    assert count.saturated_fraction > 0


def core(x, v):
    """An integrate-and-fire neuron, which SpikingJelly compiles where it can."""
    v = v + x
    spikes = (v >= 1.0).to(x)
    return spikes, v * (1.0 - spikes)


@pytest.mark.parametrize(
    ("make", "states"),
    [
        (lambda: neuron.SimpleLIFNode(2.0, True, step_mode="m"), 1),
        (lambda: neuron.SlidingPSN(2, step_mode="m"), 0),
        (lambda: neuron.MaskedPSN(2, T, lambda_init=1.0, step_mode="m"), 0),
        (lambda: neuron.FlexSN(core, 1, step_mode="m"), 1),
        (lambda: neuron.EIFNode(step_mode="m"), 1),
    ],
)
def test_neurons_of_spikingjelly_with_kernels_of_their_own(make, states):
    check(make, at_once, states, scale=3.0)


def test_stateless_neurons_of_spikingjelly_keep_no_state():
    count = counted(Chain(lambda: neuron.PSN(T), at_once), torch.rand(T, B, 7))
    updates = {row["layer"]: (row["neuron_updates"], row["states"]) for row in count.layers}
    assert (updates["fc1"], updates["fc2"]) == ((T * 5, 0), (T * 4, 0))


class ByHand(nn.Module):
    def __init__(self):
        super().__init__()
        self.v = None

    def forward(self, current):
        v = current if self.v is None else 0.5 * self.v + current
        spikes = (v > 1.0).float()
        self.v = v - spikes
        return spikes


def test_neurons_by_hand_that_are_modules():
    check(ByHand, step_by_step, None)


def test_neurons_by_hand_over_all_steps_at_once():
    class AtOnce(ByHand):
        def forward(self, currents):
            return torch.stack([super(AtOnce, self).forward(current) for current in currents])

    check(AtOnce, at_once, None)


def test_what_fires_outside_modules_is_not_known_and_that_is_said():
    class Inline(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(7, 5), nn.Linear(5, 2)

        def forward(self, x):
            return self.fc2((self.fc1(x) > 0).float())

    count = counted(Inline(), torch.rand(T, B, 7))
    assert count.firing_rate is None
    assert [row["neuron_updates"] for row in count.layers] == [None, None]
    assert [row["input_kind"] for row in count.layers] == ["real", "spikes"]
    (note,) = count.notes
    assert "firing rates are not known" in note


def test_an_encoding_of_the_input_is_no_neuron():
    class Encodes(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.lif = nn.Linear(7, 5), neuron.IFNode(v_threshold=0.3)

        def forward(self, x):
            return torch.stack([self.lif(self.fc((torch.rand_like(s) <= s).float())) for s in x])

    count = counted(Encodes(), torch.rand(T, B, 7))
    assert [row["neuron_updates"] for row in count.layers] == [T * 5]
    assert 0 < count.firing_rate < 1
    assert count.notes == ()


def test_from_a_shape_alone_neurons_are_counted_and_their_rates_are_not():
    model = Chain(lambda: neuron.IFNode(step_mode="m"), at_once)
    count = counted(model, torch.zeros(T, B, 7), measured=False)
    assert [row["neuron_updates"] for row in count.layers] == [T * 5, T * 4, 0]
    assert {row["output_rate"] for row in count.layers} == {None}
    assert (count.firing_rate, count.silent_fraction, count.saturated_fraction) == (None,) * 3


def test_neurons_after_normalised_pooled_or_joined_layers_belong_to_the_last_of_them():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn = layer.Conv2d(1, 2, 3, padding=1), layer.BatchNorm2d(2)
            self.lif1, self.pool = neuron.IFNode(v_threshold=0.1), layer.AvgPool2d(2)
            self.short, self.conv2 = layer.Conv2d(2, 3, 1), layer.Conv2d(2, 3, 3, padding=1)
            self.lif2 = neuron.IFNode(v_threshold=0.1)
            functional.set_step_mode(self, "m")

        def forward(self, x):
            h = self.pool(self.lif1(self.bn(self.conv1(x))))
            return self.lif2(self.short(h) + self.conv2(h))

    found = layers(Block().eval(), torch.rand(T, B, 1, 4, 4))
    updates = {name: row.neuron_updates for name, row in found.items()}
    assert updates == {"conv1": T * 2 * 16, "bn": 0, "short": 0, "conv2": T * 3 * 4}


def test_neurons_before_all_layers_are_in_the_rates_and_said_to_be_in_no_row():
    model = nn.Sequential(neuron.IFNode(step_mode="m"), nn.Linear(7, 2))
    count = counted(model, torch.rand(T, B, 7))
    assert 0 < count.firing_rate < 1
    assert [row["neuron_updates"] for row in count.layers] == [0]
    (note,) = count.notes
    assert "No layer comes before the neurons of 0" in note
