"""`snnbench report` out to papers, and folders compared, as a user runs it."""

import json

import pytest

from tests.cli.conftest import TINY
from tests.report.samples import Made


def made(path, shift=0.0, **settings):
    runs = Made()
    for beta in (0.2, 0.9):
        runs.runs("test_accuracy", [0.7 - shift, 0.71 - shift, 0.72 - shift], beta=beta, **settings)
    return runs.write(path)


@pytest.fixture
def folder(tmp_path):
    return made(tmp_path / "a")


def test_tables_methods_sources_and_figures_are_written(snnbench, folder, tmp_path):
    done = snnbench("report", "a", "--latex", "t.tex", "--methods", "m.tex", "--figures", "f")
    assert done.returncode == 0, done.stderr
    assert r"\begin{tabular}" in (tmp_path / "t.tex").read_text()
    assert r"\paragraph{Spiking networks.}" in (tmp_path / "m.tex").read_text()
    assert "@misc{snnbench," in (tmp_path / "m.bib").read_text()
    for name in ("made-up-energy", "made-up-vary-beta"):
        assert (tmp_path / "f" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (tmp_path / "f" / f"{name}.svg").exists()
    done = snnbench("report", "a", "--latex", "tables", "--methods", "m.md")
    assert done.returncode == 0, done.stderr
    assert "**Spiking networks.**" in (tmp_path / "m.md").read_text()
    found = (tmp_path / "tables" / "made-up-results-by-configuration.tex").read_text()
    assert r"\label{tab:made-up-results-by-configuration}" in found


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--methods", "m.txt"], "says no format"),
        (["--methods", "no/m.md"], "cannot be written"),
        (["--latex", "no/t.tex"], "cannot be written"),
        (["--markdown", "x.md", "--methods", "x.md"], "--methods and --markdown are both x.md"),
        (["--latex", "x.tex", "--methods", "x.tex"], "are both x.tex"),
        (["--latex", "a/runs.csv"], "--latex: a/runs.csv is a file"),
        (["--figures", "a/runs.csv"], "--figures: a/runs.csv is a file"),
    ],
)
def test_bad_places_are_refused(snnbench, folder, options, words):
    done = snnbench("report", "a", *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_methods_of_no_finished_run_are_refused(snnbench, tmp_path):
    Made().run(0, status="diverged").write(tmp_path / "r")
    done = snnbench("report", "r", "--methods", "m.md")
    assert done.returncode == 2
    assert "no run finished" in done.stderr


def test_what_changed_between_real_sweeps_is_nothing_or_the_setting(snnbench, tmp_path):
    sweep = ("sweep", *TINY, "--vary", "beta=0.5,0.9", "--seeds", "2")
    for out, options in (("a", []), ("b", []), ("c", ["--lr", "0.03"])):
        assert snnbench(*sweep, *options, "--out", out).returncode == 0
    done = snnbench("report", "b", "a", "c", "--baseline", "a", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    same, other = document["changes"]
    assert document["studies"] == []
    assert same["sentences"][:2] == [
        "b against a: nothing changed.",
        "4 of 4 runs that both have are equal to the last bit.",
    ]
    assert other["settings"] == [{"column": "lr", "before": ["0.01"], "after": ["0.03"]}]
    assert other["configurations"] == ["beta=0.5", "beta=0.9"]
    assert {e["column"] for e in other["effects"]} == {
        "test_accuracy", "energy_pj_compute45nm", "firing_rate", "train_seconds",
    }  # fmt: skip


def test_the_answer_comes_first_and_files_have_the_tables(snnbench, folder, tmp_path):
    made(tmp_path / "b", shift=0.1, commit="fffffff")
    files = ("--html", "r.html", "--markdown", "r.md", "--latex", "r.tex")
    done = snnbench("report", "a", "b", "--baseline", "a", "--energy", "compute45nm", *files)
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first == "b against a: test accuracy fell by 10 points in 2 of 2 configurations."
    assert "Origins that differ: commit abc1234 (6 runs) -> fffffff (6 runs)." in done.stdout
    for name in ("r.html", "r.md", "r.tex"):
        text = (tmp_path / name).read_text()
        assert "beta=0.2" in text
    assert first in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "b", "--baseline", "c"], "--baseline: c is not among the folders given"),
        (["a", "b", "--baseline", "nowhere"], "is not NAME=VALUE, nor is it one of the folders"),
        (["a", "--baseline", "a"], "There is no folder to compare with a"),
        (["a", "a/../a", "--baseline", "a"], "is the same folder as"),
        (["a", "mnist", "--baseline", "a"], "has no configuration in common with a: they differ in"
                                            " dataset."),
        (["a", "n.json", "--baseline", "a"], "n.json is no folder of results"),
        (["beta=0.2", "a", "--baseline", "beta=0.2"], "one of the folders given, and a"),
        (["a", "b", "--baseline", "a", "--fail-if", "test_accuracy<1"], "--fail-if has no effect"),
        (["a", "b", "--baseline", "a", "--figures", "f"], "--figures has no effect"),
        (["a", "b", "--baseline", "a", "--methods", "m.md"], "--methods has no effect"),
    ],
)  # fmt: skip
def test_a_baseline_that_cannot_be_is_refused(snnbench, folder, tmp_path, arguments, words):
    for name in ("b", "c", "beta=0.2"):
        made(tmp_path / name)
    made(tmp_path / "mnist", dataset="mnist")
    (tmp_path / "n.json").write_text('{"Footprint": 1}')
    done = snnbench("report", *arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_name_that_is_both_is_told_apart_as_the_message_says(snnbench, folder, tmp_path):
    made(tmp_path / "beta=0.2")
    found = {}
    for text in ("./beta=0.2", "beta = 0.2"):
        done = snnbench("report", "beta=0.2", "--baseline", text, "--json")
        found[text] = done
    assert "no folder to compare with" in found["./beta=0.2"].stderr
    assert json.loads(found["beta = 0.2"].stdout)["baseline"] == "beta=0.2"
