"""`--measure-energy` of the installed command, with a false tree of counters, and without any."""

import csv

import pytest

from tests.cli.conftest import TINY
from tests.energy.zones import moving, zone

TIMES = ("train_seconds", "eval_seconds", "started_at", "cohort_size", "cpu_threads", "study")
COLUMNS = ("measured_train_j", "measured_train_net_j", "measured_eval_j", "measured_eval_net_j",
           "idle_w", "energy_counters")  # fmt: skip
RUN = [*TINY, "--device", "cpu"]
# so long that the false counters move in every part of it, however busy this machine
LONG = ["--arch", "32-10", "-T", "10", "--epochs", "4", "--train-samples", "1400",
        "--engine", "reference", "--device", "cpu"]  # fmt: skip


def runs(folder):
    with open(folder / "runs.csv", newline="") as file:
        return list(csv.DictReader(file))


def without(rows, names=(*TIMES, *COLUMNS)):
    return [{name: cell for name, cell in row.items() if name not in names} for row in rows]


@pytest.fixture
def machine(tmp_path):
    """Return the environment of a machine whose package takes 5 W and whose memory takes 1 W."""
    root = tmp_path / "powercap"
    paths = [
        zone(root, "intel-rapl:0", "package-0", 262_133_328_850),  # it begins anew after 2 s
        zone(root, "intel-rapl:0:0", "core"),
        zone(root, "intel-rapl:1", "psys"),
    ]
    memory = zone(root, "intel-rapl:0:1", "dram")
    with moving(paths, 5), moving([memory], 1):
        yield {"SNNBENCH_POWERCAP": str(root)}


def check_measured(row):
    train, net, evaluation, eval_net, idle = (float(row[name]) for name in COLUMNS[:-1])
    seconds, eval_seconds = float(row["train_seconds"]), float(row["eval_seconds"])
    assert row["energy_counters"] == "package-0 package-0/dram"
    # the false counters are as late as their thread
    assert 3 < idle < 12
    assert 2 < (train + evaluation) / (seconds + eval_seconds) < 18
    assert train - net == pytest.approx(idle * seconds)
    assert evaluation - eval_net == pytest.approx(idle * eval_seconds)


def test_a_run_is_measured_and_is_the_same_run(snnbench, machine, tmp_path):
    done = snnbench(
        "train", *LONG, "--out", "out", "--measure-energy",
        env=machine, check=True,
    )  # fmt: skip
    plain = snnbench("train", *LONG, "--out", "plain", check=True)
    (row,) = runs(tmp_path / "out")
    check_measured(row)
    assert "measured" in done.stdout
    assert "measured" not in plain.stdout
    assert without([row]) == without(runs(tmp_path / "plain"))
    for name in ("layers.csv", "epochs.csv"):
        times = ("train_seconds", "eval_seconds")
        tables = []
        for folder in ("plain", "out"):
            with open(tmp_path / folder / name, newline="") as file:
                tables.append(without(csv.DictReader(file), times))
        assert tables[0] == tables[1]
    verified = snnbench("verify", "out")
    assert verified.returncode == 0, verified.stderr
    assert "measured" not in verified.stdout


def test_a_cohort_shares_its_energy_and_one_worker_trains_a_sweep(snnbench, machine, tmp_path):
    arguments = ["sweep", *LONG, "--vary", "beta=0.2,0.8", "--measure-energy", "--out", "out"]
    assert "workers 1" in " ".join(snnbench(*arguments, "--dry-run", check=True).stdout.split())
    done = snnbench(*arguments, env=machine, check=True)
    found = runs(tmp_path / "out")
    assert [row["cohort_size"] for row in found] == ["2", "2"]
    assert len({tuple(row[name] for name in COLUMNS) for row in found}) == 1
    check_measured(found[0])
    assert "not measured" not in done.stderr


def test_where_there_are_no_counters_it_is_said_once(snnbench, tmp_path):
    here = {"SNNBENCH_POWERCAP": str(tmp_path / "none")}
    done = snnbench("train", *RUN, "--measure-energy", env=here, check=True)
    assert done.stderr.count("Energy is not measured: there is no ") == 1
    swept = snnbench(
        "sweep", *TINY[2:], "--device", "cpu", "--vary", "arch=8-10,9-10,10-10",
        "--measure-energy", "--out", "swept", env=here, check=True,
    )  # fmt: skip
    assert swept.stderr.count("Energy is not measured: there is no ") == 1
    for row in runs(tmp_path / "results" / "adhoc") + runs(tmp_path / "swept"):
        assert row["status"] == "done"
        assert [row[name] for name in COLUMNS] == [""] * 6


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--jobs", "2"], "--measure-energy with --jobs 2: the machine's counters see all workers"),
        (["--cluster", "tcp://127.0.0.1:9"], "--measure-energy has no meaning with --cluster"),
    ],
)
def test_workers_that_cannot_be_told_apart_are_refused(options, said, snnbench, tmp_path):
    done = snnbench("sweep", *RUN, "--seeds", "2", "--measure-energy", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "results").exists()
