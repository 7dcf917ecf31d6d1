"""Models that are not ours: spikes are known from what produced them, calls are added up."""

import logging
import sys
from types import SimpleNamespace

import pytest
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn

from snnbench.cost.foreign import count_model
from snnbench.counts import foreign_count
from snnbench.errors import UserError


class MultiStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = layer.Conv2d(1, 2, 3, padding=1, step_mode="m")
        self.lif = neuron.LIFNode(tau=2.0, v_threshold=0.2, step_mode="m")
        self.pool = layer.MaxPool2d(2, step_mode="m")
        self.fc = nn.Linear(2 * 4 * 4, 5)
        self.head = nn.Linear(5, 3)
        nn.init.constant_(self.conv.weight, 0.2)

    def forward(self, x):
        spikes = self.pool(self.lif(self.conv(x)))
        currents = self.fc(spikes.flatten(2))
        return self.head(currents.mean(0))


class StepByStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.lif = nn.Linear(6, 4), neuron.LIFNode(tau=2.0, v_threshold=0.1)
        self.fc2 = nn.Linear(4, 3)

    def forward(self, x):
        return torch.stack([self.fc2(self.lif(self.fc1(step))) for step in x]).mean(0)


def counts(model, x, **kwargs):
    given = {"samples": x.shape[1], "spikes": False, "measured": True} | kwargs
    return {c["layer"]: SimpleNamespace(**c) for c in count_model(model, x, **given).layers}


def test_spikes_stay_spikes_through_pooling_and_reshaping_and_currents_are_real():
    found = counts(MultiStep(), torch.rand(4, 3, 1, 8, 8))
    assert [found[n].input_kind for n in ("conv", "fc", "head")] == ["real", "spikes", "real"]
    assert [found[n].applied_steps for n in ("conv", "fc", "head")] == [4, 4, 1]
    assert found["conv"].dense_macs == 4 * 9 * 2 * 64
    assert found["fc"].effective_acs > 0 == found["fc"].effective_macs
    assert found["head"].effective_acs == 0


def test_a_model_that_loops_over_steps_is_counted_over_all_of_them():
    x = (torch.rand(5, 2, 6) > 0.5).float()
    found = counts(StepByStep(), x, spikes=True)
    assert [found[n].input_kind for n in ("fc1", "fc2")] == ["spikes", "spikes"]
    assert found["fc1"].effective_acs == x.sum().item() / 2 * 4
    assert found["fc1"].dense_macs == 5 * 24
    assert found["fc2"].applied_steps == 5


def test_values_do_not_decide_what_is_a_spike():
    zeros = counts(StepByStep(), torch.zeros(5, 2, 6))
    assert zeros["fc1"].input_kind == "real"


def test_with_a_shape_alone_what_depends_on_values_is_missing():
    found = counts(StepByStep(), torch.zeros(5, 2, 6), measured=False)
    assert found["fc1"].dense_macs == 120
    assert (found["fc1"].effective_macs, found["fc1"].flops_lab) == (None, None)


def test_an_ann_needs_no_values_for_the_lab_count():
    model = nn.Sequential(nn.Linear(784, 10), nn.ReLU(), nn.Linear(10, 10))
    count = count_model(model, torch.zeros(2, 784), samples=2, spikes=False, measured=False)
    assert count.totals()["flops_lab"] == 15_900


def test_operations_outside_the_counted_layers_are_listed():
    model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    count = count_model(model, torch.rand(3, 4), samples=3, spikes=False, measured=True)
    assert list(count.uncounted.values()) == [3 * 4 * 5]  # fvcore: 5 flops an element


@pytest.mark.parametrize(
    ("model", "words"),
    [(nn.Linear(5, 2), "does not run"), (nn.ReLU(), "no linear")],
)
def test_a_model_that_cannot_be_counted_is_refused(model, words):
    with pytest.raises(UserError, match=words):
        count_model(model, torch.rand(3, 4), samples=3, spikes=False, measured=True)


def test_what_is_not_known_of_a_models_neurons_is_missing():
    snn = counts(StepByStep(), torch.rand(5, 2, 6))["fc1"]
    assert (snn.model, snn.steps, snn.neuron_updates, snn.states) == ("snn", 5, None, None)
    ann = counts(nn.Linear(6, 4), torch.rand(2, 3, 6))[""]
    assert (ann.model, ann.neuron_updates, ann.states) == ("ann", 0, 0)
    assert (ann.input_values, ann.weights, ann.biases) == (6, 24, 4)


def test_counting_leaves_the_level_of_torchs_logger():
    logger = logging.getLogger("torch._library.triton")
    before = logger.level
    levels = []
    model = nn.Linear(6, 4)
    model.register_forward_hook(lambda *_: levels.append(logger.level))
    counts(model, torch.rand(2, 3, 6))
    assert logger.level == before != levels[0] == logging.ERROR


@pytest.mark.parametrize("broken", [False, True])
def test_counting_leaves_the_import_path(broken, tmp_path, monkeypatch):
    (tmp_path / "counted_late.py").write_text("")
    (tmp_path / "counted_net.py").write_text(
        "import sys\nfrom torch import nn\n"
        "class Net(nn.Linear):\n"
        "    def forward(self, x):\n"
        "        import counted_late\n"
        "        sys.path.append('mine')\n"
        "        return super().forward(x)\n"
        f"def make():\n    return Net({5 if broken else 6}, 4)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    for name in ("counted_net", "counted_late"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = sys.path[:]
    if broken:
        with pytest.raises(UserError, match="does not run"):
            foreign_count("counted_net:make", "B", (2, 6), None)
    else:
        count = foreign_count("counted_net:make", "B", (2, 6), None)
        assert count.totals()["dense_macs"] == 24
    assert sys.path == before
