"""The NumPy engine against the reference engine, and as a part of the program."""

import warnings

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.network.checkpoint import load_model, save_model
from snnbench.runs import resolve_machine
from snnbench.training.engines import make_engine
from snnbench.training.evaluation import NetworkEvaluator, evaluate
from snnbench.training.machine import using
from snnbench.training.modules import ModuleEngine
from snnbench.training.numpy_engine import NumpyEngine
from tests.training.test_stacked import bits, data_of, outcomes

ANN = {"model": "ann", "engine": "numpy", "device": "cpu"}
SMALL = ANN | {"arch": "33-17-10", "train_samples": 300, "epochs": 2}


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
        {"activation": "tanh", "batch_norm": True, "weight_decay": 0.02},
        {"activation": "sigmoid", "optimizer": "adamw", "weight_decay": 0.1, "loss": "mse"},
        {"arch": "20:linear-30-10:relu", "batch_norm": True, "bias": False, "loss": "mse"},
    ],
)
def test_from_equal_weights_an_epoch_is_the_reference_engines(settings):
    config = RunConfig(**(ANN | {"arch": "33-17-10"} | settings))
    data = data_of(config)
    ours, theirs = NumpyEngine([config], data), ModuleEngine([config], data)
    ours.networks[0].load_state_dict(theirs.networks[0].state_dict())
    rows = torch.from_numpy(np.random.default_rng(0).permutation(len(data.train)))
    for batch in rows.split(64):
        a, b = (engine.train_batch(1, batch, [config.lr], [0]) for engine in (ours, theirs))
        assert a[0][0] == pytest.approx(b[0][0], rel=1e-4)
        assert abs(a[1][0] - b[1][0]).max() <= 1
    (a,), (b,) = evaluate(ours, data.test, [0]), evaluate(theirs, data.test, [0])
    assert a.loss == pytest.approx(b.loss, rel=1e-3)
    assert a.accuracy == pytest.approx(b.accuracy, abs=0.01)
    for x, y in zip(a.tallies, b.tallies, strict=True):
        assert x.input_rate == pytest.approx(y.input_rate, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("settings", [{}, {"batch_norm": True, "dropout": 0.25}])
def test_it_reaches_the_accuracy_of_the_fast_engine(settings):
    def accuracy(engine):
        runs = [
            RunConfig(**(ANN | {"engine": engine} | settings), arch="64-10", epochs=10, seed=seed)
            for seed in range(3)
        ]
        return np.mean([outcomes([c])[0].records[-1].test_accuracy for c in runs])

    ours, theirs = accuracy("numpy"), accuracy("fast")
    assert ours > 0.93
    assert ours == pytest.approx(theirs, abs=0.02)


def test_a_member_is_bit_for_bit_the_same_in_any_cohort_and_position():
    members = [
        RunConfig(**SMALL, lr=lr, loss=loss, init=init, batch_norm=True, dropout=0.2)
        for lr, loss, init in [(0.01, "ce", "default"), (0.003, "mse", "xavier-normal"),
                               (0.03, "ce", "kaiming-uniform")]
    ]  # fmt: skip
    together, backwards = outcomes(members), outcomes(members[::-1])
    for k, config in enumerate(members):
        alone = bits(outcomes([config])[0])
        assert bits(together[k]) == alone
        assert bits(backwards[2 - k]) == alone


def test_dropout_draws_anew_at_every_step_of_every_epoch():
    config = RunConfig(**SMALL, dropout=0.5)
    engine = NumpyEngine([config], data_of(config))
    masks = []
    for epoch in (1, 2, 1):
        engine.begin_epoch()
        for _ in range(2):
            engine.train_batch(epoch, torch.arange(50), [0.01], [0])
            masks.append(engine.perceptrons[0].layers["fc1_dropout"].mask)
    kinds = {mask.tobytes() for mask in masks[:4]}
    assert len(kinds) == 4
    assert np.array_equal(masks[4], masks[0])
    assert np.array_equal(masks[5], masks[1])


def test_the_torch_network_is_the_trained_one_at_its_best_epoch(tmp_path):
    config = RunConfig(**(SMALL | {"epochs": 6}), lr=0.05, val_samples=100, batch_norm=True)
    data, result = data_of(config), outcomes([config])[0]
    best = result.records[result.best_epoch - 1]
    path = save_model(tmp_path, "0" * 12, config, result.network, data.input_shape)
    for network in (result.network, load_model(path).network):
        (found,) = evaluate(NetworkEvaluator([config], [network]), data.test, [0])
        assert found.loss == pytest.approx(best.test_loss, rel=1e-4)
        assert found.accuracy == pytest.approx(best.test_accuracy, abs=0.003)


def test_a_student_learns_from_a_teacher_and_both_are_numpys(tmp_path):
    teacher = RunConfig(**ANN, arch="64-10", epochs=10)
    done = outcomes([teacher])[0]
    path = save_model(tmp_path, "0" * 12, teacher, done.network, (1, 8, 8))
    for loss in ("mimic-l2", "mimic-kl"):
        student = RunConfig(**ANN, arch="40-10", epochs=10, loss=loss, teacher=str(path))
        assert outcomes([student])[0].records[-1].test_accuracy > 0.9


def test_a_run_that_diverges_is_told_apart_and_the_others_go_on():
    diverging = RunConfig(**SMALL, lr=1e8, loss="mse", optimizer="sgd")
    steady = RunConfig(**SMALL, lr=0.1, loss="mse", optimizer="sgd")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ends = outcomes([diverging, steady])
    assert [ends[k].status for k in (0, 1)] == ["diverged", "done"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "snn"}, ["model 'snn'", "--model ann"]),
        ({}, ["model 'snn'", "--model ann"]),
        ({"model": "ann", "arch": "4c3-p2-10"}, ["layer 'conv'", "layer: linear"]),
        ({"model": "ann", "device": "cuda"}, ["cuda", "--device cpu"]),
    ],
)
def test_what_it_cannot_do_is_refused_with_a_remedy(settings, words):
    with pytest.raises(UserError) as caught:
        RunConfig(engine="numpy", **settings)
    assert all(word in str(caught.value) for word in ["numpy", *words])


def test_it_computes_on_the_cpu_and_is_never_chosen_unasked(monkeypatch):
    for has_gpu in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda answer=has_gpu: answer)
        asked = resolve_machine(RunConfig(model="ann", engine="numpy"))
        assert (asked.device, asked.engine) == ("cpu", "numpy")
        assert resolve_machine(RunConfig(model="ann")).engine != "numpy"
    config = RunConfig(**SMALL)
    assert isinstance(make_engine([config], data_of(config)), NumpyEngine)


def test_it_takes_as_many_threads_as_torch_and_gives_them_back():
    def pools():
        found = [p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"]
        return {*found, torch.get_num_threads()}

    before = pools()
    for threads in (2, 1):
        with using(RunConfig(**SMALL, threads=threads), 2):
            assert pools() == {threads}
        assert pools() == before
