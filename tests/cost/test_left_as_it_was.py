"""Counting leaves no trace: in the model, in random states, or in torch's settings."""

import contextlib
import logging
import random

import numpy as np
import pytest
import torch
from spikingjelly.activation_based import neuron
from torch import nn

from snnbench import count
from snnbench.cost.foreign import count_model
from snnbench.errors import UserError
from tests.cost.models import counted


def everything(model):
    """All that a model holds, bit by bit, and the identity of its parameters and buffers."""
    return {
        (name, key): kept(value)
        for name, module in model.named_modules()
        for key, value in vars(module).items()
    }


def kept(value):
    if isinstance(value, torch.Tensor):
        return id(value), value.clone()
    return {k: kept(v) for k, v in value.items()} if isinstance(value, dict) else value


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a is b or a == b


class Draws(nn.Module):
    def forward(self, x):
        return x + random.random() + float(np.random.rand()) + torch.rand(1)


def snn_of_spikingjelly():
    return nn.Sequential(
        nn.Linear(6, 4), nn.BatchNorm1d(4), Draws(), neuron.LIFNode(), nn.Dropout(0.5),
        nn.Linear(4, 3), neuron.IFNode(),
    )  # fmt: skip


def recurrent_ann():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.m = nn.LSTM(6, 4)

        def forward(self, x):
            return self.m(x)[0]

    return nn.Sequential(Last(), Draws(), nn.TransformerEncoderLayer(4, 2, 4), nn.LayerNorm(4))


def snn_of_snntorch():
    library = pytest.importorskip("snntorch", reason="snnTorch is not installed")
    about = {"beta": 0.9, "init_hidden": True}
    return nn.Sequential(nn.Linear(6, 4), library.Leaky(**about), nn.Linear(4, 3),
                         library.RLeaky(**about, linear_features=3))  # fmt: skip


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", [snn_of_spikingjelly, recurrent_ann, snn_of_snntorch])
def test_a_model_stays_as_it_was_bit_by_bit(make, training):
    model = make().train(training)
    x = torch.rand(5, 6) if make is not recurrent_ann else torch.rand(5, 2, 6)
    model(x)  # its states are part of what stays
    before = everything(model)
    first = counted(model, x, x.shape[-2])
    assert same(before, everything(model))
    second = counted(model, x, x.shape[-2])  # no state is left from the first
    assert first.totals() == second.totals() or training


def test_counts_do_not_hang_on_the_state_a_model_was_left_in():
    fresh, used = snn_of_spikingjelly().eval(), snn_of_spikingjelly().eval()
    used.load_state_dict(fresh.state_dict())
    x = 5 * torch.rand(5, 6)
    used(x)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    assert counted(fresh, x, 5).totals() == counted(used, x, 5).totals()


def test_states_of_snntorchs_neurons_are_reset_in_the_copy_alone():
    model = snn_of_snntorch()
    x = 5 * torch.rand(5, 6)
    fresh = counted(model, x, 5)
    for _ in range(3):
        model(x)
    left = model[1].mem.clone()
    assert counted(model, x, 5).totals() == fresh.totals()
    assert torch.equal(model[1].mem, left)


@pytest.mark.parametrize("fails", [False, True])
def test_random_states_and_settings_stay(fails):
    class Fails(nn.Module):
        def forward(self, x):
            if fails:
                raise ValueError("on purpose")
            return x

    class Wraps(nn.Module):
        def __init__(self):
            super().__init__()
            self.m, self.fails = nn.LSTM(6, 4), Fails()
            self.m.register_forward_pre_hook(lambda *_: self.fails(None))

        def forward(self, x):
            return Draws()(self.m(x)[0])

    def state():
        return (
            torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state()),
            torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.enabled,
            torch.backends.cudnn.enabled, torch.is_grad_enabled(), torch.get_default_dtype(),
            torch.get_num_threads(),
        )  # fmt: skip

    model = Wraps()
    before = state()
    if fails:
        with pytest.raises(UserError, match="on purpose"):
            counted(model, torch.rand(5, 2, 6, generator=torch.Generator()))
    else:
        counted(model, torch.rand(5, 2, 6, generator=torch.Generator()))
    assert state() == before


def test_a_model_that_goes_on_after_an_error_in_a_module_is_counted():
    class Fails(nn.Module):
        def forward(self, x):
            raise ValueError

    class GoesOn(nn.Module):
        def __init__(self):
            super().__init__()
            self.fails, self.fc = nn.Sequential(Fails()), nn.Linear(6, 3)

        def forward(self, x):
            with contextlib.suppress(ValueError):
                self.fails(x)
            return self.fc(x) @ self.fc.weight

    count = counted(GoesOn(), torch.rand(2, 6), 2)
    assert [row["layer"] for row in count.layers] == ["fc", "linear(fc.weight)"]


def test_what_is_followed_of_a_long_run_does_not_pile_up(monkeypatch):
    from snnbench.cost import watching

    kept = []

    class Kept(watching.Tracker):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            kept.append(self)

    class Long(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(6, 6)

        def forward(self, x):
            for _ in range(2_000):
                x = torch.tanh(x * 0.5 + 1.0).flip(-1).clone() - 1.0
            return self.fc(x)

    monkeypatch.setattr(watching, "Tracker", Kept)
    count_model(Long(), torch.rand(2, 6), samples=2, spikes=False, measured=True)
    assert len(kept[0]._known) <= 10_001


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_counted_in_its_mode_and_left_as_it_was(training):
    model = nn.Sequential(
        nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), neuron.IFNode(), nn.Linear(4, 3)
    )
    model.train(training)
    model[2].train(not training)
    calls = []
    model.register_forward_hook(lambda *_: calls.append(1))
    model(torch.rand(3, 6))  # its states and statistics are part of what stays
    before = {name: value.clone() for name, value in model.state_dict().items()}
    v, hooks = model[3].v.clone(), [len(m._forward_hooks) for m in model.modules()]
    modes, rng = [m.training for m in model.modules()], torch.get_rng_state()
    count = count_model(model, torch.rand(3, 6), samples=3, spikes=False, measured=True)
    assert [m.training for m in model.modules()] == modes
    assert [len(m._forward_hooks) for m in model.modules()] == hooks
    assert all(torch.equal(before[n], value) for n, value in model.state_dict().items())
    assert torch.equal(model[3].v, v)
    torch.rand(3, 6)
    assert not torch.equal(torch.get_rng_state(), rng)
    note = count.notes[0]
    assert ("BatchNorm1d" in note, "Dropout" in note) == (training, not training)
    assert "eval()" in note
    assert ["fused" in note for note in count.notes[1:]] == [True] * (not training)


def test_a_model_in_evaluation_mode_has_no_notes():
    model = nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.5)).eval()
    assert count_model(model, torch.rand(3, 6), samples=3, spikes=False, measured=True).notes == ()


def test_counting_leaves_the_level_of_torchs_logger():
    logger = logging.getLogger("torch._library.triton")
    before = logger.level
    levels = []
    model = nn.Linear(6, 4)
    model.register_forward_hook(lambda *_: levels.append(logger.level))
    counted(model, torch.rand(2, 3, 6))
    assert logger.level == before != levels[0] == logging.ERROR


def test_hooks_that_keep_what_a_graph_has_made_are_copied():
    class Keep:
        def __init__(self):
            self.seen = []

        def __call__(self, module, args, output):
            self.seen.append(output)

    model, keep = nn.Linear(4, 3), Keep()
    model.register_forward_hook(keep)
    model(torch.rand(2, 4))
    found = count(model_from=model, input=torch.rand(1, 2, 4))
    assert found.totals["dense_macs"] == 12
    assert len(keep.seen) == 1
    assert keep.seen[0].grad_fn is not None
