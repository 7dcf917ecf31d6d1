"""Firing rates and states of snnTorch's and Norse's neurons, where those are installed."""

import pytest
import torch
from torch import nn

from tests.cost.chains import B, T, at_once_with_state, check, step_by_step, with_state
from tests.cost.models import counted, layers


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
