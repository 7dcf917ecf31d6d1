"""A network with neurons of any library; what is counted compared with the spikes it makes."""

import pytest
import torch
from torch import nn

from tests.cost.models import counted

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
    fresh = Chain(make, fire).eval()
    with torch.no_grad():
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
