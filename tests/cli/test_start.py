"""Help, version and bad input: fast, and before torch is imported."""

import subprocess
import sys

import pytest

from snnbench.config.setting import SETTINGS

HEAVY = ("torch", "pandas", "sklearn", "matplotlib", "scipy")


def imported_by(*arguments, cwd):
    """Return which heavy libraries a command imports, and its exit code."""
    code = (
        "import sys\n"
        "from snnbench.cli.app import main\n"
        f"sys.argv = ['snnbench', *{list(map(str, arguments))!r}]\n"
        "code = 0\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n    code = stop.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=True
    )
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["train", "--help"], ["flops", "--help"],
                  ["datasets", "--help"], ["report", "--help"], ["studies", "--help"],
                  ["verify", "--help"], ["export", "--help"]]
)  # fmt: skip
def test_help_imports_no_torch(arguments, tmp_path):
    assert imported_by(*arguments, cwd=tmp_path) == "[] 0"


BAD = [
    ["train", "--lr", "nan"],
    ["train", "--lr", "1_0"],
    ["train", "-T", "0"],
    ["train", "--arch", "10-1x"],
    ["train", "--model", "ann", "--beta", "0.5"],
    ["train", "--dataset", "mnst"],
    ["train", "--config", "missing.toml"],
    ["train", "--study", "../up"],
    ["train", "--study", "a/b"],
    ["train", "--dataset", "mnist", "--data-dir", "nowhere"],
    ["train", "--dataset", "table", "--data-file", "no.csv", "--target", "y"],
    ["report", ".", "--fail-if", "test_accuracy"],
    ["report", ".", "--fail-if", "accuracy < 0.9"],
    ["report", ".", "--baseline", "modl=ann"],
    ["flops", "--rate", "-0.1"],
    ["flops", "--rate", "nan"],
    ["flops", "--rate", "2"],
    ["flops", "--input-shape", "1,0,3"],
    ["flops", "--input-shape", "none", "--arch", "x-10"],
    ["flops", "--model-from", "m:f"],
    ["flops", "--model-from", "m:f", "--beta", "0.5", "--input-shape", "3,3"],
    ["flops", "--nir", "missing.nir", "-T", "5"],
    ["flops", "--dt", "1e-4"],
    ["export", "missing.safetensors", "--nir", "net.nir"],
]


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_input_is_refused_before_torch_is_imported(arguments, tmp_path):
    assert imported_by(*arguments, cwd=tmp_path) == "[] 2"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [*BAD, ["train", "--betaa", "1"], ["tran"]], ids=" ".join)
def test_bad_input_gives_one_message_with_a_remedy_and_nothing_is_written(
    arguments, snnbench, tmp_path
):
    done = snnbench(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 2 <= len(done.stderr.strip().splitlines()) <= 12
    assert list(tmp_path.iterdir()) == []


def test_a_typo_in_an_option_suggests_the_right_one(snnbench):
    assert "--beta" in snnbench("train", "--betaa", "1").stderr


def test_a_broken_arch_is_pointed_at(snnbench):
    lines = snnbench("train", "--arch", "10-1x-10").stderr.splitlines()
    assert lines[1:3] == ["    10-1x-10", "        ^"]


def test_user_text_that_looks_like_markup_is_printed_as_it_is(snnbench):
    assert "[/red]" in snnbench("train", "--dataset", "[/red]").stderr


def test_every_setting_is_an_option(snnbench):
    from snnbench.config import RunConfig

    text = snnbench("train", "--help", env={"COLUMNS": "200"}).stdout
    for name in RunConfig.model_fields:
        flag = {"T": "--timesteps"}.get(name, "--" + name.replace("_", "-"))
        assert f" {flag} " in text, name


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_help_breaks_lines_between_choices_and_not_within_them(snnbench, command):
    words = snnbench(command, "--help", env={"COLUMNS": "90"}).stdout.split()
    choices = [c for s in SETTINGS.values() if s.kind != "boolean" for c in s.choices]
    assert set(choices) <= set(words)
    if command == "sweep":
        assert {"nsga2", "diverged", "random"} <= set(words)


@pytest.mark.parametrize(
    "command", ["train", "sweep", "flops", "export", "report", "datasets", "studies"]
)
def test_every_command_shows_an_example(command, snnbench):
    text = snnbench(command, "--help").stdout
    assert "Example: snnbench" in text or "fetch" in text
