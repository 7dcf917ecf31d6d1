"""`snnbench sweep` as its users run it.

Starting workers takes seconds, so what the command says is tested in this process, with an
executor that trains nothing; what it does to processes, with the installed command.
"""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import product

import pandas as pd
import psutil
import pytest

from benchmarks.scale import SimulatedExecutor, made_up
from snnbench.cli.app import main
from snnbench.results.tables import read_runs
from snnbench.sweep import run as sweep_run
from snnbench.sweep.worker import Outcome, run_task
from tests.cli.conftest import TINY
from tests.forking import SNNBENCH

VARIED = [*TINY, "--vary", "beta=0.3,0.6,0.9", "--seeds", "2"]
LONG = ["--arch", "64-10", "-T", "20", "--epochs", "30", "--vary", "beta=0.3,0.9", "--vary",
        "reset=subtract,none", "--seeds", "2"]  # fmt: skip
RUNS = 8
TIMES = ["train_seconds", "eval_seconds", "started_at", "cohort_size"]


def tables(folder):
    """Return the cells of all tables without times: {(table, row, column): text}."""
    cells = {}
    for name, keys in (("runs", ["run_id"]), ("epochs", ["run_id", "epoch"]),
                       ("layers", ["run_id", "layer"])):  # fmt: skip
        table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        assert not table.duplicated(keys).any(), f"a row of {name} stands twice"
        table = table.drop(columns=[t for t in TIMES if t in table]).set_index(keys)
        for row, column in product(table.index, table.columns):
            cells[name, row, column] = table.at[row, column]
    return cells


def differences(one, other):
    """Return the cells that differ: what a failed comparison shows is what matters."""
    return {
        cell: (one.get(cell), other.get(cell))
        for cell in one | other
        if one.get(cell) != other.get(cell)
    }


@pytest.fixture
def here(monkeypatch, capsys, tmp_path):
    """Return a function that runs `snnbench ARGS` in this process and an empty folder."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.chdir(tmp_path)

    def run(*arguments, executor=None):
        monkeypatch.setattr(sys, "argv", ["snnbench", *map(str, arguments)])
        if executor is not None:
            monkeypatch.setattr(sweep_run, "executor_of", lambda where, runs: executor)
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def undisturbed(here, folder):
    """Fill a folder with the tables of `LONG`, trained in this process, one task after another."""
    executor = SimulatedExecutor(1, outcome=lambda task: run_task(task, threads=1))
    done = here("sweep", *LONG, "--out", folder, executor=executor)
    assert done.returncode == 0, done.stderr
    return tables(folder)


def test_a_sweep_prints_a_row_a_configuration_and_then_has_nothing_left_to_do(snnbench, tmp_path):
    done = snnbench("sweep", *VARIED)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "adhoc: 6 of 6 done; recorded in results/adhoc"
    assert {line.split()[0] for line in lines[2:5]} == {"beta=0.3", "beta=0.6", "beta=0.9"}
    assert lines[-1] == "  snnbench report results/adhoc --html results/adhoc/report.html"
    assert "6 of 6 runs" in done.stderr
    before = (tmp_path / "results/adhoc/runs.csv").read_bytes()
    listed = snnbench("sweep", *VARIED, "--runs").stdout.splitlines()
    assert listed[1].split()[:6] == ["run", "id", "beta", "seed", "test", "accuracy"]
    assert [line.split()[1:3] for line in listed[2:8]] == [
        [beta, seed] for beta in ("0.3", "0.6", "0.9") for seed in "01"
    ]
    again = snnbench("sweep", *VARIED, "--json")
    assert "6 of 6 runs are recorded already" in again.stderr
    document = json.loads(again.stdout)
    assert document["counts"] == {"done": 6}
    assert {row["beta"] for row in document["runs"]} == {0.3, 0.6, 0.9}
    assert (tmp_path / "results/adhoc/runs.csv").read_bytes() == before


def test_runs_of_a_sweep_are_the_runs_of_train(here, tmp_path):
    executor = SimulatedExecutor(1, outcome=lambda task: run_task(task, threads=1))
    here("sweep", *VARIED, "--out", "swept", executor=executor)
    here("train", *TINY, "--beta", "0.6", "--out", "alone", "--threads", "1")
    alone = read_runs(tmp_path / "alone").iloc[0]
    swept = read_runs(tmp_path / "swept").set_index("run_id").loc[alone["run_id"]]
    for name in ("test_accuracy", "train_loss", "firing_rate", "flops_lab"):
        assert swept[name] == alone[name]
    assert (swept["cohort_size"], alone["cohort_size"]) == (3, 1)


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(here, tmp_path):
    done = here("sweep", *VARIED, "--dry-run", "--json", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert (plan["runs"], plan["recorded"], plan["to_do"], plan["cohorts"]) == (6, 0, 6, 2)
    assert plan["expected_seconds"] > 0
    assert plan["kinds"][0]["runs"] == 6
    assert list(tmp_path.iterdir()) == []
    here("sweep", *VARIED, executor=SimulatedExecutor())
    plan = json.loads(here("sweep", *VARIED, "--dry-run", "--json").stdout)
    assert (plan["recorded"], plan["to_do"]) == (6, 0)


def test_a_study_file_names_its_variants_and_folder(here, tmp_path):
    (tmp_path / "both.toml").write_text(
        'seeds = 2\n[base]\narch = "16-10"\nepochs = 2\ntrain_samples = 256\n'
        '[variants.ann]\nmodel = "ann"\n[variants.snn]\nmodel = "snn"\nT = 3\n'
    )
    done = here("sweep", "both.toml", executor=SimulatedExecutor())
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "results/both/runs.csv")
    assert table["variant"].value_counts().to_dict() == {"ann": 2, "snn": 2}
    assert set(table["study"]) == {"both"}


def test_a_search_asks_and_learns(here, tmp_path):
    done = here("sweep", *TINY, "--vary", "beta=0.1:0.9", "--search", "tpe", "--trials", "10",
                "--objective", "test_accuracy:max", executor=SimulatedExecutor())  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10 of 10 runs" in done.stderr
    assert len(pd.read_csv(tmp_path / "results/adhoc/trials.csv")) == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to sweep"),
        (["--vary", "betaa=1,2"], "Did you mean 'beta'"),
        (["--vary", "seed=1,2"], "--seeds"),
        (["--vary", "beta="], "no values"),
        (["--vary", "beta=0.9:0.1:5"], "0.9"),
        (["--vary", "beta=0:1:100000", "--vary", "z=1:100:100000"], "--trials"),
        (["--vary", "beta=0.1,0.2", "--beta", "0.5"], "--beta"),
        (["--vary", "beta=0.1,0.2", "--model", "ann"], "beta"),
        (["--vary", "beta=0.1:0.9", "--search", "tpe"], "--trials"),
        (["--vary", "beta=0.1:0.9", "--search", "tpe", "--trials", "5", "--objective",
          "val_accuracy:max"], "validation"),
        (["--vary", "beta=0.1:0.9", "--search", "tpe", "--trials", "5", "--objective",
          "test_acuracy:max"], "test_accuracy"),
        (["nosuchstudy"], "nosuchstudy"),
        (["--vary", "batch_size=10,100000000"], "batch_size"),
        (["--vary", "T=5,100000", "--arch", "50000-10"], "GiB"),
        (["--vary", "beta=0.1,0.2", "--jobs", "0"], "--jobs"),
        (["--vary", "beta=0.1,0.2", "--timeout", "-1"], "--timeout"),
        (["--vary", "beta=0.1,0.2", "--retry", "fialed"], "failed"),
        (["--vary", "beta=0.1,0.2", "--cluster", "tcp://127.0.0.1:9"], "127.0.0.1:9"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_nothing_is_run(here, tmp_path, arguments, words):
    started = time.monotonic()
    done = here("sweep", *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "results").exists()
    assert time.monotonic() - started < 60


def test_a_typo_in_a_study_is_named_with_its_line(here, tmp_path):
    (tmp_path / "s.toml").write_text('[base]\nmodel = "ann"\n\n[variants.a]\nlearnrate = 0.1\n')
    done = here("sweep", "s.toml")
    assert done.returncode == 2
    assert "s.toml, line 5" in done.stderr
    assert not (tmp_path / "results").exists()


def test_runs_that_take_too_long_are_named_and_the_exit_code_is_3(here, tmp_path):
    executor = SimulatedExecutor(outcome=lambda task: Outcome("timeout", error="too long"))
    done = here("sweep", *TINY, "--vary", "reset=zero,none", executor=executor)
    assert done.returncode == 3, done.stderr
    table = read_runs(tmp_path / "results/adhoc")
    assert list(table["status"]) == ["timeout", "timeout"]
    assert all(f"{run_id} (timeout)" in done.stderr for run_id in table["run_id"])
    assert "--retry failed" in done.stderr
    again = here("sweep", *TINY, "--vary", "reset=zero,none", "--retry", "failed",
                 executor=SimulatedExecutor())  # fmt: skip
    assert again.returncode == 0
    assert list(read_runs(tmp_path / "results/adhoc")["status"]) == ["done", "done"]


@pytest.mark.parametrize(("diverges", "code"), [((0.3, 0.6), 3), ((0.3,), 0)])
def test_a_sweep_of_which_all_runs_diverged_says_so_in_its_exit_code(here, diverges, code):
    def outcome(task):
        made = [made_up(job) for job in task.jobs]
        for run, job in zip(made, task.jobs, strict=True):
            if job.config.beta in diverges:
                run.run.update({"status": "diverged", "error": "the loss is no number in epoch 1"})
        return Outcome("done", tuple(made))

    for _ in range(2):  # the second time, all runs are recorded already
        done = here(
            "sweep", *TINY, "--vary", "beta=0.3,0.6", executor=SimulatedExecutor(outcome=outcome)
        )
        assert done.returncode == code, done.stderr
        assert ("All 2 runs diverged" in done.stderr) == (code == 3)


@pytest.fixture
def started(tmp_path):
    """Return a function that starts `snnbench ARGS` in the empty folder."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [SNNBENCH, *arguments], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def recorded(folder):
    path = folder / "runs.csv"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


def test_a_sweep_that_is_stopped_and_killed_and_loses_workers_ends_with_the_same_tables(
    here, snnbench, started, tmp_path
):
    expected = undisturbed(here, tmp_path / "quiet")
    folder, command = tmp_path / "out", ["sweep", *LONG, "--out", "out"]

    # Ctrl-C: what runs is finished and kept, and the command that goes on is printed
    process = started(*command)
    wait_for(lambda: _workers(process))
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130, words
    assert f"snnbench sweep {' '.join(LONG)}" in words
    kept = recorded(folder)
    assert kept < RUNS

    # kill -9 of the parent: no worker is left, nothing that was recorded is lost
    process = started(*command)
    wait_for(lambda: len(_workers(process)) == 2)
    workers = _workers(process)
    for worker in workers:  # else nothing may be left to do on a machine that is slow to start
        psutil.Process(worker).suspend()
    second = snnbench("sweep", *LONG, "--out", "out")  # stops at once, and names the holder
    assert second.returncode == 2
    assert str(process.pid) in second.stderr
    process.kill()
    for worker in workers:
        psutil.Process(worker).resume()
    process.communicate()
    wait_for(lambda: not any(map(psutil.pid_exists, workers)), 10)
    assert recorded(folder) >= kept

    # SIGTERM twice: ended now
    process = started(*command)
    wait_for(lambda: len(_workers(process)) == 2)
    workers = _workers(process)
    process.terminate()
    time.sleep(0.1)
    process.terminate()
    _, words = process.communicate(timeout=30)
    assert process.returncode == 143, words
    wait_for(lambda: not any(map(psutil.pid_exists, workers)), 10)

    # kill -9 of a worker: its cohort is tried again
    process = started(*command)
    wait_for(lambda: len(_workers(process)) == 2)
    os.kill(_workers(process)[0], signal.SIGKILL)
    _, words = process.communicate(timeout=120)
    assert process.returncode == 0, words
    assert differences(tables(folder), expected) == {}


def _workers(process):
    """Return the worker processes that have begun to train."""
    try:
        children = psutil.Process(process.pid).children()
        return [c.pid for c in children if "spawn_main" in " ".join(c.cmdline())]
    except psutil.Error:
        return []
