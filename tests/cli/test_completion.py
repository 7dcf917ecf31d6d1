"""The shell's completion: options, and the words that they take."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from snnbench.config.setting import SETTINGS
from snnbench.studies.catalogue import shipped
from snnbench.studies.study import SEARCHES
from snnbench.words.energies import ENERGIES
from tests.cli.test_start import imported_by

SCRIPTS = Path(sys.executable).parent


def environment(typed, shell="bash"):
    """Return the variables that the shell's script sets for what is typed so far."""
    words = shlex.split(typed)
    place = len(words) if typed.endswith(" ") else len(words) - 1
    return {"_SNNBENCH_COMPLETE": f"complete_{shell}", "COMP_WORDS": typed,
            "COMP_CWORD": str(place)}  # fmt: skip


@pytest.fixture
def completed(snnbench):
    return lambda typed: snnbench(env=environment(typed)).stdout.split()


def test_commands_and_options(completed):
    assert set(completed("snnbench s")) == {"sweep", "studies"}
    assert "--encoding" in completed("snnbench train --en")


@pytest.mark.parametrize("name", [name for name, one in SETTINGS.items() if one.words])
def test_every_setting_is_completed_with_its_words(name, completed):
    words = list(SETTINGS[name].words)
    option = SETTINGS[name].option
    assert completed(f"snnbench train {option} ") == words
    assert completed(f"snnbench sweep {option} {words[0][:2]}") == [
        word for word in words if word.startswith(words[0][:2])
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("snnbench sweep ", shipped()),
        ("snnbench studies show ", shipped()),
        ("snnbench verify results --claims ", shipped()),
        ("snnbench sweep --search ", SEARCHES),
        ("snnbench report results --energy ", ENERGIES),
        ("snnbench datasets check ", SETTINGS["dataset"].words),
    ],
)
def test_arguments_are_completed_with_what_there_is(typed, words, completed):
    assert set(completed(typed)) == set(words)


def test_nothing_heavy_is_imported(tmp_path, monkeypatch):
    for name, value in environment("snnbench train --dataset ").items():
        monkeypatch.setenv(name, value)
    assert imported_by(cwd=tmp_path) == "[] 0"


def in_bash(arguments, folder):
    """Run the command from a bash, which is how it knows the shell."""
    command = f"snnbench {arguments}; exit $?"
    return subprocess.run(
        ["bash", "--norc", "-c", command], capture_output=True, text=True, check=False, cwd=folder,
        env=os.environ | {"HOME": str(folder), "PATH": f"{SCRIPTS}:{os.environ['PATH']}"},
    )  # fmt: skip


def test_the_script_is_one_that_bash_takes_and_completes_with(tmp_path):
    shown = in_bash("--show-completion", tmp_path)
    assert shown.returncode == 0, shown.stderr
    (tmp_path / "script").write_text(shown.stdout)
    asked = "source ./script; complete -p snnbench; declare -F _snnbench_completion"
    done = subprocess.run(
        ["bash", "--norc", "-c", asked], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines() == [
        "complete -o default -F _snnbench_completion snnbench", "_snnbench_completion",
    ]  # fmt: skip


def test_it_is_installed_for_a_shell(tmp_path):
    done = in_bash("--install-completion", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "bash completion installed in" in done.stdout
    assert "bash_completions/snnbench.sh" in (tmp_path / ".bashrc").read_text()
    assert (tmp_path / ".bash_completions/snnbench.sh").is_file()
