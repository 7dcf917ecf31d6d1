"""Neurons that are not ours: whatever they are made of, what they give is known from how."""

import warnings
from types import SimpleNamespace

import pytest
import torch
from spikingjelly.activation_based import layer, neuron, surrogate
from torch import nn

from snnbench.cost.foreign import count_model


def counts(model, x, **kwargs):
    given = {"samples": x.shape[1], "spikes": False, "measured": True} | kwargs
    return {c["layer"]: SimpleNamespace(**c) for c in count_model(model, x, **given).layers}


class Fired(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.gt(x, 0).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def fired(x):
    return (x > 0.0).to(x)


with warnings.catch_warnings(action="ignore"):  # neurons of others are scripted still
    SCRIPTED = torch.jit.script(fired)


def scripted(x):  # a model that holds it can be copied
    return SCRIPTED(x)


def straight_through(x):
    soft = torch.sigmoid(4 * x)
    return soft + ((x > 0).float() - soft).detach()


FIRE = {
    "an autograd function": Fired.apply,
    "a cast comparison": lambda x: (x > 0).float(),
    "heaviside": lambda x: torch.heaviside(x, torch.tensor(1.0)),
    "where": lambda x: torch.where(x > 0, 1.0, 0.0),
    "TorchScript": scripted,
    "straight-through": straight_through,
    "chance": lambda x: torch.bernoulli(torch.sigmoid(x)),
}


class Neuron(nn.Module):
    """A leaky integrate-and-fire neuron by hand, with state in a buffer."""

    def __init__(self, fire):
        super().__init__()
        self.fire = fire
        self.register_buffer("v", torch.zeros(0), persistent=False)
        self.register_buffer("threshold", torch.tensor(0.1))

    def forward(self, current):
        v = self.v if self.v.shape == current.shape else torch.zeros_like(current)
        v = 0.9 * v + current
        spikes = self.fire(v - self.threshold)
        self.v = v * (1 - spikes)
        return spikes


class Spiking(nn.Module):
    def __init__(self, neuron, after=lambda s: s):
        super().__init__()
        self.fc1, self.neuron, self.fc2 = nn.Linear(6, 4), neuron, nn.Linear(4, 3)
        self.after = after
        nn.init.constant_(self.fc1.weight, 0.2)

    def forward(self, x):
        return torch.stack([self.fc2(self.after(self.neuron(self.fc1(step)))) for step in x])


@pytest.mark.parametrize("name", FIRE)
def test_a_neuron_by_hand_spikes_however_it_does(name):
    found = counts(Spiking(Neuron(FIRE[name])), torch.rand(5, 2, 6))
    assert [found[n].input_kind for n in ("fc1", "fc2")] == ["real", "spikes"]
    assert found["fc2"].effective_acs > 0 == found["fc2"].effective_macs
    assert found["fc2"].effective_acs == round(found["fc2"].effective_acs * 2) / 2
    assert found["fc2"].energy_pj_compute45nm == pytest.approx(0.9 * found["fc2"].effective_acs)
    assert found["fc1"].model == "snn"


@pytest.mark.parametrize("fire", [torch.sigmoid, torch.relu, lambda x: 0.5 * (x > 0)])
def test_a_neuron_of_graded_values_does_not_spike(fire):
    found = counts(Spiking(Neuron(fire)), torch.rand(5, 2, 6))
    assert found["fc2"].input_kind == "real"
    assert found["fc2"].effective_acs == 0


def test_a_neuron_that_torch_cannot_see_into_is_said_to_be_unknown():
    def fire(x):
        return torch.from_numpy((x.numpy() > 0).astype("float32"))

    x = torch.rand(5, 2, 6)
    count = count_model(Spiking(Neuron(fire)), x, samples=2, spikes=False, measured=True)
    _, fc2 = count.layers
    unknown = ("input_kind", "flops_lab", "effective_macs", "effective_acs")
    assert [fc2[name] for name in unknown] == [None] * 4
    assert count.totals()["energy_pj_compute45nm"] is None
    assert count.totals()["dense_macs"] == 5 * (24 + 12)
    (note,) = count.notes
    assert "fc2" in note
    assert "no operation of torch" in note


def test_a_neuron_of_spikingjellys_that_torch_cannot_see_into_spikes():
    class Opaque(neuron.IFNode):
        def forward(self, x):
            return torch.from_numpy((x.numpy() > 0).astype("float32"))

    found = counts(Spiking(Opaque()), torch.rand(5, 2, 6))
    assert found["fc2"].input_kind == "spikes"


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        (neuron.IFNode(v_threshold=0.1), "spikes"),
        (neuron.ParametricLIFNode(v_threshold=0.1), "spikes"),
        (neuron.TernaryIFNode(), "integers"),
        (neuron.ILIFNode(), "integers"),
        (neuron.LIAFNode(act=torch.relu, threshold_related=False), "real"),
        (neuron.IFNode(surrogate_function=surrogate.Sigmoid(spiking=False)), "real"),
    ],
)
def test_what_spikingjellys_neurons_give_is_what_they_compute(node, kind):
    assert counts(Spiking(node), torch.rand(5, 2, 6))["fc2"].input_kind == kind


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (lambda s: s.mul_(0.3), "real"),
        (lambda s: s.swapaxes(0, 1).T.contiguous(), "spikes"),
        (lambda s: torch.cat(tensors=list(s.split(1, 1)), dim=1), "spikes"),
        (lambda s: s * (1 - s.flip(1)), "spikes"),
    ],
)
def test_what_becomes_of_spikes_decides(after, kind):
    found = counts(Spiking(Neuron(Fired.apply), after), torch.rand(5, 2, 6))
    assert found["fc2"].input_kind == kind


class Residual(nn.Module):
    """A block of a SEW-ResNet."""

    def __init__(self, join):
        super().__init__()
        self.conv1, self.sn1 = layer.Conv2d(1, 2, 3, padding=1, step_mode="m"), node()
        self.conv2, self.sn2 = layer.Conv2d(2, 2, 3, padding=1, step_mode="m"), node()
        self.conv3, self.join = layer.Conv2d(2, 2, 3, padding=1, step_mode="m"), join

    def forward(self, x):
        identity = self.sn1(self.conv1(x))
        return self.conv3(self.join(self.sn2(self.conv2(identity)), identity))


def node():
    return neuron.IFNode(v_threshold=0.1, step_mode="m")


def iadd(out, identity):
    out += identity
    return out


def energy_of(join):
    torch.manual_seed(0)
    model = Residual(join)
    found = counts(model, torch.rand(4, 2, 1, 8, 8, generator=torch.Generator().manual_seed(1)))
    return found["conv3"], model


JOINS = [
    lambda out, x: out + x, iadd, lambda out, x: x.add(out),
    lambda out, x: torch.add(x, out, out=torch.empty_like(x)),
    lambda out, x: torch.stack([out, x]).sum(0),
]  # fmt: skip


def test_sums_of_spikes_are_accumulated_spike_by_spike_however_they_are_written():
    found = [energy_of(join)[0] for join in JOINS]
    assert {layer.input_kind for layer in found} == {"integers"}
    assert len({layer.energy_pj_compute45nm for layer in found}) == 1
    assert found[0].effective_macs == 0 < found[0].effective_acs
    parts = [energy_of(join)[0] for join in (lambda out, x: out, lambda out, x: x)]
    assert found[0].effective_acs == sum(part.effective_acs for part in parts)
    assert found[0].input_rate == pytest.approx(sum(part.input_rate for part in parts))


@pytest.mark.parametrize("join", [lambda out, x: out * x, lambda out, x: x * (1.0 - out)])
def test_and_and_iand_of_spikes_are_spikes(join):
    found, _ = energy_of(join)
    assert found.input_kind == "spikes"
    assert found.effective_macs == 0


def test_signed_spikes_are_counted_whatever_their_sign():
    found = counts(Spiking(Neuron(torch.sign)), torch.rand(5, 2, 6))["fc2"]
    assert found.input_kind == "integers"
    assert found.effective_acs == 5 * 4 * 3
    assert found.flops_lab == 5 * ((2 * 4 - 1) * 3 + 2 * 3)


def test_a_model_whose_states_come_from_training_is_counted():
    model = Spiking(Neuron(Fired.apply))
    model(torch.rand(5, 2, 6))
    assert model.neuron.v.grad_fn is not None
    assert counts(model, torch.rand(5, 2, 6))["fc2"].input_kind == "spikes"
    assert model.neuron.v.grad_fn is not None


class Snntorch(nn.Module):
    def __init__(self, library, kind):
        super().__init__()
        about = {"alpha": 0.8} if kind in {"Synaptic", "RSynaptic"} else {}
        about |= {"alpha": 0.95} if kind == "Alpha" else {}
        about |= {"linear_features": 4} if kind in {"RLeaky", "RSynaptic"} else {}
        self.fc1, self.fc2 = nn.Linear(6, 4), nn.Linear(4, 3)
        self.neuron = getattr(library, kind)(beta=0.9, threshold=0.1, init_hidden=True, **about)

    def forward(self, x):
        return torch.stack([self.fc2(self.neuron(self.fc1(step))) for step in x])


@pytest.mark.parametrize("kind", ["Leaky", "Synaptic", "Alpha", "Lapicque", "RLeaky", "RSynaptic"])
def test_neurons_of_snntorch_spike(kind):
    library = pytest.importorskip("snntorch", reason="snnTorch is not installed")
    found = counts(Snntorch(library, kind), torch.rand(5, 2, 6))
    assert {n: found[n].input_kind for n in ("fc1", "fc2")} == {"fc1": "real", "fc2": "spikes"}
    assert found["fc1"].model == "snn"


@pytest.mark.parametrize("kind", ["LIFCell", "LIFBoxCell", "IAFCell", "LSNNCell"])
def test_neurons_of_norse_spike(kind):
    library = pytest.importorskip("norse.torch", reason="Norse is not installed")

    class Cells(Spiking):
        def forward(self, x):
            state, outputs = None, []
            for step in 20 * x:
                spikes, state = self.neuron(self.fc1(step), state)
                outputs.append(self.fc2(spikes))
            return torch.stack(outputs)

    found = counts(Cells(getattr(library, kind)()), torch.rand(5, 2, 6))
    assert [found[n].input_kind for n in ("fc1", "fc2")] == ["real", "spikes"]
