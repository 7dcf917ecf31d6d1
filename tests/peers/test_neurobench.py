"""Counts held against NeuroBench, run on the same models and inputs."""

import warnings

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from snnbench import count, train
from snnbench.checks import load_data
from snnbench.config import RunConfig
from snnbench.cost.derive import network_values
from snnbench.cost.expected import planned_facts
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.network.plan import plan_layers
from snnbench.report.page.exchange import to_object
from snnbench.report.reading.neurobench import METRICS, read_outside

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the libraries that it imports
    reason = "NeuroBench is not installed: pip install 'snnbench[peers]'"
    neurobench = pytest.importorskip("neurobench.benchmarks", reason=reason)
    import snntorch
    from neurobench.metrics import static, workload
    from neurobench.metrics.utils.layers import single_layer_MACs
    from neurobench.models import NeuroBenchModel, SNNTorchModel, TorchModel
    from snntorch import utils
from spikingjelly.activation_based.neuron import BaseNode

STATIC = [static.ParameterCount, static.Footprint, static.ConnectionSparsity]
WORKLOAD = [workload.ClassificationAccuracy, workload.ActivationSparsity,
            workload.SynapticOperations]  # fmt: skip
OF_NEURONS = [workload.MembraneUpdates, workload.NeuronOperations]


class Ours(NeuroBenchModel):
    """One of our networks; a batch is samples and their numbers, by which they are encoded."""

    def __init__(self, config, network):
        super().__init__()
        self.config, self.net = config, network.eval()
        self.add_activation_module(BaseNode)

    def __net__(self):
        return self.net

    @torch.no_grad()
    def __call__(self, batch):
        scores = self.net(encode(self.config, *batch, EVALUATION_EPOCH))
        return (scores.mean(0) if scores.dim() == 3 else scores).argmax(1)


def run(model, tensors, metrics, batch=30, before=(), after=()):
    loader = DataLoader(TensorDataset(*tensors), batch_size=batch)
    benchmark = neurobench.Benchmark(model, loader, list(before), list(after), metrics)
    try:
        return benchmark.run(quiet=True), benchmark
    finally:
        model.cleanup_hooks()


RUNS = [
    {"arch": "12-10", "T": 4, "v_th": 0.3},
    {"arch": "3c3-p2-10", "T": 3, "v_th": 0.2, "batch_norm": True},
    {"arch": "9-10", "T": 3, "encoding": "repeat", "readout": "current"},
    {"arch": "12-10", "model": "ann"},
    {"arch": "4c3-p2-3c5-10", "model": "ann", "batch_norm": True},
]


@pytest.mark.parametrize("settings", RUNS)
def test_what_we_write_is_what_neurobench_measures_on_the_run(settings):
    result = train(dataset="digits", epochs=1, train_samples=256, test_samples=100, ties="first",
                   **settings)  # fmt: skip
    config = result.config
    dataset = load_data(config)
    chosen = select(config, dataset, trains=False)
    test = prepare(config, dataset, chosen, torch.device("cpu")).test
    labels = test.y.argmax(1) if test.y.dim() > 1 else test.y
    theirs, _ = run(
        Ours(config, result.network),
        (test.x, labels, test.samples),
        [STATIC, WORKLOAD],
        before=[lambda data: ((data[0], data[2]), data[1])],
    )
    ours = to_object(result.row, result.layer_rows)
    assert ours["SynapticOperations"] == pytest.approx(theirs["SynapticOperations"], rel=1e-9)
    assert ours["ParameterCount"] == theirs["ParameterCount"]
    assert round(ours["ConnectionSparsity"], 4) == theirs["ConnectionSparsity"]
    assert ours["ClassificationAccuracy"] == pytest.approx(theirs["ClassificationAccuracy"])
    if config.model == "snn":
        assert ours["ActivationSparsity"] == pytest.approx(theirs["ActivationSparsity"])
    else:
        assert "ActivationSparsity" not in ours  # theirs is of ReLU
    # ours has the neurons' states, theirs the statistics that BatchNorm keeps in buffers
    states = sum(row["states"] for row in result.layer_rows)
    buffers = sum(b.numel() * b.element_size() for b in result.network.buffers())
    assert ours["Footprint"] - 4 * states == theirs["Footprint"] - buffers


class Spiking(nn.Module):
    """Of snnTorch, a step at a time: a convolution and a fully connected layer."""

    def __init__(self, neuron=snntorch.Leaky, padding=1, threshold=0.3, **kwargs):
        super().__init__()
        side = 8 - 2 + 2 * padding
        self.conv = nn.Conv2d(1, 3, 3, padding=padding)
        self.lif1 = neuron(**kwargs, threshold=threshold, init_hidden=True)
        self.fc = nn.Linear(3 * side**2, 10)
        self.lif2 = neuron(**kwargs, threshold=threshold, init_hidden=True, output=True)

    def forward(self, x):
        return self.lif2(self.fc(self.lif1(self.conv(x)).flatten(1)))[:2]


class Steps(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return torch.stack([self.net(step)[0] for step in x])


def spikes(T=4, samples=10):
    torch.manual_seed(1)
    return (torch.rand(samples, T, 1, 8, 8) > 0.6).float()


def ours_of(net, x, input_kind):
    """Count a net that has not run yet: of one that has, snnTorch cannot reset the copy."""
    steps = x.transpose(0, 1).contiguous()
    return count(model_from=Steps(net), input=steps, input_kind=input_kind).count


def theirs_of(net, x, metrics, batch=10):
    data = (x, torch.zeros(len(x), dtype=torch.long))
    return run(SNNTorchModel(net), data, metrics, batch, after=[lambda p: p.sum(1).argmax(1)])[0]


@pytest.mark.parametrize(("padding", "missing"), [(0, 0), (1, 4 * 3 * (9 * 64 - 22**2))])
@pytest.mark.parametrize("kind", ["spikes", "real"])
def test_counts_of_a_model_of_snntorchs(padding, missing, kind):
    torch.manual_seed(0)
    net = Spiking(beta=0.9, padding=padding).eval()
    net.conv.weight.data[0] = 0
    x = spikes() if kind == "spikes" else torch.rand(10, 4, 1, 8, 8)
    found = ours_of(net, x, kind).conventions()
    theirs = theirs_of(net, x, [STATIC, WORKLOAD])
    operations = theirs["SynapticOperations"]
    assert found["effective_macs"] == pytest.approx(operations["Effective_MACs"])
    assert found["effective_acs"] == pytest.approx(operations["Effective_ACs"])
    # fvcore's rule counts the products with padding, NeuroBench's does not
    assert found["dense_macs"] == pytest.approx(operations["Dense"] + missing)
    assert round(found["connection_sparsity"], 4) == theirs["ConnectionSparsity"] > 0


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_a_real_batch_of_one_value_is_spikes_to_them_and_real_to_us(value):
    x = torch.full((5, 1, 8), value)
    net = nn.Sequential(nn.Linear(8, 3))
    theirs, _ = run(TorchModel(net), (x[:, 0], torch.zeros(5)), [[], [WORKLOAD[2]]])
    operations = theirs["SynapticOperations"]
    found = count(model_from=net, input=x[:, 0], layout="B").count.conventions()
    assert operations["Effective_MACs"] == found["effective_acs"] == 0
    assert operations["Effective_ACs"] == found["effective_macs"] == 24 * abs(value)


def test_a_real_batch_of_other_values_is_real_to_both():
    x = torch.tensor([[0.5, 0.0, 1.0]])
    operations, spiking = single_layer_MACs(x, nn.Linear(3, 4))
    assert (operations, spiking) == (8, False)
    found = count(model_from=nn.Linear(3, 4), input=x, layout="B").count.conventions()
    assert found["effective_macs"] == 8


def test_their_means_of_batches_are_by_element():
    torch.manual_seed(0)
    net, x = Spiking(beta=0.9).eval(), spikes()
    whole, split = (theirs_of(net, x, [[], WORKLOAD], batch) for batch in (10, 3))
    assert whole["ActivationSparsity"] == pytest.approx(split["ActivationSparsity"], rel=1e-9)
    assert whole["SynapticOperations"] == split["SynapticOperations"]


def planned(T):
    config = RunConfig(arch="12-10", T=T, neuron="lif", encoding="bernoulli")
    return planned_facts(plan_layers(config, (64,)), T, bias=True, batch_norm=False)


class Flat(nn.Module):
    def __init__(self, neuron, bias=True, **kwargs):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(64, 12, bias), nn.Linear(12, 10, bias)
        self.lif1 = neuron(**kwargs, init_hidden=True)
        self.lif2 = neuron(**kwargs, init_hidden=True, output=True)

    def forward(self, x):
        return self.lif2(self.fc2(self.lif1(self.fc1(x.flatten(1)))))[:2]


def test_neuron_operations_are_those_of_all_neurons_at_all_steps():
    theirs = theirs_of(Flat(snntorch.Leaky, beta=0.9).eval(), spikes(T=5), [[], OF_NEURONS])
    layers = planned(5)
    updates = sum(layer.neuron_updates for layer in layers)
    operations = network_values(layers)["neuron_operations"]
    assert theirs["NeuronOperations"]["Neuron Dense Ops"] == operations == 4 * updates
    assert theirs["MembraneUpdates"] <= updates


def test_membrane_updates_leave_out_neurons_at_rest():
    net = Flat(snntorch.Leaky, bias=False, beta=0.9).eval()
    theirs = theirs_of(net, torch.zeros(10, 5, 1, 8, 8), [[], OF_NEURONS])
    assert theirs["MembraneUpdates"] == 12 + 10  # the first step counts all
    assert theirs["NeuronOperations"] == {
        "Effective Neuron Ops": 4 * 22, "Neuron Dense Ops": 4 * 22 * 5,
    }  # fmt: skip
    assert sum(layer.neuron_updates for layer in planned(5)) == 22 * 5


def test_states_are_in_their_footprint_once_a_batch_has_left_them_in_a_buffer():
    net = Flat(snntorch.Leaky, beta=0.9).eval()
    constants = sum(b.numel() * b.element_size() for b in net.buffers())
    assert static.Footprint()(SNNTorchModel(net)) - constants == 4 * 910
    utils.reset(net)
    with torch.no_grad():
        net(spikes()[:, 0])
    assert static.Footprint()(SNNTorchModel(net)) - constants == 4 * 910 + 4 * 22 * 10


def test_a_file_of_theirs_is_read_and_a_metric_that_failed_is_missing(tmp_path):
    net = nn.Sequential(nn.Linear(8, 3), nn.ReLU())
    data = (torch.rand(10, 8), torch.zeros(10, 3))
    theirs, benchmark = run(TorchModel(net), data, [STATIC, [*WORKLOAD, *OF_NEURONS]])
    benchmark.save_benchmark_results(str(tmp_path / "theirs"))
    ((row,), notes) = read_outside(tmp_path / "theirs.json")
    assert theirs["NeuronOperations"] == 0.0  # ReLU has no reset
    assert not any(name.startswith("NeuronOperations") for name in row.metrics)
    assert any("failed there: 'NeuronOperations'" in note for note in notes)
    assert row.metrics["ActivationSparsity"] == theirs["ActivationSparsity"]
    assert row.columns["effective_macs"] == theirs["SynapticOperations"]["Effective_MACs"]


def test_the_names_are_neurobenchs():
    theirs = {*static.__all__, *workload.__stateful__, *workload.__stateless__}
    assert set(METRICS) == theirs
