"""The installed command on terminals: nothing split, ten lines a training, what to do next."""

import re
import shlex

import pytest

from snnbench.cli.next_step import next_of_run, report_command
from snnbench.config import RunConfig
from tests.cli.conftest import TINY
from tests.cli.terminals import on_terminal
from tests.report.samples import Made

SIZES = [(110, 40), (80, 24), (40, 24)]
NUMBER = r"\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made, ann = Made(), {"model": "ann", "encoding": None, "T": None, "neuron": None,
                         "v_th": None, "loss": "ce", "firing_rate": None}  # fmt: skip
    for k in range(4):
        accuracies = [0.8123 + k / 100, 0.8234 + k / 90, 0.8311 + k / 95]
        made.runs("test_accuracy", accuracies, lr=0.001 * 3**k, beta=0.5, flops_lab=209_897.66,
                  max_test_accuracy=0.87654, silent_fraction=0.0987654)  # fmt: skip
        made.runs("test_accuracy", accuracies, lr=0.001 * 3**k, flops_lab=123_456.78, **ann)
    return made.write(tmp_path_factory.mktemp("made") / "results")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_report_fits_every_terminal_and_splits_no_number(folder, size):
    lines = on_terminal("report", folder.name, cwd=folder.parent, size=size)
    wide = on_terminal("report", folder.name, cwd=folder.parent, size=(400, 50))
    assert [line for line in lines if len(line) > size[0]] == []
    numbers = set(re.findall(NUMBER, " ".join(wide)))
    assert "209,900" in numbers
    assert set(re.findall(NUMBER, " ".join(lines))) <= numbers
    assert "…" not in " ".join(lines).replace("d" * 12 + "…", "")
    assert any("±" in line for line in lines)
    assert ("No room for: " in " ".join(lines)) == (size[0] < 80)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder in which a tiny SNN is trained already."""
    where = tmp_path_factory.mktemp("trained")
    on_terminal("train", *TINY, cwd=where, size=(110, 40))
    return where


@pytest.mark.parametrize("size", SIZES[:2], ids=str)
def test_after_training_there_are_ten_lines_at_most(trained, size):
    lines = on_terminal("train", *TINY, cwd=trained, size=size)
    start = next(i for i, line in enumerate(lines) if line.startswith("SNN 16-10 on digits, T = 3"))
    summary = lines[start:]
    assert len(summary) <= 10
    assert all(len(line) <= size[0] for line in summary)
    text = " ".join(summary)
    for piece in (
        "accuracy 0.",
        "Energy: ",
        "J a sample by compute45nm",
        "firing rate ",
        "encoding bernoulli",
        "Firing rate: ",
        "Time: ",
        "in results/adhoc",
    ):
        assert piece in text, piece  # fmt: skip
    assert summary[-1].startswith("  snnbench train ")


def test_counts_and_layers_are_shown_where_they_are_asked_for(trained):
    lines = on_terminal("train", *TINY, "--full", "--layers", cwd=trained, size=(40, 24))
    full = lines[next(i for i, line in enumerate(lines) if line.startswith("result ")) :]
    assert all(len(line) <= 40 for line in full)
    assert any(re.fullmatch(r"parameters\s+1,210", line) for line in full)
    assert any(re.fullmatch(r"energy, [pn]J/sample\s+[\d.,]+", line) for line in full)
    assert any(re.fullmatch(r"layer\s+fc1\s+fc2", line) for line in full)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_after_a_sweep_there_is_a_row_a_configuration_and_a_command_that_works(tmp_path, size):
    command = ("sweep", *TINY, "--v-th", "0.3", "--vary", "model=ann,snn", "--seeds", "2",
               "--jobs", "1", "--out", "it's here")  # fmt: skip
    lines = on_terminal(*command, cwd=tmp_path, size=size)
    text = " ".join(lines)
    assert "4 of 4 done; recorded in it's here" in text
    words = text.split()
    assert {"ANN", "SNN"} <= {word.rstrip(",") for word in words}
    assert ("ANN's" in text) or size[0] == 40
    following = shlex.split(lines[-1] if len(lines[-1]) > 30 else "".join(lines[-2:]))
    assert following == ["snnbench", "report", "it's here", "--html", "it's here/report.html"]
    on_terminal(*following[1:], cwd=tmp_path, size=size)
    assert (tmp_path / "it's here" / "report.html").exists()


def test_the_next_command_trains_the_ann_and_then_compares_both(snnbench, tmp_path):
    first = snnbench("train", *TINY, "--lr", "0.02", "--no-bias", "--out", "my runs", check=True)
    command = shlex.split(first.stdout.splitlines()[-1])
    assert command[:2] == ["snnbench", "train"]
    second = snnbench(*command[1:], check=True)
    following = shlex.split(second.stdout.splitlines()[-1])
    assert following[1:3] == ["report", "my runs"]
    done = snnbench(*following[1:], check=True)
    assert "2 configurations, 2 runs: 2 done" in done.stdout


def test_the_next_command_has_what_was_asked_for_and_nothing_without_effect(tmp_path):
    config = RunConfig(T=5, beta=0.9, lr=1e-5, standardize=True, encoding="repeat", arch="8-10")
    _, command = next_of_run(config, tmp_path / "none", "mine")  # where no table can be read
    assert shlex.split(command) == [
        "snnbench", "train", "--standardize", "--model", "ann", "--arch", "8-10", "--lr", "1e-05",
        "--study", "mine", "--out", str(tmp_path / "none"),
    ]  # fmt: skip


def test_a_folder_that_looks_like_an_option_is_none(tmp_path, monkeypatch):
    from pathlib import Path

    assert report_command(Path("-x")).startswith("snnbench report ./-x ")
    monkeypatch.setattr("sys.argv", ["snnbench", "--plugin", "my words.py", "train"])
    assert "--plugin 'my words.py'" in report_command(Path("x"))
