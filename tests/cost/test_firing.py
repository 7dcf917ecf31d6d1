"""Firing rates, silent and saturated neurons, neuron updates and states of anyone's neurons."""

import pytest
import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn

from tests.cost.models import counted, layers

T, B = 6, 3


class Chain(nn.Module):
    """Two layers with neurons and one without; `fire` runs neurons over all steps of a current."""

    def __init__(self, make, fire):
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.n1 = nn.Linear(7, 5), make()
        self.fc2, self.n2 = nn.Linear(5, 4), make()
        self.fc3 = nn.Linear(4, 2)
        self.fire = fire
        with torch.no_grad():
            self.fc1.weight *= 3
            self.fc1.weight[0] = -9.0  # silent
            self.fc1.weight[1] = 99.0  # saturated
            self.fc2.weight *= 3

    def forward(self, x):
        self.spikes = [self.fire(self.n1, self.fc1(x))]
        self.spikes.append(self.fire(self.n2, self.fc2(self.spikes[0])))
        return self.fc3(self.spikes[1])


def at_once(neurons, currents):
    return neurons(currents)


def step_by_step(neurons, currents):
    return torch.stack([neurons(current) for current in currents])


def with_state(neurons, currents):
    state, spikes = None, []
    for current in currents:
        fired, *state = neurons(current, *(state or []))
        spikes.append(fired)
    return torch.stack(spikes)


def at_once_with_state(neurons, currents):
    return neurons(currents)[0]


def check(make, fire, states, scale=1.0):
    """Compare what is counted with the spikes that the same model makes by itself."""
    x = scale * torch.rand(T, B, 7, generator=torch.Generator().manual_seed(1)) + 0.1
    model = Chain(make, fire).eval()
    count = counted(model, x)
    with torch.no_grad():
        functional.reset_net(Chain(make, fire))
        fresh = Chain(make, fire).eval()
        fresh(x)
    fired = [(spikes != 0).float() for spikes in fresh.spikes]
    found = {row["layer"]: row for row in count.layers}
    for name, spikes, n in zip(("fc1", "fc2"), fired, (5, 4), strict=True):
        assert found[name]["output_spikes"] == pytest.approx(spikes.sum().item() / B)
        assert found[name]["output_rate"] == pytest.approx(spikes.mean().item())
        assert found[name]["neuron_updates"] == T * n
        assert found[name]["states"] == (None if states is None else states * n)
    assert found["fc3"]["neuron_updates"] == found["fc3"]["states"] == 0
    assert (found["fc3"]["output_rate"], found["fc3"]["output_spikes"]) == (None, None)
    per_neuron = torch.cat([spikes.mean((0, 1)) for spikes in fired])
    assert 0 < count.firing_rate < 1
    assert count.firing_rate == pytest.approx(per_neuron.mean().item())
    assert count.silent_fraction == pytest.approx((per_neuron == 0).float().mean().item())
    assert count.saturated_fraction == pytest.approx((per_neuron == 1).float().mean().item())
    assert count.silent_fraction > 0
    assert not count.lower_bound
    return count


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


def snntorch():
    return pytest.importorskip("snntorch", reason="snnTorch is not installed")


ABOUT = {"Synaptic": {"alpha": 0.8}, "Alpha": {"alpha": 0.95, "beta": 0.8}}


@pytest.mark.parametrize(
    ("kind", "states"), [("Leaky", 1), ("Lapicque", 1), ("Synaptic", 2), ("Alpha", 3)]
)
@pytest.mark.parametrize("hidden", [True, False])
def test_neurons_of_snntorch(kind, states, hidden):
    library = snntorch()
    about = {"beta": 0.9, "init_hidden": hidden} | ABOUT.get(kind, {})
    check(lambda: getattr(library, kind)(**about), step_by_step if hidden else with_state, states,
          scale=3.0)  # fmt: skip


@pytest.mark.parametrize("kind", ["RLeaky", "RSynaptic"])
def test_recurrent_neurons_of_snntorch(kind):
    library = snntorch()

    def make():
        about = {"beta": 0.9, "linear_features": 5, "init_hidden": True} | (
            {"alpha": 0.8} if kind == "RSynaptic" else {}
        )
        return getattr(library, kind)(**about)

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.n1, self.fc2 = nn.Linear(7, 5), make(), nn.Linear(5, 2)

        def forward(self, x):
            return self.fc2(step_by_step(self.n1, self.fc1(x)))

    found = layers(Recurrent(), 9 * torch.rand(T, B, 7))
    assert found["fc1"].neuron_updates == T * 5
    assert found["n1.recurrent"].input_kind == found["fc2"].input_kind == "spikes"
    assert found["n1.recurrent"].dense_macs == T * 25
    # What neurons fire at one step is fed back at the next; the last step's is not.
    assert 0 < found["n1.recurrent"].input_nonzero <= found["fc1"].output_spikes


def test_one_neuron_module_after_two_layers_has_neurons_after_each():
    library = snntorch()

    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2, self.lif = nn.Linear(7, 5), nn.Linear(5, 4), library.Leaky(beta=0.9)

        def forward(self, x):
            a, b = torch.zeros(B, 5), torch.zeros(B, 4)
            for step in x:
                first, a = self.lif(self.fc1(step), a)
                _, b = self.lif(self.fc2(first), b)
            return b

    found = layers(Shared(), torch.rand(T, B, 7))
    assert [row.neuron_updates for row in found.values()] == [T * 5, T * 4]


@pytest.mark.parametrize(
    ("kind", "states", "fire"),
    [
        ("LIFCell", 2, with_state), ("LIFBoxCell", 1, with_state), ("IAFCell", 1, with_state),
        ("LSNNCell", 3, with_state), ("LIFAdExCell", 3, with_state), ("LIF", 2, at_once_with_state),
        ("LSNN", 3, at_once_with_state),
    ],
)  # fmt: skip
def test_neurons_of_norse(kind, states, fire):
    library = pytest.importorskip("norse.torch", reason="Norse is not installed")
    check(getattr(library, kind), fire, states, scale=20.0)


def test_leaky_integrators_of_norse_do_not_fire():
    library = pytest.importorskip("norse.torch", reason="Norse is not installed")

    class Readout(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.li = nn.Linear(7, 2), library.LICell()

        def forward(self, x):
            return with_state(self.li, self.fc(x))

    count = counted(Readout(), torch.rand(T, B, 7))
    assert count.firing_rate is None
    assert [row["neuron_updates"] for row in count.layers] == [0]


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
