"""Files that a command writes for somebody: the new one or the old one, whatever the disk does."""

import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from snnbench.results.disk import write_file
from tests.cli.conftest import TINY
from tests.cli.test_sweep import here
from tests.report.samples import Made
from tests.results.test_replace import Killed, killed_at, refused_at

__all__ = ["here"]

OLD = b"old"
# What writes each of these files.
WRITERS = {
    "page.html": ["report", "results", "--html", "page.html"],
    "page.md": ["report", "results", "--markdown", "page.md"],
    "figures/made-up-headline.svg": ["report", "results", "--figures", "figures"],
    "counts/flops.csv": ["flops", "--arch", "784-10-10", "--input-shape", "none", "--out",
                         "counts"],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    made = Made()
    for beta in (0.2, 0.5, 0.9):
        made.runs("test_accuracy", [0.7, 0.8], beta=beta)
    made.write(tmp_path / "results")
    return tmp_path


def files_of(folder):
    """Return path -> content of all files but the tables and their lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "results" not in path.parts
    }


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("stop", "stopped"), [(killed_at, Killed), (refused_at, ())])
def test_stopped_at_any_step_leaves_the_old_file_or_the_new_one(here, folder, name, stop, stopped):
    path = folder / name
    here(*WRITERS[name])
    new = files_of(folder)
    old = new | {name: OLD}
    seen = []
    for step in range(1, 100):
        path.write_bytes(OLD)
        with stop(step) as done, suppress(stopped):
            ended = here(*WRITERS[name])
        found = files_of(folder)
        if stop is refused_at:
            assert found in (old, new)
            assert ended.returncode == (2 if len(done) >= step else 0)
            if len(done) >= step:
                problem, remedy = ended.stderr.splitlines()[-2:]
                assert problem.startswith("Error: No space left on the disk for ")
                assert "Free some space" in remedy
        assert found[name] in (OLD, new[name])
        seen.append(found[name] == new[name])
        if len(done) < step:
            break
    assert seen == sorted(seen)  # once new, new at every later step
    assert not any(seen[:3])  # written, synced, and not yet renamed
    assert seen[-1]
    assert here(*WRITERS[name]).returncode == 0
    assert files_of(folder) == new  # nothing is left of the attempts


def limited(folder, *arguments, blocks):
    """Run a command that may write files of so many KiB only: a disk's refusal that is real."""
    command = f'ulimit -f {blocks}; exec "$@"'
    return subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-m", "snnbench", *map(str, arguments)],
        capture_output=True, text=True, cwd=folder, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["page.html", "page.md", "figures/made-up-headline.svg"])
def test_a_disk_that_refuses_is_one_message_and_the_old_file_stays(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(OLD)
    done = limited(folder, *WRITERS[name], blocks=1)
    assert done.returncode == 2
    problem, remedy = done.stderr.splitlines()[-2:]
    assert problem == f"Error: {name} cannot be used: File too large."
    assert remedy
    assert "Traceback" not in done.stderr
    assert (folder / name).read_bytes() == OLD
    assert not list(folder.rglob(".*.tmp"))


def test_a_model_that_cannot_be_saved_is_one_message(folder):
    done = limited(folder, "train", *TINY[:2], "--arch", "400-10", "--epochs", "1", "--save-model",
                   "--out", "out", blocks=40)  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "The model cannot be saved" in done.stderr
    assert [path.suffix for path in (folder / "out" / "models").iterdir()] == [".json"]


def test_a_device_stays_what_it_is(here, folder):
    done = here("report", "results", "--html", "/dev/full")
    assert done.returncode == 2
    assert "No space left on the disk for /dev/full" in done.stderr
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)
    assert not list(Path("/dev").glob(".full*"))
    done = limited(folder, "report", "results", "--markdown", "/dev/stdout", blocks="unlimited")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# made-up")


def test_links_permissions_and_protection_are_kept(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link.symlink_to("target")
    write_file(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o640)
    (tmp_path / "nowhere").symlink_to("made")
    write_file(tmp_path / "nowhere", b"new")
    assert (tmp_path / "made").read_bytes() == b"new"


def test_a_protected_file_is_not_replaced(tmp_path):
    (tmp_path / "mine").write_bytes(OLD)
    (tmp_path / "mine").chmod(0o444)
    tmp_path.chmod(0o777)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from snnbench.results.disk import write_file\n"
        "os.chdir(sys.argv[1])\n"  # the folders above may be closed to others
        "if os.geteuid() == 0: os.setresuid(65534, 65534, 65534)\n"  # root may write anywhere
        "try: write_file(Path('mine'), b'new')\n"
        "except PermissionError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, check=True)
    assert b"Permission denied" in said.stdout
    assert (tmp_path / "mine").read_bytes() == OLD


def test_a_pipe_gets_the_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    write_file(tmp_path / "pipe", b"new")
    assert reader.communicate(timeout=10)[0] == b"new"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_page_of_a_folder_whose_name_is_no_text_is_written(folder):
    os.rename(folder / "results", os.fsencode(folder) + b"/caf\xe9")
    done = subprocess.run(
        [sys.executable, "-m", "snnbench", "report", b"caf\xe9", "--html", "page.html"],
        capture_output=True, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "page.html").read_text(encoding="utf-8")
