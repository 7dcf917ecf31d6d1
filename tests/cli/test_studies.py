"""`snnbench studies`: list and show, fast, and without torch."""

import json

import pytest

from tests.cli.test_start import imported_by


def test_every_study_is_listed_with_its_runs_and_claims(snnbench):
    done = snnbench("studies", "list", "--json")
    listed = {entry["name"]: entry for entry in json.loads(done.stdout)["studies"]}
    assert done.returncode == 0
    assert listed["lab1-beta"] == {
        "name": "lab1-beta",
        "title": "Leak beta of the LIF neurons on MNIST",
        "source": "Lab 1: Spike Neural Networks (Yu, 2024), section 4.1, figure 2",
        "runs": 45,
        "claims": 9,
    }
    assert {"tabular-snn", "numpy-mlp-arch", "cifar-mlp-final", "mimic", "mlp-lr"} < set(listed)


def test_the_list_is_a_table_and_the_default(snnbench):
    text = snnbench("studies", "list").stdout
    assert text.splitlines()[1].split() == ["name", "title", "source", "runs", "claims"]
    assert "lab1-flops" in text
    assert snnbench("studies").stdout == text


def test_a_study_is_shown_whole(snnbench):
    text = snnbench("studies", "show", "mimic").stdout
    for piece in (
        "20:linear-8000-10",
        "0, 1, 2",
        "SNN in this document means a shallow net",
        " 990 ",
        "variant = mimic-kl-8k",
        "CNN better than DNN.",
        "a (variant = cnn), b (variant = dnn)",
    ):
        assert piece in text


def test_what_is_varied_is_shown(snnbench):
    lines = [
        line.split(None, 1) for line in snnbench("studies", "show", "lab1-z").stdout.splitlines()
    ]
    assert ["z", "0.1, 0.5, 1, 2, 5, 10"] in [[cell.strip() for cell in line] for line in lines]
    text = snnbench("studies", "show", "numpy-mlp-batch").stdout
    assert "vary batch_size" in text


def test_a_study_is_one_json_document(snnbench):
    shown = json.loads(snnbench("studies", "show", "lab1-flops", "--json").stdout)
    assert shown["runs"] == 10
    assert shown["base"]["T"] == 5
    assert shown["variants"]["ann"] == {"model": "ann", "loss": "ce", "lr": 0.1}
    assert shown["published"][0] == {
        "text": "FLOPs of the ANN for one forward pass.",
        "value": 15900.0,
        "metric": "flops_lab",
        "where": {"variant": ["ann"]},
        "source": "section 4.3",
        "tolerance": 0.0,
    }
    assert shown["claims"][2] == {
        "kind": "ratio",
        "text": "The SNN takes about 31 % fewer FLOPs than the ANN.",
        "source": "section 4.3",
        "metric": "flops_lab",
        "where": {},
        "a": {"variant": ["snn"]},
        "b": {"variant": ["ann"]},
        "value": 0.69,
        "tolerance": 0.02,
    }


def test_a_study_of_ones_own_is_shown(snnbench, tmp_path):
    (tmp_path / "mine.toml").write_text(
        "search = 'random'\ntrials = 4\nseeds = 2\n[base]\npatience = 'none'\n"
        "[vary]\nlr = '1e-3:1:log'\n[variants.a]\n"
    )
    text = snnbench("studies", "show", "mine.toml").stdout
    assert "from 0.001 to 1 (log)" in text
    assert "the base as it is" in text
    shown = json.loads(snnbench("studies", "show", "mine.toml", "--json").stdout)
    assert (shown["runs"], shown["trials"]) == (8, 4)
    assert shown["vary"] == {"lr": {"from": 0.001, "to": 1.0, "log": True}}


def test_an_unknown_study_is_refused(snnbench):
    done = snnbench("studies", "show", "lab1-bata")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Did you mean 'lab1-beta'?" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["list"], ["show", "lab1-T"], ["show", "mimic", "--json"], ["--help"]]
)
def test_torch_is_not_imported(arguments, tmp_path):
    assert imported_by("studies", *arguments, cwd=tmp_path) == "[] 0"
