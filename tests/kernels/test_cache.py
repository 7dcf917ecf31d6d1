"""Machine code on disk that is damaged, out of date, or of others is compiled anew."""

import os
import pickle
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import snnbench
from snnbench.kernels.base import jit
from snnbench.kernels.base.cache import CodeFiles, UnusableError, check_folder
from snnbench.kernels.warmup import compile_kernels
from tests.cli.conftest import TINY
from tests.results.test_replace import Killed, killed_at

STAMP = "a" * 64
ROOT = Path(snnbench.__file__).parents[1]


class Bomb:
    """A pickle that does something when it is read."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def damages(other):
    """Return name -> what turns the bytes of a file into those of a damaged one."""
    return {
        "empty": lambda _: b"",
        "cut": lambda data: data[: len(data) // 2],
        "cut within its head": lambda data: data[:40],
        "a byte short": lambda data: data[:-1],
        "a byte long": lambda data: data + b"\0",
        "a bit flipped": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "zeros": lambda data: bytes(len(data)),
        "noise": lambda data: random.Random(1).randbytes(len(data)),
        "text": lambda _: b"<html>\n",
        "another function's": lambda _: other,
        "a pickle": lambda _: pickle.dumps(Bomb()),
        "a pickle behind a head": lambda data: data[:130] + pickle.dumps(Bomb()),
    }


def file_of(folder, kind, base="f"):
    (path,) = folder.glob(f"{base}.*nbc" if kind == "code" else f"{base}.nbi")
    return path


@pytest.fixture
def told():
    return []


@pytest.fixture
def files(tmp_path, told):
    """The files of a function that has code for one signature, and beside them another's."""
    made = CodeFiles(tmp_path, "f", STAMP, told.append)
    made.save("key", ["code"])
    CodeFiles(tmp_path, "g", STAMP, told.append).save("key", ["other code"])
    return made


def test_what_was_saved_is_loaded_by_its_key_and_sources(files, told, tmp_path):
    assert files.load("key") == ["code"]
    assert files.load("another") is None
    files.save("another", ["more"])
    assert (files.load("key"), files.load("another")) == (["code"], ["more"])
    files.check()
    newer = CodeFiles(tmp_path, "f", "b" * 64, told.append)
    assert newer.load("key") is None
    assert (files.has_any(), newer.has_any()) == (True, False)
    newer.save("key", ["newer"])
    assert newer.load("key") == ["newer"]
    assert files.load("key") is None
    assert len(list(tmp_path.glob("f.*nbc"))) == 1  # what is out of date goes
    assert told == []


@pytest.mark.parametrize("kind", ["index", "code"])
@pytest.mark.parametrize("damage", damages(b""))
def test_a_damaged_file_is_told_of_and_replaced(files, told, tmp_path, monkeypatch, kind, damage):
    monkeypatch.chdir(tmp_path)
    path = file_of(tmp_path, kind)
    path.write_bytes(damages(file_of(tmp_path, kind, "g").read_bytes())[damage](path.read_bytes()))
    with pytest.raises(UnusableError, match=r"f\."):
        files.check()
    assert files.load("key") is None
    (problem,) = told
    assert str(path) in problem
    files.save("key", ["again"])
    assert files.load("key") == ["again"]
    files.check()
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("kind", ["index", "code"])
def test_a_missing_file_is_made_again(files, tmp_path, kind):
    file_of(tmp_path, kind).unlink()
    with pytest.raises(UnusableError, match="is missing"):
        files.check()
    assert files.load("key") is None
    files.save("key", ["again"])
    assert files.load("key") == ["again"]


@pytest.mark.parametrize("kind", ["index", "code"])
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_read(files, told, tmp_path, kind, mode):
    file_of(tmp_path, kind).chmod(mode)
    assert files.load("key") is None
    assert "others may write it" in told[0]
    files.save("key", ["again"])
    assert files.load("key") == ["again"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_not_read(files, told, tmp_path):
    os.chown(file_of(tmp_path, "code"), 65534, 65534)
    assert files.load("key") is None
    assert "another user's" in told[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_folder_of_another_user_is_not_used(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(UnusableError, match="NUMBA_CACHE_DIR"):
        check_folder(tmp_path)


def test_killed_at_any_step_of_saving_leaves_what_was_there(files, tmp_path, told):
    files.save("old", ["old"])
    for step in range(1, 20):
        copy = tmp_path / f"copy{step}"
        shutil.copytree(tmp_path, copy, ignore=shutil.ignore_patterns("copy*"))
        written = CodeFiles(copy, "f", STAMP, told.append)
        try:
            with killed_at(step) as done:
                written.save("key", ["new"])
        except Killed:
            pass
        assert written.load("key") in (["code"], ["new"])
        assert written.load("old") == ["old"]
        written.save("key", ["newest"])
        assert written.load("key") == ["newest"]
        if len(done) < step:
            break
    assert step > 2
    assert told == []


BUSY = """
import random, sys
from pathlib import Path
from snnbench.kernels.base.cache import CodeFiles
folder, seed = Path(sys.argv[1]), int(sys.argv[2])
told, rng, found = [], random.Random(seed), 0
for i in range(150):
    files = CodeFiles(folder, "f", "a" * 64, told.append)
    key = rng.randrange(8)
    loaded = files.load(key)
    assert loaded is None or loaded[0] == key, (key, loaded)
    found += loaded is not None
    files.save(key, (key, seed, i))
assert told == [], told
print(found)
"""


def test_processes_that_write_at_once_do_not_disturb_each_other(tmp_path):
    busy = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(tmp_path), str(seed)], cwd=ROOT,
                         stdout=subprocess.PIPE, text=True)
        for seed in range(4)
    ]  # fmt: skip
    for process in busy:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert int(said) > 75
    files = CodeFiles(tmp_path, "f", STAMP, pytest.fail)
    files.check()
    assert all(files.load(key)[0] == key for key in range(8))
    assert len(list(tmp_path.glob("*.nbc"))) == 8
    assert not list(tmp_path.glob("*.tmp"))


def draw(folder, cache):
    """Use a kernel in a process of its own; return whether it was loaded, and what was said."""
    script = (
        "import numpy as np\n"
        "from snnbench.kernels.events.events import draw_keys\n"
        "assert draw_keys(0, 0, np.arange(3)).size == 3\n"
        "print(sum(draw_keys.stats.cache_hits.values()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return int(done.stdout) == 1, done.stderr


@pytest.mark.parametrize("mode", ["folder", "chosen"])
def test_a_folder_that_all_may_write_is_not_read_and_it_is_said(tmp_path, mode):
    cache = tmp_path / "cache"
    cache.mkdir()
    assert draw(tmp_path, cache) == (False, "")
    assert draw(tmp_path, cache) == (True, "")
    (code,) = cache.rglob("*draw_keys*checked*.nbc")
    target = cache if mode == "chosen" else code.parent
    target.chmod(0o777)
    loaded, words = draw(tmp_path, cache)
    assert not loaded
    assert f"{target} is not used" in words
    assert len(words.splitlines()) == 1
    target.chmod(0o1777 if mode == "chosen" else 0o755)
    assert draw(tmp_path, cache) == (True, "")


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the package with its machine code, as an installer or a person makes it."""
    compile_kernels()
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(ROOT / "snnbench", folder / "snnbench")
    return folder


def trained(copied, out, *command):
    return subprocess.run(
        [sys.executable, "-m", "snnbench", *(command or ["train"]), *TINY, "--out", out],
        cwd=copied, capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {"PYTHONPATH": str(copied)},
    )  # fmt: skip


def test_a_copied_package_brings_its_machine_code(copied, tmp_path):
    done = trained(copied, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "compil" not in done.stderr


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_a_training_goes_on_when_its_machine_code_is_damaged(copied, tmp_path, suffix, damage):
    (path,) = sorted(copied.rglob(f"*draw_keys*checked*{suffix}"))[:1]
    path.write_bytes(damages(b"")[damage](path.read_bytes()))
    done = trained(copied, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"{path} is damaged: kernels are compiled anew." in done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    again = trained(copied, tmp_path / "again")
    assert "compil" not in again.stderr


def test_a_sweep_compiles_what_is_damaged_before_its_workers_do(copied, tmp_path):
    (path,) = copied.rglob("*draw_keys*checked.nbi")
    path.write_bytes(b"")
    done = trained(copied, tmp_path / "out", "sweep", "--vary", "beta=0.3,0.6")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("is damaged") == 1
    assert done.stderr.count("compiling kernels") == 1


def test_a_disk_that_keeps_no_code_costs_no_result(monkeypatch):
    kernel = jit.kernel(lambda x: 3 * x)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kernel._cache.files, "save", full)
    assert kernel(14) == 42
