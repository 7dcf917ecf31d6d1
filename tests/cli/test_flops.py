"""`snnbench flops`: from settings alone, on data, of a saved model and of a user's model."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from snnbench import UserError, count
from snnbench.config import RunConfig
from snnbench.network.build import build_network
from snnbench.network.checkpoint import save_model

NET = """
from torch import nn
from spikingjelly.activation_based import neuron

def make():
    return nn.Sequential(nn.Linear(6, 4), neuron.LIFNode(tau=2.0, step_mode="m"), nn.Linear(4, 3))

def number():
    return 3
"""


class QR(nn.Module):
    def forward(self, x):
        return torch.linalg.qr(x).R


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


@pytest.mark.parametrize("settings", [(), ("--standardize",)])
def test_a_table_of_any_mean_costs_what_an_anns_layer_costs(settings, snnbench, tmp_path):
    rows = "".join(f"{-3 - i % 5},{-3 + i % 2 / 2},{i % 2}\n" for i in range(60))
    (tmp_path / "t.csv").write_text("a,b,y\n" + rows)
    data = ("--dataset", "table", "--data-file", "t.csv", "--target", "y", "--arch", "4-2")
    snn = ("--encoding", "repeat", "-T", "3", *settings)
    done = snnbench("flops", *data, *snn, "--json")
    first = json.loads(done.stdout)["layers"][0]
    assert first["input_kind"] == "constant"
    assert first["flops_lab"] == (2 * 2 + 1) * 4
    trained = snnbench("train", *data, *snn, "--epochs", "2", "--batch-size", "16",
                       "--json")  # fmt: skip
    run = json.loads(trained.stdout)
    assert run["run"]["flops_lab"] > first["flops_lab"]
    assert all(epoch["flops_lab_train"] > first["flops_lab"] for epoch in run["epochs"])


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


def test_float_spikes_are_spikes_if_the_user_says_so(snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    spikes = np.random.default_rng(0).random((5, 2, 6)) < 0.5
    np.save(tmp_path / "truth.npy", spikes)
    np.save(tmp_path / "floats.npy", spikes.astype(np.float32))
    np.save(tmp_path / "graded.npy", spikes * 0.5)
    model = ("flops", "--model-from", "net:make", "--json")

    def first(*arguments):
        done = snnbench(*model, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["layers"][0]

    assert first("--input", "floats.npy")["input_kind"] == "real"
    assert first("--input", "truth.npy", "--input-kind", "real")["effective_acs"] == 0
    told = first("--input", "floats.npy", "--input-kind", "spikes")
    assert told == first("--input", "truth.npy")
    assert told["effective_acs"] == spikes.sum() / 2 * 4
    shape = first("--input-shape", "5,2,6", "--input-kind", "spikes")
    assert (shape["input_kind"], shape["effective_macs"]) == ("spikes", 0)
    refused = snnbench(*model, "--input", "graded.npy", "--input-kind", "spikes")
    assert refused.returncode == 2
    assert "0 and 1" in refused.stderr
    elsewhere = snnbench("flops", "--input-kind", "spikes")
    assert elsewhere.returncode == 2
    assert "--model-from" in elsewhere.stderr


def test_a_model_in_a_notebook_is_counted_as_by_the_command(snnbench, tmp_path, monkeypatch):
    (tmp_path / "net_of_a_notebook.py").write_text(NET)
    spikes = np.random.default_rng(0).random((5, 2, 6)) < 0.5
    np.save(tmp_path / "spikes.npy", spikes)
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4), nn.Linear(4, 3))
    given = [spikes, torch.from_numpy(spikes), tmp_path / "spikes.npy", "spikes.npy"]
    found = [count(model_from=model, input=x).layers["effective_acs"][0] for x in given]
    assert found == [spikes.sum() / 2 * 4] * 4
    result = count(model_from=model, input=spikes.astype(float), input_kind="spikes")
    assert result.layers["effective_acs"][0] == found[0]
    assert not result.lower_bound
    assert count(model_from=nn.Sequential(model, QR()), input=spikes).lower_bound
    by_name = count(model_from="net_of_a_notebook:make", input_shape=(5, 2, 6))
    assert not by_name.lower_bound
    assert by_name.totals["dense_macs"] == 5 * 36
    with pytest.raises(UserError, match="model_from"):
        count(model_from=model, input=spikes, T=3)
    with pytest.raises(UserError, match="one of them"):
        count(model_from=model)
    with pytest.raises(UserError, match="Did you mean 'spikes'"):
        count(model_from=model, input=spikes, input_kind="spike")
    with pytest.raises(UserError, match="layout"):
        count(model_from=model, input=spikes, layout="BT")


def test_what_a_model_prints_is_no_result(snnbench, tmp_path):
    (tmp_path / "net.py").write_text("print('loading')\n" + NET)
    done = snnbench("flops", "--model-from", "net:make", "--input-shape", "5,2,6", "--json")
    assert totals(done)["dense_macs"] == 180
    assert "loading" in done.stderr


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


def test_a_saved_model_that_is_not_what_it_says_is_refused(snnbench, tmp_path):
    config = RunConfig(arch="8-10", T=2, device="cpu")
    network = build_network(config, (1, 8, 8))
    model = save_model(tmp_path, "0123456789ab", config, network, (1, 8, 8))
    weights, settings = load_file(model), model.with_suffix(".json").read_text()
    weights["layers.fc1.bias"][3] = float("nan")
    save_file(weights, model)
    done = snnbench("flops", "--checkpoint", model)
    assert (done.returncode, done.stdout) == (2, "")
    assert "layers.fc1.bias has values that are not finite" in done.stderr
    save_file({name: tensor.half() for name, tensor in weights.items()}, model)
    done = snnbench("flops", "--checkpoint", model)
    assert (done.returncode, "fc1.weight is of type F16, not F32" in done.stderr) == (2, True)
    model.with_suffix(".json").write_text("[" * 100_000)
    done = snnbench("flops", "--checkpoint", model)
    assert (done.returncode, "does not hold a model's settings" in done.stderr) == (2, True)
    model.with_suffix(".json").write_text(settings.replace('"T": 2', '"T": 0'))
    done = snnbench("flops", "--checkpoint", model)
    assert (done.returncode, "T: 0 is out of range" in done.stderr) == (2, True)


def test_what_is_counted_is_explained(snnbench):
    everything = snnbench("flops", "--explain").stdout
    assert "energy_pj_loihi: synaptic events" in everything
    one = snnbench("flops", "--explain", "effective_acs").stdout
    assert one.startswith("effective_acs: accumulates on spikes\n  unit: ACs a sample\n")
    assert "NeuroBench" in one
    document = json.loads(snnbench("flops", "--explain", "input_rate", "--json").stdout)
    assert document["explained"][0]["unit"] == "fraction"
    refused = snnbench("flops", "--explain", "effective_ac")
    assert refused.returncode == 2
    assert "Did you mean 'effective_acs'?" in refused.stderr
    assert snnbench("flops", "effective_acs").returncode == 2


def test_an_snn_beside_its_ann(snnbench):
    given = ("flops", "--arch", "784-100-10", "--input-shape", "none", "-T", "10", "--rate", "0.1")
    done = snnbench(*given, "--compare", "--json")
    assert done.returncode == 0, done.stderr
    comparison = json.loads(done.stdout)["comparison"]
    counted = {row["name"]: row for row in comparison["counts"]}
    assert counted["energy_pj_compute45nm"]["snn"] == pytest.approx(0.9 * 79_400)
    assert counted["energy_pj_compute45nm"]["ann"] == pytest.approx(4.6 * 79_400)
    assert counted["energy_pj_compute45nm"]["ratio"] == pytest.approx(46 / 9)
    said = snnbench(*given, "--compare")
    assert said.stdout.startswith("The models disagree: the SNN is cheaper by compute45nm (5.11 ")
    assert "no pixel and no activation of the ANN is taken as 0" in said.stderr


def test_a_saved_snn_beside_its_ann_on_the_same_data(snnbench, tmp_path):
    made = snnbench("train", "--arch", "16-10", "-T", "3", "--epochs", "1", "--save-model", "--out",
                    "t", "--ties", "first")  # fmt: skip
    assert made.returncode == 0, made.stderr
    (model,) = (tmp_path / "t" / "models").glob("*.safetensors")
    done = snnbench("flops", "--checkpoint", model, "--samples", "200", "--compare", "--json")
    counted = {row["name"]: row for row in json.loads(done.stdout)["comparison"]["counts"]}
    zeros_skipped, dense = (counted[f"energy_pj_compute45nm{end}"]["ann"] for end in ("", "_dense"))
    assert 0 < zeros_skipped < dense == pytest.approx(4.6 * (64 * 16 + 160))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--model", "ann"), "begins with an SNN"), (("--model-from", "a:b"), "not of a model")],
)
def test_what_has_no_ann_beside_it_is_not_compared(snnbench, arguments, words):
    refused = snnbench("flops", "--compare", "--arch", "8-10", *arguments)
    assert refused.returncode == 2
    assert words in refused.stderr


def test_what_was_measured_is_not_said_to_be_assumed(snnbench):
    done = snnbench("flops", "--arch", "10", "--readout", "current", "-T", "2", "--compare")
    assert done.returncode == 0, done.stderr
    assert "The ANN has initial weights" in done.stderr
    assert "Nothing was run" not in done.stderr


def test_an_energy_is_printed_with_all_that_it_hangs_on(snnbench):
    given = ("flops", "--arch", "20-10", "--input-shape", "30", "-T", "4", "--rate", "0.1")
    chosen = ("--energy", "memory45nm:bits=8", "--energy", "loihi", "--convention",
              "footprint:bits=4")  # fmt: skip
    first, second, *rest = snnbench(*given, *chosen).stdout.splitlines()
    assert first.startswith("Energy by memory45nm:bits=8: ")
    assert "T = 4, mean input 0.1, firing rate 0.1, encoding bernoulli; 8-bit numbers" in first
    assert second.startswith("Energy by loihi: ")
    assert any(line.startswith("footprint:bits=4 ") for line in rest)
    found = json.loads(snnbench(*given, *chosen, "--json").stdout)["conventions"]
    assert found["energy_pj_memory45nm_bits_8"] < found["energy_pj_memory45nm"]
    assert found["footprint_bits_4"] == found["footprint"] / 8
    compared = json.loads(snnbench(*given, *chosen, "--compare", "--json").stdout)["comparison"]
    assert compared["break_even"][0]["model"] == "memory45nm:bits=8"


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--energy", "compute45", "Did you mean 'compute45nm'?"),
        ("--energy", "", "is not known"),
        ("--energy", "memory45nm:", "no option ''"),
        ("--energy", "memory45nm:bit=8", "Did you mean 'bits'?"),
        ("--energy", "memory45nm:bits=7", "It can be: 32, 16, 8."),
        ("--energy", "memory45nm:bits=8,bits=8", "given twice"),
        ("--energy", "compute45nm:bits=8", "no option 'bits'"),
        ("--energy", "lemaire_leat:fifo=0", "It can be: at least 1."),
        ("--energy", "lemaire_leat:fifo=-5", "fifo cannot be '-5'"),
        ("--energy", "lemaire_leat:fifo=1e3", "fifo cannot be '1e3'"),
        ("--energy", "lemaire_leat:fifo=" + "9" * 5000, "fifo cannot be"),
        ("--energy", "lemaire_leat:fifo=٣", "fifo cannot be"),
        ("--convention", "footprint:bits=65", "at least 1 and at most 64"),
        ("--convention", "loihi", "is not known"),
    ],
)
def test_a_model_or_option_that_there_is_not_is_refused(option, text, said, snnbench):
    done = snnbench("flops", "--arch", "10", "--input-shape", "30", option, text)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr) < 400


def test_a_trained_ann_is_the_twin_of_a_trained_snn(snnbench, tmp_path):
    about = ("train", "--arch", "16-10", "--epochs", "1", "--save-model", "--out", "m")
    for model in ("snn", "ann"):
        assert snnbench(*about, "--model", model).returncode == 0
    saved = (tmp_path / "m/models").glob("*.safetensors")
    kinds = {json.loads(p.with_suffix(".json").read_text())["settings"]["model"]: p for p in saved}
    given = ("flops", "--checkpoint", kinds["snn"], "--compare", "--twin")
    found = json.loads(snnbench(*given, kinds["ann"], "--json", "--out", "o").stdout)
    assert found["comparison"]["note"] is None
    with (tmp_path / "o/flops.csv").open(newline="") as file:
        assert [row["model"] for row in csv.DictReader(file)] == ["snn", "snn", "ann", "ann"]
    refused = snnbench(*given, kinds["snn"])
    assert refused.returncode == 2
    assert "--twin: model is snn, not ann." in refused.stderr
    refused = snnbench("flops", "--checkpoint", kinds["ann"], "--compare")
    assert "Name a saved SNN." in refused.stderr


@pytest.mark.parametrize(
    "given",
    [("--rate", "0.5"), ("--arch", "nonsense"), ("--compare",), ("--out", "o"), ("-T", "5")],
)
def test_what_has_no_effect_beside_an_explanation_is_refused(given, snnbench):
    done = snnbench("flops", "--explain", "synops", *given)
    assert done.returncode == 2
    assert "--explain counts nothing" in done.stderr


def test_an_energy_is_explained_by_its_name_and_by_its_column(snnbench):
    by_name = snnbench("flops", "--explain", "lemaire_leat").stdout
    assert by_name == snnbench("flops", "--explain", "energy_pj_lemaire_leat").stdout
    assert "assumes: 32-bit integers; queues of 1000 words" in by_name
    assert "Did you mean 'loihi'?" in snnbench("flops", "--explain", "loihu").stderr
