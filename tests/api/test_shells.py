"""The functions of a notebook and the commands are two shells on one thing."""

import inspect
import json
import subprocess
import sys

import pytest

import snnbench as package
from snnbench import UserError
from tests.cli.test_compare import SMALL

SMALL_SETTINGS = {"arch": "8-10", "T": 4, "epochs": 4, "train_samples": 512, "test_samples": 100}
FUNCTIONS = ("compare", "count", "load", "report", "sweep", "train")


def said(error):
    return f"Error: {error.problem}\n{error.remedy}\n"


REFUSED = [
    ("compare", {"model": "snn"}, ["--model", "snn"]),
    ("compare", {"margin": "much"}, ["--margin", "much"]),
    ("compare", {"margin": "2"}, ["--margin", "2"]),
    ("compare", {"tune": 3}, ["--tune", "3"]),
    ("compare", {"tune": 3, "twin_lr": 0.1}, ["--tune", "3", "--twin-lr", "0.1"]),
    ("compare", {"energy": "compute"}, ["--energy", "compute"]),
    ("compare", {"seeds": 0}, ["--seeds", "0"]),
    ("compare", {"vary": {"betta": [1]}}, ["--vary", "betta=1"]),
    ("compare", {"vary": {"beta": [0.5]}, "beta": 0.5}, ["--vary", "beta=0.5", "--beta", "0.5"]),
    ("sweep", {}, []),
    ("sweep", {"study": "lab1-bet"}, ["lab1-bet"]),
    ("sweep", {"seeds": 2, "search": "tpee"}, ["--seeds", "2", "--search", "tpee"]),
    ("sweep", {"vary": "beta"}, ["--vary", "beta"]),
    ("sweep", {"seeds": 2, "retry": "all"}, ["--seeds", "2", "--retry", "all"]),
    ("sweep", {"seeds": 2, "timeout": 0.0}, ["--seeds", "2", "--timeout", "0"]),
    ("sweep", {"seeds": 2, "jobs": 0}, ["--seeds", "2", "--jobs", "0"]),
    ("sweep", {"seeds": 2, "halving": True}, ["--seeds", "2", "--halving"]),
    ("sweep", {"seeds": 2, "objective": "beta:max"}, ["--seeds", "2", "--objective", "beta:max"]),
    ("sweep", {"study": "lab1-z", "worlds": "al"}, ["lab1-z", "--worlds", "al"]),
    (
        "sweep",
        {"study": "lab1-z", "worlds": 2, "world": 1},
        ["lab1-z", "--worlds", "2", "--world", "1"],
    ),
    ("sweep", {"study": "lab1-z", "worlds_seed": 1}, ["lab1-z", "--worlds-seed", "1"]),
    ("report", {"folders": "nowhere"}, ["nowhere"]),
    ("report", {"folders": [".", "."]}, [".", "."]),
    ("report", {"folders": ".", "baseline": "modl=ann"}, [".", "--baseline", "modl=ann"]),
    ("report", {"folders": ".", "html": "a/b/c.html"}, [".", "--html", "a/b/c.html"]),
    ("report", {"folders": ".", "neurobench": "."}, [".", "--neurobench", "."]),
]


@pytest.mark.parametrize(("name", "given", "arguments"), REFUSED)
def test_what_a_command_refuses_the_function_refuses_with_the_same_words(
    name, given, arguments, snnbench, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    function = getattr(package, name)
    with pytest.raises(UserError) as refused:
        function(**given)
    done = snnbench(name, *arguments)
    assert (done.returncode, done.stderr) == (2, said(refused.value))
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_of_either_is_that_of_the_other(snnbench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = package.compare(package.RunConfig(**SMALL_SETTINGS), seeds=range(2), jobs=1)
    assert [str(path) for path in found.files] == [
        "results/compare/compare.html", "results/compare/compare.svg",
    ]  # fmt: skip
    page = found.files[0].read_bytes()
    done = snnbench(*SMALL, "--seeds", "2")
    assert "4 of 4 runs are recorded already." in done.stderr
    assert done.stdout.splitlines()[:-2] == str(found).splitlines() == list(found.words)
    assert found.files[0].read_bytes() == page
    assert str(package.load("results/compare")) == str(found)


def test_a_sweep_of_either_is_that_of_the_other(snnbench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"vary": {"beta": [0.5, 0.9], "reset": "zero,none"}, "seeds": 2, "jobs": 1}
    found = package.sweep(**SMALL_SETTINGS, **given)
    varied = ["--vary", "beta=0.5,0.9", "--vary", "reset=zero,none", "--seeds", "0,1"]
    done = snnbench("sweep", *SMALL[1:], *varied, "--json")
    assert "8 of 8 runs are recorded already." in done.stderr
    document = json.loads(done.stdout)
    assert {row["run_id"] for row in document["runs"]} == set(found.runs["run_id"])
    means = found.configurations["test_accuracy", "mean"]
    assert {one["name"]: one["test_accuracy"]["value"] for one in document["configurations"]} == (
        dict(means)
    )
    words = found.words[1:]
    assert set(words) <= set(snnbench("sweep", *SMALL[1:], *varied).stdout.splitlines())


def test_a_script_needs_no_guard_its_workers_do_not_run_it_again(tmp_path):
    (tmp_path / "script.py").write_text(
        "import snnbench\n"
        "print('begun', flush=True)\n"
        f"found = snnbench.sweep(**{SMALL_SETTINGS!r}, seeds=2, jobs=2, progress=False)\n"
        "print(*found.runs['status'])\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("begun\ndone done\n", "")


def printed(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_names_are_there_and_nothing_heavy_is_imported():
    ours = "print(*sorted(name for name in sys.modules if name.startswith('snnbench')))"
    assert printed(f"import sys, snnbench\n{ours}") == ["snnbench snnbench.report snnbench.sweep"]
    names, heavy = printed(
        "import sys, snnbench\n"
        "from snnbench import compare, count, load, report, sweep, train\n"
        "print(*dir(snnbench))\n"
        "print(*(name for name in ('torch', 'pandas', 'matplotlib') if name in sys.modules))\n"
    )
    assert set(names.split()) >= {*FUNCTIONS, "RunConfig", "Results"}
    assert heavy == ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_signature_and_says_what_it_does(name):
    function = getattr(package, name)
    documented = inspect.getdoc(function)
    parameters = inspect.signature(function).parameters
    assert all(p.annotation is not inspect.Parameter.empty for p in parameters.values())
    for parameter in parameters.values():
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            assert parameter.name in documented
    assert "Raises:" in documented


def test_a_room_and_a_function_of_one_name_do_not_hide_each_other():
    from snnbench.report.page import render
    from snnbench.sweep import run

    assert package.sweep.run is run
    assert package.report.page.render is render
    assert package.sweep.__wrapped__.__module__ == "snnbench.api.sweeping"
    with pytest.raises(AttributeError):
        _ = package.sweep.walk
