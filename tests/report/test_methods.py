"""What was done, for a paper: every setting of the runs, what differs, what is unknown, sources."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import snnbench
from snnbench.config.run_config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.report.page import citing
from snnbench.report.page.methods import methods, versions_of
from snnbench.report.page.prose import Paragraph, keys_of, to_latex, to_markdown
from snnbench.report.page.summary import compare, summarise
from snnbench.report.reading.conditions import parse_where
from snnbench.report.reading.source import load
from snnbench.studies.reading import read_study
from snnbench.words.conventions import CONVENTIONS
from snnbench.words.energies import ENERGIES
from tests.report.samples import Made
from tests.report.test_latex import NASTY

SNN = RunConfig(dataset="mnist", val_fraction=0.1, patience=3, batch_norm=True).effective
ANN = RunConfig(model="ann", dataset="mnist", val_fraction=0.1, patience=3, lr=0.3).effective
PLACE = ("data_dir", "seed", "device", "engine")
RAN = {"val_accuracy": 0.8, "test_accuracy": 0.9, "started_at": "2026-01-02T03:04:05Z",
       "train_size": 54_000, "val_size": 6_000, "test_size": 10_000}  # fmt: skip


def settings(effective):
    return {name: value for name, value in effective.items() if name not in PLACE}


def told(made, folder, study=None):
    tables = load([made.write(folder)])
    found = {study.name: study} if study is not None else {}
    return summarise(tables, found, with_figures=False)


def both(report):
    prose = methods(report)
    return to_markdown(prose), to_latex(prose)


@pytest.fixture
def report(tmp_path):
    made = Made()
    for seed in range(3):
        made.run(seed, **settings(SNN), **RAN)
        made.run(seed, **settings(ANN), **RAN)
    made.run(7, **settings(SNN), status="diverged")
    return told(made, tmp_path)


@pytest.mark.parametrize("effective", [SNN, ANN], ids=["snn", "ann"])
def test_every_setting_that_has_an_effect_is_told_with_its_value(tmp_path, effective):
    text, latex = both(told(Made().run(0, **settings(effective), **RAN), tmp_path))
    text = text.replace("\\_", "_")
    shown = {True: "true", False: "false"}
    for name, value in settings(effective).items():
        if value is not None and name not in ("dataset", "model", "threads"):
            wanted = f"{value:g}" if isinstance(value, float) else shown.get(value, value)
            told_of = re.findall(rf"(?:^- |\. ){name} = (\S+)", text, re.MULTILINE)
            assert told_of == [str(wanted)], name
    assert latex.count(r"\item") == text.count("\n- ")


def test_a_setting_that_differs_between_kinds_of_network_is_told_of_each(report):
    text = both(report)[0]
    assert "- spiking networks: lr = 0.01 (learning rate)" in text
    assert "- ordinary networks: lr = 0.3 (learning rate)" in text
    assert text.count("epochs = 5 (epochs)") == 1


def test_data_seeds_unfinished_runs_machine_and_versions_are_told(report):
    text = both(report)[0].replace("\\_", "_")
    assert "Samples: 54,000 to train on, 6000 to validate, 10,000 to test." in text
    assert f"SHA-256 of the data: {'d' * 64}." in text
    assert "Seeds: 3 (0, 1 and 2)" in text
    assert "Configurations: 2, each with 3 finished runs." in text
    assert "Runs that did not finish, and enter no mean: 1 diverged." in text
    assert "the best accuracy on validation data." in text
    assert "device name: Test CPU; cpu threads: 2; device: cpu; engine: fast; path: unknown" in text
    assert "snnbench version: 1.0; commit: abc1234; torch version: 2.13" in text
    assert "The version of Python is not recorded." in text
    assert "from 2026-01-02 to 2026-01-02" in text
    assert "Early exit" not in text
    assert "Welch" not in text


def test_what_differs_is_listed_and_what_is_missing_unknown(tmp_path):
    made = Made()
    for seed, (beta, commit) in enumerate(((0.2, "abc1234"), (0.9, None), (0.9, "fff"))):
        made.run(seed, beta=beta, commit=commit, train_size=None, val_size=None, test_size=None)
    text = both(told(made, tmp_path))[0]
    assert "- beta = 0.2 or 0.9 (leak of LIF neurons)" in text
    assert "commit: abc1234 (1 run), fff (1 run), unknown (1 run)" in text
    assert "How many samples were used is not recorded; the data set has 1,437 to train" in text
    assert "each with 1 or 2 finished runs" in text
    assert "The epoch reported is the last" in text


def test_equations_of_the_neurons_and_the_surrogate_are_formulas_in_both_formats(report):
    for text in both(report):
        assert r"$U[t] = \beta V[t-1] + I[t]" in text
        assert r"$V[t] = U[t] - S[t] V_\mathrm{th}$" in text
        assert r"(1 + z |U - V_\mathrm{th}|)^{-2}$" in text


def test_only_what_is_reported_is_counted(report):
    text = both(report)[0].replace("\\_", "_")
    assert "- flops_lab, operations a sample: " in text
    assert "effective_acs, ACs a sample" not in text  # of which these runs have no number
    assert "- compute45nm: 4.6 effective_macs + 0.9 effective_acs (pJ; 32-bit" in text
    assert "[@horowitz2014]" in text
    assert "loihi" not in text


def test_early_exit_differences_and_verdicts_bring_their_rules(tmp_path):
    (tmp_path / "made-up.toml").write_text(
        'name = "made-up"\nsource = "a report"\nassumptions = ["nothing is real"]\n'
        '[base]\n[[claims]]\ntext = "good"\nkind = "above"\nvalue = 0.5\nmetric = "test_accuracy"\n'
    )
    made = Made()
    for beta in (0.2, 0.9):
        for seed in range(3):
            made.run(seed, beta=beta, test_accuracy=0.9, exit_accuracy=0.9, exit_margin=2.0,
                     exit_chosen_on="validation")  # fmt: skip
    report = told(made, tmp_path / "r", read_study(tmp_path / "made-up.toml"))
    found = compare(report, parse_where("beta=0.2"))
    text = both(replace(report, baseline=found[0], differences=found[1]))[0]
    assert "accuracy on validation data is not below" in text
    assert r"exit\_margin = 2." in text
    assert "Differences from beta=0.2 are paired by seed" in text
    assert "[@welch1947]" in text
    assert "- above: Reproduced if" in text
    assert "the source is silent (a report)" in text
    assert "- nothing is real" in text


def test_all_that_is_cited_is_in_the_bibliography_and_nothing_else(report):
    prose = methods(report)
    keys = keys_of(prose)
    assert len(keys) == len(set(keys)) > 5
    entries = re.findall(r"^@\w+\{([\w-]+),", citing.bibliography(keys, ["1.0"]), re.MULTILINE)
    assert sorted(entries) == sorted(keys)
    assert set(re.findall(r"@([\w-]+)", to_markdown(prose))) == set(keys)
    assert {"ioffe2015", "lecun1998", "kingma2015"} <= set(keys)  # as BatchNorm is on
    assert "srivastava2014" not in keys  # as dropout is off
    assert versions_of(report) == ["1.0"]


def test_every_source_that_a_word_of_ours_names_has_an_entry():
    named = re.compile(r"\b(?:19|20)\d\d\)")
    for about in SETTINGS.values():
        for word in (about.words or {}).values():
            if named.search(word.meaning):
                assert citing.cited(word.meaning), word.name
    for word in (*CONVENTIONS.values(), *ENERGIES.values()):
        if "as papers on ordinary networks" not in word.source:
            assert citing.cited(word.source), word.name


def test_the_sources_are_whole_entries_once_each():
    found = citing.sources()
    assert len({source.key for source in found}) == len(found) > 20
    for source in found:
        assert source.entry.count("{") == source.entry.count("}")
        assert "keywords" not in source.entry
        assert re.search(r"^  title = ", source.entry, re.MULTILINE)
        assert re.search(r"^  author = ", source.entry, re.MULTILINE)
        assert source.names


def test_our_own_entry_says_what_the_citation_file_says():
    root = Path(snnbench.__file__).parent.parent
    said = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert said["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "version", "license", "type", "url"} <= said.keys()
    assert said["version"] == snnbench.__version__
    entry = citing.bibliography((), [said["version"]])
    assert said["title"] in entry
    assert all(author["name"] in entry for author in said["authors"])
    assert said["url"] in entry
    assert f"Version {said['version']}" in entry


def test_names_in_any_script_are_escaped(tmp_path):
    text, latex = both(told(Made().run(0, device_name=NASTY, test_accuracy=0.5), tmp_path))
    assert r"\<b\>" in text
    assert r"\textbackslash{}input\{x\}" in latex
    assert "$x$" not in latex


def test_headings_part_several_studies(tmp_path):
    made = Made().run(0, study="one", test_accuracy=0.5).run(1, study="two", test_accuracy=0.6)
    prose = methods(told(made, tmp_path))
    assert [part.text for part in prose if not isinstance(part, Paragraph)] == [
        "one", "two", "All of these",
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("bibtex") is None, reason="there is no bibtex")
def test_pdflatex_and_bibtex_take_it(report, tmp_path):
    prose = methods(report)
    every = [source.key for source in citing.sources()]
    (tmp_path / "methods.tex").write_text(to_latex(prose), encoding="utf-8")
    (tmp_path / "methods.bib").write_text(citing.bibliography(every, ["1.0_x"]), encoding="utf-8")
    (tmp_path / "main.tex").write_text(
        "\\documentclass{article}\n\\usepackage{url}\n\\begin{document}\n\\input{methods}\n"
        "\\nocite{*}\\bibliographystyle{plain}\\bibliography{methods}\n\\end{document}\n"
    )
    for command in (["pdflatex"], ["bibtex"], ["pdflatex"], ["pdflatex"]):
        options = ["-interaction=nonstopmode", "-halt-on-error"] if command != ["bibtex"] else []
        done = subprocess.run([*command, *options, "main"], cwd=tmp_path, capture_output=True,
                              text=True, errors="replace", timeout=120, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]
    assert "undefined" not in (tmp_path / "main.log").read_text(errors="replace")
