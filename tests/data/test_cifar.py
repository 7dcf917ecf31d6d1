from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnbench.data import cifar
from snnbench.errors import UserError

from .conftest import batch_arrays, binary_batch, python2_batch, python3_batch, write_tar

COUNT = 4
Make = Callable[[int, int], bytes]
FORMS = [(binary_batch, cifar.parse_binary), (python2_batch, cifar.parse_python)]


def batches(make: Make, suffix: str = "") -> dict[str, bytes]:
    return {name + suffix: make(seed, COUNT) for seed, name in enumerate(cifar.BATCHES)}


def assert_in_order(parts: tuple) -> None:
    """Batches 1 to 5 must come in order, and the test batch apart."""
    expected = [batch_arrays(seed, COUNT) for seed in range(6)]
    train, test = parts
    assert train.x.shape == (5 * COUNT, 3, 32, 32)
    assert np.array_equal(train.x.reshape(-1, 3072), np.concatenate([x for x, _ in expected[:5]]))
    assert np.array_equal(train.y, np.concatenate([y for _, y in expected[:5]]))
    assert np.array_equal(test.x.reshape(-1, 3072), expected[5][0])
    assert np.array_equal(test.y, expected[5][1])
    assert test.x.flags.writeable  # torch warns about arrays it may not write


@pytest.mark.parametrize(("make", "parse"), FORMS)
def test_folders_of_both_versions_are_read_in_order(
    tmp_path: Path, make: Make, parse: cifar.Parse
) -> None:
    files = {}
    for name, content in batches(make).items():
        files[name] = tmp_path / name
        files[name].write_bytes(content)
    assert_in_order(cifar.read_files(files, parse, "mend"))


@pytest.mark.parametrize(("make", "parse", "suffix"), [(*FORMS[0], ".bin"), (*FORMS[1], "")])
def test_archives_of_both_versions_are_read_whatever_their_order(
    tmp_path: Path, make: Make, parse: cifar.Parse, suffix: str
) -> None:
    members = {f"cifar-10/{name}": raw for name, raw in batches(make, suffix).items()}
    members = {"cifar-10/readme.html": b"hello", **dict(reversed(members.items()))}
    archive = write_tar(tmp_path / "archive.tar.gz", members)
    assert_in_order(cifar.read_archive(archive, suffix, parse, "mend"))
    assert list(tmp_path.iterdir()) == [archive]  # nothing was unpacked to disk


def test_pickles_written_by_python_3_are_read_too() -> None:
    part = cifar.parse_python(python3_batch(1, COUNT), "batch", "mend")
    pixels, labels = batch_arrays(1, COUNT)
    assert np.array_equal(part.x.reshape(-1, 3072), pixels)
    assert np.array_equal(part.y, labels)


def test_the_planes_of_a_binary_record_are_red_green_and_blue() -> None:
    record = bytes([7]) + bytes([1]) * 1024 + bytes([2]) * 1024 + bytes([3]) * 1024
    part = cifar.parse_binary(record, "batch", "mend")
    assert part.y.tolist() == [7]
    assert [part.x[0, channel].tolist() for channel in range(3)] == [
        [[value] * 32] * 32 for value in (1, 2, 3)
    ]


@pytest.mark.parametrize("raw", [b"", bytes(3072), bytes(2 * 3073 - 1), bytes(3074 * 2)])
def test_no_whole_number_of_records_is_refused(raw: bytes) -> None:
    with pytest.raises(UserError, match=rf"batch: {len(raw):,} bytes are no whole number"):
        cifar.parse_binary(raw, "batch", "mend")


def test_a_binary_label_above_nine_is_refused() -> None:
    raw = bytes(3073) + bytes([10]) + bytes(3072)
    with pytest.raises(UserError, match="label 10 of sample 1"):
        cifar.parse_binary(raw, "batch", "mend")


@pytest.mark.parametrize("missing", ["data_batch_3.bin", "test_batch.bin"])
def test_an_archive_without_a_batch_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    members = batches(binary_batch, ".bin")
    del members[missing]
    archive = write_tar(tmp_path / "a.tar.gz", members)
    with pytest.raises(UserError, match=f"a.tar.gz: {missing} not in the archive"):
        cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")


def test_a_batch_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    members = batches(binary_batch, ".bin")
    archive = write_tar(tmp_path / "a.tar.gz", {"x/test_batch.bin": binary_batch(0, 1), **members})
    with pytest.raises(UserError, match=r"test_batch.bin is there twice"):
        cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")


def test_an_oversized_batch_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar, "LARGEST", COUNT * 3073 - 1)
    archive = write_tar(tmp_path / "a.tar.gz", batches(binary_batch, ".bin"))
    with pytest.raises(UserError, match=r"data_batch_1.bin is far too large"):
        cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_cut_archive_is_refused(tmp_path: Path, share: float) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", batches(binary_batch, ".bin"))
    raw = archive.read_bytes()
    archive.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(UserError, match=r"a.tar.gz: .* damaged"):
        cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")


def test_an_archive_whose_checksum_is_wrong_is_refused_although_all_batches_are_there(
    tmp_path: Path,
) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", batches(binary_batch, ".bin"))
    raw = archive.read_bytes()
    archive.write_bytes(raw[:-8] + bytes(4) + raw[-4:])
    with pytest.raises(UserError, match=r"damaged \(CRC"):
        cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(b"<html>not found</html>" * 100)
    with pytest.raises(UserError, match="the archive is damaged"):
        cifar.read_archive(archive, ".bin", cifar.parse_binary, "mend")
