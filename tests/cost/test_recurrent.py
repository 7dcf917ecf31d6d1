"""Recurrent layers, attention, norms, pooling and embeddings, by their definitions."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from snnbench.cost.dense import count_dense
from snnbench.cost.foreign import count_model
from tests.cost.models import Function, counted, layers, spikes

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}  # matrices of weights for one hidden unit


def first(output):
    return output[0] if isinstance(output, tuple) else output


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layer_count", [1, 2])
@pytest.mark.parametrize("batch_first", [False, True])
def test_recurrent_layers_count_their_weights_and_products_of_gates(
    kind, bidirectional, layer_count, batch_first
):
    T, B, width, hidden = 5, 2, 6, 4
    module = getattr(nn, kind)(width, hidden, layer_count, bidirectional=bidirectional,
                               batch_first=batch_first)  # fmt: skip
    x = torch.rand(B, T, width) if batch_first else torch.rand(T, B, width)
    count = counted(Function(lambda m, x: m.m(x)[0], m=module).eval(), x, B)
    assert not count.lower_bound
    directions = 1 + bidirectional
    widths = [width, *[directions * hidden] * (layer_count - 1)]
    matrices = sum(directions * GATES[kind] * hidden * (w + hidden) for w in widths)
    gates = 0 if kind == "RNN" else 3 * hidden * directions * layer_count
    assert count.totals()["dense_macs"] == T * (matrices + gates)
    assert count.params == sum(row["params"] for row in count.layers)
    # At the first step the state is 0: its products do not count, nor those of a gate with it.
    still = directions * layer_count * (GATES[kind] * hidden * hidden + (hidden if gates else 0))
    assert count.totals()["effective_macs"] == T * (matrices + gates) - still


def test_a_projected_lstm_counts_its_projection():
    module = nn.LSTM(6, 4, proj_size=3)
    count = counted(Function(lambda m, x: m.m(x)[0], m=module).eval(), torch.rand(5, 2, 6))
    assert count.totals()["dense_macs"] == 5 * (16 * 6 + 16 * 3 + 4 * 3 + 3 * 4)
    assert "m.linear(weight_hr_l0)" in {row["layer"] for row in count.layers}


@pytest.mark.parametrize("kind", GATES)
def test_a_cell_that_is_called_at_every_step_costs_what_its_layer_costs(kind):
    cell, layer = getattr(nn, f"{kind}Cell")(6, 4), getattr(nn, kind)(6, 4)

    def steps(m, x):
        state, outputs = None, []
        for step in x:
            state = m.m(step, state)
            outputs.append(first(state))
        return torch.stack(outputs)

    x = (torch.rand(5, 2, 6) > 0.5).float()
    one = counted(Function(steps, m=cell), x, spikes=True).totals()
    other = counted(Function(lambda m, x: m.m(x)[0], m=layer), x, spikes=True).totals()
    for name in ("dense_macs", "effective_macs", "effective_acs", "flops_lab"):
        assert one[name] == other[name], name
    assert one["effective_acs"] == x.sum() / 2 * GATES[kind] * 4


def test_a_packed_sequence_is_counted_as_long_as_it_is():
    def packed(m, x):
        rows = nn.utils.rnn.pack_padded_sequence(x, [5, 3])
        return nn.utils.rnn.pad_packed_sequence(m.m(rows)[0])[0]

    found = layers(Function(packed, m=nn.GRU(6, 4)), torch.rand(5, 2, 6))
    assert found["m.linear(weight_hh_l0)"].dense_macs == (5 + 3) / 2 * 12 * 4


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("needed", [True, False])
def test_attention_counts_projections_scores_and_values_whatever_torch_does(fast, needed):
    B, T, width = 3, 5, 6
    model = Function(lambda m, x: m.m(x, x, x, need_weights=needed)[0],
                     m=nn.MultiheadAttention(width, 2, batch_first=True))  # fmt: skip
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(fast)
    try:
        count = counted(model.eval(), torch.rand(B, T, width), B)
        assert torch.backends.mha.get_fastpath_enabled() == fast
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
    assert not count.lower_bound
    assert count.totals()["dense_macs"] == 4 * T * width**2 + 2 * T * T * width
    assert count.params == sum(row["params"] for row in count.layers) == 4 * (width**2 + width)


def attended(q, k, v, seen):
    """Products of scores, and of the softmax with values, one after another."""
    values = sum(
        float(v[b, j, e] != 0)
        for b in range(v.shape[0])
        for i in range(q.shape[1])
        for j in range(v.shape[1])
        if seen[i][j]
        for e in range(v.shape[2])
    )
    scores = ((q != 0).double() @ (k != 0).double().mT).sum().item()
    return scores, values


@pytest.mark.parametrize("mask", [None, "causal", "bool", "additive"])
@pytest.mark.parametrize("spiking", [False, True])
def test_scaled_dot_products_are_counted_where_no_mask_hides_them(mask, spiking):
    torch.manual_seed(0)
    B, T, width = 2, 4, 8
    hidden = torch.rand(T, T) > 0.3
    hidden[:, 0] = True
    seen = {"causal": torch.ones(T, T).tril() > 0}.get(mask, hidden) if mask else torch.ones(T, T)
    given = {"bool": hidden, "additive": torch.where(hidden, 0.0, -math.inf)}.get(mask)
    made = []

    def attend(m, x):
        q, k, v = (spikes(x - 0.5) if spiking else torch.relu(x - 0.5)).unflatten(1, (1, T)).split(
            width, -1)  # fmt: skip
        made[:] = q[:, 0], k[:, 0], v[:, 0]
        return functional.scaled_dot_product_attention(
            q, k, v, attn_mask=given, is_causal=mask == "causal"
        )

    found = layers(Function(attend), torch.rand(B, T, 3 * width), B)
    scores, values = attended(*made, seen)
    assert list(found) == ["scores", "values"]
    kind = "spikes" if spiking else "real"
    assert {row.input_kind for row in found.values()} == {kind}
    effective = [row.effective_acs + row.effective_macs for row in found.values()]
    assert effective == [scores / B, values / B]
    assert [row.dense_macs for row in found.values()] == [T * T * width] * 2


def test_spiking_attention_without_a_softmax_accumulates():
    def attend(m, x):
        q, k, v = spikes(m.f(x) - 0.1).split(4, -1)
        return (q @ k.mT) @ v

    found = layers(Function(attend, f=nn.Linear(6, 12)), torch.rand(2, 5, 6), 2)
    assert [row.input_kind for row in found.values()] == ["real", "spikes", "spikes"]
    assert found["matmul 4 to 5"].effective_macs == 0


@pytest.mark.parametrize(
    ("norm", "x"),
    [
        (nn.BatchNorm2d(4), torch.rand(3, 4, 5, 5)),
        (nn.BatchNorm1d(4, affine=False), torch.rand(3, 4)),
        (nn.LayerNorm(6), torch.rand(3, 5, 6)),
        (nn.GroupNorm(2, 4), torch.rand(3, 4, 5, 5)),
        (nn.GroupNorm(2, 4, affine=False), torch.rand(3, 4, 5, 5)),
    ],
)
def test_norms_cost_what_fvcore_says(norm, x):
    norm.eval()
    (row,) = counted(norm, x, len(x)).layers
    assert row["kind"] == "norm"
    assert row["dense_macs"] == row["effective_macs"] == count_dense(norm, x).macs[""] / len(x)
    assert row["flops_lab"] == 0
    assert (row["weights"], row["biases"]) == (0, 0)
    assert row["params"] == sum(p.numel() for p in norm.parameters())


def test_batch_norm_is_fused_with_the_layer_before_it_where_it_can_be():
    conv = nn.Conv2d(1, 4, 3)
    model = nn.Sequential(conv, nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4), nn.ReLU(),
                          nn.BatchNorm2d(4))  # fmt: skip
    count = counted(model.eval(), torch.rand(3, 1, 5, 5), 3)
    rows = {row["layer"]: row for row in count.layers}
    assert [rows[n]["effective_macs"] for n in "135"] == [0, 2 * 36, 2 * 36]
    assert [rows[n]["dense_macs"] for n in "135"] == [2 * 36] * 3
    (note,) = count.notes
    assert note.startswith("1 is taken as fused")
    model.train()
    rows = {row["layer"]: row for row in counted(model, torch.rand(3, 1, 5, 5), 3).layers}
    assert [rows[n]["effective_macs"] for n in "135"] == [5 * 36] * 3


def test_average_pooling_makes_fractions_which_is_said_and_max_pooling_does_not():
    class Pooled(nn.Module):
        def __init__(self, pool):
            super().__init__()
            self.conv, self.pool, self.fc = nn.Conv2d(1, 2, 3), pool, nn.Linear(8, 3)

        def forward(self, x):
            return self.fc(self.pool(spikes(self.conv(x))).flatten(1))

    for pool, kind in (
        (nn.MaxPool2d(2), "spikes"),
        (nn.AvgPool2d(2), "real"),
        (nn.AdaptiveAvgPool2d(2), "real"),
    ):
        count = counted(Pooled(pool), torch.rand(3, 1, 6, 6), 3)
        assert count.layers[-1]["input_kind"] == kind
        assert any("pool averages spikes" in note for note in count.notes) == (kind == "real")
        assert not count.lower_bound
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 3))
    assert counted(plain, torch.rand(3, 1, 6, 6), 3).notes == ()


@pytest.mark.parametrize("embedding", [nn.Embedding(9, 4), nn.EmbeddingBag(9, 4)])
def test_an_embedding_multiplies_nothing_and_gives_real_values(embedding):
    model = nn.Sequential(embedding, nn.Linear(4, 3))
    tokens = torch.randint(9, (2, 5))
    count = count_model(model, tokens, samples=2, spikes=False, measured=True)
    assert not count.lower_bound
    (row,) = count.layers
    assert (row["layer"], row["input_kind"]) == ("1", "real")
    assert count.params == 36 + 15
