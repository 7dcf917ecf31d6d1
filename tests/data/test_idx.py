import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from snnbench.data.idx import idx_bytes, read_idx, read_images, read_labels, read_part
from snnbench.errors import UserError

from .conftest import idx_header, write_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@given(array=hnp.arrays(np.uint8, hnp.array_shapes(max_dims=3, max_side=5)), pack=st.booleans())
def test_what_is_written_is_read_back_packed_or_not(
    array: np.ndarray, pack: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_idx(tmp_path_factory.mktemp("idx") / "file", array, pack)
    read = read_idx(path)
    assert np.array_equal(read, array)
    assert read.dtype == np.uint8
    assert idx_bytes(read) == idx_header(0x08, *array.shape) + array.tobytes()


def test_contents_decide_about_gzip_and_not_the_name(tmp_path: Path) -> None:
    packed = write_idx(tmp_path / "train-images-idx3-ubyte", IMAGES, pack=True)
    plain = write_idx(tmp_path / "train-images-idx3-ubyte.gz", IMAGES)
    assert np.array_equal(read_idx(packed), read_idx(plain))


@pytest.mark.parametrize(
    ("code", "dtype"),
    [(0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")],
)
def test_every_element_type_is_read_from_big_endian(tmp_path: Path, code: int, dtype: str) -> None:
    values = np.array([-3, 0, 100], dtype)
    (tmp_path / "file").write_bytes(idx_header(code, 3) + values.tobytes())
    read = read_idx(tmp_path / "file")
    assert read.tolist() == [-3, 0, 100]
    assert read.dtype.isnative


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "starts with nothing"),
        (b"\x00\x01\x08\x01", "starts with 00 01 08 01"),
        (b"<html>", "not an IDX file"),
        (b"\0\0\x07\x01\0\0\0\x01\0", "unknown IDX type 0x07"),
        (b"\0\0\x08\0", "header with 0 dimensions"),
        (b"\0\0\x08\x03\0\0\0\x01\0\0", "header with 3 dimensions is cut off"),
        (idx_header(0x08, 2, 3) + bytes(5), r"cut off: 5 bytes .* expected 6 for 2 x 3"),
        (idx_header(0x08, 2, 3) + bytes(7), r"too long: 7 bytes .* expected 6 for 2 x 3"),
        (idx_header(0x08, 2**32 - 1, 2**32 - 1, 2**32 - 1), "cut off: 0 bytes"),
        (gzip.compress(bytes(1000), mtime=0)[:-9], r"gzip file is damaged \(it ends too early\)"),
        (gzip.compress(bytes(1000), mtime=0)[:-8] + bytes(8), "gzip file is damaged .*CRC"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(
    tmp_path: Path, raw: bytes, message: str
) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(raw)
    with pytest.raises(UserError, match=message) as caught:
        read_idx(path, "fetch it again")
    assert str(path) in caught.value.problem
    assert caught.value.remedy == "fetch it again"


def test_a_flipped_bit_in_a_packed_file_is_found_or_harmless(tmp_path: Path) -> None:
    packed = gzip.compress(idx_header(0x08, *IMAGES.shape) + IMAGES.tobytes(), mtime=0)
    path = tmp_path / "file"
    refused = 0
    for position in range(10, len(packed)):  # the gzip header holds only name and time
        path.write_bytes(packed[:position] + bytes([packed[position] ^ 1]) + packed[position + 1 :])
        try:
            assert np.array_equal(read_idx(path), IMAGES)
        except UserError:
            refused += 1
    assert refused > 0.9 * (len(packed) - 10)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: cannot be read"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(UserError, match="cannot be read"):
        read_idx(tmp_path)


def test_images_get_one_channel(tmp_path: Path) -> None:
    images = read_images(write_idx(tmp_path / "file", IMAGES))
    assert images.shape == (2, 1, 3, 4)
    assert np.array_equal(images[:, 0], IMAGES)


def test_labels_are_not_taken_for_images_nor_images_for_labels(tmp_path: Path) -> None:
    labels = write_idx(tmp_path / "labels", np.array([1, 2]))
    images = write_idx(tmp_path / "images", IMAGES)
    with pytest.raises(UserError, match="holds 2 values of type uint8, expected images"):
        read_images(labels)
    with pytest.raises(UserError, match="holds 2 x 3 x 4 values of type uint8, expected labels"):
        read_labels(images)


def test_a_label_above_nine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="label 10 of sample 1"):
        read_labels(write_idx(tmp_path / "labels", np.array([9, 10])))


def test_files_without_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds 0 x 3 x 4 values"):
        read_images(write_idx(tmp_path / "images", IMAGES[:0]))
    with pytest.raises(UserError, match="holds 0 values"):
        read_labels(write_idx(tmp_path / "labels", np.array([])))


def test_images_and_labels_of_different_number_are_refused(tmp_path: Path) -> None:
    images = write_idx(tmp_path / "images", IMAGES)
    labels = write_idx(tmp_path / "labels", np.array([1, 2, 3]))
    with pytest.raises(UserError, match="2 images, but labels 3 labels"):
        read_part(images, labels)
