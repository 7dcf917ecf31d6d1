"""Checkpoints: whole, or the one before, and always said."""

import errno
import os

import pytest
import torch

from snnbench.errors import UserError
from snnbench.results.checkpoints import Checkpoints, from_files, to_files
from snnbench.training.snapshot import Snapshot

RUN = "0123456789ab"


def snapshot(epoch):
    return Snapshot(epoch, {"state.network.w": torch.full((3, 2), float(epoch))},
                    {"records": [], "seconds": [0.1, 0.2], "best": [0, -1.0, 0.0],
                     "kept_epoch": None, "kept_count": None})  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", 0.0)
    for epoch in (1, 2, 3):
        checkpoints.save({RUN: snapshot(epoch)})
    return checkpoints


def test_the_newest_is_found_and_two_are_kept(kept):
    found, (said,) = kept.load(RUN)
    assert (found.epoch, found.about) == (3, snapshot(3).about)
    assert torch.equal(found.tensors["state.network.w"], torch.full((3, 2), 3.0))
    assert said == f"Run {RUN} goes on from its checkpoint after epoch 3."
    assert sorted(p.name for p in kept.folder.iterdir()) == [
        f"{RUN}.{slot}.{kind}" for slot in (0, 1) for kind in ("json", "safetensors")
    ]
    kept.forget(RUN)
    assert not kept.folder.exists()
    assert kept.load(RUN) == (None, [])


@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_a_damaged_one_falls_back_to_the_one_before_and_says_so(kept, kind):
    path = kept.folder / f"{RUN}.1.{kind}"
    whole = path.read_bytes()
    places = range(0, len(whole), max(1, len(whole) // 60))
    damaged = [whole[:at] for at in places]
    damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    damaged += [b"[" * 100_000, b"null", b"{}", whole + b" x"]
    for content in damaged:
        path.write_bytes(content)
        found, said = kept.load(RUN)
        assert found.epoch == 2, content[:50]
        assert "cannot be used" in said[0]
        assert "after epoch 2" in said[1]


def test_none_that_is_whole_begins_anew_and_says_so(kept):
    for path in kept.folder.iterdir():
        path.write_bytes(b"")
    found, said = kept.load(RUN)
    assert found is None
    assert said[-1] == f"Run {RUN} begins anew."


def test_those_of_another_run_or_program_are_not_taken(monkeypatch):
    files = to_files(RUN, snapshot(4))
    with pytest.raises(ValueError, match="another"):
        from_files("ba9876543210", files.weights, files.about)
    monkeypatch.setattr("snnbench.results.checkpoints.provenance", lambda: {
        "snnbench_version": "9", "commit": "", "torch_version": "9"})  # fmt: skip
    with pytest.raises(ValueError, match="another version"):
        from_files(RUN, files.weights, files.about)


@pytest.mark.parametrize("name", ["write", "fsync", "replace"])
def test_whatever_call_fails_an_older_one_is_left(kept, name, monkeypatch):
    real = getattr(os, name)
    for failing in range(20):
        calls = iter(range(1000))

        def refusing(*arguments, calls=calls, failing=failing, **options):
            if next(calls) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, name, refusing)
            try:
                kept.save({RUN: snapshot(4)})
            except OSError:
                assert kept.load(RUN)[0].epoch in (3, 4)
            else:
                break
    else:
        pytest.fail("it never succeeded")
    assert kept.load(RUN)[0].epoch == 4


def test_a_time_below_zero_is_refused(tmp_path):
    with pytest.raises(UserError, match="--checkpoint-every"):
        Checkpoints.of(tmp_path, -1)
