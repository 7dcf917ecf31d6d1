"""Plug-ins of installed packages: entry points of the group `snnbench.plugins`."""

import os
import subprocess
import sys

import pytest

NORM = """from snnbench.words.losses import LOSSES

@LOSSES.add("distance", "mean distance of scores and one-hot")
def distance(scores, y, wanted, config):
    from torch.nn import functional

    return (scores - functional.one_hot(y, scores.shape[1])).abs().mean()
"""


@pytest.fixture
def installed(tmp_path):
    """Return a function that installs a package with one plug-in, and gives the environment."""

    def install(text, module="distances"):
        site = tmp_path / "site"
        about = site / "distances-1.0.dist-info"
        about.mkdir(parents=True)
        (site / "distances.py").write_text(text)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: distances\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[snnbench.plugins]\nmine = {module}\n")
        paths = os.pathsep.join([str(site), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
        return os.environ | {"PYTHONPATH": paths, "COLUMNS": "200"}

    return install


def snnbench(environment, folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "snnbench", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_installed_word_needs_no_option_and_workers_have_it(installed, tmp_path):
    environment = installed(NORM)
    assert "distance" in snnbench(environment, tmp_path, "train", "--help").stdout
    size = ("--arch", "10", "-T", "3", "--epochs", "1", "--train-samples", "128", "--jobs", "2")
    done = snnbench(
        environment, tmp_path, "sweep", "--vary", "loss=mse,distance", *size, "--out", "out"
    )
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "out" / "runs.csv").read_text()
    assert table.count(",done,") == 2
    assert table.count("mine ") == 1  # the plug-in is named where its word is used


def test_where_the_package_is_not_installed_its_file_is_sent_along(tmp_path):
    code = (
        "from snnbench import plugins\n"
        f"plugins.load_sources([plugins.Source('mine', {NORM.encode()!r})])\n"
        "assert plugins.LOSSES['distance'].plugin.name == 'mine'\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    ("text", "module", "words"),
    [
        ("x = 1\n1 / 0\n", "distances", ("distances.py, line 2: ", "ZeroDivisionError")),
        (NORM, "gone", ("The installed plug-in 'mine' has no module gone", "uninstall")),
    ],
)
def test_an_installed_plug_in_that_fails_is_named(installed, text, module, words, tmp_path):
    done = snnbench(installed(text, module), tmp_path, "train", "--help")
    assert done.returncode == 2
    assert all(word in done.stderr.replace("\n", "") for word in words), done.stderr
