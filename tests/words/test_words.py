"""Every row of every table: what it must say, and that the fast paths agree with the reference."""

import importlib.util
import math

import pytest
import torch

from snnbench.config import RunConfig
from snnbench.config.arch import parse_arch
from snnbench.config.effects import without_effect
from snnbench.config.paths import path_of
from snnbench.config.setting import SETTINGS
from snnbench.data.catalogue import load_dataset
from snnbench.errors import UserError
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.kernels.neurons import equations
from snnbench.kernels.perceptron import activations
from snnbench.network.build import build_network
from snnbench.plugins import TABLES
from snnbench.training.engines import make_engine
from snnbench.training.evaluation import evaluate
from snnbench.words.encodings import ENCODINGS
from snnbench.words.layers import LAYERS
from snnbench.words.losses import LOSSES
from snnbench.words.machines import DEVICES, ENGINES
from snnbench.words.networks import ACTIVATIONS, INITS, NETWORKS
from snnbench.words.neurons import NEURONS, RESETS
from snnbench.words.optimizers import OPTIMIZERS
from snnbench.words.paths import PATHS
from snnbench.words.readouts import READOUTS
from snnbench.words.surrogates import SURROGATES
from snnbench.words.table import Word
from snnbench.words.ties import TIES

DIGITS = load_dataset("digits")
SMALL = {"arch": "12-10", "T": 5, "train_samples": 96, "batch_size": 32, "lr": 0.02, "epochs": 1}
EVERY = (*TABLES, NETWORKS, ACTIVATIONS, INITS, RESETS, LAYERS, DEVICES, ENGINES, PATHS, TIES)
ROWS = [pytest.param(word, id=f"{table.kind}-{word.name}") for table in EVERY
        for word in table.values()]  # fmt: skip


@pytest.mark.parametrize("word", ROWS)
def test_a_word_has_a_meaning_settings_that_exist_and_a_home_that_loads(word):
    assert word.meaning
    assert set(word.uses) <= set(SETTINGS)
    if word.home:
        assert word.load() is not None


def ends(bounds):
    """Return the least and the largest number within bounds."""
    least = bounds.ge if bounds.gt is None else math.nextafter(bounds.gt, math.inf)
    return least, bounds.le


ENDS = [
    pytest.param({setting: word.name, name: end}, id=f"{word.name}-{name}-{end:g}")
    for setting, table in (("surrogate", SURROGATES), ("loss", LOSSES))
    for word in table.values() for name, bounds in word.bounds.items() for end in ends(bounds)
]  # fmt: skip


@pytest.mark.parametrize("settings", ENDS)
@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_word_trains_at_the_ends_of_its_bounds_and_is_refused_beyond(settings, engine, teacher):
    if settings.get("loss") is not None:
        settings = settings | {"teacher": teacher, "readout": "current"}
    losses, weights, held = trained(
        RunConfig.from_layers(settings, SMALL | {"device": "cpu", "engine": engine})
    )
    assert all(map(math.isfinite, (*losses, held.loss)))
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())
    name = next(name for name in settings if name in ("surrogate_alpha", "temperature"))
    owner = SETTINGS[name].of
    for beyond in (settings[name] * 1.001, settings[name] * 0.999):
        bounds = SETTINGS[owner].words[settings[owner]].bounds[name]
        if bounds.holds(beyond):
            continue
        words = f"{name}: .* is out of range for {owner} '{settings[owner]}'"
        with pytest.raises(UserError, match=words) as caught:
            RunConfig(**settings | {name: beyond})
        assert str(bounds) in caught.value.remedy


@pytest.mark.parametrize("name", [n for n, s in SETTINGS.items() if s.of])
def test_a_setting_of_another_is_used_by_one_of_its_words(name):
    words = SETTINGS[SETTINGS[name].of].words
    assert any(name in word.uses for word in words.values())


@pytest.mark.parametrize("neuron", NEURONS.values(), ids=lambda word: word.name)
def test_a_neuron_keeps_as_many_states_as_its_class_names(neuron):
    assert neuron.states == len(neuron.load().states)


def test_what_the_kernels_can_do_is_what_their_paths_list():
    for path in ("events", "scan"):
        assert set(PATHS[path].can["surrogate"]) == set(equations.SURROGATES)
        assert set(PATHS[path].can["reset"]) == set(equations.RESETS)
    assert set(PATHS["perceptron"].can["activation"]) == set(activations.ACTIVATIONS)
    if importlib.util.find_spec("triton"):
        from snnbench.kernels import triton_scan

        assert set(PATHS["triton"].can["surrogate"]) == set(triton_scan.SURROGATES)


@pytest.mark.parametrize("settings", [{"activation": "gelu"}, {"arch": "12:gelu-10"}])
def test_an_activation_that_no_path_lists_trains_by_modules(settings, monkeypatch):
    gelu = Word("gelu", "x times the normal distribution up to x", "torch.nn:GELU")
    monkeypatch.setitem(ACTIVATIONS._rows, "gelu", gelu)
    parse_arch.cache_clear()
    config = RunConfig.from_layers(
        {"model": "ann"} | settings, SMALL | {"engine": "fast", "device": "cpu"}
    )
    assert path_of(config).name == "modules"
    assert trained(config)[0] == pytest.approx(
        trained(config.model_copy(update={"engine": "reference"}))[0], rel=2e-4
    )
    with pytest.raises(UserError, match="engine 'numpy' cannot do activation 'gelu'"):
        config.changed(engine="numpy")


CHOICES = [
    ("neuron", NEURONS), ("surrogate", SURROGATES), ("encoding", ENCODINGS),
    ("readout", READOUTS), ("loss", LOSSES), ("optimizer", OPTIMIZERS), ("init", INITS),
    ("reset", RESETS), ("activation", ACTIVATIONS),
]  # fmt: skip
CASES = [
    pytest.param({setting: word} | ({"model": "ann"} if setting == "activation" else {}),
                 id=f"{setting}-{word}")
    for setting, table in CHOICES for word in table
]  # fmt: skip


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    from snnbench import train

    folder = tmp_path_factory.mktemp("teacher")
    done = train(model="ann", arch="10", epochs=1, train_samples=96, batch_size=32,
                 out=folder, save_model=True)  # fmt: skip
    return str(folder / "models" / f"{done.run_id}.safetensors")


def trained(config):
    """Return losses of three steps, weights after them, and what an evaluation gives."""
    data = prepare(config, DIGITS, select(config, DIGITS), torch.device("cpu"))
    engine = make_engine([config], data)
    rows = torch.arange(96)
    losses = [
        engine.train_batch(1, rows[start : start + 32], [config.lr], [0])[0][0]
        for start in (0, 32, 64)
    ]
    (held,) = evaluate(engine, data.test, [0])
    return losses, engine.weights_of(0), held


@pytest.mark.parametrize("settings", CASES)
def test_a_word_trains_the_same_by_its_fast_path_and_by_the_reference(settings, teacher):
    if "teacher" in LOSSES[settings.get("loss", "ce")].uses:
        settings = settings | {"teacher": teacher}
    config = RunConfig.from_layers(settings, SMALL | {"device": "cpu", "engine": "fast"})
    assert not without_effect(config).keys() & settings.keys()
    path = path_of(config)
    losses, weights, held = trained(config)
    expected = trained(config.model_copy(update={"engine": "reference"}))
    assert losses == pytest.approx(expected[0], rel=2e-4), path.name
    for name, tensor in weights.items():
        assert torch.allclose(tensor, expected[1][name], atol=2e-4), (path.name, name)
    assert held.loss == pytest.approx(expected[2].loss, rel=2e-3)
    before = build_network(config, (1, 8, 8)).state_dict()
    assert any(not torch.equal(tensor, before[name]) for name, tensor in weights.items())
