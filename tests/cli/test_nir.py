"""`snnbench flops --nir` and `snnbench export`."""

import csv
import json

import numpy as np
import pytest

from tests.exchange.graphs import nir

ONE = np.ones(4)


@pytest.fixture
def graph(tmp_path):
    """Write 6-4-3 with a recurrent layer of spiking neurons; no weight is 0."""
    rng = np.random.default_rng(0)
    lif = nir.LIF(tau=2e-4 * ONE, r=2 * ONE, v_leak=0 * ONE, v_threshold=ONE)
    nodes = {"in": nir.Input(np.array([6])), "läuft": nir.Affine(rng.random((4, 6)), 0 * ONE),
             "lif": lif, "=back": nir.Linear(-rng.random((4, 4))),
             "last": nir.Linear(rng.random((3, 4))), "out": nir.Output(np.array([3]))}  # fmt: skip
    edges = [("in", "läuft"), ("läuft", "lif"), ("lif", "=back"), ("=back", "lif"),
             ("lif", "last"), ("last", "out")]  # fmt: skip
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, edges))
    return tmp_path / "net.nir"


def told(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=pytest.fail)


def refused(done):
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 2 <= len(done.stderr.strip().splitlines()) <= 3
    return done.stderr


def test_a_graph_is_counted_on_spikes(snnbench, graph, tmp_path):
    x = np.random.default_rng(1).random((7, 2, 6)) < 0.5
    np.save(tmp_path / "x.npy", x)
    done = snnbench("flops", "--nir", "net.nir", "--dt", "1e-4", "--input", "x.npy", "--out", "o",
                    "--json")  # fmt: skip
    document = told(done)
    layers = {layer["layer"]: layer for layer in document["layers"]}
    assert list(layers) == ["läuft", "=back", "last"]
    assert [layer["input_kind"] for layer in layers.values()] == ["spikes"] * 3
    assert layers["läuft"]["effective_acs"] == x.sum() / 2 * 4
    assert document["totals"]["dense_macs"] == 7 * (24 + 16 + 12)
    fired = layers["last"]["effective_acs"] / 3
    assert fired > 0
    assert layers["=back"]["effective_acs"] == fired * 4
    assert "a step passes along '=back -> lif'" in done.stderr
    with (tmp_path / "o/flops.csv").open(newline="", encoding="utf-8") as file:
        # A spreadsheet would take the second name for a formula.
        assert [row["layer"] for row in csv.DictReader(file)] == ["läuft", "'=back", "last"]


def test_without_an_input_its_shape_is_the_graphs(snnbench, graph):
    document = told(snnbench("flops", "--nir", "net.nir", "-T", "5", "--json"))
    assert document["totals"]["dense_macs"] == 5 * (24 + 16 + 12)
    assert document["totals"]["effective_acs"] is None
    shape = told(snnbench("flops", "--nir", "net.nir", "--input-shape", "5,2,6", "--json"))
    assert shape["totals"] == document["totals"]


def test_an_input_without_time_is_there_at_every_step(snnbench, graph, tmp_path):
    x = np.random.default_rng(1).random((2, 6))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "xs.npy", np.stack([x] * 4))
    once = snnbench("flops", "--nir", "net.nir", "--input", "x.npy", "--layout", "B", "-T", "4",
                    "--json")  # fmt: skip
    over_time = snnbench("flops", "--nir", "net.nir", "--input", "xs.npy", "--json")
    assert told(once) == told(over_time)


def test_a_graph_that_does_not_say_its_dt_is_given_the_customary_one(snnbench, graph):
    done = snnbench("flops", "--nir", "net.nir", "-T", "5")
    assert done.returncode == 0
    assert "does not say its dt: 0.0001 s" in done.stderr
    assert "its dt" not in snnbench("flops", "--nir", "net.nir", "--dt", "1e-5", "-T", "5").stderr


WRONG = {
    "-T": ["--nir", "net.nir"],
    "6 steps, and T is 5": ["--nir", "net.nir", "-T", "5", "--input-shape", "6,2,6"],
    "[6, 2, 7]": ["--nir", "net.nir", "--input-shape", "6,2,7"],
    "[6]": ["--nir", "net.nir", "--input-shape", "6"],
    "Keep one": ["--nir", "net.nir", "--input-shape", "5,2,6", "--input", "x.npy"],
    "--dt 0.0002 or less": ["--nir", "net.nir", "-T", "5", "--dt", "1"],
    "dt: 0 s": ["--nir", "net.nir", "-T", "5", "--dt", "0"],
    "dt: 'nan'": ["--nir", "net.nir", "-T", "5", "--dt", "nan"],
    "T: 0": ["--nir", "net.nir", "-T", "0"],
    "T: 'x'": ["--nir", "net.nir", "-T", "x"],
    "beta has no effect": ["--nir", "net.nir", "-T", "5", "--beta", "0.5"],
    "--rate has no effect": ["--nir", "net.nir", "-T", "5", "--rate", "0.5"],
    "--compare has no effect": ["--nir", "net.nir", "-T", "5", "--compare"],
    "--model-from has no effect": ["--nir", "net.nir", "-T", "5", "--model-from", "a:b"],
    "There is no file": ["--nir", "nothing.nir", "-T", "5"],
    "damaged or no NIR": ["--nir", "x.npy", "-T", "5"],
    "--dt is for --nir": ["--dt", "1e-4"],
}


@pytest.mark.parametrize(("words", "arguments"), WRONG.items())
def test_what_cannot_be_counted_says_why(words, arguments, snnbench, graph, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((5, 2, 6)))
    assert words in refused(snnbench("flops", *arguments))


def test_unknown_nodes_are_named(snnbench, tmp_path):
    import h5py

    with h5py.File(tmp_path / "net.nir", "w") as file:
        file["node/type"] = "NIRGraph"
        file["node/edges"] = [["a", "b"]]
        file["node/nodes/a/type"], file["node/nodes/b/type"] = "Foo", "Bar"
    error = refused(snnbench("flops", "--nir", "net.nir", "-T", "5"))
    assert "'a' (Foo), 'b' (Bar)" in error
    assert "CubaLIF" in error


def train(snnbench, *settings):
    snnbench("train", "--arch", "16-10", "-T", "4", "--epochs", "1", "--train-samples", "256",
             "--encoding", "bernoulli", "--save-model", "--out", "o", *settings,
             check=True)  # fmt: skip


def saved(folder):
    (path,) = (folder / "o/models").glob("*.safetensors")
    return path


def test_a_saved_network_goes_out_and_comes_back(snnbench, tmp_path):
    train(snnbench, "--reset", "zero", "--beta", "0.9")
    done = snnbench("export", saved(tmp_path), "--nir", "net.nir", "--json")
    document = told(done)
    assert document["nodes"]["fc2_neurons"] == "LIF"
    ours = told(snnbench("flops", "--checkpoint", saved(tmp_path), "--json"))
    back = snnbench("flops", "--nir", "net.nir", "-T", "4", "--input-kind", "spikes", "--json")
    assert told(back)["totals"]["dense_macs"] == ours["totals"]["dense_macs"]
    assert back.stderr == ""  # it says its dt
    again = refused(snnbench("flops", "--nir", "net.nir"))
    assert "Give -T 4." in again
    text = snnbench("export", saved(tmp_path), "--nir", "other.nir", check=True).stdout
    assert "fc1_neurons" in text
    assert (tmp_path / "other.nir").read_bytes() == (tmp_path / "net.nir").read_bytes()
    assert "dt: -1" in refused(snnbench("export", saved(tmp_path), "--nir", "n.nir", "--dt", "-1"))
    refused(snnbench("export", saved(tmp_path), "--nir", "no/such/folder.nir"))
    refused(snnbench("export", saved(tmp_path), "--nir", "o"))
    assert not (tmp_path / "n.nir").exists()


def test_what_nir_cannot_hold_is_not_written(snnbench, tmp_path):
    train(snnbench)
    error = refused(snnbench("export", saved(tmp_path), "--nir", "net.nir"))
    assert "reset 'subtract'" in error
    assert "--reset zero" in error
    assert not (tmp_path / "net.nir").exists()
    assert "There is no" in refused(snnbench("export", "missing.safetensors", "--nir", "n.nir"))
