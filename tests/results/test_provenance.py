"""Versions, commit, machine, time."""

import datetime
import importlib.metadata
import subprocess
from pathlib import Path

import pytest

import snnbench
from snnbench.results import provenance as module
from snnbench.results.provenance import cpu_name, provenance, source_commit, utc_now


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    answer = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a package at its top."""
    top = tmp_path / "checkout"
    (top / "package").mkdir(parents=True)
    (top / "package" / "__init__.py").write_text("")
    (top / "notes.txt").write_text("")
    git(tmp_path, "init", "-q", str(top))
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    return top


def test_the_versions_and_the_processor_are_named() -> None:
    found = provenance()
    assert list(found) == ["snnbench_version", "commit", "torch_version", "device_name"]
    assert found["snnbench_version"] == snnbench.__version__
    assert found["torch_version"] == importlib.metadata.version("torch")
    assert found["device_name"]
    assert provenance() == found
    assert provenance() is not found  # the caller's to change


def test_a_clean_checkout_is_named_by_its_short_commit(checkout: Path) -> None:
    assert source_commit(checkout / "package") == git(checkout, "rev-parse", "--short", "HEAD")


@pytest.mark.parametrize("change", ["edited", "added", "removed", "staged"])
def test_a_changed_package_is_dirty(checkout: Path, change: str) -> None:
    commit = git(checkout, "rev-parse", "--short", "HEAD")
    file = checkout / "package" / "__init__.py"
    if change == "removed":
        (checkout / "package" / "more.py").write_text("")
        git(checkout, "add", ".")
        git(checkout, "commit", "-q", "-m", "second")
        commit = git(checkout, "rev-parse", "--short", "HEAD")
        (checkout / "package" / "more.py").unlink()
    elif change == "added":
        (checkout / "package" / "more.py").write_text("")
    else:
        file.write_text("x = 1\n")
    if change == "staged":
        git(checkout, "add", ".")
    assert source_commit(checkout / "package") == f"{commit}-dirty"


def test_changes_outside_the_package_do_not_count(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("results, for instance")
    (checkout / "new.txt").write_text("")
    assert not source_commit(checkout / "package").endswith("dirty")
    assert source_commit(checkout / "package")


def test_a_package_that_merely_lies_in_somebodys_repository_has_no_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    installed = checkout / "venv" / "site-packages" / "package"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert source_commit(installed) == ""
    git(checkout, "add", "-f", ".")  # even if somebody has committed it
    git(checkout, "commit", "-q", "-m", "environment")
    assert source_commit(installed) == ""
    untracked = checkout / "other"
    untracked.mkdir()
    (untracked / "__init__.py").write_text("")
    assert source_commit(untracked) == ""


def test_the_repository_the_user_stands_in_is_not_asked(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere" / "package"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("GIT_DIR", str(checkout / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    assert source_commit(elsewhere) == ""
    assert source_commit(checkout / "package") == git(checkout, "rev-parse", "--short", "HEAD")


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert source_commit(checkout / "package") == ""


def test_a_library_that_is_not_installed_has_no_version() -> None:
    assert module._version("no-such-distribution") == ""


def test_the_processor_is_named_as_the_system_names_it(tmp_path: Path) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\n")
    assert cpu_name(info) == "Fast CPU @ 3 GHz"
    assert cpu_name(tmp_path / "none")


def test_the_time_is_utc_to_the_second() -> None:
    now = datetime.datetime.now(datetime.UTC)
    written = datetime.datetime.strptime(utc_now(), "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=datetime.UTC
    )
    assert abs((now - written).total_seconds()) < 2
