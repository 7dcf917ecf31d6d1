"""`snnbench train` as a user sees it."""

import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import TINY
from tests.forking import SNNBENCH


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_is_recorded_printed_and_not_trained_again(snnbench, tmp_path):
    first = snnbench("train", *TINY)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "results" / "adhoc"
    (run,) = rows(folder / "runs.csv")
    assert (run["status"], run["study"], run["epochs_run"]) == ("done", "adhoc", "2")
    assert len(rows(folder / "epochs.csv")) == 2
    assert [layer["layer"] for layer in rows(folder / "layers.csv")] == ["fc1", "fc2"]
    assert run["run_id"] in first.stdout
    document = json.loads(snnbench("train", *TINY, "--json").stdout)["run"]
    for name in ("test_accuracy", "flops_lab", "energy_pj_compute45nm"):
        assert repr(document[name]) == run[name], name  # in full
    assert first.stderr.count("epoch ") == 2

    again = snnbench("train", *TINY)
    assert "not trained again" in again.stderr
    assert again.stdout == first.stdout
    assert len(rows(folder / "runs.csv")) == 1

    forced = snnbench("train", *TINY, "--force")
    assert forced.returncode == 0
    (new,) = rows(folder / "runs.csv")
    assert new["test_accuracy"] == run["test_accuracy"]
    assert new["train_seconds"] != run["train_seconds"]
    assert len(rows(folder / "epochs.csv")) == 2


def test_json_is_one_strict_document(snnbench):
    done = snnbench("train", *TINY, "--json")
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert document["run"]["status"] == "done"
    assert [epoch["epoch"] for epoch in document["epochs"]] == [1, 2]
    assert document["run"]["test_accuracy"] == document["epochs"][-1]["test_accuracy"]
    again = json.loads(snnbench("train", *TINY, "--json").stdout)
    assert again == document


def test_a_diverged_run_has_a_row_and_a_message(snnbench, tmp_path):
    done = snnbench("train", "--model", "ann", "--loss", "mse", "--optimizer", "sgd",
                    "--lr", "1e6", "--out", "here", "--json")  # fmt: skip
    assert done.returncode == 0
    assert "diverged" in done.stderr
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert document["run"]["status"] == "diverged"
    assert "epoch" in document["run"]["error"]
    (run,) = rows(tmp_path / "here" / "runs.csv")
    assert (run["status"], run["test_accuracy"]) == ("diverged", "")


def test_settings_come_from_options_file_and_environment(snnbench, tmp_path):
    (tmp_path / "run.toml").write_text('arch = "16-10"\nT = 2\nepochs = 1\n')
    done = snnbench("train", "--config", "run.toml", "--epochs", "2", "--train-samples", "256",
                    "--json", env={"SNNBENCH_BETA": "0.25"})  # fmt: skip
    run = json.loads(done.stdout)["run"]
    assert (run["T"], run["epochs"], run["beta"]) == (2, 2, 0.25)


def test_a_users_table_is_trained_on(snnbench, tmp_path):
    lines = ["a,b,label"]
    for i in range(120):
        kind = i % 3
        lines.append(f"{kind + (i % 7) / 10},{-kind + (i % 5) / 10},{'xyz'[kind]}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    done = snnbench("train", "--dataset", "table", "--data-file", "t.csv", "--target", "label",
                    "--arch", "16-3", "--batch-size", "16", "--epochs", "15", "--json")  # fmt: skip
    run = json.loads(done.stdout)["run"]
    assert run["test_accuracy"] > 0.9
    assert run["data_file"] == "t.csv"


def test_a_saved_model_is_counted_as_it_was_trained(snnbench, tmp_path):
    run = json.loads(snnbench("train", *TINY, "--save-model", "--json").stdout)["run"]
    model = tmp_path / "results/adhoc/models" / f"{run['run_id']}.safetensors"
    counted = json.loads(snnbench("flops", "--checkpoint", model, "--json").stdout)
    for name in ("flops_lab", "dense_macs", "effective_acs", "firing_rate", "silent_fraction"):
        assert counted["totals"][name] == run[name], name


def test_a_second_writer_is_refused_naming_the_first(snnbench, tmp_path):
    first = subprocess.Popen(
        [SNNBENCH, "train", "--epochs", "100000", "--out", "shared"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert first.stderr.readline().startswith(("epoch 1/", "compiling"))
        second = snnbench("train", *TINY, "--out", "shared")
        assert second.returncode == 2
        assert str(first.pid) in second.stderr
    finally:
        first.kill()
        first.communicate()
    third = snnbench("train", *TINY, "--out", "shared")
    assert third.returncode == 0, third.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_the_command_to_continue(number, code, tmp_path):
    process = subprocess.Popen(
        [SNNBENCH, "train", "--epochs", "100000", "--out", "it's here"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr.readline().startswith(("epoch 1/", "compiling"))
    process.send_signal(number)
    _, message = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in message
    assert "snnbench train --epochs 100000 --out " in message
    assert not (tmp_path / "it's here" / "runs.csv").read_text().splitlines()[1:]


def test_a_folder_that_is_a_file_is_refused(snnbench, tmp_path):
    (tmp_path / "taken").write_text("mine")
    done = snnbench("train", *TINY, "--out", "taken")
    assert done.returncode == 2
    assert "taken" in done.stderr
    assert (tmp_path / "taken").read_text() == "mine"


def test_output_cut_off_by_head_is_no_error(tmp_path):
    command = f"{SNNBENCH} datasets list | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def test_a_terminal_gets_a_live_table(tmp_path):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [SNNBENCH, "train", *TINY, "--epochs", "200"], cwd=tmp_path,
        stdout=follower, stderr=follower, env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(follower)
    drawn = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed: Linux says so with an error
            break
        if not piece:
            break
        drawn += piece
    assert process.wait(timeout=30) == 0
    text = drawn.decode()
    assert "accuracy" in text.partition("Recorded as")[0]
    assert "samples a second" in text
    assert "in results/adhoc. --full: all counts" in text


def test_the_api_gives_tables_in_a_notebook_and_leaves_it_as_it_was(tmp_path):
    code = (
        "import logging, os, torch\n"
        "def state():\n"
        "    levels = {n: (g.level, len(g.handlers)) for n, g in known.items()}\n"
        # scikit-learn sets KMP_...
        "    ours = {k: v for k, v in os.environ.items() if k[:4] != 'KMP_'}\n"
        "    return ours, torch.get_num_threads(), levels\n"
        "loggers = logging.root.manager.loggerDict\n"
        "known = {n: g for n, g in loggers.items() if isinstance(g, logging.Logger)}\n"
        "known['root'] = logging.root\n"
        "before = state()\n"
        "from snnbench import RunConfig, train, count\n"
        "r = train(RunConfig(arch='16-10', T=3, epochs=2, train_samples=256))\n"
        "assert list(r.epochs.epoch) == [1, 2]\n"
        "assert r.run.test_accuracy == r.epochs.test_accuracy.iloc[-1]\n"
        "assert list(r.layers.layer) == ['fc1', 'fc2']\n"
        "c = count(arch='10-10', model='ann', input_shape=(784,))\n"
        "assert c.totals.flops_lab == 15900\n"
        "assert state() == before\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_fit_into_memory_is_refused_before_it_starts(snnbench):
    done = snnbench("train", "--arch", "100000-10", "-T", "100000")
    assert done.returncode == 2
    assert "GiB" in done.stderr
    assert "--batch-size" in done.stderr


@pytest.mark.parametrize("model", ["ann", "snn"])
def test_a_run_uses_the_threads_it_was_given_from_the_start(snnbench, model):
    done = snnbench(
        "train", *TINY[:2], "--epochs", "1", "--model", model, "--threads", "1", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"]["cpu_threads"] == 1
