"""What is known of values after any operation, by what it does to them and not by its name."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from snnbench.cost.tracking import Tracker

WEIGHT = nn.Parameter(torch.rand(4, 4))


def known(make, shape=(4, 4)):
    """What is known of `make(s, r, x)`: of spikes s and r, and of real values x."""
    tracker = Tracker(nn.Linear(1, 1))
    torch.manual_seed(0)
    with torch.no_grad(), tracker:
        x = torch.rand(*shape) - 0.5
        s, r = (x > 0.1).float(), (x < 0.3).to(x)
        return tracker.of(make(s, r, x))


def kind(values):
    if values.unknown:
        return "unknown"
    if not values.bounded:
        return "real"
    return "spikes" if values.low >= 0 and values.high <= 1 else "integers"


def into(s, part):
    out = torch.zeros(2, *s.shape)
    out[0] = part
    return out


def written(s, change):
    change(s)
    return s


def straight_through(hard, soft):
    return (hard - soft).detach() + soft


MOVES = {
    "T": lambda s, r, x: s.T,
    "swapaxes": lambda s, r, x: s.swapaxes(0, 1),
    "movedim": lambda s, r, x: torch.movedim(s, 0, 1),
    "ravel": lambda s, r, x: s.T.ravel(),
    "flatten": lambda s, r, x: s.T.flatten(),
    "reshape": lambda s, r, x: torch.reshape(s, (2, 8)),
    "index_select": lambda s, r, x: s.index_select(0, torch.tensor([0, 2])),
    "indexing": lambda s, r, x: s[[0, 2]],
    "masking": lambda s, r, x: s[x > 0],
    "gather": lambda s, r, x: s.gather(0, torch.zeros(2, 2, dtype=torch.long)),
    "take": lambda s, r, x: s.take(torch.tensor([1, 5])),
    "cat": lambda s, r, x: torch.cat(tensors=[s, r]),
    "hstack": lambda s, r, x: torch.hstack((s, r)),
    "stack": lambda s, r, x: torch.stack([s, r], dim=1),
    "chunk": lambda s, r, x: s.chunk(2, 1)[1],
    "unfold": lambda s, r, x: s.unfold(0, 2, 1),
    "expand": lambda s, r, x: s[None].expand(3, 4, 4).contiguous(),
    "tile": lambda s, r, x: s.tile(2, 2),
    "repeat_interleave": lambda s, r, x: s.repeat_interleave(2, 0),
    "flip": lambda s, r, x: s.flip(0),
    "rot90": lambda s, r, x: s.rot90(),
    "roll": lambda s, r, x: s.roll(1),
    "pad": lambda s, r, x: functional.pad(s, (1, 1)),
    "circular pad": lambda s, r, x: functional.pad(s[None], (1, 1), mode="circular"),
    "reflect pad": lambda s, r, x: functional.pad(s[None], (1, 1), mode="reflect"),
    "tril": lambda s, r, x: s.tril(),
    "max_pool1d": lambda s, r, x: functional.max_pool1d(s, 2),
    "max_pool2d": lambda s, r, x: functional.max_pool2d(s[None], 2),
    "adaptive_max_pool2d": lambda s, r, x: nn.AdaptiveMaxPool2d(2)(s[None]),
    "max": lambda s, r, x: s.max(0).values,
    "sort": lambda s, r, x: s.sort().values,
    "nearest": lambda s, r, x: functional.interpolate(s[None, None], scale_factor=2.0),
    "pixel_shuffle": lambda s, r, x: functional.pixel_shuffle(s.view(4, 2, 2), 2),
    "half": lambda s, r, x: s.half().double(),
    "bool": lambda s, r, x: s.bool().float(),
    "int": lambda s, r, x: s.int().float(),
    "clone": lambda s, r, x: s.clone().detach(),
    "dropout in evaluation": lambda s, r, x: functional.dropout(s, 0.5, training=False),
    "a slice of a buffer": lambda s, r, x: into(s, s),
    "a copy": lambda s, r, x: torch.empty_like(x).copy_(s),
    "an output": lambda s, r, x: torch.mul(s, r, out=torch.empty(4, 4)),
}
LOGIC = {
    "and": lambda s, r, x: s * r,
    "and in place": lambda s, r, x: s.mul_(r),
    "iand": lambda s, r, x: s * (1.0 - r),
    "not": lambda s, r, x: 1 - s,
    "or": lambda s, r, x: torch.maximum(s, r),
    "or by clamping": lambda s, r, x: (s + r).clamp(0, 1),
    "or of truth values": lambda s, r, x: (s.bool() | r.bool()).float(),
    "xor": lambda s, r, x: (s - r).abs(),
    "xor by remainder": lambda s, r, x: (s + r) % 2,
    "where": lambda s, r, x: torch.where(x > 0, s, r),
    "where of numbers": lambda s, r, x: torch.where(x > 0, 1.0, 0.0),
    "masked_fill": lambda s, r, x: s.masked_fill(x > 0, 0.0),
    "comparison": lambda s, r, x: torch.ge(x, 0).type(x.dtype),
    "heaviside": lambda s, r, x: torch.heaviside(x, torch.tensor(0.0)),
    "bernoulli": lambda s, r, x: torch.bernoulli(x.abs()),
    "rand": lambda s, r, x: (torch.rand_like(x) <= x).float(),
    "relu": lambda s, r, x: functional.relu(s),
    "times one": lambda s, r, x: s * 1.0 / torch.ones(1),
    "power": lambda s, r, x: s**2,
    "round": lambda s, r, x: x.clamp(0, 1).round(),
    "straight-through": lambda s, r, x: s.detach() + x - x.detach(),
    "straight-through of a sum": lambda s, r, x: straight_through(s, x + x.tanh()),
    "straight-through of a function": lambda s, r, x: straight_through(s, x.tanh()),
}  # fmt: skip
SUMS = {
    "add": lambda s, r, x: s + r,
    "add in place": lambda s, r, x: s.add_(r),
    "sub": lambda s, r, x: s - r,
    "sign": lambda s, r, x: torch.sign(x),
    "sum": lambda s, r, x: s.sum(0),
    "sum of all": lambda s, r, x: s.sum(),
    "cumsum": lambda s, r, x: s.cumsum(0),
    "matrix product": lambda s, r, x: s @ r.T,
    "einsum": lambda s, r, x: torch.einsum("ij,kj->ik", s, r),
    "sum, masked": lambda s, r, x: (s + r) * s,
    "round of a clamp": lambda s, r, x: torch.round(torch.clamp(x * 4, 0, 4)),
    "clamp of a round": lambda s, r, x: torch.clamp(torch.floor(x * 4), 0, 4),
    "index_add": lambda s, r, x: torch.zeros(4, 4).index_add_(0, torch.tensor([0, 0, 1, 1]), s),
}
REALS = {
    "scaled": lambda s, r, x: s * 0.3,
    "scaled in place": lambda s, r, x: written(s, lambda s: s.mul_(0.3)),
    "scaled by a tensor in place": lambda s, r, x: written(s, lambda s: s.mul_(x)),
    "scaled by a parameter": lambda s, r, x: s * WEIGHT,
    "scaled by two": lambda s, r, x: s * 2,
    "imul": lambda s, r, x: written(s, lambda s: s.__imul__(0.5)),
    "a part scaled": lambda s, r, x: written(s, lambda s: s[:, 0].mul_(0.5)),
    "scaled, seen before": lambda s, r, x: (s.view(-1), s.mul_(0.5))[0],
    "a part filled": lambda s, r, x: into(s, x),
    "filled": lambda s, r, x: written(s, lambda s: s.uniform_()),
    "half": lambda s, r, x: s / 2,
    "shifted": lambda s, r, x: s + 0.5,
    "mean": lambda s, r, x: s.mean(0),
    "avg_pool": lambda s, r, x: functional.avg_pool2d(s[None], 2),
    "linear": lambda s, r, x: functional.linear(s, WEIGHT),
    "convolution": lambda s, r, x: functional.conv1d(s, torch.rand(1, 4, 1) * x[0, 0]),
    "bilinear": lambda s, r, x: functional.interpolate(s[None, None], size=8, mode="bilinear"),
    "sigmoid": lambda s, r, x: s.sigmoid(),
    "softmax": lambda s, r, x: s.softmax(0),
    "layer norm": lambda s, r, x: functional.layer_norm(s, (4,)),
    "dropout": lambda s, r, x: functional.dropout(s, 0.5, training=True),
    "with real values": lambda s, r, x: torch.cat([s, x]),
    "where": lambda s, r, x: torch.where(x > 0, s, x),
    "real": lambda s, r, x: x * 1,
    "zeros that are real": lambda s, r, x: x * 0.5 * 0.0 + x,
    "a difference of views": lambda s, r, x: s + x - x.T,
    "a difference of what was": lambda s, r, x: s + x.clone() - x.mul_(2),
    "a difference of shifted values": lambda s, r, x: s[1:] + x[1:] - x[:-1],
    "clamped": lambda s, r, x: s.clamp(0, 0.5),
    "round to a digit": lambda s, r, x: x.round(decimals=1),
}


@pytest.mark.parametrize("name", MOVES)
def test_what_moves_spikes_or_chooses_of_them_gives_spikes(name):
    assert kind(known(MOVES[name])) == "spikes"


@pytest.mark.parametrize("name", LOGIC)
def test_what_gives_0_and_1_gives_spikes(name):
    assert kind(known(LOGIC[name])) == "spikes"


@pytest.mark.parametrize("name", SUMS)
def test_sums_of_spikes_are_small_whole_numbers(name):
    assert kind(known(SUMS[name])) == "integers"


@pytest.mark.parametrize("name", REALS)
def test_all_else_is_real(name):
    assert kind(known(REALS[name])) == "real"


OF_ANY_VALUES = {
    "bool", "int", "where of numbers", "comparison", "heaviside", "bernoulli", "rand", "sign",
    "round", "or of truth values", "round of a clamp", "clamp of a round",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*MOVES, *LOGIC, *SUMS} - OF_ANY_VALUES))
def test_real_values_moved_or_combined_in_the_same_way_stay_real(name):
    make = {**MOVES, **LOGIC, **SUMS}[name]
    assert kind(known(lambda s, r, x: make(x + 0.1, x * 0.3, x * 0.7))) == "real"


@pytest.mark.parametrize("name", [*MOVES, *LOGIC, *SUMS])
def test_what_is_known_holds(name):
    make = {**MOVES, **LOGIC, **SUMS}[name]
    values = known(make)
    x = (torch.manual_seed(0), torch.rand(4, 4))[1] - 0.5
    found = make((x > 0.1).float(), (x < 0.3).float(), x).double()
    assert torch.allclose(found, found.round(), atol=1e-6)
    assert values.low - 1e-6 <= found.min() <= found.max() <= values.high + 1e-6


@torch.library.custom_op("snnbench_tests::fire", mutates_args=())
def fire(x: torch.Tensor) -> torch.Tensor:
    return (x > 0).to(x)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda s, r, x: fire(x), "snnbench_tests::fire"),
        (lambda s, r, x: fire(s), "snnbench_tests::fire"),
        (lambda s, r, x: torch.from_numpy(np.heaviside(x.numpy(), 0)), "no operation of torch"),
        (lambda s, r, x: fire(x) + s, "snnbench_tests::fire"),
        (lambda s, r, x: fire(x)[0].view(2, 2), "snnbench_tests::fire"),
        (lambda s, r, x: torch.linalg.matrix_power(s, 0) @ fire(x), "snnbench_tests::fire"),
    ],
)
def test_what_made_values_that_are_not_understood_is_said(make, words):
    assert words in known(make).unknown


@pytest.mark.parametrize("make", [lambda s, r, x: fire(x) * 0.3, lambda s, r, x: fire(x) + x])
def test_what_is_real_whatever_is_unknown_is_real(make):
    assert kind(known(make)) == "real"


def test_a_storage_that_takes_the_place_of_another_is_another():
    tracker = Tracker(nn.Linear(1, 1))
    with torch.no_grad(), tracker:
        for _ in range(50):
            s = (torch.rand(64) > 0.5).float()
            assert kind(tracker.of(s)) == "spikes"
            del s
            x = torch.rand(64)
            assert kind(tracker.of(x)) == "real"
            del x


def test_constants_that_a_model_holds_are_what_they_are_and_parameters_are_real():
    class Holds(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mask", torch.tensor([0.0, 1.0]))
            self.scale, self.plain = torch.tensor(0.3), torch.ones(2)
            self.weight = nn.Parameter(torch.ones(2))

    model = Holds()
    tracker = Tracker(model)
    held = [model.mask, model.plain, model.scale, model.weight]
    assert [kind(tracker.of(x)) for x in held] == ["spikes", "spikes", "real", "real"]
