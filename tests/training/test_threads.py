"""Equal names mean equal bits, however many threads, workers and companions there are."""

import pytest

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.data.catalogue import load_dataset
from snnbench.runs import RunResult, run_cohort
from snnbench.words.paths import PATHS
from tests.forking import run_snnbench

BASE = {"epochs": 2, "train_samples": 700, "test_samples": 300, "device": "cpu", "engine": "fast"}
SNN = BASE | {"arch": "96-10", "T": 5}
ANN = BASE | {"arch": "600-10", "model": "ann"}
CNN = SNN | {"arch": "6c3-p2-24-10", "T": 3}
# every path, kind of layer and option whose sums torch, BLAS or our kernels share out
COMPUTED = {
    "spikes": ("events", SNN),
    "narrow": ("events", SNN | {"arch": "10-10"}),
    "constant current": ("events", SNN | {"encoding": "repeat", "arch": "400-10"}),
    "threshold": ("events", SNN | {"encoding": "threshold"}),
    "membrane": ("events", SNN | {"readout": "membrane"}),
    "current": ("events", SNN | {"readout": "current"}),
    "BatchNorm": ("scan", SNN | {"batch_norm": True}),
    "Dropout": ("scan", SNN | {"dropout": 0.2}),
    "CNN": ("scan", CNN),
    "CNN with BatchNorm": ("scan", CNN | {"batch_norm": True}),
    "modules": ("modules", SNN | {"surrogate": "q-pseudo-spike"}),
    "small ANN": ("perceptron", ANN | {"arch": "32-10"}),
    "wide ANN": ("perceptron", ANN | {"batch_size": 700, "arch": "1000-400-10"}),
    "ANN with BatchNorm": ("modules", ANN | {"batch_norm": True}),
    "CNN ANN": ("modules", ANN | {"arch": "6c3-p2-24-10"}),
    "reference": ("reference", CNN | {"engine": "reference", "batch_norm": True}),
    "reference ANN": ("reference", ANN | {"engine": "reference", "dropout": 0.2}),
    "numpy": ("numpy", ANN | {"engine": "numpy", "batch_norm": True}),
}
DIGITS = load_dataset("digits")


def outcome(config, threads):
    """Train by so many threads of the machine, the settings naming none."""
    (result,) = (e for e in run_cohort([config], DIGITS, threads=threads)
                 if isinstance(e, RunResult))  # fmt: skip
    weights = [p.detach().numpy().tobytes() for p in result.network.parameters()]
    epochs = [{n: v for n, v in row.items() if "seconds" not in n} for row in result.epoch_rows]
    return epochs, result.layer_rows, weights


def test_every_path_is_among_them():
    assert {path for path, _ in COMPUTED.values()} >= set(PATHS) - {"triton"}


@pytest.mark.parametrize("name", COMPUTED)
def test_a_machine_with_more_threads_gives_the_same_bits(name):
    path, settings = COMPUTED[name]
    config = RunConfig(**settings)
    assert path_of(config).name == path
    assert outcome(config, 1) == outcome(config, 2)


@pytest.mark.parametrize("name", COMPUTED)
def test_threads_that_are_asked_for_name_a_run_where_its_bits_depend_on_them(name):
    config = RunConfig(**COMPUTED[name][1])
    names = {config.changed(threads=n).run_id("data") for n in (1, 2, 3)}
    assert config.run_id("data") in names
    assert len(names) == (1 if path_of(config).own_sums else 3)
    if path_of(config).own_sums:
        assert outcome(config, 1) == outcome(config.changed(threads=2), 1)


@pytest.mark.parametrize("options", [("--batch-norm",), ("--model", "ann", "--engine", "numpy")])
def test_train_and_sweep_agree_by_default(options, tmp_path):
    given = ["--arch", "128-10", "--epochs", "1", "--train-samples", "500", *options]
    commands = {
        "train": ["train", *given],
        "sweep": ["sweep", *given, "--seeds", "2"],
        "one": ["sweep", *given, "--seeds", "2", "--jobs", "1"],
    }
    rows = {}
    for name, command in commands.items():
        run_snnbench(*command, "--out", name, cwd=tmp_path, check=True)
        lines = (tmp_path / name / "epochs.csv").read_text().splitlines()[1:]
        rows[name] = {line.split(",")[0]: line.split(",")[2:8] for line in lines}
    assert rows["sweep"] == rows["one"]
    assert rows["train"].items() <= rows["sweep"].items()
