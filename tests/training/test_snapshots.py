"""A training that is left off and goes on ends bit for bit as one that was not."""

import itertools

import pytest

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.results.checkpoints import from_files, to_files
from snnbench.training.events import Reached, RunDone
from snnbench.training.loop import train_cohort
from tests.training.test_stacked import bits, data_of

BASE = {"arch": "12-10", "epochs": 4, "train_samples": 200, "test_samples": 100,
        "batch_size": 32, "device": "cpu", "engine": "fast"}  # fmt: skip
SNN = BASE | {"T": 4}
ANN = BASE | {"model": "ann"}
FAMILIES = {
    "a single narrow SNN": ("events", [SNN]),
    "SGD with momentum": ("events", [SNN | {"optimizer": "sgd", "momentum": 0.9, "arch": "20-10"}]),
    "a cohort": ("events", [SNN | {"beta": b, "lr": r} for b, r in ((0.1, 0.01), (0.9, 0.1))]),
    "a teacherless ANN": ("perceptron", [ANN]),
    "ANNs": ("perceptron", [ANN | {"lr": r, "optimizer": "adamw"} for r in (0.001, 0.1)]),
    "a CNN with BatchNorm": ("scan", [SNN | {"arch": "2c3-p2-10", "batch_norm": True}]),
    "Dropout": ("scan", [SNN | {"dropout": 0.3, "lr": r} for r in (0.01, 0.05)]),
    "modules": ("modules", [SNN | {"surrogate": "q-pseudo-spike"}]),
    "reference": ("reference", [SNN | {"engine": "reference"}]),
    "reference, SGD": (
        "reference", [ANN | {"engine": "reference", "optimizer": "sgd", "momentum": 0.5}],
    ),
    "numpy": ("numpy", [ANN | {"engine": "numpy", "batch_norm": True, "dropout": 0.2}]),
    "numpy, SGD": (
        "numpy", [ANN | {"engine": "numpy", "optimizer": "sgd", "momentum": 0.5, "lr": 0.1}],
    ),
}  # fmt: skip
CHOOSING = {"val_samples": 60, "patience": 2}


def done(events):
    found = {event.member: event for event in events if isinstance(event, RunDone)}
    return [found[k] for k in sorted(found)]


def left_off(configs, data, epoch):
    """Return the runs' snapshots after an epoch, as they come back from their files."""
    for event in train_cohort(configs, data, until=epoch):
        if isinstance(event, Reached) and event.epoch == epoch:
            taken = [to_files(str(k), take()) for k, take in event.snapshots.items()]
    return [from_files(str(k), f.weights, f.about) for k, f in enumerate(taken)]


@pytest.mark.parametrize("choosing", [{}, CHOOSING], ids=["last", "chosen"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_goes_on_ends_as_if_it_had_not_been_interrupted(family, choosing):
    path, members = FAMILIES[family]
    configs = [RunConfig(**settings, **choosing) for settings in members]
    assert path_of(configs[0]).name == path
    data = data_of(configs[0])
    whole = [bits(one) for one in done(train_cohort(configs, data))]
    assert len(set(map(repr, whole))) == len(configs)
    for epoch in (1, 2):
        snapshots = left_off(configs, data, epoch)
        assert [s.epoch for s in snapshots] == [epoch] * len(configs)
        again = done(train_cohort(configs, data, snapshots=snapshots))
        assert [bits(one) for one in again] == whole


@pytest.mark.parametrize("family", ["a cohort", "ANNs", "Dropout"])
def test_runs_of_a_cohort_go_on_in_any_company(family):
    configs = [RunConfig(**settings) for settings in FAMILIES[family][1]]
    data = data_of(configs[0])
    whole = [bits(one) for one in done(train_cohort(configs, data))]
    together = left_off(configs, data, 2)
    for config, snapshot, expected in zip(configs, together, whole, strict=True):
        (alone,) = done(train_cohort([config], data, snapshots=[snapshot]))
        assert bits(alone) == expected
    alone = [left_off([config], data, 2)[0] for config in configs]
    for order in itertools.permutations(range(len(configs))):
        events = train_cohort([configs[k] for k in order], data,
                              snapshots=[alone[k] for k in order])  # fmt: skip
        assert [bits(one) for one in done(events)] == [whole[k] for k in order]
