"""Products that belong to no module: counted one by one, and as torch's own counter has them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from snnbench.cost.foreign import count_model
from tests.cost.models import Function, counted, layers, parameter, spikes

SIZES = st.integers(1, 4)


def products(left, right):
    """Products of non-zero values of [b, m, k] and [b, k, n], one after another."""
    total = 0
    for a, b in zip(left, right, strict=True):
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                total += sum(float(bool(x and y)) for x, y in zip(a[i], b[:, j], strict=True))
    return total


WITH_WEIGHTS = {
    "linear": lambda m, x: functional.linear(x, m.w, m.b),
    "linear without bias": lambda m, x: functional.linear(x, m.w),
    "matmul": lambda m, x: x @ m.w.T,
    "matmul from the left": lambda m, x: (m.w @ x.mT).mT,
    "einsum": lambda m, x: torch.einsum("btk,nk->btn", x, m.w),
    "addmm": lambda m, x: torch.addmm(m.b, x.flatten(0, 1), m.w.T),
    "addmm in place": lambda m, x: torch.zeros(x.shape[0] * x.shape[1], len(m.w)).addmm_(
        x.flatten(0, 1), m.w.T
    ),
    "bmm": lambda m, x: torch.bmm(x, m.w.T.expand(len(x), -1, -1)),
    "baddbmm": lambda m, x: torch.baddbmm(m.b, x, m.w.T.expand(len(x), -1, -1)),
    "tensordot": lambda m, x: torch.tensordot(x, m.w, dims=([2], [1])),
    "matrix times vectors": lambda m, x: torch.stack([x @ row for row in m.w], -1),
    "mm into": lambda m, x: torch.mm(
        x.flatten(0, 1), m.w.T, out=torch.empty(x.shape[0] * x.shape[1], len(m.w))
    ),
}


@pytest.mark.parametrize("name", WITH_WEIGHTS)
@settings(deadline=None, max_examples=8)
@given(B=SIZES, T=SIZES, M=SIZES, N=SIZES, seed=st.integers(0, 9))
def test_a_product_with_weights_is_a_linear_layer_however_it_is_called(name, B, T, M, N, seed):
    M += name == "einsum"  # over one value torch takes no product of matrices
    torch.manual_seed(seed)
    x = torch.rand(B, T, M) * (torch.rand(B, T, M) > 0.4)
    model = Function(WITH_WEIGHTS[name], w=parameter(N, M, zeros=0.3), b=parameter(N))
    found = count_model(model, x, samples=B, spikes=False, measured=True)
    assert not found.lower_bound
    rows = found.layers
    assert {row["kind"] for row in rows} == {"linear"}
    assert found.totals()["dense_macs"] == T * M * N
    assert sum(row["effective_macs"] for row in rows) == pytest.approx(
        products(x, model.w.T.expand(B, -1, -1)) / B
    )
    if name != "matrix times vectors":
        assert (rows[0]["inputs"], rows[0]["outputs"], rows[0]["applied_steps"]) == (M, N, T)
        assert (rows[0]["weights"], rows[0]["weights_nonzero"]) == (
            M * N, int(model.w.count_nonzero())
        )  # fmt: skip
        assert rows[0]["input_nonzero"] == pytest.approx(int(x.count_nonzero()) / B)
        assert rows[0]["input_rate"] == pytest.approx(x.mean().item())


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.tuples(SIZES, SIZES, SIZES, SIZES),
    kinds=st.tuples(*[st.sampled_from(["spikes", "integers", "real"])] * 2),
    seed=st.integers(0, 99),
)
def test_a_product_of_two_activations_one_product_after_another(sizes, kinds, seed):
    B, m, k, n = sizes
    torch.manual_seed(seed)
    x = torch.randn(B, m * k + k * n)
    make = {"spikes": spikes, "integers": lambda x: spikes(x) + spikes(x - 0.5), "real": torch.relu}
    made = []

    def multiply(model, x):
        a = make[kinds[0]](x[:, : m * k].reshape(B, m, k))
        b = make[kinds[1]](x[:, m * k :].reshape(B, k, n))
        made[:] = a, b
        return a @ b

    (row,) = layers(Function(multiply), x, B).values()
    a, b = made
    order = ["spikes", "integers", "real"]
    kind = min(kinds, key=order.index)
    assert (row.kind, row.input_kind) == ("matmul", kind)
    assert row.dense_macs == m * k * n
    left = kinds[0] == kind
    if kind == "integers":  # one for each spike of what enters, where the other is not 0
        expected = (a @ (b != 0).float()).sum() if left else ((a != 0).float() @ b).sum()
    else:
        expected = products(a, b)
    macs = row.effective_macs if kind == "real" else row.effective_acs
    assert macs == pytest.approx(float(expected) / B)
    assert row.inputs == k
    assert row.outputs == (n if left else m)


@settings(deadline=None, max_examples=25)
@given(
    axes=st.integers(1, 3), groups=st.integers(1, 2), transposed=st.booleans(),
    padding=st.integers(0, 1), dilation=st.integers(1, 2), seed=st.integers(0, 99),
    kind=st.sampled_from(["spikes", "real"]),
)  # fmt: skip
def test_a_functional_convolution_costs_what_its_module_costs(
    axes, groups, transposed, padding, dilation, seed, kind
):
    torch.manual_seed(seed)
    name = f"ConvTranspose{axes}d" if transposed else f"Conv{axes}d"
    conv = getattr(nn, name)(2, 4, 2, stride=2, padding=padding, dilation=dilation, groups=groups)
    apply = getattr(functional, f"conv_transpose{axes}d" if transposed else f"conv{axes}d")
    model = Function(
        lambda m, x: apply(x, m.w, m.b, stride=2, padding=padding, dilation=dilation,
                           groups=groups),
        w=conv.weight, b=conv.bias,
    )  # fmt: skip
    x = (torch.rand(3, 2, *[6] * axes) > 0.5).float()
    about = {"samples": 3, "spikes": kind == "spikes", "measured": True}
    (module,) = count_model(conv, x, **about).layers
    (found,) = count_model(model, x, **about).layers
    assert found["layer"] == f"{module['kind']}(w)"
    assert found | {"layer": ""} == module


@pytest.mark.parametrize(
    ("make", "kinds"),
    [
        (lambda m, x: functional.linear(x, m.w.sign()), ["real"]),
        (lambda m, x: functional.linear(x, m.mask), ["real"]),
        (lambda m, x: functional.linear(spikes(x), m.w.sign()), ["spikes"]),
        (lambda m, x: functional.linear(spikes(x), m.mask), ["spikes"]),
        (lambda m, x: functional.conv1d(x[None], m.w.sign()[..., None]), ["real"]),
        (lambda m, x: functional.linear(x, (m.w * m.w.norm()).round()), ["real"]),
    ],
)
def test_whole_weights_are_no_spikes(make, kinds):
    model = Function(make, w=parameter(6, 6), mask=torch.eye(6))
    found = layers(model, torch.randn(6, 6), 6)
    assert [row.input_kind for row in found.values()] == kinds
    assert [row.kind in ("linear", "conv") for row in found.values()] == [True]


def test_what_weights_alone_give_is_done_once_whatever_the_samples():
    model = Function(lambda m, x: functional.linear(x, m.a @ m.b), a=parameter(3, 2),
                     b=parameter(2, 6))  # fmt: skip
    for samples in (1, 2, 5):
        found = counted(model, torch.rand(samples, 6), samples)
        assert [row["dense_macs"] for row in found.layers] == [3 * 2 * 6, 18]


def test_products_are_named_by_module_operation_and_parameter():
    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = parameter(6, 6)

        def forward(self, x):
            return (x @ x.mT) @ functional.linear(x, self.w)

    model = nn.Sequential(nn.Sequential(Attends()), nn.Linear(6, 3))
    found = layers(model, torch.rand(2, 5, 6), 2)
    assert list(found) == ["0.0.matmul 6 to 5", "0.0.linear(w)", "0.0.matmul 5 to 6", "1"]


def test_a_shared_or_tied_weight_is_there_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.back = nn.Linear(6, 4, bias=False), nn.Linear(4, 4)
            self.twice = self.back
            self.tied = nn.Linear(6, 4, bias=False)
            self.tied.weight = self.embed.weight

        def forward(self, x):
            h = self.twice(self.back(self.embed(x)) + self.tied(x))
            return functional.linear(h, self.embed.weight.T)

    count = counted(Tied(), torch.rand(3, 6), 3)
    found = {row["layer"]: row for row in count.layers}
    assert count.params == 24 + 20 == sum(row["params"] for row in count.layers)
    assert [row["dense_macs"] for row in count.layers] == [24, 2 * 16, 24, 24]
    assert found["back"]["applied_steps"] == 2


def outputs_of(recurrent):
    return Function(lambda m, x: m.m(x)[0], m=recurrent)


CONVOLUTIONAL = nn.Sequential(
    nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.ConvTranspose2d(4, 2, 2, stride=2),
    nn.Conv2d(2, 3, 3, dilation=2, padding_mode="reflect", padding=1), nn.Flatten(),
    nn.Linear(300, 5),
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "x", "samples"),
    [
        (CONVOLUTIONAL, torch.rand(3, 2, 6, 6), 3),
        (nn.Sequential(nn.Unfold(3), nn.Flatten(), nn.Linear(288, 4)), torch.rand(3, 2, 6, 6), 3),
        (nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), torch.rand(3, 5, 6), 3),
        (outputs_of(nn.LSTM(6, 4, 2, proj_size=3)), torch.rand(5, 3, 6), 3),
        (outputs_of(nn.GRU(6, 4, bidirectional=True)), torch.rand(5, 3, 6), 3),
        (outputs_of(nn.RNN(6, 4)), torch.rand(5, 3, 6), 3),
        (Function(lambda m, x: torch.einsum("tbi,tbj->bij", x, x)), torch.rand(5, 3, 6), 3),
    ],
)  # fmt: skip
def test_dense_macs_are_those_of_torchs_flop_counter(model, x, samples, monkeypatch):
    model = model.eval()
    found = counted(model, x, samples)
    assert not found.lower_bound
    monkeypatch.setattr(torch.backends.mkldnn, "enabled", False)
    monkeypatch.setattr(torch.backends.mha, "_is_fastpath_enabled", False)
    with (
        torch.no_grad(),
        torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
        FlopCounterMode(display=False) as flops,
    ):
        model(x)
    # It counts neither norms nor products of gates.
    rows = [row for row in found.layers if row["kind"] not in ("norm", "gates")]
    assert sum(row["dense_macs"] for row in rows) == flops.get_total_flops() / 2 / samples
