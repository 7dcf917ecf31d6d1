"""`snnbench compare`: the installed command, from settings to an answer, a page and a picture."""

import csv
import json
from xml.etree import ElementTree

import pytest

SMALL = ("compare", "--arch", "8-10", "-T", "4", "--epochs", "4", "--train-samples", "512",
         "--test-samples", "100")  # fmt: skip


def test_an_answer_with_a_page_and_a_picture(snnbench, tmp_path):
    done = snnbench(*SMALL, "--seeds", "2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("8-10 on digits, T = 4, encoding bernoulli; 2 seeds of each; ")
    assert lines[1].startswith("Accuracy: ")
    assert lines[2].startswith("Cost by compute45nm: ")
    assert lines[-2:] == ["Page: results/compare/compare.html",
                          "Picture: results/compare/compare.svg"]  # fmt: skip
    page = (tmp_path / "results/compare/compare.html").read_text()
    assert "Is the spiking network as accurate as the ordinary one" in page
    for line in lines[:3]:
        assert line.replace("'", "&#39;") in page
    ElementTree.parse(tmp_path / "results/compare/compare.svg")
    (exit_,) = [line for line in lines if line.startswith("Early exit: accuracy ")]
    assert " of 4 steps on average, " in exit_
    flips = [line for line in lines if line.startswith("By compute45nm the SNN ")]
    assert len(flips) == 1
    for line in (exit_, *flips):
        assert f"<p>{line}</p>" in page
    with (tmp_path / "results/compare/runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["model"], row["seed"]) for row in rows) == [
        ("ann", "0"), ("ann", "1"), ("snn", "0"), ("snn", "1"),
    ]  # fmt: skip
    again = snnbench(*SMALL, "--seeds", "2")
    assert "4 of 4 runs are recorded already." in again.stderr
    assert again.stdout == done.stdout


def test_several_snns_with_one_twin_and_an_energy_of_ones_own(snnbench):
    done = snnbench(*SMALL, "--seeds", "2", "--vary", "beta=0.5,0.9", "--margin", "3%", "--energy",
                    "memory45nm:bits=8", "--json")  # fmt: skip
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert [pair["name"] for pair in document["pairs"]] == ["beta=0.5", "beta=0.9"]
    assert document["margin"] == 0.03
    first, second = (pair["accuracy"]["ann"] for pair in document["pairs"])
    assert first == second
    assert document["pairs"][0]["costs"][0]["model"] == "memory45nm:bits=8"
    assert document["sentences"]


def test_each_learning_rate_has_its_own_twin(snnbench):
    done = snnbench(*SMALL, "--seeds", "1", "--vary", "lr=0.001,0.01", "--json")
    pairs = json.loads(done.stdout)["pairs"]
    assert len({pair["accuracy"]["ann"]["value"] for pair in pairs}) == 2


def test_a_twins_learning_rate_is_looked_for_on_validation_data(snnbench, tmp_path):
    tuned = (*SMALL, "--seeds", "1", "--tune", "3", "--val-fraction", "0.2")
    done = snnbench(*tuned)
    assert done.returncode == 0, done.stderr
    assert "the best of 3 on validation data" in done.stderr
    with (tmp_path / "results/compare/runs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "ann"]
    best = max(rows, key=lambda row: float(row["val_accuracy"]))
    assert f"learning rate is {float(best['lr']):g}," in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--model", "snn"), "compare trains both models"),
        (("--vary", "model=snn,ann"), "compare trains both models"),
        (("--margin", "much"), "--margin: 'much' is no share."),
        (("--tune", "3"), "validation data, of which there are none"),
        (("--tune", "3", "--twin-lr", "0.1"), "Keep one of them."),
        (("--energy", "compute"), "is not known"),
        (("--seeds", "0"), "seeds: 0 is out of range"),
        (("--beta", "x"), "beta"),
        (("--seed", "3"), "--seeds 3"),
    ],
)
def test_bad_input_is_refused_before_anything_is_trained(given, said, snnbench, tmp_path):
    done = snnbench(*SMALL, *given)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "results").exists()
