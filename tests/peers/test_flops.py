"""Dense counts held against fvcore's flop count and torch's FlopCounterMode."""

import logging
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from snnbench import count

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's, of what fvcore does when imported
    from fvcore.nn import FlopCountAnalysis

logging.getLogger("fvcore").setLevel(logging.ERROR)
MODELS = [
    (nn.Sequential(nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 3)), (12,)),
    (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten(), nn.Linear(256, 2)), (3, 8, 8)),
    (nn.Conv2d(4, 6, 3, stride=2, groups=2), (4, 9, 9)),
    (nn.Conv2d(4, 4, (3, 1), dilation=2, groups=4, padding=(2, 0)), (4, 9, 7)),
    (nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), (2, 6, 6)),
    (nn.Conv1d(2, 5, 4, dilation=2), (2, 20)),
    (nn.Conv3d(1, 2, 3, padding=(1, 0, 1)), (1, 5, 6, 7)),
    (nn.ConvTranspose2d(3, 2, 3, stride=2), (3, 5, 5)),
    (nn.ConvTranspose1d(4, 6, 4, groups=2, padding=1), (4, 9)),
]


def fvcores(model, x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of its tracing
        found = FlopCountAnalysis(model, x)
        return found.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


def torchs(model, x):
    with FlopCounterMode(display=False) as counter:
        model(x)
    return counter.get_total_flops()


def ours(model, shape, samples=1):
    given = {"input_shape": (samples, *shape), "layout": "B"}
    return count(model_from=model, **given).count


@pytest.mark.parametrize(("model", "shape"), MODELS)
def test_dense_macs_are_fvcores_and_flops_twice_torchs(model, shape):
    found = ours(model, shape)
    x = torch.zeros(1, *shape)
    assert found.conventions()["dense_macs"] == fvcores(model, x)
    assert found.conventions()["dense_macs"] == torchs(model, x) / 2
    # torch leaves the biases out, ours has one an output
    biases = sum(facts.outputs for facts in found.facts)
    assert found.conventions()["flops"] == torchs(model, x) + biases


def test_padding_in_words_is_counted_as_torch_does_where_fvcore_has_no_rule():
    model, x = nn.Conv2d(2, 3, (3, 5), padding="same", dilation=2), torch.zeros(1, 2, 9, 7)
    found = ours(model, (2, 9, 7)).conventions()["dense_macs"]
    assert found == torchs(model, x) / 2 == 63 * 3 * 2 * 15
    assert fvcores(model, x) == 0  # of aten::_convolution_mode, which it lists as unsupported


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_any_convolution_is_counted_as_they_do(data):
    groups = data.draw(st.integers(1, 3))
    size = data.draw(st.integers(7, 10))
    kind = data.draw(st.sampled_from([nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d]))
    draw = {name: data.draw(st.integers(least, 3)) for name, least in
            (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1))}  # fmt: skip
    draw["padding"] = min(draw["padding"], draw["kernel_size"] - 1)
    model = kind(2 * groups, 3 * groups, groups=groups, bias=False, **draw)
    shape = (2 * groups, *[size] * (model.weight.dim() - 2))
    x = torch.zeros(1, *shape)
    found = ours(model, shape, samples=2).conventions()
    assert found["dense_macs"] == fvcores(model, x) == torchs(model, x) / 2
    assert found["flops"] == torchs(model, x)


def test_batch_norm_is_two_an_element_to_fvcore_and_none_to_torch():
    network = nn.Sequential(nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3)).eval()
    x = torch.zeros(1, 1, 8, 8)
    assert fvcores(network, x) == torchs(network, x) / 2 + 2 * 3 * 36
    found = count(arch="3c3-10", batch_norm=True, bias=False, model="ann", rate=1.0,
                  input_shape=(1, 8, 8)).count.conventions()  # fmt: skip
    without = count(arch="3c3-10", bias=False, model="ann", rate=1.0, input_shape=(1, 8, 8)).count
    more = found["dense_macs"] - without.conventions()["dense_macs"]
    assert more == 2 * 3 * 64
    assert found["flops"] - without.conventions()["flops"] == 2 * more
