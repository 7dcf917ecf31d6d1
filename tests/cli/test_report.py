"""`snnbench report` as a user runs it: exit codes, streams, files, strict JSON."""

import json
import re
from xml.etree import ElementTree

import pytest

from snnbench.results.tables import ResultStore, read_runs
from tests.cli.conftest import TINY
from tests.cli.terminals import on_terminal
from tests.cli.test_start import imported_by
from tests.report.samples import Made

STUDY = """
name = "made-up"
title = "A made-up study"
base = { dataset = "digits", model = "snn" }
assumptions = ["nothing is real"]
vary = { beta = [0.2, 0.9] }
[[claims]]
text = "beta = 0.9 is best"
kind = "peak_at"
along = "beta"
at = 0.9
[[published]]
text = "their accuracy"
metric = "test_accuracy"
value = 0.75
where = { beta = 0.2 }
"""


@pytest.fixture
def folder(tmp_path):
    made = Made()
    made.runs("test_accuracy", [0.7, 0.8], beta=0.2)
    made.runs("test_accuracy", [0.85, 0.951], beta=0.9)
    return made.write(tmp_path / "results")


def test_the_tables_go_to_stdout_and_what_is_missing_is_said(snnbench, folder):
    done = snnbench("report", folder)
    assert done.returncode == 0, done.stderr
    assert "made-up: 2 configurations, 4 runs: 4 done" in done.stdout
    assert "No verdicts: no study 'made-up' ships" in done.stderr
    assert "0.7500000000000001" in done.stdout or "0.75" in done.stdout


def test_a_study_file_gives_verdicts_and_published_numbers(snnbench, folder, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    done = snnbench("report", folder, "--study", "study.toml", "--json")
    assert done.returncode == 0, done.stderr
    (section,) = json.loads(done.stdout, parse_constant=pytest.fail)["studies"]
    (verdict,) = section["verdicts"]
    # differences 0.15 and 0.151: far from 0, but two seeds decide on no accuracy
    assert verdict["verdict"] == "undecided"
    assert "2 seeds" in verdict["because"]
    assert verdict["measured"][0]["n"] == 2
    assert verdict["measured"][0]["paired"] is True
    assert section["published"][0]["published"] == 0.75
    assert section["published"][0]["measured"]["value"] == pytest.approx(0.75)
    assert section["assumptions"] == ["nothing is real"]


def test_runs_that_are_not_the_studys_own_are_said_to_be(snnbench, tmp_path):
    (tmp_path / "s.toml").write_text('[base]\narch = "8-10"\nT = 3\nepochs = 1\n')
    for options in ([], ["--lr", "0.5"]):
        out = f"out{len(options)}"
        made = snnbench("sweep", "s.toml", "--train-samples", "256", "--out", out, *options)
        assert made.returncode == 0, made.stderr
    (tmp_path / "s.toml").write_text(
        '[base]\narch = "8-10"\nT = 3\nepochs = 1\ntrain_samples = 256\n'
    )
    assert "study's own" not in snnbench("report", "out0", "--study", "s.toml").stderr
    text = snnbench("report", "out2", "--study", "s.toml").stderr
    assert "1 of 1 configurations are not the study's own: they differ in lr." in text


def test_fail_if_exits_with_4_and_names_the_configurations(snnbench, folder):
    done = snnbench("report", folder, "--fail-if", "test_accuracy < 0.8")
    assert done.returncode == 4
    assert "beta=0.2 (test_accuracy = 0.75, n = 2)" in done.stderr
    assert "beta=0.9" not in done.stderr
    assert "beta=0.9" in done.stdout
    assert snnbench("report", folder, "--fail-if", "test_accuracy<0.7").returncode == 0


def test_fail_if_holds_for_a_configuration_of_which_nothing_finished(snnbench, tmp_path):
    made = Made().run(0, beta=0.1, test_accuracy=0.9).run(0, beta=0.2, status="diverged")
    done = snnbench("report", made.write(tmp_path / "r"), "--fail-if", "test_accuracy < 0.5")
    assert done.returncode == 4
    assert "beta=0.2 (no run finished)" in done.stderr


@pytest.mark.parametrize("condition", ["test_accuracy", "accuracy < 1", "beta < 1",
                                       "test_accuracy < nan", "1 < test_accuracy",
                                       "val_accuracy < 1"])  # fmt: skip
def test_a_condition_that_cannot_be_checked_is_refused(snnbench, folder, condition):
    done = snnbench("report", folder, "--fail-if", condition)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_baseline_is_one_configuration(snnbench, folder):
    done = snnbench("report", folder, "--baseline", "beta=0.2", "--json")
    document = json.loads(done.stdout)
    assert document["baseline"] == "beta=0.2"
    assert document["differences"][0]["value"] == pytest.approx(0.1505)
    for where, words in {
        "model=snn": "is 2 configurations: beta=0.2; beta=0.9",
        "model=ann": "no configuration has",
        "betaa=1": "Did you mean 'beta'?",
        "beta": "is not NAME=VALUE",
    }.items():
        done = snnbench("report", folder, "--baseline", where)
        assert done.returncode == 2
        assert words in done.stderr


def test_files_are_written_where_they_can_be(snnbench, folder, tmp_path):
    done = snnbench("report", folder, "--html", "r.html", "--markdown", "r.md")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "r.md").read_text().startswith("# made-up")
    done = snnbench("report", folder, "--html", "nowhere/r.html")
    assert done.returncode == 2
    assert done.stdout == ""


def test_torch_is_imported_only_to_run_a_saved_model(folder, tmp_path):
    arguments = ("report", folder, "--html", tmp_path / "r.html")
    assert "torch" not in imported_by(*arguments, cwd=tmp_path)
    (folder / "models").mkdir()
    saved = read_runs(folder)["run_id"][0]
    (folder / "models" / f"{saved}.json").write_text('{"format": 1}')
    (folder / "models" / f"{saved}.safetensors").write_bytes(b"")
    assert "torch" in imported_by(*arguments, cwd=tmp_path)


def test_a_page_has_the_spikes_of_a_saved_model(snnbench, tmp_path):
    made = snnbench("train", *TINY, "--save-model", "--out", "out")
    assert made.returncode == 0, made.stderr
    done = snnbench("report", "out", "--html", "r.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "r.html").read_text()
    assert "Spikes while the network looks at one sample" in page
    assert "raster" not in done.stderr


def test_very_many_configurations_fit_a_terminal_and_a_pipe_has_them_all(snnbench, tmp_path):
    made = Made()
    for k in range(60):
        made.run(0, lr=1 + k, test_accuracy=k / 100)
    folder = made.write(tmp_path / "r")
    # a line is broken where the terminal ends
    text = " ".join(" ".join(on_terminal("report", folder, cwd=tmp_path, size=(200, 50))).split())
    words = "Shown: the best 20 and the worst 5 by test_accuracy:max; 35 of 60 rows are left out"
    assert words in text
    assert "--markdown, --html and --json have all" in text
    results = text.partition("Results by configuration")[2].partition(words)[0]
    assert re.findall(r"lr=([\d.]+)", results) == [
        str(1 + k) for k in (*range(59, 39, -1), *range(4, -1, -1))
    ]
    done = snnbench("report", folder)
    assert all(done.stdout.count(f"lr={1 + k} ") >= 2 for k in range(60))
    assert "left out" not in done.stderr


def test_bad_folders_are_refused(snnbench, folder, tmp_path):
    ResultStore.open(tmp_path / "header").close()
    for bad, words in {"missing": "no runs in", "header": "no runs in"}.items():
        done = snnbench("report", folder, bad)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stdout == ""
    runs = folder / "runs.csv"
    runs.write_text(runs.read_text().replace(",done,", ",finished,", 1))
    done = snnbench("report", folder)
    assert done.returncode == 2
    assert "runs.csv, line 2: unknown status 'finished'" in done.stderr


def test_text_is_printed_as_it_is_and_escaped_in_the_files(snnbench, tmp_path):
    names = ["<script>alert(1)</script>", "=1+1", "None", "[red]x[/red]"]
    made = Made()
    for k, name in enumerate(names):
        made.run(0, variant=name, beta=0.1 + k, test_accuracy=0.5)
    made.run(0, variant=names[0], beta=9.0, status="failed", error=names[1])
    done = snnbench("report", made.write(tmp_path / "r"), "--html", "r.html", "--markdown", "r.md")
    assert done.returncode == 0, done.stderr
    for name in names:
        assert len(re.findall(rf"^{re.escape(name)}[ ,]", done.stdout, re.MULTILINE)) >= 2
    assert "'=1+1" not in done.stdout
    page, markdown = (tmp_path / "r.html").read_text(), (tmp_path / "r.md").read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r"(?<!\\)<script", page + markdown)
    assert r"\<script\>" in markdown


def test_one_run_has_no_interval(snnbench, tmp_path):
    done = snnbench("report", Made().run(0, test_accuracy=0.5).write(tmp_path / "r"))
    assert done.returncode == 0
    assert "one configuration, 1 run: 1 done" in done.stdout
    assert "no interval" in done.stdout


def test_a_study_of_which_there_is_no_run_is_refused(snnbench, folder, tmp_path):
    (tmp_path / "other.toml").write_text("[base]\n")
    done = snnbench("report", folder, "--study", "other.toml")
    assert done.returncode == 2
    assert "of which there is no run here" in done.stderr


def test_figures_are_files_that_stand_alone(snnbench, folder, tmp_path):
    done = snnbench("report", folder, "--figures", tmp_path / "new" / "figures")
    assert done.returncode == 0, done.stderr
    drawn = sorted((tmp_path / "new" / "figures").iterdir())
    assert [path.name for path in drawn] == [
        f"made-up-{name}.{kind}"
        for name in ("energy", "headline", "vary-beta")
        for kind in ("pdf", "svg")
    ]
    for path in drawn[1::2]:
        root = ElementTree.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "background: #ffffff" in root.attrib["style"]
        text = path.read_text(encoding="utf-8")
        assert "var(" not in text  # which only the page would know
        assert "#0b4f8a" in text or "currentColor" in text
    assert not (tmp_path / "figures").exists()
