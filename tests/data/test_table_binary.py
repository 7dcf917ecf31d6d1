from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from snnbench.data.table import load_table
from snnbench.errors import UserError

KINDS = ["cat", "dog"] * 20
HEIGHTS = np.arange(40) + 0.5


def write_parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def write_npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_parquet_and_csv_of_the_same_table_give_the_same_data(tmp_path: Path) -> None:
    frame = pd.DataFrame({"height": HEIGHTS, "kind": KINDS, "legs": np.arange(40) % 5})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    text, binary = (load_table(tmp_path / name, "kind") for name in ("t.csv", "t.parquet"))
    assert text.sha256 == binary.sha256
    assert text.class_names == binary.class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (pa.array(KINDS).dictionary_encode(), ("cat", "dog")),
        (pa.array([10, 9] * 20), ("9", "10")),
        (pa.array([1.0, 0.0] * 20), ("0", "1")),
        (pa.array([True, False] * 20), ("False", "True")),
    ],
)
def test_parquet_labels_may_be_categories_numbers_or_truth_values(
    tmp_path: Path, labels: Any, names: tuple[str, ...]
) -> None:
    path = write_parquet(tmp_path / "t.parquet", height=HEIGHTS, kind=labels)
    assert load_table(path, "kind").class_names == names


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kind": KINDS}, "'kind' is the only column"),
        ({"height": HEIGHTS}, "there is no column 'kind'"),
        ({"height": HEIGHTS[:0], "kind": pa.array([], pa.string())}, "no row of data"),
        ({"height": KINDS, "kind": KINDS}, "column 'height': string where numbers belong"),
        ({"height": pa.array([1.0] * 38 + [None, 2.0]), "kind": KINDS},
         r"row 38 \(counted from 0\), column 'height': the cell is empty"),
        ({"height": [1.0, float("nan")] * 20, "kind": KINDS}, "row 1 .*'height': nan is not"),
        ({"height": [1.0, float("inf")] * 20, "kind": KINDS}, "row 1 .*'height': inf is not"),
        ({"height": HEIGHTS, "kind": pa.array(["a", None] * 20)}, "row 1 .*'kind': the cell is"),
        ({"height": HEIGHTS, "kind": ["a", " "] * 20}, "row 1 .*'kind': the cell is empty"),
        ({"height": HEIGHTS, "kind": [[1], [2]] * 20}, "'kind': labels of type list"),
        ({"height": HEIGHTS, "kind": KINDS, "__index_level_0__": range(40)}, "row numbers"),
    ],
)  # fmt: skip
def test_a_bad_parquet_table_is_refused_with_row_and_column(
    tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    path = write_parquet(tmp_path / "t.parquet", **columns)
    with pytest.raises(UserError, match=message) as caught:
        load_table(path, "kind")
    assert str(path) in caught.value.problem


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "t.parquet", height=HEIGHTS, kind=KINDS)
    whole = path.read_bytes()
    not_utf8 = whole.replace(b"dog", b"d\xffg")
    for damaged in (b"", b"PAR1", whole[:-20], b"\0" * len(whole), not_utf8):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match="cannot be read as Parquet"):
            load_table(path, "kind")
    with pytest.raises(UserError, match="cannot be read"):
        load_table(tmp_path / "nowhere.parquet", "kind")


def test_an_npz_file_is_split_like_any_table(tmp_path: Path) -> None:
    x = np.stack([HEIGHTS, HEIGHTS**2], axis=1)
    table = load_table(write_npz(tmp_path / "t.npz", x=x, y=np.array(KINDS)), None)
    assert (len(table.x_train), len(table.x_test)) == (32, 8)
    assert table.x_train.dtype == np.float32
    assert table.class_names == ("cat", "dog")
    rows = table.x_test[:, 0] - 0.5
    assert np.array_equal(rows % 2, table.y_test)


def test_a_test_part_of_the_file_itself_is_kept(tmp_path: Path) -> None:
    x = np.arange(8.0).reshape(4, 2)
    path = write_npz(tmp_path / "t.npz", x_train=x, y_train=[5, 3, 5, 3], x_test=x[:2] + 9,
                     y_test=[3, 5])  # fmt: skip
    table = load_table(path, None)
    assert table.class_names == ("3", "5")
    assert table.y_train.tolist() == [1, 0, 1, 0]
    assert table.y_test.tolist() == [0, 1]
    assert np.array_equal(table.x_train, x)
    assert np.array_equal(table.x_test, x[:2] + 9)
    with pytest.raises(UserError, match="test_fraction has no effect"):
        load_table(path, None, test_fraction=0.5)


def test_so_many_samples_are_taken_of_a_test_part_of_the_file_itself(tmp_path: Path) -> None:
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    path = write_npz(tmp_path / "t.npz", x_train=x, y_train=y, x_test=x + 40, y_test=y)
    table = load_table(path, None, test_samples=4)
    assert (len(table.x_train), np.bincount(table.y_test).tolist()) == (20, [2, 2])
    assert table.x_test.min() >= 40


@pytest.mark.parametrize(
    ("saved", "read"),
    [
        ((28, 28), (1, 28, 28)),
        ((20, 30), (1, 20, 30)),
        ((28, 28, 1), (1, 28, 28)),
        ((1, 28, 28), (1, 28, 28)),
        ((32, 32, 3), (3, 32, 32)),
        ((3, 32, 32), (3, 32, 32)),
        ((20, 30, 3), (3, 20, 30)),
        ((3, 20, 30), (3, 20, 30)),
        ((2, 34, 34), (2, 34, 34)),
        ((8, 8, 16), (16, 8, 8)),
        ((16, 8, 8), (16, 8, 8)),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_images_in_an_npz_file_are_read_in_every_layout(
    tmp_path: Path, saved: tuple[int, ...], read: tuple[int, ...], dtype: str
) -> None:
    x = np.random.default_rng(0).integers(0, 256, (20, *saved)).astype(dtype)
    channels_first = x
    if len(saved) == 2:
        channels_first = x[:, np.newaxis]
    elif saved != read:
        channels_first = x.transpose(0, 3, 1, 2)
    y = np.arange(20)[:, np.newaxis] % 2  # as Keras keeps labels
    whole = load_table(write_npz(tmp_path / "t.npz", x=x, y=y), None)
    split = load_table(
        write_npz(tmp_path / "s.npz", x_train=x, y_train=y, x_test=x, y_test=y), None
    )
    assert (whole.is_image, whole.input_shape, split.input_shape) == (True, read, read)
    assert np.array_equal(split.x_train, channels_first)
    assert np.array_equal(split.x_test, channels_first)
    assert (split.x_train.dtype, split.scale) == (dtype, 1 / 255 if dtype == "uint8" else 1)


def test_images_in_an_npz_file_stay_pixels(tmp_path: Path) -> None:
    x = np.arange(40 * 12, dtype=np.uint16).astype(np.uint8).reshape(40, 3, 2, 2)
    table = load_table(write_npz(tmp_path / "t.npz", x=x, y=np.arange(40) % 2), None)
    assert (table.is_image, table.scale, table.input_shape) == (True, 1 / 255, (3, 2, 2))
    assert table.x_train.dtype == np.uint8


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((4, 2)), "y": [0, 1, 0, 1]}, "holds the arrays X, y"),
        ({"x": np.zeros((4, 2))}, "holds the arrays x"),
        ({"x": np.zeros(4), "y": [0, 1, 0, 1]}, r"x has the shape \(4,\)"),
        ({"x": np.zeros((4, 2)), "y": [0, 1, 0]}, "x has 4 samples, but there are 3 labels"),
        ({"x": np.zeros((4, 2)), "y": np.zeros((4, 2))}, r"labels have the shape \(4, 2\)"),
        ({"x": np.zeros((4, 2)), "y": ["a", "b", "", "a"]}, "label 2 is empty"),
        ({"x": np.zeros((4, 2)), "y": 3}, r"labels have the shape \(\)"),
        ({"x_train": np.zeros((2, 2)), "y_train": 3, "x_test": np.zeros((2, 2)), "y_test": [0]},
         r"y_train: labels have the shape \(\)"),
        ({"x": np.zeros((4, 2)), "y": [0.0, np.nan, 1, 1]}, "a label is not a finite number"),
        ({"x": np.array([[1.0, 2], [3, np.nan]]), "y": [0, 1]}, "nan in row 1, feature 1"),
        ({"x": np.zeros((4, 3, 3, 3)), "y": [0, 1, 0, 1]}, "which axis .* holds the channels"),
        ({"x": np.zeros((4, 5, 3, 5)), "y": [0, 1, 0, 1]}, "which axis .* holds the channels"),
        ({"x": np.zeros((4, 2), complex), "y": [0, 1, 0, 1]}, "type complex128"),
        ({"x": np.array([[1, None]] * 4, object), "y": [0, 1, 0, 1]}, "cannot be read as .npz"),
        ({"x_train": np.zeros((2, 2)), "y_train": [0, 1], "x_test": np.zeros((2, 3)),
          "y_test": [0, 1]}, r"x_train holds samples of \(2,\) float32, x_test of \(3,\)"),
        ({"x_train": np.zeros((2, 2)), "y_train": [0, 1], "x_test": np.zeros((2, 2)),
          "y_test": [0, 2]}, r"class '2' \(1 rows in all\) has none in the training part"),
    ],
)  # fmt: skip
def test_a_bad_npz_file_is_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    path = write_npz(tmp_path / "t.npz", **arrays)
    with pytest.raises(UserError, match=message) as caught:
        load_table(path, None)
    assert str(path) in caught.value.problem


def test_a_damaged_npz_file_is_refused(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "t.npz", x=np.zeros((4, 2)), y=[0, 1, 0, 1])
    whole = path.read_bytes()
    flipped = whole[:150] + bytes([whole[150] ^ 255]) + whole[151:]  # inside the first array
    single = tmp_path / "single"
    np.save(single, np.zeros(3))
    array_alone = single.with_suffix(".npy").read_bytes()
    for damaged in (b"", b"PK\x03\x04", whole[:-30], flipped, array_alone):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"cannot be read as \.npz"):
            load_table(path, None)


def test_a_target_has_no_effect_on_an_npz_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--target 'kind' has no effect"):
        load_table(write_npz(tmp_path / "t.npz", x=np.zeros((4, 2)), y=[0, 1] * 2), "kind")
