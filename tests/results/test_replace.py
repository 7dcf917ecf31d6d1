"""Replacing a run: old or new at every moment."""

import errno
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from snnbench.errors import UserError
from snnbench.results.schema import SCHEMA_VERSION
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_runs
from tests.results.samples import check_whole, contents, copy_of, filled, read_csv, run_rows

CALLS = ("write", "fsync", "ftruncate", "replace", "unlink")


class Killed(BaseException):
    """What a killed process does: nothing more."""


@contextmanager
def killed_at(step: int) -> Iterator[list[str]]:
    """Let the disk do `step - 1` calls, and none from then on; a write stops half-way."""
    done: list[str] = []
    with pytest.MonkeyPatch.context() as patch:

        def dying(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
            def stand_in(*arguments: Any) -> Any:
                done.append(name)
                if len(done) >= step:
                    if name == "write" and len(done) == step:
                        call(arguments[0], arguments[1][: len(arguments[1]) // 2])
                    raise Killed
                return call(*arguments)

            return stand_in

        for name in CALLS:
            patch.setattr(os, name, dying(name, getattr(os, name)))
        yield done


@contextmanager
def refused_at(step: int, last: float | None = None) -> Iterator[list[str]]:
    """Let the disk refuse its call number `step`; a write puts down half of its bytes.

    Args:
        step: the first call that is refused.
        last: the last one; `step`, unless said otherwise.
    """
    done: list[str] = []
    with pytest.MonkeyPatch.context() as patch:

        def refusing(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
            def stand_in(*arguments: Any) -> Any:
                done.append(name)
                if step <= len(done) <= (last or step):
                    if name == "write":
                        call(arguments[0], arguments[1][: len(arguments[1]) // 2])
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return call(*arguments)

            return stand_in

        for name in CALLS:
            patch.setattr(os, name, refusing(name, getattr(os, name)))
        yield done


def generation(folder: Path, run_id: str) -> float:
    """The mark of a run, which all of its rows have, as a reader sees it now."""
    runs, epochs, layers = read_runs(folder), read_epochs(folder), read_layers(folder)
    assert list(runs["run_id"]).count(run_id) == 1
    [mark] = runs["test_accuracy"][runs["run_id"] == run_id]
    assert list(epochs["test_accuracy"][epochs["run_id"] == run_id]) == [mark] * round(mark * 10)
    assert list(layers["input_rate"][layers["run_id"] == run_id]) == [mark] * 2
    return float(mark)


def replaced(store: ResultStore) -> None:
    store.replace(*run_rows("run1", epochs=7, mark=0.7))


def test_a_replaced_run_has_the_new_rows_and_none_of_the_old(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    with ResultStore.open(folder) as store:
        replaced(store)
        row = store.row("run1")
        assert row is not None
        assert row["test_accuracy"] == 0.7
        assert set(store.statuses()) == {"run0", "run1", "run2"}
        store.append(*run_rows("run3"))
    check_whole(folder)
    assert generation(folder, "run1") == 0.7
    assert len(read_csv(folder, "epochs")) == 2 + 7 + 2 + 2
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "epochs.csv",
        "layers.csv",
        "runs.csv",
        "steps.csv",
    }


def test_replacing_a_run_that_is_not_there_records_it(tmp_path: Path) -> None:
    folder = filled(tmp_path, 1)
    with ResultStore.open(folder) as store:
        store.replace_many([run_rows("run0", mark=0.9), run_rows("new", mark=0.8)])
        assert store.statuses() == {"run0": "done", "new": "done"}
    check_whole(folder)
    assert [row["test_accuracy"] for row in read_csv(folder, "runs")] == ["0.8", "0.9"]


def test_killed_at_any_step_leaves_the_old_run_or_the_new_one(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    for row in (f"run{k}" for k in range(3)):  # marks that tell how many epochs there must be
        with ResultStore.open(whole) as store:
            store.replace(*run_rows(row, epochs=5, mark=0.5))
    seen = []
    for step in range(1, 100):
        folder = copy_of(whole, tmp_path / "crash")
        store = ResultStore.open(folder)
        with killed_at(step) as done, suppress(Killed):
            replaced(store)
        store.close()
        finished = len(done) < step
        as_read = generation(folder, "run1")  # before anybody mends it
        with ResultStore.open(folder, write=False) as looking:
            row = looking.row("run1")
            assert row is not None
            assert row["test_accuracy"] == as_read
        with ResultStore.open(folder) as store:
            assert set(store.statuses()) == {"run0", "run1", "run2"}
            if store.repairs:
                assert store.repairs == ["Finished replacing 1 run."]
        assert generation(folder, "run1") == as_read
        assert generation(folder, "run0") == generation(folder, "run2") == 0.5
        check_whole(folder)
        assert not [path for path in folder.iterdir() if path.suffix in {".tmp", ".json"}]
        seen.append(as_read)
        if finished:
            break
    assert seen == sorted(seen)  # once new, new at every later step
    assert seen[0] == 0.5
    assert seen[-1] == 0.7
    assert 15 < len(seen) < 30  # four renames, each with write, two syncs; removal with a sync


def test_killed_again_while_mending_still_ends_with_the_new_run(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    with ResultStore.open(folder) as store:
        store.replace(*run_rows("run1", epochs=5, mark=0.5))
    store = ResultStore.open(folder)
    with killed_at(5), pytest.raises(Killed):  # the journal is there, nothing else is done
        replaced(store)
    store.close()
    assert (folder / ".replace.json").exists()
    for step in range(1, 100):
        with killed_at(step) as done, suppress(Killed):
            ResultStore.open(folder).close()
        assert generation(folder, "run1") == 0.7
        if len(done) < step:
            break
    assert not (folder / ".replace.json").exists()
    check_whole(folder)


def test_killed_at_any_step_of_an_append_leaves_the_run_or_nothing_of_it(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    counts = []
    for step in range(1, 100):
        folder = copy_of(whole, tmp_path / "crash")
        store = ResultStore.open(folder)
        with killed_at(step) as done, suppress(Killed):
            store.append_many([run_rows("new1"), run_rows("new2")])
        store.close()
        readable = set(read_epochs(folder)["run_id"])  # beside a writer that is in the middle
        assert readable == set(read_runs(folder)["run_id"])
        with ResultStore.open(folder) as store:
            recorded = set(store.statuses())
        assert {"run0", "run1", "run2"} <= recorded <= {"run0", "run1", "run2", "new1", "new2"}
        check_whole(folder)
        counts.append(len(recorded))
        if len(done) < step:
            break
    assert counts == [
        3,
        3,
        3,
        3,
        3,
        3,
        4,
        5,
        5,
    ]  # half of the runs' rows is one run and a torn line


@pytest.mark.parametrize("last", [None, math.inf], ids=["once", "from-then-on"])
def test_refused_at_any_step_of_an_append_leaves_the_run_or_nothing_of_it(
    tmp_path: Path, last: float | None
) -> None:
    whole = filled(tmp_path / "whole")
    for step in range(1, 100):
        folder = copy_of(whole, tmp_path / "refused")
        store = ResultStore.open(folder)
        with refused_at(step, last) as done, suppress(UserError):
            store.append(*run_rows("new", epochs=3))
        finished = len(done) < step
        assert store.has("new") == finished
        if last is None:  # taken back: as if nothing had been tried
            assert (contents(folder) == contents(whole)) == (not finished)
            if not finished:
                store.append(*run_rows("new", epochs=3))
                check_whole(folder)
        store.close()
        with ResultStore.open(folder) as store:
            assert set(store.statuses()) >= {"run0", "run1", "run2"}
            if not store.has("new"):
                store.append(*run_rows("new", epochs=3))
        check_whole(folder)
        if finished:
            break
    assert step == 9  # a write and a sync for each table


def test_a_disk_full_while_replacing_leaves_the_old_run_or_the_new_one(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole")
    with ResultStore.open(whole) as store:
        store.replace(*run_rows("run1", epochs=5, mark=0.5))
    for times in range(4):
        folder = copy_of(whole, tmp_path / "full")
        with ResultStore.open(folder) as store:
            left = times
            write = os.write

            def full(fd: int, data: bytes, write: Callable[..., int] = write) -> int:
                nonlocal left
                if left == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                left -= 1
                return write(fd, data)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(os, "write", full)
                with pytest.raises(UserError, match="No space left"):
                    replaced(store)
            with pytest.raises(UserError, match="takes no more rows"):
                store.append(*run_rows("new"))
            expected = 0.5 if times == 0 else 0.7  # written once the journal is
            assert generation(folder, "run1") == expected
        assert not list(folder.glob(".*.tmp"))
        ResultStore.open(folder).close()
        assert generation(folder, "run1") == expected
        check_whole(folder)


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    (folder / ".replace.json").write_text(f'{{"schema": {SCHEMA_VERSION + 1}, "rows": []}}')
    for look in (ResultStore.open, read_runs):
        with pytest.raises(UserError, match="newer snnbench"):
            look(folder)


def test_a_journal_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    for content in ('{"run_ids": []}', "[" * 100_000, '{"a":' * 100_000, "null", "\0"):
        (folder / ".replace.json").write_text(content)
        for look in (ResultStore.open, read_runs):
            with pytest.raises(UserError, match=r"\.replace\.json is damaged"):
                look(folder)
