"""The fast engine of ANNs against the reference, and a member against itself in company."""

from dataclasses import replace

import numba
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.kernels.base.jit import set_threads
from snnbench.network.checkpoint import save_model
from snnbench.training.engines import make_engine
from snnbench.training.evaluation import evaluate
from snnbench.training.events import RunDone
from snnbench.training.loop import train_cohort
from snnbench.training.modules import ModuleEngine
from snnbench.training.perceptron import _LARGE, PerceptronEngine
from tests.training.test_stacked import BASE, bits, data_of, one_step, outcomes

ANN = {"model": "ann", "engine": "fast", "device": "cpu", "train_samples": 300, "epochs": 2}


def dark(data):
    """Return the data with four fifths of the pixels at 0, one sample with all of them."""
    generator = torch.Generator().manual_seed(0)
    x = data.train.x * (torch.rand(data.train.x.shape, generator=generator) < 0.4)
    x[7] = 0
    return replace(data, train=replace(data.train, x=x))


def assert_same_step(config, data, *, small, batch=50):
    fast = PerceptronEngine([config], data, small_layers="always" if small else "never")
    slow = ModuleEngine([config], data)
    assert (fast.small is not None) == small
    loss_f, right_f, step_f = one_step(fast, config, batch=batch)
    loss_s, right_s, step_s = one_step(slow, config, batch=batch)
    assert loss_f == pytest.approx(loss_s, rel=1e-5)
    assert right_f == right_s
    for a, b in zip(step_f, step_s, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(
    hidden=st.lists(st.integers(1, 40), max_size=3),
    activation=st.sampled_from(["relu", "sigmoid", "tanh", "linear"]),
    output=st.sampled_from(["", ":relu", ":tanh"]),
    loss=st.sampled_from(["mse", "ce"]),
    bias=st.booleans(),
    small=st.booleans(),
    sparse=st.booleans(),
    batch=st.integers(1, 50),
    seed=st.integers(0, 1000),
)
def test_one_step_is_the_reference_engines(
    hidden, activation, output, loss, bias, small, sparse, batch, seed
):
    arch = "-".join([*map(str, hidden), f"10{output}"])
    config = RunConfig.from_layers(
        {}, ANN | {"arch": arch, "activation": activation, "loss": loss, "bias": bias,
                   "seed": seed, "optimizer": "sgd", "batch_size": 50}
    )  # fmt: skip
    data = dark(data_of(config)) if sparse else data_of(config)
    assert_same_step(config, data, small=small, batch=batch)


@pytest.mark.parametrize(("units", "takes_input"), [(1024, True), (1025, False)])
def test_a_first_layer_too_wide_for_the_caches_is_taken_by_itself(units, takes_input):
    config = RunConfig(**(ANN | {"arch": f"{units}-10", "optimizer": "sgd", "batch_size": 50}))
    data = dark(data_of(config))
    engine = PerceptronEngine([config], data, small_layers="always")
    assert engine.small.takes_input == takes_input
    assert_same_step(config, data, small=True)


def test_an_evaluation_is_the_reference_engines():
    config = RunConfig(**(ANN | {"arch": "30-20-10", "val_samples": 50}))
    data = data_of(config)
    fast, slow = PerceptronEngine([config], data), ModuleEngine([config], data)
    for part in (data.test, data.val):
        (a,), (b,) = evaluate(fast, part, [0]), evaluate(slow, part, [0])
        assert a.loss == pytest.approx(b.loss, rel=1e-5)
        assert a.accuracy == b.accuracy
        for ours, theirs in zip(a.tallies, b.tallies, strict=True):
            assert torch.equal(ours.nonzero, theirs.nonzero.flatten())


def test_a_wide_hidden_layer_before_few_classes_is_the_reference_engines():
    config = RunConfig(**(ANN | {"arch": "400-10", "optimizer": "sgd", "batch_size": 100}))
    data = data_of(config)
    assert config.batch_size * 400 > _LARGE  # the products that are turned round
    assert_same_step(config, data, small=False)


@pytest.fixture
def _threads():
    yield
    set_threads(numba.config.NUMBA_NUM_THREADS)


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize(("arch", "is_small"), [("33-17-10", True), ("300-300-10", False)])
def test_a_member_is_bit_for_bit_the_same_in_any_cohort_and_position(arch, is_small, is_dark):
    members = [
        RunConfig(**ANN, arch=arch, lr=lr, loss=loss, weight_decay=decay, batch_size=100)
        for lr, loss, decay in [(0.01, "ce", 0.0), (0.003, "mse", 0.1), (0.03, "ce", 0.01)]
    ]
    data = data_of(members[0])
    data = dark(data) if is_dark else data

    def ends(configs):
        events = train_cohort(configs, data)
        return {e.member: bits(e) for e in events if isinstance(e, RunDone)}

    small = PerceptronEngine(members, data).small
    assert (small is not None) == is_small
    assert small is None or small.takes_input == is_dark
    together, backwards = ends(members), ends(members[::-1])
    for k, config in enumerate(members):
        alone = ends([config])[0]
        assert together[k] == alone
        assert backwards[2 - k] == alone


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("lr", [[0.01], [0.01, 0.003, 0.03]])
def test_small_layers_have_the_same_bits_on_one_and_two_threads(lr, is_dark):
    members = [RunConfig(**ANN, arch="70-17-10", lr=rate) for rate in lr]
    data = data_of(members[0])
    data = dark(data) if is_dark else data
    ends = []
    for threads in (1, 2):
        set_threads(threads, grain=0)
        engine = PerceptronEngine(members, data, small_layers="always")
        seen = []
        for i in range(20):
            losses, hits = engine.train_batch(1, torch.arange(i, i + 50), lr, range(len(lr)))
            seen.append((losses, [found.tolist() for found in hits]))
        ends.append((seen, [p.tobytes() for p in engine.optimizer.parameters]))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_what_a_batch_of_any_size_gives_does_not_depend_on_the_company(activation):
    members = [
        RunConfig(**(ANN | {"arch": "3-5-10", "activation": activation, "init": init}))
        for init in ("default", "xavier-normal", "kaiming-uniform")
    ]
    data = data_of(members[0])
    together = PerceptronEngine(members, data)
    alone = [PerceptronEngine([config], data) for config in members]
    for size in range(1, 60):
        values = together._forward(data.test, np.arange(size))
        for k, engine in enumerate(alone):
            for ours, own in zip(values, engine._forward(data.test, np.arange(size)), strict=True):
                assert torch.equal(ours[k], own[0]), (size, k)


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_run_that_is_left_out_changes_nothing(small, optimizer):
    members = [RunConfig(**ANN, arch="20-10", lr=lr, optimizer=optimizer) for lr in (0.01, 0.02)]
    engine = PerceptronEngine(
        members, data_of(members[0]), small_layers="always" if small else "never"
    )
    before = [p.detach().clone() for p in engine.networks[0].parameters()]
    losses, right = engine.train_batch(1, torch.arange(50), [0.01, 0.02], [1])
    assert len(losses) == len(right) == 1
    for old, new in zip(before, engine.networks[0].parameters(), strict=True):
        assert torch.equal(old, new)
    assert not torch.equal(before[0], next(iter(engine.networks[1].parameters())))


def test_a_batch_larger_than_the_memory_is_refused():
    for arch, model in (("20-10", ANN), ("10", BASE)):
        config = RunConfig(**(model | {"arch": arch, "batch_size": 20}))
        engine = make_engine([config], data_of(config))
        engine.begin_epoch()
        with pytest.raises(AssertionError, match="memory"):
            engine.train_batch(1, torch.arange(21), [0.1], [0])


def test_a_student_of_a_spiking_teacher_learns(tmp_path):
    teacher = RunConfig(**(BASE | {"arch": "64-10", "T": 8, "epochs": 5, "readout": "current",
                                   "train_samples": None}))  # fmt: skip
    done = outcomes([teacher])[0]
    path = save_model(tmp_path, "0" * 12, teacher, done.network, (1, 8, 8))
    student = RunConfig(**(ANN | {"epochs": 8, "train_samples": None}), arch="40-10",
                        loss="mimic-kl", teacher=str(path))  # fmt: skip
    result = outcomes([student])[0]
    assert result.records[-1].test_accuracy > 0.85


def test_a_convolution_or_dropout_trains_with_the_reference():
    for change in ({"arch": "4c3-10"}, {"dropout": 0.1}, {"batch_norm": True}):
        config = RunConfig(**ANN, **change)
        assert isinstance(make_engine([config], data_of(config)), ModuleEngine)
    config = RunConfig(**ANN)
    assert isinstance(make_engine([config], data_of(config)), PerceptronEngine)
