"""One more of each kind is one file and one row: CONTRIBUTING.md's diffs, applied to a copy."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import snnbench

ROOT = Path(snnbench.__file__).parents[1]
DIFFS = re.findall(r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
PARTS = [part for diff in DIFFS for part in re.split(r"^\+\+\+ ", diff, flags=re.MULTILINE)[1:]]

# What is trained with the copy: settings -> the path that must compute it.
TRAINED = {
    "--surrogate triangle": "modules",
    "--encoding ramp": "scan",
    "--readout peak": "scan",
    "--loss margin": "events",  # its gradient comes from torch, all else from the kernels
    "--optimizer rmsprop": "modules",
    "--neuron cuba --alpha 0.5": "modules",
    "--dataset clouds": "events",
    "--arch 3v3-p2-12-10": "scan",
    "--model ann --arch 3v3-12-10": "modules",
}


def apply(part, root):
    """Put the added lines of one file where they belong."""
    name, _, text = part.partition("\n")
    added = "".join(line[1:] + "\n" for line in text.splitlines())
    assert all(line.startswith("+") for line in text.splitlines()), part
    path = root / name
    before = path.read_text() if path.exists() else ""
    if "words" in path.parts:
        ends = ("    ),\n    signature", "    ),\n    check", "    ),\n)")
        at = next(before.index(end) for end in ends if end in before)
    elif name.endswith("settings.py"):
        at = before.index("    seed: Integer")
    else:
        before += "\n\n" if before else ""
        at = len(before)
    path.write_text(before[:at] + added + before[at:])


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(ROOT / "snnbench", folder / "snnbench")  # machine code, too
    for part in PARTS:
        apply(part, folder)
    return folder


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "snnbench", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("settings", TRAINED)
def test_what_is_added_trains_at_once_as_by_the_reference(copied, settings):
    classes = ["--arch", "12-3"] if "clouds" in settings else []
    given = [*settings.split(), *classes, "--device", "cpu", "--epochs", "1", "--json"]
    given += [] if "clouds" in settings else ["--train-samples", "192", "--batch-size", "64"]
    given += [] if "--arch" in given else ["--arch", "12-10"]
    results = []
    for engine in ("fast", "reference"):
        out = copied / re.sub(r"\W", "", settings) / engine
        text = run(copied, "train", *given, "--engine", engine, "--out", str(out))
        results.append(json.loads(text))
    fast, reference = (document["run"] for document in results)
    assert fast["path"] == TRAINED[settings]
    assert fast["train_loss"] == pytest.approx(reference["train_loss"], rel=1e-3)
    assert fast["test_loss"] == pytest.approx(reference["test_loss"], rel=5e-3)
    for layer in results[0]["layers"]:
        assert layer["synaptic_operations"] == layer["effective_operations"]
        assert layer["energy_pj_nano"] == 1000 * layer["effective_operations"]


def test_every_kind_that_plug_ins_can_add_has_a_diff():
    from snnbench.plugins import TABLES

    homes = {part.partition("\n")[0] for part in PARTS}
    tables = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "snnbench" / "words").glob("*.py")
        for table in TABLES
        if re.search(rf'Table\(\s*"{table.kind}",', path.read_text())
    }
    assert len(tables) == len(TABLES)
    assert tables <= homes
