"""How kernels are compiled and kept, threads, memory."""

import os
import shutil
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import numba
import numpy as np
import pytest
from filelock import FileLock

from snnbench.kernels import warmup
from snnbench.kernels.base import jit
from snnbench.kernels.base.cache import CodeFiles
from snnbench.kernels.base.jit import Buffer, aligned, set_threads
from snnbench.kernels.events.events import draw_keys
from snnbench.kernels.warmup import ALL, are_compiled, compile_kernels


def test_kernels_are_compiled_once_and_then_loaded():
    said = []
    compile_kernels()
    assert not compile_kernels(announce=lambda: said.append(1))
    assert not said
    script = (
        "from snnbench.kernels.warmup import compile_kernels;"
        "print(compile_kernels(announce=lambda: print('compiling')))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


def test_whether_a_group_is_compiled_is_known_without_compiling(tmp_path, monkeypatch):
    compile_kernels()
    for name in ALL:  # other tests that run meanwhile need theirs
        shutil.copy(warmup._note(name), tmp_path / name)
    monkeypatch.setattr(warmup, "_note", tmp_path.joinpath)
    assert are_compiled()
    note = warmup._note("draws")
    noted = note.read_text()
    assert "snnbench.kernels.events.events.draw_keys" in noted
    for other in ("", "no.such.kernel"):
        note.write_text(other)
        assert not are_compiled()
        assert not are_compiled({"draws", "losses"})
        assert are_compiled({"losses"})
    note.unlink()
    assert warmup.missing(ALL) == ["draws"]
    compile_kernels()
    assert are_compiled()


def test_only_what_is_asked_for_is_compiled(tmp_path):
    script = (
        "from snnbench.kernels.base import jit\n"
        "from snnbench.kernels.warmup import ALL, are_compiled, compile_kernels\n"
        "import sys\n"
        "print(compile_kernels({'losses'}), are_compiled({'losses'}), are_compiled())\n"
        "print(*sorted(k for k, f in jit._kept.items() if f._cache.files.has_any()))\n"
        "print('torch' in sys.modules)"
    )
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    )
    base = "snnbench.kernels.base.losses."
    assert run.stdout.splitlines() == [
        "True True False", f"{base}closed_losses {base}hits_of_members", "False",
    ]  # fmt: skip


def test_a_part_of_kernels_is_no_function_of_pythons():
    @jit.inner
    def double(x):
        return 2 * x

    @jit.kernel
    def doubled(x):
        return double(x)

    assert doubled(21) == 42
    with pytest.raises(TypeError):
        double(21)


def test_a_cold_cache_is_announced_before_compiling(tmp_path):
    script = (
        "from numba.core import event\n"
        "from snnbench.kernels import warmup\n"
        "from snnbench.kernels.events.events import draw_keys\n"
        "import numpy as np\n"
        "watch = warmup._Watch(lambda: print('announced'))\n"
        "with event.install_listener('numba:compile', watch):\n"
        "    print(draw_keys(0, 0, np.arange(1)).size)\n"
        "print(watch.compiled)\n"
    )
    env = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", script]
    runs = [
        subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert runs == [["announced", "1", "True"], ["1", "False"]]


def test_machine_code_is_kept_for_these_very_sources():
    stamps = {path.name for path in jit.Path(jit.__file__).parents[1].rglob("*.py")}
    assert {"lanes.py", "equations.py", "linear_lif.py"} <= stamps
    assert draw_keys._cache.files._stamp == jit._stamp().encode()


def test_without_a_folder_to_keep_it_in_code_is_compiled_all_the_same(monkeypatch):
    def none(*_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(jit, "CodeCache", none)
    double = jit.kernel(lambda x: 2 * x)
    assert double(21) == 42
    assert not double.stats.cache_path


def test_threads_stay_within_what_the_machine_has():
    most = numba.config.NUMBA_NUM_THREADS
    try:
        for asked, expected in ((1, 1), (10_000, most), (0, 1)):
            set_threads(asked, grain=0)
            jit.share(1)
            assert numba.get_num_threads() == expected
    finally:
        set_threads(most)


def test_threads_are_used_where_there_is_work_for_them():
    most = numba.config.NUMBA_NUM_THREADS
    try:
        set_threads(most, grain=1000)
        for work, expected in ((0, 1), (1999, 1), (2000, min(2, most)), (1e9, most)):
            jit.share(work)
            assert numba.get_num_threads() == expected
    finally:
        set_threads(most)


def test_memory_begins_at_a_cache_line_and_is_kept():
    assert all(aligned(n, np.float32).ctypes.data % 64 == 0 for n in (1, 3, 1000))
    buffer = Buffer(np.float32)
    first = buffer.take(10)
    assert first.tolist() == [0.0] * 10
    first[:] = 7
    assert np.shares_memory(buffer.take(4), first)
    assert buffer.take(20).tolist() == [0.0] * 20


def test_a_helper_ends_with_the_process_that_started_it():
    child = subprocess.Popen(
        [sys.executable, "-c", "from snnbench.kernels import warmup; import time;"
         "warmup._take = lambda *_, **__: time.sleep(60); warmup.help_compiling([])"],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    child.stdin.close()
    assert child.wait(30) == 1


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere"])
def test_what_helpers_do_not_manage_is_compiled_here(monkeypatch, tmp_path, program):
    used = []
    monkeypatch.setattr(warmup, "_note", lambda name: tmp_path / f"{name}.ready")
    monkeypatch.setattr(warmup, "GROUPS", {name: partial(used.append, name) for name in "abc"})
    monkeypatch.setattr(warmup, "write_note", lambda note: note.touch())
    monkeypatch.setattr(warmup, "is_noted", lambda note: note.exists())
    monkeypatch.setattr(sys, "executable", program)
    assert not compile_kernels("cb")
    assert used == ["b", "c"]
    assert not compile_kernels("ab")
    assert used == ["b", "c", "a"]


def test_a_group_that_another_process_compiles_is_waited_for_and_not_compiled_twice(
    monkeypatch, tmp_path
):
    used = []
    note = tmp_path / "a.ready"
    lock = FileLock(note.with_suffix(".lock"))

    def use_b():
        used.append("b")
        note.touch()  # meanwhile the other process is done
        lock.release()

    monkeypatch.setattr(warmup, "_note", lambda name: tmp_path / f"{name}.ready")
    monkeypatch.setattr(warmup, "GROUPS", {"a": partial(used.append, "a"), "b": use_b})
    monkeypatch.setattr(warmup, "write_note", lambda note: note.touch())
    monkeypatch.setattr(warmup, "is_noted", lambda note: note.exists())
    monkeypatch.setattr(sys, "executable", "/nowhere")
    lock.acquire()
    compile_kernels("ab")
    assert used == ["b"]


def test_code_of_other_sources_that_is_not_made_anew_is_none_that_is_missing(monkeypatch, tmp_path):
    def kept(stamp):
        files = CodeFiles(tmp_path, "on_demand", stamp * 64, pytest.fail)
        return SimpleNamespace(overloads={}, _cache=SimpleNamespace(files=files))

    kept("a")._cache.files.save("key", ["code"])  # of a kernel that only some trainings use
    monkeypatch.setitem(jit._kept, "on_demand", kept("b"))
    compile_kernels()
    assert are_compiled()
