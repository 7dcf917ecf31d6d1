"""The fast engine against the reference, and a member against itself in other company."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.data.catalogue import load_dataset
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.training.engines import make_engine
from snnbench.training.evaluation import evaluate
from snnbench.training.events import RunDone
from snnbench.training.gradients import losses_and_gradients
from snnbench.training.loop import train_cohort
from snnbench.training.losses import training_loss
from snnbench.training.modules import ModuleEngine
from snnbench.training.stacked import StackedEngine

CPU = torch.device("cpu")
DIGITS = load_dataset("digits")
SGD = {"optimizer": "sgd", "lr": 0.01}  # Adam's first steps are signs: they blow rounding up


def data_of(config):
    return prepare(config, DIGITS, select(config, DIGITS), CPU)


def one_step(engine, config, epoch=1, batch=50):
    """Return loss, hits and the change of all parameters in one step."""
    before = [p.detach().clone() for p in engine.networks[0].parameters()]
    engine.begin_epoch()
    rows = torch.arange(batch)
    loss, hits = engine.train_batch(epoch, rows, [1.0], [0])
    after = engine.networks[0].parameters()
    return loss[0], hits[0].tolist(), [a.detach() - b for a, b in zip(after, before, strict=True)]


@settings(deadline=None, max_examples=40)
@given(
    hidden=st.lists(st.integers(1, 40), max_size=3),
    T=st.integers(1, 12),
    encoding=st.sampled_from(["bernoulli", "repeat", "threshold", "latency"]),
    readout=st.sampled_from(["rate", "current", "membrane"]),
    loss=st.sampled_from(["mse", "ce"]),
    reset=st.sampled_from(["subtract", "zero", "none"]),
    detach=st.booleans(),
    surrogate=st.sampled_from(["fast-sigmoid", "atan", "sigmoid", "s2nn", "erf", "rect"]),
    beta=st.floats(0, 1.2),
    v_th=st.floats(0.1, 1.5),
    bias=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_one_step_is_the_reference_engines(
    hidden, T, encoding, readout, loss, reset, detach, surrogate, beta, v_th, bias, seed
):
    arch = "-".join(map(str, [*hidden, 10]))
    given_settings = {
        "arch": arch, "T": T, "encoding": encoding, "readout": readout, "loss": loss,
        "reset": reset, "detach_reset": detach, "surrogate": surrogate, "beta": beta,
        "v_th": v_th, "bias": bias,
        "seed": seed, "train_samples": 200, "batch_size": 50, **SGD,
    }  # fmt: skip
    config = RunConfig.from_layers({}, given_settings)
    data = data_of(config)
    resolved = config.model_copy(update={"device": "cpu", "engine": "fast"})
    if path_of(resolved).name != "events":
        assert readout == "current"
        assert not hidden
        return
    fast, slow = StackedEngine([config], data), ModuleEngine([config], data)
    (loss_f, right_f, step_f), (loss_s, right_s, step_s) = (
        one_step(fast, config), one_step(slow, config),
    )  # fmt: skip
    # A membrane within rounding of the threshold may spike in one engine and not in the other.
    assert loss_f == pytest.approx(loss_s, rel=2e-2, abs=1e-4)
    assert sum(abs(f - s) for f, s in zip(right_f, right_s, strict=True)) <= 4
    assert fast.input_rates(0) == pytest.approx(slow.input_rates(0), abs=2e-3)
    same_spikes = fast.input_rates(0) == pytest.approx(slow.input_rates(0), rel=1e-9)
    if same_spikes and loss_f == pytest.approx(loss_s, rel=1e-6):
        for a, b in zip(step_f, step_s, strict=True):
            torch.testing.assert_close(a, b, rtol=2e-3, atol=1e-6)


def test_the_steps_compared_are_mostly_with_equal_spikes():
    """Guards the test above: its gradients are compared in nearly all cases."""
    equal = 0
    for seed in range(20):
        config = RunConfig(arch="20-10", T=8, seed=seed, train_samples=200, **SGD)
        data = data_of(config)
        fast, slow = StackedEngine([config], data), ModuleEngine([config], data)
        one_step(fast, config), one_step(slow, config)
        equal += fast.input_rates(0) == pytest.approx(slow.input_rates(0), rel=1e-9)
    assert equal >= 18


@settings(deadline=None, max_examples=30)
@given(
    hidden=st.lists(st.integers(1, 16), max_size=3),
    T=st.integers(1, 12),
    batch=st.integers(1, 60),
    loss=st.sampled_from(["mse", "ce"]),
    reset=st.sampled_from(["subtract", "zero", "none"]),
    detach=st.booleans(),
    bias=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_whole_step_of_narrow_layers_has_the_bits_of_its_parts(
    hidden, T, batch, loss, reset, detach, bias, seed
):
    config = RunConfig.from_layers(
        {}, {"arch": "-".join(map(str, [*hidden, 10])), "T": T, "loss": loss, "reset": reset,
             "detach_reset": detach, "bias": bias, "seed": seed, "v_th": 0.3,
             "train_samples": 200}
    )  # fmt: skip
    whole = StackedEngine([config], data_of(config))
    parts = StackedEngine([config], data_of(config), whole_steps=False)
    assert whole.narrow is not None
    assert parts.narrow is None
    for engine in (whole, parts):
        engine.begin_epoch()
    for step in range(3):
        rows = torch.arange(batch) + step
        found, wanted = (e.train_batch(1, rows, [0.1], [0]) for e in (whole, parts))
        assert [found[0], found[1][0].tolist()] == [wanted[0], wanted[1][0].tolist()]
    assert whole.input_rates(0) == parts.input_rates(0)
    assert np.array_equal(whole.parameters, parts.parameters)


@pytest.mark.parametrize(
    ("change", "members", "is_narrow"),
    [
        ({}, 1, True),
        ({"arch": "16-10"}, 1, True),
        ({"arch": "17-10"}, 1, False),
        ({}, 2, False),
        ({"encoding": "repeat"}, 1, False),
        ({"readout": "membrane"}, 1, False),
    ],
)
def test_which_runs_take_whole_steps(change, members, is_narrow):
    configs = [RunConfig(**({"arch": "10-10", "T": 3, "train_samples": 200} | change))] * members
    assert (StackedEngine(configs, data_of(configs[0])).narrow is not None) == is_narrow


@pytest.mark.parametrize("encoding", ["bernoulli", "repeat", "latency"])
def test_an_evaluation_is_the_reference_engines(encoding):
    config = RunConfig(arch="30-20-10", T=6, encoding=encoding, v_th=0.4, val_samples=77)
    data = data_of(config)
    fast, slow = StackedEngine([config], data), ModuleEngine([config], data)
    for part in (data.test, data.val):
        (a,), (b,) = evaluate(fast, part, [0]), evaluate(slow, part, [0])
        assert a.loss == pytest.approx(b.loss, rel=1e-5)
        assert a.accuracy == b.accuracy
        for ours, theirs in zip(a.tallies, b.tallies, strict=True):
            assert ours.samples == theirs.samples
            assert ours.input_rate == pytest.approx(theirs.input_rate, rel=1e-6)
            assert torch.equal(ours.nonzero, theirs.nonzero.flatten())
            assert torch.equal(ours.spikes, theirs.spikes)
            assert (ours.silent, ours.saturated) == (theirs.silent, theirs.saturated)


COHORTS = {
    "events": [
        {"beta": 0.2}, {"beta": 0.9, "z": 5, "lr": 0.03}, {"v_th": 0.9, "loss": "ce"},
        {"weight_decay": 0.01}, {"lr": 0.003}, {"beta": 1.1}, {"z": 0.5},
    ],
    "constant": [{"beta": b, "encoding": "repeat"} for b in (0.1, 0.5, 0.9)],
    "membrane": [{"v_th": v, "readout": "membrane"} for v in (0.3, 0.5, 0.9)],
    "current": [{"v_th": v, "readout": "current", "optimizer": "sgd", "momentum": m}
                for v, m in ((0.3, 0.9), (0.5, 0.0), (0.9, 0.5))],
    "mixed sizes": [{"arch": "33-17-10", "beta": b} for b in (0.1, 0.5, 0.7, 0.9)],
}  # fmt: skip
BASE = {"arch": "24-10", "T": 5, "epochs": 2, "train_samples": 300, "test_samples": 150,
        "engine": "fast", "device": "cpu"}  # fmt: skip


def outcomes(configs):
    data = data_of(configs[0])
    events = train_cohort(configs, data)
    return {e.member: e for e in events if isinstance(e, RunDone)}


def bits(done):
    """Everything a run ends with, but times."""
    records = [
        {n: v for n, v in vars(record).items() if not n.endswith("seconds")}
        for record in done.records
    ]
    weights = [p.detach().contiguous().numpy().tobytes() for p in done.network.parameters()]
    return records, done.count, weights


@pytest.mark.parametrize("name", COHORTS)
def test_a_member_is_bit_for_bit_the_same_in_any_cohort_and_position(name):
    members = [RunConfig(**(BASE | settings)) for settings in COHORTS[name]]
    together = outcomes(members)
    backwards = outcomes(members[::-1])
    for k, config in enumerate(members):
        alone = bits(outcomes([config])[0])
        assert bits(together[k]) == alone, f"member {k} in order"
        assert bits(backwards[len(members) - 1 - k]) == alone, f"member {k} backwards"


@pytest.mark.parametrize("settings", [{}, {"arch": "40-30-10"}, {"readout": "membrane"}])
def test_event_paths_give_the_same_bits_on_one_and_two_threads(settings):
    config = RunConfig(**(BASE | settings))
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(bits(outcomes([config])[0]))
    finally:
        torch.set_num_threads(before)
    assert results[0] == results[1]


def test_a_diverged_member_leaves_the_others_untouched():
    shared = BASE | {"readout": "current", "loss": "mse", "optimizer": "sgd", "epochs": 3}
    wild, calm = RunConfig(**shared, lr=1e9), RunConfig(**shared, lr=0.1)
    together = outcomes([wild, calm])
    assert (together[0].status, together[1].status) == ("diverged", "done")
    assert bits(together[1]) == bits(outcomes([calm])[0])


def test_whole_trainings_end_within_noise_of_the_references():
    accuracies = {"fast": [], "reference": []}
    for engine, found in accuracies.items():
        for seed in range(4):
            config = RunConfig(arch="32-10", T=5, epochs=5, seed=seed, device="cpu", engine=engine)
            found.append(outcomes([config])[0].records[-1].test_accuracy)
    fast, slow = (np.array(accuracies[name]) for name in ("fast", "reference"))
    spread = max(np.std(fast - slow, ddof=1), 0.003)
    assert abs((fast - slow).mean()) < 3 * spread / 2  # three standard errors of four pairs
    assert fast.min() > 0.85


@pytest.mark.parametrize("loss", ["mse", "ce"])
def test_the_closed_forms_of_the_losses_are_torchs(loss):
    config = RunConfig(arch="4", T=7, loss=loss)
    sums = torch.randint(0, 8, (9, 4), generator=torch.Generator().manual_seed(0)).float()
    y = torch.arange(9) % 4
    leaf = sums.clone().requires_grad_()
    expected = training_loss(config, (leaf / 7)[None], None, y, None)
    expected.backward()
    both = np.stack([np.full_like(sums, 3.0), sums], axis=1)
    (left_out, value), gradient = losses_and_gradients(
        [config] * 2, both, y.numpy(), [None] * 2, [1], steps=7
    )
    assert (left_out, value) == (0, pytest.approx(expected.item(), rel=1e-6))
    torch.testing.assert_close(torch.from_numpy(gradient[:, 1]), leaf.grad)
    assert not gradient[:, 0].any()


@pytest.mark.parametrize(
    ("settings", "fast"),
    [
        ({}, True),
        ({"arch": "9-9-10", "readout": "current"}, True),
        ({"model": "ann"}, False),
        ({"arch": "4c3-10"}, False),
        ({"arch": "9:relu-10"}, False),
        ({"batch_norm": True}, False),
        ({"dropout": 0.1}, False),
        ({"surrogate": "q-pseudo-spike"}, False),
    ],
)
def test_the_engine_is_the_fastest_that_fits(settings, fast):
    config = RunConfig(**settings, engine="fast", device="cpu", train_samples=200)
    engine = make_engine([config], data_of(config))
    assert isinstance(engine, StackedEngine) == fast
