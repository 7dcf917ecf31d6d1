"""A plug-in with one word of each kind, used as a user would: through the installed command."""

import csv
import json
from pathlib import Path

import pytest

from tests.forking import run_snnbench

PLUGIN = Path(__file__).parent / "everything.py"
WORDS = (
    "--dataset", "blobs", "--neuron", "cuba", "--surrogate", "triangle", "--encoding", "ramp",
    "--readout", "peak", "--loss", "margin", "--optimizer", "rmsprop",
)  # fmt: skip
SIZE = ("--arch", "8-3", "-T", "4", "--epochs", "3", "--batch-size", "40")
SWEEP = ("sweep", *WORDS, *SIZE, "--vary", "alpha=0.2,0.9", "--seeds", "2", "--jobs", "1")


def snnbench(*arguments, plugin=PLUGIN, code=0):
    done = run_snnbench(*arguments, *(["--plugin", plugin] if plugin else []))
    assert done.returncode == code, done.stderr
    return done


def rows(folder, name="runs"):
    with open(folder / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def results(folder):
    """Return run_id -> what must be equal when the run is trained again."""
    return {
        row["run_id"]: [row[n] for n in ("test_loss", "test_accuracy", "synaptic_operations")]
        for row in rows(folder)
    }


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    snnbench(*SWEEP, "--out", folder)
    return folder


def test_its_words_train_in_cohorts_by_the_modules(swept):
    runs = rows(swept)
    assert [row["status"] for row in runs] == ["done"] * 4
    assert {(row["path"], row["cohort_size"]) for row in runs} == {("modules", "2")}
    assert {(row["alpha"], row["seed"]) for row in runs} == {
        (alpha, seed) for alpha in ("0.2", "0.9") for seed in ("0", "1")
    }
    assert all(row["plugins"].startswith("everything.py ") for row in runs)
    assert min(float(row["test_accuracy"]) for row in runs) > 0.6  # chance is a third
    assert len({row["test_loss"] for row in runs}) == 4


def test_its_conventions_are_counted_layer_by_layer(swept):
    for row in rows(swept):
        own = [r for r in rows(swept, "layers") if r["run_id"] == row["run_id"]]
        counted = [float(r["effective_operations"]) for r in own]
        assert [float(r["synaptic_operations"]) for r in own] == counted
        assert float(row["synaptic_operations"]) == sum(counted) > 0
        assert float(row["energy_pj_nano"]) == 1000 * sum(counted)
        # two states a neuron
        assert [int(r["states"]) for r in own] == [2 * int(r["outputs"]) for r in own]


def test_nothing_is_trained_twice_and_a_lost_run_comes_back_with_its_bits(swept, tmp_path):
    known = results(swept)
    assert "4 of 4 runs are recorded already" in snnbench(*SWEEP, "--out", swept).stderr
    for name in ("runs", "epochs", "layers", "steps"):
        lost = rows(swept)[0]["run_id"]
        text = (swept / f"{name}.csv").read_text().splitlines(keepends=True)
        (tmp_path / f"{name}.csv").write_text("".join(x for x in text if lost not in x))
    done = snnbench(*SWEEP, "--out", tmp_path)
    assert "3 of 4 runs are recorded already" in done.stderr
    assert results(tmp_path) == known
    alone = tmp_path / "alone"
    row = rows(swept)[0]
    one = ("--alpha", row["alpha"], "--seed", row["seed"], "--threads", row["cpu_threads"])
    snnbench("train", *WORDS, *SIZE, *one, "--out", alone)
    assert results(alone) == {row["run_id"]: known[row["run_id"]]}


def test_reports_know_its_words(swept):
    document = json.loads(snnbench("report", swept, "--json").stdout)
    (study,) = document["studies"]
    assert [c["name"] for c in study["configurations"]] == ["alpha=0.2", "alpha=0.9"]
    assert all("synaptic_operations" in c["results"] for c in study["configurations"])
    refused = snnbench("report", swept, plugin=None, code=2).stderr
    assert "'alpha'" in refused
    assert "--plugin" in refused


def test_its_words_are_in_the_help_and_in_flops(swept):
    helped = snnbench("train", "--help").stdout
    assert "--alpha" in helped
    assert "cuba" in helped.replace("\n", "")
    counted = json.loads(snnbench("flops", *WORDS[:8], "--arch", "8-3", "--json").stdout)
    assert counted["totals"]["synaptic_operations"] > 0


def test_another_file_gives_its_runs_another_name_and_leaves_all_others_theirs(swept, tmp_path):
    other = tmp_path / "everything.py"
    other.write_text(PLUGIN.read_text() + "# changed\n")
    ours = ("train", "--arch", "8-10", "--epochs", "1", "--train-samples", "200", "--out")
    snnbench(*ours, tmp_path / "ours", plugin=None)
    snnbench(*ours, tmp_path / "beside")
    assert rows(tmp_path / "ours")[0]["run_id"] == rows(tmp_path / "beside")[0]["run_id"]
    snnbench(*SWEEP, "--out", tmp_path / "theirs", plugin=other)
    assert not results(tmp_path / "theirs").keys() & results(swept).keys()


def test_a_study_names_its_plug_ins_and_workers_have_them(tmp_path):
    study = tmp_path / "mine.toml"
    study.write_text(
        f'plugins = ["{PLUGIN}"]\n'
        '[base]\ndataset = "blobs"\nneuron = "cuba"\nencoding = "ramp"\n'
        'arch = "8-3"\nT = 4\nepochs = 1\n'
        "batch_size = 40\n[vary]\nalpha = [0.1, 0.5]\n"
        '[[claims]]\ntext = "more decay fires less"\nkind = "better"\n'
        'metric = "synaptic_operations"\na = { alpha = 0.5 }\nb = { alpha = 0.1 }\n'
    )
    snnbench("sweep", study, "--jobs", "2", "--out", tmp_path / "out", plugin=None)
    assert [row["status"] for row in rows(tmp_path / "out")] == ["done"] * 2
    shown = snnbench("report", tmp_path / "out", "--study", study, "--json", plugin=None)
    (section,) = json.loads(shown.stdout)["studies"]
    assert section["verdicts"][0]["verdict"] == "undecided"  # one seed


def test_a_convention_applies_to_what_was_recorded_before_it(tmp_path):
    folder = Path(__file__).parents[2] / "results" / "lab1-loss"  # tables of version 1
    document = json.loads(snnbench("report", folder, "--json").stdout)
    for configuration in document["studies"][0]["configurations"]:
        found = {name: e["value"] for name, e in configuration["results"].items()}
        assert found["synaptic_operations"] == found["effective_acs"] + found["effective_macs"]
        assert found["energy_pj_nano"] == pytest.approx(1000 * found["synaptic_operations"])
