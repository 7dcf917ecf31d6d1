"""The store in ordinary use, on a full disk, and in a folder that cannot be written."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.results.schema import SCHEMA_VERSION
from snnbench.results.tables import ResultStore, RunRows
from tests.results.samples import ROOT, check_whole, contents, filled, read_csv, run_rows


def test_a_run_is_there_after_the_store_is_opened_again(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "lab1"
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        store.append(*run_rows("a", error="=1+1\nnext", lr=0.1))
        store.append(*run_rows("b", status="diverged", epochs_run=5))
        assert store.statuses() == {"a": "done", "b": "diverged"}
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        assert store.statuses() == {"a": "done", "b": "diverged"}
        assert store.has("a")
        assert not store.has("c")
        assert store.row("c") is None
        row = store.row("a")
    assert row is not None
    assert (row["schema"], row["lr"], row["bias"], row["epochs_run"]) == (
        SCHEMA_VERSION, 0.1, True, 2,
    )  # fmt: skip
    assert row["layers"] == 2
    assert row["error"] == "=1+1 next"
    assert row["beta"] is None
    check_whole(folder)


def test_a_cohort_is_recorded_with_one_sync_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ResultStore.open(tmp_path) as store:
        synced: list[str] = []
        sync = os.fsync

        def noting(fd: int) -> None:
            synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))
            sync(fd)

        monkeypatch.setattr(os, "fsync", noting)
        store.append_many([RunRows(*run_rows(f"run{k}")) for k in range(16)])
        assert synced == ["epochs.csv", "layers.csv", "steps.csv", "runs.csv"]
        assert len(store.statuses()) == 16
    check_whole(tmp_path)
    assert [row["run_id"] for row in read_csv(tmp_path, "runs")] == [f"run{k}" for k in range(16)]


def test_looking_up_needs_no_lock_and_creates_nothing(tmp_path: Path) -> None:
    with ResultStore.open(tmp_path / "none", write=False) as store:
        assert store.statuses() == {}
    assert not (tmp_path / "none").exists()
    with ResultStore.open(tmp_path / "there") as writer:
        writer.append(*run_rows("a"))
        with ResultStore.open(tmp_path / "there", write=False) as store:
            assert store.statuses() == {"a": "done"}
            assert store.row("a") == writer.row("a")
            with pytest.raises(AssertionError, match="write=False"):
                store.append(*run_rows("b"))


def test_a_closed_store_leaves_the_tables_and_takes_no_more(tmp_path: Path) -> None:
    with ResultStore.open(tmp_path) as store:
        store.append(*run_rows("a"))
    store.close()
    with pytest.raises(AssertionError, match="closed"):
        store.append(*run_rows("b"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".lock",
        "epochs.csv",
        "layers.csv",
        "runs.csv",
        "steps.csv",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"run_id": "a"}, "recorded already"),
        ({"run_id": "=1"}, "run_id"),
        ({"run_id": ""}, "run_id"),
        ({"status": "finished"}, "status"),
        ({"status": None}, "status"),
        ({"schema": 1}, "schema"),
        ({"epochs_run": 3}, "2 epochs of 3"),
        ({"lr": "0.1"}, "lr"),
        ({"betaa": 1.0}, "betaa"),
    ],
)
def test_a_row_that_cannot_be_is_our_mistake_and_changes_nothing(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    with ResultStore.open(tmp_path) as store:
        store.append(*run_rows("a"))
        before = contents(tmp_path)
        row, epochs, layers, _ = run_rows("b")
        with pytest.raises((AssertionError, KeyError), match=reason):
            store.append(row | change, epochs, layers)
        assert contents(tmp_path) == before
        assert store.statuses() == {"a": "done"}


def test_epochs_of_another_run_or_twice_are_our_mistake(tmp_path: Path) -> None:
    with ResultStore.open(tmp_path) as store:
        row, epochs, layers, _ = run_rows("a")
        with pytest.raises(AssertionError):
            store.append(row, [epochs[0], epochs[1] | {"run_id": "b"}], layers)
        with pytest.raises(AssertionError, match="epoch twice"):
            store.append(row, [epochs[0], epochs[0]], layers)
        with pytest.raises(AssertionError, match="layer twice"):
            store.append(row, epochs, [layers[0], layers[0]])
        with pytest.raises(AssertionError, match="twice"):
            store.append_many([run_rows("a"), run_rows("a")])


os_write = os.write


def failing(call: Callable[..., object], at: int, error: int) -> Callable[..., object]:
    """`call`, failing from its time number `at` on; a write first puts down half of its bytes."""
    times = 0

    def fails(fd: int, *data: Any) -> object:
        nonlocal times
        times += 1
        if times < at:
            return call(fd, *data)
        if times == at and call is os_write:
            return call(fd, data[0][: len(data[0]) // 2])
        raise OSError(error, os.strerror(error))

    return fails


@pytest.mark.parametrize("name", ["write", "fsync"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_full_disk_takes_back_what_was_written_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    with ResultStore.open(tmp_path) as store:
        store.append(*run_rows("a"))
        before = contents(tmp_path)
        with monkeypatch.context() as patch:
            # only while appending: cutting the files back needs no space, but syncs them
            real = disk.append
            fails = failing(getattr(os, name), at, errno.ENOSPC)

            def append(path: Path, data: bytes) -> None:
                with pytest.MonkeyPatch.context() as inner:
                    inner.setattr(os, name, fails)
                    real(path, data)

            patch.setattr(disk, "append", append)
            with pytest.raises(UserError, match="No space left") as caught:
                store.append_many([run_rows("b"), run_rows("c")])
        assert "same command again" in caught.value.remedy
        assert contents(tmp_path) == before
        assert store.statuses() == {"a": "done"}
        store.append(*run_rows("b"))  # space was freed
        assert store.statuses() == {"a": "done", "b": "done"}
    check_whole(tmp_path)


def test_a_disk_that_does_not_even_take_back_stops_the_store_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ResultStore.open(tmp_path) as store:
        store.append(*run_rows("a"))
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", failing(os.write, 3, errno.EIO))
            patch.setattr(os, "ftruncate", failing(os.ftruncate, 1, errno.EIO))
            patch.setattr(os, "fsync", failing(os.fsync, 3, errno.EIO))
            with pytest.raises(UserError):
                store.append(*run_rows("b"))
        with pytest.raises(UserError, match="takes no more rows"):
            store.append(*run_rows("c"))
        assert store.statuses() == {"a": "done"}
    with ResultStore.open(tmp_path) as store:
        assert store.repairs
        assert store.statuses() == {"a": "done"}
    check_whole(tmp_path)


def test_ctrl_c_in_the_middle_of_an_append_leaves_no_part_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ResultStore.open(tmp_path) as store:
        before = contents(tmp_path)
        real = disk.append

        def interrupted(path: Path, data: bytes) -> None:
            real(path, data)
            if path.name == "runs.csv":
                raise KeyboardInterrupt

        monkeypatch.setattr(disk, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.append(*run_rows("a"))
        assert contents(tmp_path) == before
        assert not store.has("a")


def test_a_disk_full_from_the_start_is_noticed_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UserError, match="No space left"):
        ResultStore.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    monkeypatch.undo()
    ResultStore.open(tmp_path).close()  # the lock was given back


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="cannot be used"):
            ResultStore.open(folder)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("what", ["folder", "runs.csv"])
def test_a_read_only_folder_or_table_is_refused_before_anything_is_done(
    tmp_path: Path, what: str
) -> None:
    folder = filled(tmp_path / "results", 1)
    before = contents(folder)
    tmp_path.chmod(0o755)
    target = folder if what == "folder" else folder / what
    others = 0o666 if what != "folder" else 0o777
    if what != "folder":
        folder.chmod(0o777)
        (folder / ".lock").chmod(0o666)
    target.chmod(others & 0o555)
    script = (
        "import os, sys\n"
        "from snnbench.errors import UserError\n"
        "from snnbench.results.tables import ResultStore\n"
        "from tests.results.samples import run_rows\n"
        "os.chdir(sys.argv[1])\n"  # the folders above may be closed to others
        "if os.geteuid() == 0: os.setresuid(65534, 65534, 65534)\n"  # root may write anywhere
        "try:\n"
        "    with ResultStore.open('results') as store: store.append(*run_rows('new'))\n"
        "except UserError as error: print(error.problem)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        cwd=ROOT,
    )
    assert "No permission" in answer.stdout
    target.chmod(0o755)
    assert contents(folder) == before


def test_importing_the_store_imports_neither_torch_nor_pandas() -> None:
    script = (
        "import sys, snnbench.results.tables, snnbench.results.provenance as p; p.provenance();"
        "print({'torch', 'pandas', 'numpy'} & sys.modules.keys())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "set()\n"
