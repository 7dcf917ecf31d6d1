"""Runs that end leave their cohort, and the others do not notice: their bits stay their own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.results.checkpoints import from_files, to_files
from snnbench.training.engines import make_engine
from snnbench.training.evaluation import evaluate
from snnbench.training.events import Reached, RunDone
from snnbench.training.loop import train_cohort
from tests.training.test_stacked import bits, data_of

BASE = {"train_samples": 60, "test_samples": 40, "batch_size": 20, "epochs": 3,
        "device": "cpu", "engine": "fast"}  # fmt: skip
SNN = BASE | {"T": 3, "v_th": 0.4}
ANN = BASE | {"model": "ann"}
ARCHS = st.lists(st.integers(1, 40), min_size=1, max_size=2).map(
    lambda n: "-".join(map(str, [*n, 10]))
)
# path -> what it trains, and settings that all runs of a cohort share
PATHS = {
    "events": (SNN, {
        "arch": ARCHS, "encoding": st.sampled_from(["bernoulli", "repeat", "latency"]),
        "readout": st.sampled_from(["rate", "membrane"]), "bias": st.booleans(),
    }),
    "perceptron": (ANN, {"arch": ARCHS, "bias": st.booleans(),
                         "activation": st.sampled_from(["relu", "sigmoid", "tanh"])}),
    "scan": (SNN | {"dropout": 0.2}, {"arch": st.sampled_from(["2c3-p2-10", "7-10"]),
                                      "batch_norm": st.booleans()}),
    "modules": (SNN | {"surrogate": "q-pseudo-spike"},
                {"arch": ARCHS, "batch_norm": st.booleans()}),
    "reference": (SNN | {"engine": "reference"}, {"arch": ARCHS}),
    "numpy": (ANN | {"engine": "numpy", "dropout": 0.2},
              {"arch": ARCHS, "batch_norm": st.booleans()}),
}  # fmt: skip
OPTIMIZERS = ["sgd", "adam", "adamw"]
EPOCHS = 3


@st.composite
def cohorts(draw, path):
    """Return 2 to 5 configs of a path, and who goes on after each epoch, by position at first."""
    base, shared = PATHS[path]
    common = base | {name: draw(values) for name, values in shared.items()}
    common["optimizer"] = draw(st.sampled_from(OPTIMIZERS))
    own = {
        "lr": st.floats(1e-3, 0.3), "weight_decay": st.sampled_from([0.0, 0.01]),
        "loss": st.sampled_from(["mse", "ce"]),
    }  # fmt: skip
    if common["optimizer"] == "sgd":
        own["momentum"] = st.floats(0, 0.95)
    if common.get("model") != "ann":
        own |= {"beta": st.floats(0, 1.1), "v_th": st.floats(0.2, 1)}
    members = draw(st.lists(st.fixed_dictionaries(own), min_size=2, max_size=5))
    going, stays = list(range(len(members))), []
    for _ in range(EPOCHS):
        going = draw(st.lists(st.sampled_from(going), min_size=1, unique=True))
        stays.append(going)
    return [RunConfig(**(common | one)) for one in members], stays


def train(engine, configs, data, epoch):
    engine.begin_epoch()
    everyone = list(range(len(configs)))
    found = [
        engine.train_batch(epoch, rows, [c.lr for c in configs], everyone)
        for rows in torch.arange(len(data.train)).split(20)
    ]
    return [
        ([losses[k] for losses, _ in found], [hits[k].tolist() for _, hits in found])
        for k in everyone
    ]


def state(engine, member):
    """Return all that a run is, as bytes."""
    tensors = {**engine.weights_of(member), **engine.state_of(member)}
    return {n: t.detach().contiguous().numpy().tobytes() for n, t in tensors.items()}


def seen(engine, member, part):
    (one,) = evaluate(engine, part, [member])
    return one.loss, one.hits.tolist(), [(t.input_rate, t.spikes_per_step) for t in one.tallies]


@pytest.mark.parametrize("path", PATHS)
@settings(deadline=None, max_examples=12)
@given(drawn=st.data())
def test_whoever_stays_has_the_bits_of_training_alone(path, drawn):
    configs, stays = drawn.draw(cohorts(path))
    assert path_of(configs[0]).name == path
    data = data_of(configs[0])
    engine, alone = make_engine(configs, data), [make_engine([c], data) for c in configs]
    going = list(range(len(configs)))
    for epoch, staying in enumerate(stays, 1):
        losses = train(engine, [configs[k] for k in going], data, epoch)
        for at, k in enumerate(going):
            assert losses[at] == train(alone[k], [configs[k]], data, epoch)[0]
            assert engine.input_rates(at) == alone[k].input_rates(0)
            assert state(engine, at) == state(alone[k], 0)
            assert seen(engine, at, data.test) == seen(alone[k], 0, data.test)
        engine.keep([going.index(k) for k in staying])
        going = staying
        assert [len(engine.networks), len(engine.configs)] == [len(going)] * 2
        for at, k in enumerate(going):
            assert state(engine, at) == state(alone[k], 0)


@pytest.mark.parametrize("path", ["events", "perceptron"])
def test_the_optimizer_has_the_parameters_of_those_that_stay_only(path):
    base = PATHS[path][0] | {"arch": "30-10"}
    configs = [RunConfig(**base, lr=lr) for lr in (0.1, 0.01, 0.001)]
    data = data_of(configs[0])
    engine = make_engine(configs, data)
    engine.keep([2, 0])
    sizes = [sum(p.numel() for p in n.parameters()) for n in engine.networks]
    held = sum(np.size(part) for part in engine.optimizer.parameters)
    assert held == sum(sizes)
    assert len(sizes) == 2


ENDING = {  # settings with which the runs of a cohort end at different epochs
    "a narrow one is left": ("events", SNN | {"arch": "9-10"}, "lr", (1e-9, 3e-3, 1e-7, 0.05)),
    "events": ("events", SNN | {"arch": "30-10", "optimizer": "sgd", "momentum": 0.9}, "lr",
               (1e-9, 0.1, 0.001, 1e-7)),
    "perceptron": ("perceptron", ANN | {"arch": "20-10"}, "lr", (1e-9, 0.1, 0.001, 1e-7)),
    "scan": ("scan", SNN | {"arch": "2c3-p2-10", "batch_norm": True}, "lr", (1e-9, 0.1, 0.01)),
    "reference": ("reference", SNN | {"engine": "reference", "arch": "9-10"}, "lr", (1e-9, 0.03)),
    "numpy": ("numpy", ANN | {"engine": "numpy", "arch": "20-10"}, "lr", (1e-9, 0.01, 0.1)),
}  # fmt: skip
PATIENT = {"epochs": 8, "val_samples": 60, "patience": 2, "train_samples": 200}


def ended(events):
    return {event.member: event for event in events if isinstance(event, RunDone)}


def of(name):
    path, base, setting, values = ENDING[name]
    configs = [RunConfig(**(base | PATIENT | {setting: value})) for value in values]
    assert path_of(configs[0]).name == path
    return configs, data_of(configs[0])


@pytest.mark.parametrize("name", ENDING)
def test_patience_ends_each_run_where_it_ends_alone(name):
    configs, data = of(name)
    together = ended(train_cohort(configs, data))
    assert len({len(one.records) for one in together.values()}) > 1, "all end together"
    for k, config in enumerate(configs):
        alone = ended(train_cohort([config], data))[0]
        assert bits(together[k]) == bits(alone)
        assert (together[k].best_epoch, together[k].inference) == (
            alone.best_epoch,
            alone.inference,
        )


@pytest.mark.parametrize("name", ENDING)
def test_what_is_left_goes_on_from_a_checkpoint_with_its_bits(name):
    configs, data = of(name)
    whole = ended(train_cohort(configs, data))
    epochs = [len(whole[k].records) for k in range(len(configs))]
    after = min(epochs) + 1  # the others have been computed without the first to end
    for event in train_cohort(configs, data, until=after):
        if isinstance(event, Reached) and event.epoch == after:
            taken = {k: to_files(str(k), take()) for k, take in event.snapshots.items()}
    assert list(taken) == [k for k, epoch in enumerate(epochs) if epoch > after]
    snapshots = [from_files(str(k), f.weights, f.about) for k, f in taken.items()]
    again = ended(train_cohort([configs[k] for k in taken], data, snapshots=snapshots))
    for at, k in enumerate(taken):
        assert bits(again[at]) == bits(whole[k])


def test_a_run_that_diverged_leaves_and_the_others_do_not_notice():
    shared = SNN | {"readout": "current", "loss": "mse", "optimizer": "sgd", "arch": "9-10"}
    configs = [RunConfig(**shared, lr=lr) for lr in (1e9, 0.1, 0.01)]
    data = data_of(configs[0])
    together = ended(train_cohort(configs, data))
    assert [together[k].status for k in range(3)] == ["diverged", "done", "done"]
    assert len(together[0].records) < EPOCHS
    for k in (1, 2):
        assert bits(together[k]) == bits(ended(train_cohort([configs[k]], data))[0])


def test_of_a_cohort_only_the_runs_that_train_are_in_the_engine(monkeypatch):
    """And the time of an epoch is shared among them."""
    configs, data = of("events")
    sizes = []
    made = []

    def make(configs, data):
        made.append(make_engine(configs, data))
        return made[-1]

    monkeypatch.setattr("snnbench.training.loop.make_engine", make)
    alive = len(configs)
    for event in train_cohort(configs, data):
        if isinstance(event, RunDone):
            alive -= 1
        elif isinstance(event, Reached):
            sizes.append((len(made[0].networks), alive))
    # the engine lets go of a run when the next epoch begins
    assert [size for size, _ in sizes[1:]] == [left for _, left in sizes[:-1]]
    assert len({size for size, _ in sizes}) > 1
