"""`snnbench sweep --worlds` and `--world`: the installed command, and what a report says then."""

import json

import pytest

from snnbench.results.tables import read_runs

STUDY = """
seeds = 3
[[assumptions]]
text = "The threshold is not stated."
alternatives = [{ v_th = 1.0 }, { v_th = 50.0 }]
[[assumptions]]
text = "T is not stated."
alternatives = [{ T = 3 }, { T = 4 }, { T = 5 }]
[base]
dataset = "digits"
model = "snn"
arch = "10"
T = 3
epochs = 1
train_samples = 256
test_samples = 100
[vary]
beta = [0.2, 0.8]
[[claims]]
text = "Nothing fires."
kind = "above"
metric = "silent_fraction"
value = 0.99
where = { beta = 0.2 }
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "s.toml").write_text(STUDY)
    return "s.toml"


def test_a_sweep_of_all_worlds_is_planned_run_resumed_and_told(snnbench, study, tmp_path):
    planned = snnbench("sweep", study, "--worlds", "all", "--dry-run", "--json")
    facts = json.loads(planned.stdout)
    assert (facts["worlds"], facts["runs"], facts["to_do"]) == ("6 of 6", 36, 36)
    # runs of two thresholds train side by side: two betas, two thresholds
    assert {kind["largest cohort"] for kind in facts["kinds"]} == {4}

    few = snnbench("sweep", study, "--worlds", "2", "--json", "--jobs", "1")
    assert few.returncode == 0, few.stderr
    assert len(json.loads(few.stdout)["runs"]) == 12
    done = snnbench("sweep", study, "--worlds", "all", "--json")
    assert "12 of 36 runs are recorded already." in done.stderr
    document = json.loads(done.stdout)
    assert len(document["runs"]) == 36
    assert [c["differing"] for c in document["configurations"]]
    assert len(document["configurations"]) == 2  # of the base
    (claim,) = document["worlds"]["claims"]
    assert (claim["in_all_worlds"], claim["reproduced"], claim["contradicted"]) == (
        "conditional", 3, 3,
    )  # fmt: skip
    assert "v_th turns it in 3 of 3 pairs of worlds" in claim["hangs_on"]
    assert set(read_runs(tmp_path / "results" / "s")["study"]) == {"s"}

    told = snnbench("report", "results/s", "--study", study, "--json")
    (section,) = json.loads(told.stdout)["studies"]
    assert section["worlds"] == document["worlds"]
    assert "shown" in snnbench("report", "results/s", "--study", study).stdout
    assert "hold in some and not in others" in snnbench(
        "sweep", study, "--worlds", "all"
    ).stdout.replace("\n", " ")


def test_a_look_first_and_then_the_best_world_in_full(snnbench, study):
    look = ("--worlds", "3", "--worlds-seed", "4", "--seeds", "1", "--train-samples", "128")
    looked = json.loads(snnbench("sweep", study, *look, "--json").stdout)
    assert len(looked["runs"]) == 6
    assert len(looked["worlds"]["worlds"]) == 3
    full = snnbench("sweep", study, "--world", "v_th=50", "--json")
    assert full.returncode == 0, full.stderr
    document = json.loads(full.stdout)
    assert {run["v_th"] for run in document["runs"]} == {50}
    assert len(document["runs"]) == 6
    assert document["worlds"]["shown"] == 4
    assert snnbench("sweep", study, "--world", "4", "--json").stdout == full.stdout
    (section,) = json.loads(snnbench("report", "results/s", "--study", study, "--json").stdout)[
        "studies"
    ]
    assert section["statuses"] == {"done": 6}  # of the world that was run in full
    assert (
        "world 4 of 6 (v_th=50, T=3), not what the base says" in section["worlds"]["sentences"][0]
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("s.toml", "--worlds", "7"), "there are 6 worlds"),
        (("s.toml", "--worlds", "all", "-T", "5"), "T is given, and it is what worlds choose"),
        (("s.toml", "--worlds", "all", "--vary", "T=5,6"), "T is assumed, and it is varied"),
        (("s.toml", "--worlds", "all", "--until-decided", "6"), "both say how often"),
        (("s.toml", "--worlds", "all", "--search", "tpe", "--trials", "3"), "search 'tpe'"),
        (("s.toml", "--world", "T=9"), "no alternative has T=9"),
        (("--vary", "beta=0.1,0.2", "--worlds", "all"), "no assumptions with alternatives"),
    ],
)
def test_worlds_that_cannot_be_run_are_refused_before_anything_is_written(
    snnbench, study, tmp_path, words, said
):
    done = snnbench("sweep", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "results").exists()
    assert study


def test_a_study_is_shown_with_its_alternatives(snnbench, study):
    shown = snnbench("studies", "show", study)
    assert "v_th=1; or v_th=50" in shown.stdout
    document = json.loads(snnbench("studies", "show", study, "--json").stdout)
    assert document["worlds"] == 6
    assert document["alternatives"][1] == [{"T": 3}, {"T": 4}, {"T": 5}]
