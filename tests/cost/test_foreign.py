"""Models that are not ours: spikes are known from what produced them, calls are added up."""

import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
from spikingjelly.activation_based import layer, neuron
from torch import nn
from torch.nn import functional

from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count, tallying
from snnbench.cost.foreign import count_model
from snnbench.cost.tally import Tally
from snnbench.counts import foreign_count
from snnbench.errors import UserError
from snnbench.inputs.encodings import encode
from snnbench.network.build import build_network


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
    assert (found["fc1"].effective_macs, found["fc2"].flops_lab) == (None, None)
    assert found["fc1"].flops_lab == 5 * (2 * 6 + 1) * 4


def test_an_ann_needs_no_values_for_the_lab_count():
    model = nn.Sequential(nn.Linear(784, 10), nn.ReLU(), nn.Linear(10, 10))
    count = count_model(model, torch.zeros(2, 784), samples=2, spikes=False, measured=False)
    assert count.totals()["flops_lab"] == 15_900


class Beside(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module, self.fc = module, nn.Linear(6, 3)

    def forward(self, x):
        y = self.module(x, x) if isinstance(self.module, nn.Bilinear) else self.module(x)
        return self.fc(y)


class Decomposed(nn.Module):
    def forward(self, x):
        return torch.linalg.qr(x).R


class WithMore(nn.Linear):
    def forward(self, x):
        return super().forward(x) + super().forward(x.flip(-1))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Bilinear(6, 6, 6), "aten::_trilinear in Bilinear"),
        (Decomposed(), "aten::linalg_qr in Decomposed"),
        (WithMore(6, 6), "products beside its own in WithMore"),
    ],
)
def test_whatever_may_multiply_without_a_rule_makes_all_totals_lower_bounds(module, words):
    x = torch.rand(6, 6)
    count = count_model(Beside(module).eval(), x, samples=6, spikes=False, measured=True)
    assert count.lower_bound
    assert count.uncounted == {words: 1}
    assert count.layers[-1]["layer"] == "fc"


def test_what_a_layer_multiplies_beside_its_own_weight_is_a_row_of_its_own():
    class LoRA(nn.Linear):
        def __init__(self):
            super().__init__(6, 4)
            self.a, self.b = nn.Parameter(torch.rand(2, 6)), nn.Parameter(torch.rand(4, 2))

        def forward(self, x):
            return super().forward(x) + functional.linear(functional.linear(x, self.a), self.b)

    model = nn.Sequential(LoRA(), nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))
    count = count_model(model, torch.rand(3, 6), samples=3, spikes=False, measured=True)
    found = {row["layer"]: row["dense_macs"] for row in count.layers}
    assert found == {"0": 24, "0.linear(a)": 12, "0.linear(b)": 8, "1": 12}
    assert not count.lower_bound


def test_products_that_samples_share_are_listed():
    class Gram(nn.Module):
        def forward(self, x):
            return x.T @ x

    model = nn.Sequential(nn.Linear(4, 5), Gram())
    count = count_model(model, torch.rand(3, 4), samples=3, spikes=False, measured=True)
    assert count.uncounted == {"aten::mm in Gram": 1}
    assert count.totals()["dense_macs"] == 20


def test_what_multiplies_no_weights_makes_nothing_a_lower_bound():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Dropout(), nn.Flatten(),
        nn.Linear(18, 3), nn.Sigmoid(), nn.Softmax(1),
    ).eval()  # fmt: skip
    count = count_model(model, torch.rand(3, 1, 8, 8), samples=3, spikes=False, measured=True)
    assert count.uncounted == {}
    assert not count.lower_bound


@pytest.mark.parametrize(
    ("model", "words"),
    [(nn.Linear(5, 2), "does not run"), (nn.ReLU(), "no layer that multiplies")],
)
def test_a_model_that_cannot_be_counted_is_refused(model, words):
    with pytest.raises(UserError, match=words):
        count_model(model, torch.rand(3, 4), samples=3, spikes=False, measured=True)


@pytest.mark.parametrize("settings", [{}, {"encoding": "repeat"}, {"model": "ann"}])
@pytest.mark.parametrize("arch", ["12-9:linear-10", "3c3-p2-5c3-9-10"])
def test_a_network_of_ours_costs_as_much_to_a_counter_that_does_not_know_it(settings, arch):
    config = RunConfig(
        arch=arch, **({"T": 3, "v_th": 0.1} if settings.get("model") is None else {}) | settings
    )
    network = build_network(config, (1, 8, 8)).eval()
    x = encode(config, torch.rand(4, 1, 8, 8), torch.arange(4), 0)
    tallies = [Tally() for _ in network.plan]
    with torch.no_grad(), tallying(network, tallies):
        network(x)
    T = config.T if config.model == "snn" else None
    ours = count_network(network, tallies, T, dense_count(network))
    spikes = network.plan[0].input_kind == "spikes"
    theirs = count_model(network, x, samples=4, spikes=spikes, measured=True)
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        for name in ("flops_lab", "dense_macs", "effective_macs", "effective_acs", "input_rate"):
            assert a[name] == pytest.approx(b[name]), (a["layer"], name)
    assert ours.params == theirs.params


def test_a_layer_that_runs_at_several_sizes_has_a_row_for_each():
    class Pyramid(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x):
            return self.conv(x).sum() + self.conv(x[..., ::2, ::2]).sum()

    count = count_model(Pyramid(), torch.rand(2, 1, 8, 8), samples=2, spikes=False, measured=True)
    assert [c["layer"] for c in count.layers] == ["conv 1x8x8 to 1x8x8", "conv 1x4x4 to 1x4x4"]
    assert count.totals()["dense_macs"] == 9 * (64 + 16)


def test_a_layer_that_some_samples_skip_is_refused():
    class Skips(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(x[:-1])

    with pytest.raises(UserError, match="2 times to 3 samples"):
        count_model(Skips(), torch.rand(3, 4), samples=3, spikes=False, measured=True)


def test_a_layer_whose_size_the_input_decides_is_counted():
    model = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))
    count = count_model(model, torch.rand(3, 6), samples=3, spikes=False, measured=True)
    assert count.totals()["dense_macs"] == 24 + 8
    assert count.uncounted == {}


def test_what_a_scripted_module_multiplies_is_counted():
    with warnings.catch_warnings(action="ignore"):
        scripted = torch.jit.script(nn.Linear(6, 4))
    model = nn.Sequential(scripted, nn.Linear(4, 2))
    count = count_model(model, torch.rand(3, 6), samples=3, spikes=False, measured=True)
    assert count.totals()["dense_macs"] == 24 + 8
    assert count.uncounted == {}


def test_an_input_given_by_name_is_counted():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(input=x)

    count = count_model(Named(), torch.rand(3, 4), samples=3, spikes=False, measured=True)
    assert count.totals()["dense_macs"] == 8


def test_an_ann_has_no_neurons():
    ann = counts(nn.Linear(6, 4), torch.rand(2, 3, 6))[""]
    assert (ann.model, ann.neuron_updates, ann.states) == ("ann", 0, 0)
    assert (ann.input_values, ann.weights, ann.biases) == (6, 24, 4)


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
