"""`snnbench flops`: from settings alone, on data, of a saved model and of a user's model."""

import csv
import json

import numpy as np
import pytest

NET = """
from torch import nn
from spikingjelly.activation_based import neuron

def make():
    return nn.Sequential(nn.Linear(6, 4), neuron.LIFNode(tau=2.0, step_mode="m"), nn.Linear(4, 3))

def number():
    return 3
"""


def totals(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=pytest.fail)["totals"]


def test_the_labs_ann(snnbench):
    done = snnbench("flops", "--model", "ann", "--arch", "784-10-10", "--input-shape", "none",
                    "--json")  # fmt: skip
    assert totals(done)["flops_lab"] == 15_900


def test_an_assumed_rate(snnbench):
    done = snnbench("flops", "--arch", "784-10-10", "--input-shape", "none", "-T", "5",
                    "--rate", "0.13", "--json")  # fmt: skip
    found = totals(done)
    assert found["flops_lab"] == pytest.approx(5 * (2 * 0.13 * 794 * 10 + 20))
    assert found["effective_acs"] == pytest.approx(5 * 0.13 * 7940)


def test_an_assumed_rate_needs_no_data_files(snnbench):
    done = snnbench("flops", "--dataset", "mnist", "--arch", "10-10", "--rate", "0.1", "--json")
    assert totals(done)["dense_macs"] == 10 * 7940


def test_an_untrained_network_is_measured_on_data_and_written(snnbench, tmp_path):
    done = snnbench("flops", "--arch", "16-10", "-T", "3", "--samples", "100", "--out", "o",
                    "--json")  # fmt: skip
    found = totals(done)
    assert 0 < found["firing_rate"] < 1
    with (tmp_path / "o/flops.csv").open(newline="") as file:
        layers = list(csv.DictReader(file))
    assert sum(float(layer["effective_acs"]) for layer in layers) == found["effective_acs"]


def test_a_users_model_from_a_shape_and_from_values(snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    np.save(tmp_path / "spikes.npy", np.random.default_rng(0).random((5, 2, 6)) < 0.5)
    shape = totals(
        snnbench("flops", "--model-from", "net:make", "--input-shape", "5,2,6", "--json")
    )
    assert (shape["dense_macs"], shape["effective_acs"]) == (5 * 24 + 5 * 12, None)
    values = totals(
        snnbench("flops", "--model-from", "net:make", "--input", "spikes.npy", "--json")
    )
    spikes = np.load(tmp_path / "spikes.npy").sum() / 2
    assert values["effective_acs"] >= spikes * 4
    assert values["effective_macs"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model-from", "net"], "MODULE:FUNCTION"),
        (["--model-from", "nonet:make"], "nonet"),
        (["--model-from", "net:mak"], "mak"),
        (["--model-from", "net:number"], "int"),
        (["--model-from", "net:make", "--layout", "B"], "batch"),
    ],
)
def test_a_users_model_that_cannot_be_had_is_refused(arguments, words, snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    done = snnbench("flops", *arguments, "--input-shape", "7")
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_input_file_is_refused(content, snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    if content is None:
        np.save(tmp_path / "x.npy", np.full((2, 2, 6), np.nan))
    else:
        (tmp_path / "x.npy").write_bytes(content)
    done = snnbench("flops", "--model-from", "net:make", "--input", "x.npy")
    assert done.returncode == 2
    assert "x.npy" in done.stderr


def test_a_saved_model_keeps_its_network(snnbench, tmp_path):
    run = json.loads(snnbench("train", "--arch", "8-10", "-T", "2", "--epochs", "1",
                              "--save-model", "--json").stdout)["run"]  # fmt: skip
    model = tmp_path / "results/adhoc/models" / f"{run['run_id']}.safetensors"
    done = snnbench("flops", "--checkpoint", model, "-T", "4")
    assert done.returncode == 2
    assert "T = 2" in done.stderr
    table = tmp_path / "t.csv"
    table.write_text("a,b,y\n" + "".join(f"{i},{i % 3},{i % 10}\n" for i in range(100)))
    other = snnbench("flops", "--checkpoint", model, "--dataset", "table", "--data-file", table,
                     "--target", "y", "--encoding", "bernoulli")  # fmt: skip
    assert other.returncode == 2
    assert "0..1" in other.stderr
    table.write_text("a,b,y\n" + "".join(f"0.{i},0.5,{i % 10}\n" for i in range(100)))
    other = snnbench("flops", "--checkpoint", model, "--dataset", "table", "--data-file", table,
                     "--target", "y", "--encoding", "bernoulli")  # fmt: skip
    assert other.returncode == 2
    assert "(64,)" in other.stderr
    assert totals(snnbench("flops", "--checkpoint", model, "--rate", "0.5", "--json"))[
        "effective_acs"
    ] == 0.5 * 2 * (64 * 8 + 80)
