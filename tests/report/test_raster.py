"""The spike raster: the spikes of a plain run of the saved model, all of them, and no torch."""

import json
import re

import numpy as np
import pytest
import torch

from snnbench.config import RunConfig
from snnbench.data.catalogue import load_dataset
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.network.build import build_network
from snnbench.network.checkpoint import save_model
from snnbench.report.figures.drawing import drawing
from snnbench.report.figures.raster import draw
from snnbench.report.figures.recording import LayerSpikes, Recording, best_saved, record
from snnbench.report.page.render import to_document, to_html
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import load
from snnbench.studies.objective import Objective
from snnbench.studies.study import Study
from tests.report.samples import Made

DIGITS = load_dataset("digits")


def save(folder, run_id, **settings):
    """Save an untrained network; its weights are as good as any here. Return it."""
    spiking = {} if settings.get("model") == "ann" else {"T": 6, "v_th": 0.1}
    config = RunConfig(**{"dataset": "digits", "arch": "12-10"} | spiking | settings)
    network = build_network(config, DIGITS.input_shape)
    save_model(folder / "models", run_id, config, network, DIGITS.input_shape)
    return config, network


def row_of(run_id):
    return {"run_id": run_id, "data_sha256": DIGITS.sha256}


def plain_run(config, network):
    """The network's equations written out in NumPy, on the first sample of the test part."""
    data = prepare(config, DIGITS, select(config, DIGITS), torch.device("cpu")).test
    x = encode(config, data.x[:1], data.samples[:1], EVALUATION_EPOCH).flatten(1).numpy()
    layers = {"input": x > 0} if len(x) == config.T else {}
    signal = np.broadcast_to(x, (config.T, x.shape[1])).astype(np.float64)
    for module, entry in zip(network.weight_modules, network.plan, strict=True):
        weight, bias = (p.detach().numpy().astype(np.float64) for p in module.parameters())
        current = signal @ weight.T + bias
        if entry.activation != "spike":
            signal = current
            continue
        v, fired = np.zeros(entry.units), []
        for step in current:
            u = config.beta * v + step
            fired.append(u >= config.v_th)
            v = u - config.v_th * fired[-1]
        layers[entry.name] = np.array(fired)
        signal = layers[entry.name].astype(np.float64)
    return layers, int(signal.mean(0).argmax()), int(data.y[0]), int(data.samples[0])


CONFIGS = {
    "bernoulli": {"encoding": "bernoulli", "seed": 3},
    "latency": {"encoding": "latency"},
    "constant input, standardized": {"encoding": "repeat", "standardize": True},
    "some test samples": {"encoding": "bernoulli", "test_samples": 40},
    "an output layer that does not spike": {"readout": "current", "arch": "20-12-10"},
}


@pytest.mark.parametrize("settings", CONFIGS.values(), ids=CONFIGS)
def test_the_spikes_are_those_of_a_plain_run(tmp_path, settings):
    config, network = save(tmp_path, "abc", **settings)
    expected, predicted, label, sample = plain_run(config, network)
    found = record(row_of("abc"), tmp_path / "models" / "abc.safetensors")
    assert [layer.name for layer in found.layers] == list(expected)
    for layer in found.layers:
        np.testing.assert_array_equal(layer.spikes, expected[layer.name])
        assert layer.spikes.any()
    assert (found.predicted, found.label) == (str(predicted), str(label))
    assert (found.dataset, found.sample) == ("digits", sample)


def test_every_spike_is_a_mark_and_the_caption_has_the_numbers(tmp_path):
    save(tmp_path, "abc", arch="30-10")
    found = record(row_of("abc"), tmp_path / "models" / "abc.safetensors")
    with drawing():
        figure = draw("raster", "abc", found)
    assert marks(figure) == [int(layer.spikes.sum()) for layer in found.layers]
    counted = [f"{layer.name} {layer.spikes.sum():,}" for layer in found.layers]
    assert f"Spikes: {', '.join(counted)}." in figure.caption
    assert f"label {found.label}, predicted {found.predicted}." in figure.caption
    assert "drawn" not in figure.caption


def marks(figure):
    """Return how many lines each panel's path has."""
    paths = re.findall(r'<path d="([^"]*)"[^>]*style="[^"]*var\(--series-1\)', figure.svg)
    return [path.count("M") for path in paths]


def test_what_does_not_fit_is_left_out_evenly_and_said_so():
    wide = np.zeros((600, 1000), dtype=bool)
    wide[:, :500] = True
    layers = [LayerSpikes(f"fc{i + 1}", np.zeros((600, 3), dtype=bool)) for i in range(9)]
    layers[1] = LayerSpikes("fc2", wide)
    with drawing():
        figure = draw("raster", "abc", Recording("digits", 0, "1", "2", tuple(layers)))
    assert marks(figure) == [50 * 500]  # a layer that is silent has no path
    assert figure.svg.count("0 spikes of 3 neurons</text>") == 7
    for said in ("The input is a constant current, without spikes.", "fc2 300,000",
                 "Of fc2, 100 neurons are drawn, evenly spaced.",
                 "The first 500 of 600 steps are drawn.",
                 "The first 8 of 9 layers are drawn."):  # fmt: skip
        assert said in figure.caption
    assert "fc2: 300,000 spikes of 1,000 neurons, most at step 1 (500)" in figure.description
    assert "fc1: 0 spikes of 3 neurons;" in figure.description


def made(folder, **columns):
    """Write runs a and b, and better ones: not an SNN, not saved, not finished.

    Return the folder, and the names of a and b.
    """
    data = {"data_sha256": DIGITS.sha256} | columns
    runs = Made()
    runs.run(0, beta=0.5, test_accuracy=0.5, energy_pj_compute45nm=1.0, **data)
    runs.run(1, beta=0.5, test_accuracy=0.9, energy_pj_compute45nm=2.0, **data)
    runs.run(3, beta=0.5, test_accuracy=1.0, status="diverged", **data)
    for run_id in runs.names:
        save(folder, run_id)
    runs.run(0, model="ann", test_accuracy=0.99, energy_pj_compute45nm=0.1, **data)
    save(folder, runs.names[-1], model="ann")
    runs.run(2, beta=0.5, test_accuracy=0.98, energy_pj_compute45nm=0.2, **data)
    return runs.write(folder), *runs.names[:2]


def raster_in(report):
    (section,) = report.sections
    return [f for f in section.figures if f.name.endswith("-raster")], section.notes


def test_the_best_saved_snn_is_drawn(tmp_path):
    folder, a, b = made(tmp_path)
    tables = load([folder])
    assert best_saved(tables, "test_accuracy", largest=True)[0]["run_id"] == b
    assert best_saved(tables, "energy_pj_compute45nm", largest=False)[0]["run_id"] == a
    ((figure,), _) = raster_in(summarise(tables, {}))
    assert figure.caption.startswith(f"Run {b} (SNN, seed 1); the first sample of the test part")
    study = Study("made-up", objectives=(Objective("energy_pj_compute45nm", "min"),))
    ((figure,), _) = raster_in(summarise(tables, {"made-up": study}))
    assert figure.caption.startswith(f"Run {a} (SNN, seed 0)")
    assert f'aria-labelledby="{figure.name}-title' in to_html(summarise(tables, {"made-up": study}))


def test_without_a_saved_snn_there_is_no_raster_and_no_word_of_it(tmp_path):
    folder = Made().run(0, test_accuracy=0.5).write(tmp_path)
    assert raster_in(summarise(load([folder]), {})) == ([], ())


def test_a_student_needs_no_teacher_here(tmp_path):
    config, network = save(tmp_path, "abc", loss="mimic-kl", teacher="gone.safetensors")
    found = record(row_of("abc"), tmp_path / "models" / "abc.safetensors")
    assert found.layers[-1].spikes.sum() == plain_run(config, network)[0]["fc2"].sum()


def test_data_are_looked_for_here_if_the_runs_folder_of_them_is_not(tmp_path, monkeypatch):
    """With a folder of another machine in its settings, as of a run on MNIST."""
    asked = []

    def read_data(config):
        asked.append(config.data_dir)
        return DIGITS

    monkeypatch.setattr("snnbench.report.figures.recording.read_data", read_data)
    for run_id, folder in (("abc", tmp_path), ("def", tmp_path / "elsewhere")):
        save(tmp_path, run_id, dataset="mnist", data_dir=str(folder))
        record(row_of(run_id), tmp_path / "models" / f"{run_id}.safetensors")
    assert asked == [str(tmp_path), None]


def damage(models, a, b):
    (models / f"{b}.safetensors").write_bytes(b"no weights")


def swap(models, a, b):
    (models / f"{a}.json").rename(models / f"{b}.json")


def move_data(models, a, b):
    """As if saved by a run on MNIST, which is not on this machine."""
    path = models / f"{b}.json"
    about = json.loads(path.read_text())
    about["settings"]["dataset"] = "mnist"
    path.write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (damage, "does not hold this model's weights"),
        (swap, "{b}.safetensors holds the model of run {a}."),
        (move_data, "mnist"),
    ],
)
def test_a_model_that_cannot_be_run_is_spoken_of_and_the_rest_is_reported(
    tmp_path, monkeypatch, harm, words
):
    for name in ("SNNBENCH_DATA", "SNNBENCH_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    folder, a, b = made(tmp_path / "results")
    harm(folder / "models", a, b)
    report = summarise(load([folder]), {})
    figures, notes = raster_in(report)
    assert figures == []
    (said,) = [note for note in notes if note.startswith(f"No spike raster of run {b}: ")]
    assert words.format(a=a, b=b) in said
    assert said in to_document(report)["studies"][0]["notes"]
    assert 'class="notes"' in to_html(report)


def test_other_data_than_the_runs_are_not_taken_for_it(tmp_path):
    folder, _, _ = made(tmp_path, data_sha256="e" * 64)
    figures, notes = raster_in(summarise(load([folder]), {}))
    assert figures == []
    assert "has other contents here than it had for the run" in notes[-1]
