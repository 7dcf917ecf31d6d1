"""Products of linear and convolutional layers of all kinds, counted one by one."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnbench.cost.dense import count_dense
from snnbench.cost.foreign import count_model

PLAIN = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def count(model, x, **kwargs):
    given = {"samples": len(x), "spikes": False, "measured": True} | kwargs
    (layer,) = count_model(model, x, **given).layers
    return layer


def places(kernel):
    return itertools.product(*(range(k) for k in kernel))


def brought_in(index, size, mode):
    """The place that padding takes its value from; None where it is a zero."""
    if 0 <= index < size:
        return index
    if mode == "circular":
        return index % size
    if mode == "reflect":
        return -index if index < 0 else 2 * (size - 1) - index
    return None if mode == "zeros" else min(max(index, 0), size - 1)


def products_of(conv, x, outputs):
    """Products with a non-zero value and weight of one sample, output by output."""
    left = conv.padding
    if isinstance(left, str):
        spans = [d * (k - 1) for d, k in zip(conv.dilation, conv.kernel_size, strict=True)]
        left = [span // 2 if conv.padding == "same" else 0 for span in spans]
    total = 0
    width = conv.in_channels // conv.groups
    for out in range(conv.out_channels):
        first = out // (conv.out_channels // conv.groups) * width
        for place in itertools.product(*(range(size) for size in outputs)):
            for offset in places(conv.kernel_size):
                at = [
                    brought_in(p * s - before + o * d, size, conv.padding_mode)
                    for p, s, before, o, d, size in zip(
                        place, conv.stride, left, offset, conv.dilation, x.shape[1:], strict=True
                    )
                ]
                if None in at:
                    continue
                for c in range(width):
                    value, weight = x[(first + c, *at)], conv.weight[(out, c, *offset)]
                    total += bool(value != 0 and weight != 0)
    return total


def products_of_transposed(conv, x, outputs):
    """Products with a non-zero value and weight of one sample, and the most an output sums."""
    sums = torch.zeros(conv.out_channels, *outputs)
    total = 0
    inside = conv.in_channels // conv.groups
    width = conv.out_channels // conv.groups
    for c in range(conv.in_channels):
        for place in itertools.product(*(range(size) for size in x.shape[1:])):
            for offset in places(conv.kernel_size):
                at = [
                    p * s - before + o * d
                    for p, s, before, o, d in zip(
                        place, conv.stride, conv.padding, offset, conv.dilation, strict=True
                    )
                ]
                if all(0 <= a < size for a, size in zip(at, outputs, strict=True)):
                    for k in range(width):
                        sums[(c // inside * width + k, *at)] += 1
                        weight = conv.weight[(c, k, *offset)]
                        total += bool(x[(c, *place)] != 0 and weight != 0)
    return total, int(sums.max())


def values(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(*shape, generator=generator)
    return x * (torch.rand(*shape, generator=generator) > 0.3)


@st.composite
def geometries(draw):
    axes = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 2))
    several = st.tuples(*[st.integers(1, 3 if axes < 3 else 2)] * axes)
    sizes = st.tuples(*[st.integers(4, 6 if axes < 3 else 4)] * axes)
    return {
        "axes": axes, "groups": groups, "size": draw(sizes), "kernel_size": draw(several),
        "stride": draw(several), "dilation": draw(st.tuples(*[st.integers(1, 2)] * axes)),
        "inputs": groups * draw(st.integers(1, 2)), "outputs": groups * draw(st.integers(1, 2)),
        "bias": draw(st.booleans()), "seed": draw(st.integers(0, 99)),
    }  # fmt: skip


def build(kinds, g, **more):
    torch.manual_seed(g["seed"])
    about = {name: g[name] for name in ("kernel_size", "stride", "dilation", "groups", "bias")}
    conv = kinds[g["axes"]](g["inputs"], g["outputs"], **about | more)
    with torch.no_grad():
        conv.weight *= torch.rand(conv.weight.shape) > 0.2
    return conv, values(g["seed"], 2, g["inputs"], *g["size"])


@pytest.mark.filterwarnings("ignore:Using padding=.same.:UserWarning")
@settings(deadline=None, max_examples=60)
@given(
    g=geometries(),
    mode=st.sampled_from(["zeros", "circular", "reflect", "replicate"]),
    padding=st.sampled_from(["same", "valid", 0, 1]),
)
def test_convolutions_of_all_shapes_one_product_after_another(g, mode, padding):
    more = {"padding": padding, "padding_mode": mode}
    if padding == "same":
        more["stride"] = 1
    conv, x = build(PLAIN, g, **more)
    with torch.no_grad():
        try:
            outputs = conv(x).shape[2:]
        except RuntimeError:
            return  # the kernel is larger than what there is
    found = count(conv, x)
    assert found["effective_macs"] == sum(products_of(conv, one, outputs) for one in x) / 2
    N = conv.out_channels * math.prod(outputs)
    M = conv.in_channels // conv.groups * math.prod(conv.kernel_size)
    assert (found["inputs"], found["outputs"]) == (M, N)
    assert found["dense_macs"] == M * N
    assert found["flops_lab"] == (2 * M + 1) * N
    assert found["effective_macs"] <= found["dense_macs"]


@settings(deadline=None, max_examples=40)
@given(g=geometries(), padding=st.integers(0, 1), more=st.integers(0, 1), asked=st.booleans())
def test_transposed_convolutions_of_all_shapes_one_product_after_another(g, padding, more, asked):
    roomy = all(more < max(s, d) for s, d in zip(g["stride"], g["dilation"], strict=True))
    extra = more if roomy else 0
    plain = all(s > 1 for s in g["stride"]) and asked
    conv, x = build(TRANSPOSED, g, padding=padding, output_padding=0 if plain else extra)
    with torch.no_grad():
        try:
            outputs = conv(x).shape[2:]
        except RuntimeError:
            return
    model = conv
    if plain:  # the caller asks for a size
        outputs = [size + 1 for size in outputs]
        model = Asking(conv, outputs)
    found = count(model, x)
    counted = [products_of_transposed(conv, one, outputs) for one in x]
    assert found["effective_macs"] == sum(total for total, _ in counted) / 2
    assert found["dense_macs"] == math.prod(g["size"]) * conv.weight.numel()
    assert found["effective_macs"] <= found["dense_macs"]
    assert found["inputs"] >= counted[0][1]
    assert found["kind"] == "transposed-conv"


class Asking(nn.Module):
    def __init__(self, conv, size):
        super().__init__()
        self.conv, self.size = conv, size

    def forward(self, x):
        return self.conv(x, output_size=self.size)


@pytest.mark.parametrize(
    ("stride", "dilation", "kernel", "summed"),
    [(1, 1, 3, 3), (2, 1, 3, 2), (2, 2, 3, 3), (3, 2, 4, 2), (4, 2, 4, 2)],
)
def test_what_an_output_of_a_transposed_convolution_sums(stride, dilation, kernel, summed):
    conv = nn.ConvTranspose1d(1, 1, kernel, stride=stride, dilation=dilation)
    x = torch.ones(1, 1, 20)
    with torch.no_grad():
        outputs = conv(x).shape[2:]
    assert count(conv, x)["inputs"] == summed == products_of_transposed(conv, x[0], outputs)[1]


@pytest.mark.parametrize(
    ("padding", "mode", "effective"),
    [("same", "zeros", 100), (1, "zeros", 100), ("valid", "zeros", 36), ("same", "circular", 144),
     (1, "circular", 144), (1, "reflect", 144), (1, "replicate", 144)],
)  # fmt: skip
def test_padding_of_all_kinds_on_an_image_of_4_by_4(padding, mode, effective):
    found = count(nn.Conv2d(1, 1, 3, padding=padding, padding_mode=mode), torch.ones(1, 1, 4, 4))
    assert found["effective_macs"] == effective
    assert found["dense_macs"] == (36 if padding == "valid" else 144)


@settings(deadline=None, max_examples=20)
@given(rows=st.lists(st.integers(1, 3), max_size=2), M=st.integers(1, 6), N=st.integers(1, 6))
def test_linear_layers_at_every_place_of_an_input(rows, M, N):
    layer, x = nn.Linear(M, N), values(M, 2, *rows, M)
    found = count(layer, x)
    steps = math.prod(rows)
    assert found["applied_steps"] == steps
    assert found["effective_macs"] == int((x != 0).sum()) * N / 2
    assert found["dense_macs"] == steps * M * N
    assert found["flops_lab"] == steps * (2 * M + 1) * N


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(6, 4), (3, 6)),
        (nn.Conv1d(2, 4, 3, stride=2, groups=2), (3, 2, 9)),
        (nn.Conv2d(2, 4, 3, padding=1, dilation=2), (3, 2, 9, 9)),
        (nn.Conv3d(2, 4, 2), (3, 2, 4, 4, 4)),
        (nn.ConvTranspose2d(2, 4, 3, stride=2), (3, 2, 4, 4)),
    ],
)
def test_dense_macs_are_fvcores_where_it_has_a_rule(layer, shape):
    traced = count_dense(layer, torch.rand(*shape))
    assert traced.uncounted == {}
    assert count(layer, torch.rand(*shape))["dense_macs"] == traced.macs[""] / shape[0]
