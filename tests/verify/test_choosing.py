"""Which runs are trained again, with which settings, and why others cannot be."""

import pytest

from snnbench.config.identity import run_name
from snnbench.config.paths import path_of
from snnbench.config.setting import SETTINGS
from snnbench.data.catalogue import load_dataset
from snnbench.results.frames import to_rows
from snnbench.results.trusted import read_trusted
from snnbench.runs import run_one
from snnbench.sweep.datasets import DataSets
from snnbench.verify.choosing import Place, choose, prepare
from tests.report.samples import Made
from tests.results.samples import ROOT, as_version_1

TINY = {"arch": "10-10", "T": 2, "encoding": "bernoulli", "neuron": "lif", "beta": 0.5,
        "train_samples": 100, "batch_size": 50, "epochs": 1, "standardize": False,
        "batch_norm": False, "dropout": 0.0, "init": "default", "bias": True, "reset": "subtract",
        "detach_reset": True, "surrogate": "fast-sigmoid", "z": 2.0, "readout": "rate",
        "optimizer": "sgd", "lr": 0.5, "momentum": 0.0, "weight_decay": 0.0,
        "ties": "first"}  # fmt: skip
DIGITS = load_dataset("digits")


def made(folder, *runs):
    """Write runs on digits; each as it differs from TINY."""
    together = Made()
    for number, run in enumerate(runs):
        together.run(number, {"test_accuracy": [0.5]}, **TINY
                     | {"data_sha256": DIGITS.sha256, "test_accuracy": 0.5} | run)  # fmt: skip
    return read_trusted(together.write(folder)), together.names


def prepared(tables, folder, data_file=None):
    return prepare(choose(tables, None, 0), tables, folder=folder, models=folder / "again",
                   place=Place(data_file=data_file), data=DataSets())  # fmt: skip


def test_runs_are_drawn_by_the_seed_without_repetition_in_the_tables_order():
    tables = read_trusted(ROOT / "results" / "lab1-beta")
    everything = tables.runs["run_id"].tolist()
    drawn = [[row["run_id"] for row in choose(tables, 5, seed)] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    for names in drawn:
        assert len(set(names)) == 5
        assert names == [name for name in everything if name in names]
    assert [row["run_id"] for row in choose(tables, None, 0)] == everything
    assert len(choose(tables, 1000, 0)) == len(everything)


def test_only_finished_runs_are_drawn(tmp_path):
    tables, names = made(tmp_path, {"status": "diverged"}, {}, {"status": "failed"})
    assert [row["run_id"] for row in choose(tables, 3, 0)] == [names[1]]


def test_the_runs_that_a_student_learned_from_come_with_it():
    tables = read_trusted(ROOT / "results" / "mimic")
    students = tables.runs[tables.runs["teacher"].notna()]
    for seed in range(5):
        rows = choose(tables, 1, seed)
        names = {row["run_id"] for row in rows}
        assert len(rows) in (1, 2)
        for row in rows:
            if row["run_id"] in set(students["run_id"]):
                assert row["teacher"].rpartition("/")[2].removesuffix(".safetensors") in names


def test_a_run_is_trained_with_its_settings_and_the_threads_it_had(tmp_path):
    tables, names = made(
        tmp_path, {"cpu_threads": 3, "detach_reset": False}, {"threads": 2, "data_dir": "/theirs"},
        {"batch_norm": True, "cpu_threads": 1},
    )  # fmt: skip
    found = prepared(tables, tmp_path)
    assert [one.reason for one in found] == ["", "", ""]
    assert [one.job.run_id for one in found] == names
    # where all sums are the kernels' own, bits do not depend on them
    assert [path_of(one.job.config).own_sums for one in found] == [True, True, False]
    assert [one.job.config.threads for one in found] == [None, 2, 1]
    for one, row in zip(found, to_rows(tables.runs), strict=True):
        settings = one.job.config.effective
        wanted = {name: row[name] for name in SETTINGS if name not in ("threads", "data_dir")}
        assert {name: settings[name] for name in wanted} == wanted
        assert settings["data_dir"] is None
        assert one.samples == {"train": 100, "test": 360}
        assert 0 < one.tolerance < 1e-4


def test_threads_that_an_older_name_does_not_hold_are_told_of(tmp_path):
    tables, _ = made(tmp_path, {"batch_norm": True, "cpu_threads": 3})
    (found,) = prepared(tables, tmp_path)
    assert "trained on 3 threads by a version whose names did not say so" in found.reason


def test_a_table_of_the_first_version_is_prepared_like_one_of_this(tmp_path):
    spiking = ("T", "encoding", "neuron", "beta", "v_th", "reset", "detach_reset", "surrogate",
               "z", "readout")  # fmt: skip
    ann = {"model": "ann", "engine": "numpy", "activation": "relu", "loss": "ce", "cpu_threads": 1}
    tables, names = made(tmp_path, {}, dict.fromkeys(spiking) | ann)
    before = prepared(tables, tmp_path)
    after = prepared(read_trusted(as_version_1(tmp_path)), tmp_path)
    assert [one.reason for one in (*before, *after)] == [""] * 4
    assert [one.job.config for one in after] == [one.job.config for one in before]
    assert [one.run_id for one in after] == names


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"data_sha256": "e" * 64}, "The data are others: digits has SHA-256"),
        ({"device": "cuda"}, "torch sees no GPU here"),
        ({"engine": "reference"}, "Engine reference gave numbers of version 1 there"),
        ({"plugins": "mine.py 0123456789ab"}, "plug-ins that are not loaded here: mine.py 0123"),
        ({"plugins": "mine.py 0123456789ab", "neuron": "mine"}, "not loaded here: mine.py 0123"),
        ({"beta": 0.5, "model": "ann"}, "has no effect here"),
        ({"arch": "10-7"}, "digits has 10 classes"),
        ({"dataset": "table", "data_file": "gone.csv", "target": "y", "encoding": "repeat",
          "test_fraction": 0.2}, "gone.csv"),
        ({"loss": "mimic-l2", "teacher": "models/0123456789ab.safetensors", "readout": "current"},
         "Its teacher 0123456789ab is neither in the table nor saved"),
    ],
)  # fmt: skip
def test_what_cannot_be_the_same_here_is_not_verifiable_and_says_why(
    tmp_path, monkeypatch, run, words
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    tables, _ = made(tmp_path, run, {})
    first, second = prepared(tables, tmp_path)
    assert (first.job, second.reason) == (None, "")
    assert words in first.reason


def test_a_student_of_a_teacher_that_cannot_be_trained_cannot_be_either(tmp_path):
    other = {"data_sha256": "e" * 64}
    row = Made().run(0, {"test_accuracy": [0.5]}, **TINY | other).rows[0].run
    name = run_name({n: row.get(n) for n in SETTINGS}, "e" * 64)
    student = {"loss": "mimic-l2", "readout": "current", "teacher": f"m/{name}.safetensors"}
    tables, names = made(tmp_path, other, student)
    assert names[0] == name
    first, second = prepared(tables, tmp_path)
    assert (first.job, second.job) == (None, None)
    assert f"Its teacher {name} cannot be trained again" in second.reason


def test_an_own_table_is_found_where_it_lies_here(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("a,b,y\n" + "".join(f"{i % 7},{i % 3},{i % 2}\n" for i in range(100)))
    sha256 = load_dataset("table", data_file=str(data), target="y", test_fraction=0.2,
                          test_samples=None).sha256  # fmt: skip
    run = {"dataset": "table", "data_file": "/theirs/data.csv", "target": "y", "arch": "4-2",
           "encoding": "repeat", "test_fraction": 0.2, "data_sha256": sha256,
           "train_samples": None, "batch_size": 20}  # fmt: skip
    tables, _ = made(tmp_path / "t", run)
    (lost,) = prepared(tables, tmp_path)
    assert "/theirs/data.csv" in lost.reason
    (found,) = prepared(tables, tmp_path, data)
    assert found.reason == ""
    assert run_one(found.job.config, DataSets().read(found.job.config)).run_id == found.run_id
