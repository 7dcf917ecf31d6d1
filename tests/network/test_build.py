import pytest
import torch

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.inputs.encodings import encode
from snnbench.network.build import build_network
from snnbench.network.plan import plan_layers
from snnbench.neurons.neuron import Kernels


def parameters(network):
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("settings", "shape", "expected"),
    [
        ({"arch": "10-10"}, (784,), 7_960),
        ({"arch": "10-10"}, (1, 28, 28), 7_960),
        ({"arch": "256:linear-256-256-4:relu", "readout": "current", "neuron": "if"},
         (50,), 145_668),
        ({"arch": "16c3-p2-64-64-64-10", "model": "ann"}, (1, 28, 28), 209_898),
        ({"arch": "16c3-p2-64-64-64-10"}, (1, 28, 28), 209_898),
        ({"arch": "2000-2000-2000-10", "model": "ann"}, (784,), 9_594_010),
        ({"arch": "8000-10", "model": "ann"}, (784,), 6_360_010),
        ({"arch": "10-10", "bias": False}, (784,), 7_940),
        ({"arch": "10-10", "batch_norm": True}, (784,), 7_980),
    ],
)  # fmt: skip
def test_parameter_counts_come_out(settings, shape, expected):
    network = build_network(RunConfig(**settings), shape)
    config = RunConfig(**settings)
    assert parameters(network) == expected
    planned = [e.parameters(bias=config.bias, batch_norm=config.batch_norm) for e in network.plan]
    assert sum(planned) == expected


def test_twins_start_from_the_same_weights():
    shape = (1, 8, 8)
    ann = build_network(RunConfig(arch="4c3-p2-20-10", model="ann", seed=3), shape)
    snn = build_network(RunConfig(arch="4c3-p2-20-10", model="snn", seed=3), shape)
    for a, b in zip(ann.parameters(), snn.parameters(), strict=True):
        assert torch.equal(a, b)
    other = build_network(RunConfig(arch="4c3-p2-20-10", seed=4), shape)
    assert not torch.equal(next(snn.parameters()), next(other.parameters()))


def test_initial_weights_do_not_depend_on_or_disturb_torchs_generator():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    build_network(RunConfig(), (64,))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    ("init", "deviation", "bound"),
    [
        ("default", (1 / 300**0.5) / 3**0.5, 1 / 300**0.5),
        ("xavier-normal", (2 / 500) ** 0.5, None),
        ("xavier-uniform", (2 / 500) ** 0.5, (6 / 500) ** 0.5),
        ("kaiming-normal", (2 / 300) ** 0.5, None),
        ("kaiming-uniform", (2 / 300) ** 0.5, (6 / 300) ** 0.5),
    ],
)
def test_initial_weights_have_the_spread_of_their_formula(init, deviation, bound):
    network = build_network(RunConfig(arch="200-10", init=init), (300,))
    weight = network.weight_modules[0].weight
    assert weight.std().item() == pytest.approx(deviation, rel=0.02)
    if bound is not None:
        assert weight.abs().max().item() <= bound
        assert weight.abs().max().item() > 0.99 * bound


def test_an_ann_is_an_ordinary_perceptron():
    network = build_network(RunConfig(arch="20:tanh-15-10", model="ann"), (1, 4, 4))
    x = torch.rand(3, 1, 4, 4)
    fc1, fc2, fc3 = network.weight_modules
    expected = fc3(torch.relu(fc2(torch.tanh(fc1(x.flatten(1))))))
    torch.testing.assert_close(network(x[None])[0], expected)


def test_a_convolution_keeps_the_image_size():
    plan = plan_layers(RunConfig(arch="6c5-p2-3c3-10"), (3, 9, 7))
    shapes = [(e.input_shape, e.output_shape) for e in plan]
    assert shapes == [((3, 9, 7), (6, 9, 7)), ((6, 4, 3), (3, 4, 3)), ((36,), (10,))]
    network = build_network(RunConfig(arch="6c5-p2-3c3-10", T=2), (3, 9, 7))
    assert network(torch.rand(2, 4, 3, 9, 7)).shape == (2, 4, 10)


def test_neurons_and_their_pooling_are_one_kernel_in_training_only():
    network = build_network(RunConfig(arch="4c3-p2-10", T=3), (1, 8, 8))
    x, shapes = torch.rand(3, 2, 1, 8, 8), []

    def pooled_scan(current):
        shapes.append(current.shape)
        return torch.ones(3, 2, 4, 4, 4)

    def scan(current):
        return torch.zeros_like(current), torch.zeros_like(current)

    network.neurons[0].kernels = Kernels(scan, pooled_scan)
    assert network.train()(x).shape == (3, 2, 10)
    assert shapes == [(3, 2, 4, 8, 8)]
    fired = []
    network.neurons[0].register_forward_hook(lambda module, args, out: fired.append(out.shape))
    network.eval()(x)
    assert (len(shapes), fired) == (1, [(3, 2, 4, 8, 8)])


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_constant_input_repeated_gives_the_same_spikes_as_its_current_repeated(batch_norm):
    config = RunConfig(arch="4c3-p2-30-10", encoding="repeat", T=6, batch_norm=batch_norm, v_th=0.2)
    network = build_network(config, (1, 6, 6)).eval()
    x = encode(config, torch.rand(5, 1, 6, 6), torch.arange(5), 1)
    once = network(x)
    network.layers.repeat.steps = -1  # the input itself now has six steps
    assert torch.equal(network(x.expand(6, *x.shape[1:])), once)
    assert 0 < once.mean() < 1


def test_neuron_state_is_fresh_for_every_batch():
    network = build_network(RunConfig(T=4, v_th=0.1), (16,))
    x = (torch.rand(4, 5, 16) > 0.5).float()
    assert torch.equal(network(x), network(x))


def test_an_snn_with_a_relu_output_and_a_linear_first_layer():
    config = RunConfig(arch="8:linear-8-4:relu", readout="current", T=3)
    network = build_network(config, (5,))
    assert [n is not None for n in network.neurons] == [False, True, False]
    assert network(torch.rand(3, 2, 5)).min() >= 0


def test_dropout_keeps_spikes_binary():
    network = build_network(RunConfig(arch="50-10", dropout=0.5, T=3, v_th=0.05), (20,)).train()
    seen = []
    network.neurons[0].register_forward_hook(lambda m, a, spikes: seen.append(spikes))
    network(torch.ones(3, 8, 20))
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}


def test_what_enters_a_layer_is_known_from_what_produced_it():
    def kinds(**settings):
        plan = plan_layers(RunConfig(**settings), (1, 8, 8))
        return [(e.input_kind, e.applied_steps) for e in plan]

    assert kinds(arch="5-10", T=7) == [("spikes", 7), ("spikes", 7)]
    assert kinds(arch="5-10", T=7, encoding="repeat") == [("constant", 1), ("spikes", 7)]
    assert kinds(arch="5-10", model="ann") == [("real", 1), ("real", 1)]
    assert kinds(arch="5:relu-9-10", T=7) == [("spikes", 7), ("real", 7), ("spikes", 7)]
    assert kinds(arch="5:relu-10", T=7, encoding="repeat") == [("constant", 1), ("constant", 1)]
    assert kinds(arch="4c3-p2-10", T=7)[1] == ("spikes", 7)


@pytest.mark.parametrize(
    ("arch", "shape", "words"),
    [("4c3-10", (64,), "not images"), ("p2-10", (1, 8, 8), "Begin with a weight layer"),
     ("4c3-p2-p2-p2-p2-10", (1, 8, 8), "pools the image to nothing")],
)  # fmt: skip
def test_an_arch_that_does_not_fit_the_input_is_refused(arch, shape, words):
    with pytest.raises(UserError) as caught:
        plan_layers(RunConfig(arch=arch), shape)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "settings", [{"model": "ann"}, {"T": 1, "encoding": "repeat", "readout": "current"}]
)
def test_dropout_drops_other_units_at_every_pass_whatever_the_batch_size(settings):
    config = RunConfig(arch="50:linear-10:linear", dropout=0.5, **settings)
    network = build_network(config, (20,)).train()
    x = torch.rand(1, 6, 20)
    assert not torch.equal(network(x), network(x))
    assert network(x[:, :4]).shape[1] == 4
