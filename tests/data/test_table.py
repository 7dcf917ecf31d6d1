from pathlib import Path

import numpy as np
import pytest

from snnbench.data.delimited import read_delimited
from snnbench.data.table import load_table, number_classes
from snnbench.errors import UserError


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def table_text(rows: int = 40, separator: str = ",") -> str:
    """Make a table of two features and the classes "cat" and "dog", half and half."""
    lines = [separator.join(("height", "kind", "weight"))]
    for row in range(rows):
        lines.append(separator.join((f"{row}.5", "dog" if row % 2 else "cat", f"{row}e-1")))
    return "\n".join(lines) + "\n"


def refused(path: Path, message: str, target: str = "kind") -> UserError:
    with pytest.raises(UserError, match=message) as caught:
        load_table(path, target)
    assert str(path) in caught.value.problem
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t"), (".CSV", ",")])
def test_a_table_becomes_features_classes_and_a_test_part(
    tmp_path: Path, suffix: str, separator: str
) -> None:
    table = load_table(write(tmp_path / f"t{suffix}", table_text(separator=separator)), "kind")
    assert table.class_names == ("cat", "dog")
    assert (table.n_classes, table.scale, table.is_image) == (2, 1.0, False)
    assert (len(table.x_train), len(table.x_test), table.input_shape) == (32, 8, (2,))
    assert np.bincount(table.y_test).tolist() == [4, 4]
    for x, y in ((table.x_train, table.y_train), (table.x_test, table.y_test)):
        rows = x[:, 0] - 0.5
        assert np.array_equal(rows % 2, y)  # odd rows are dogs
        assert np.array_equal(x[:, 1], (rows / 10).astype(np.float32))


def test_the_test_part_is_the_same_every_time_and_disjoint_from_training(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", table_text())
    first, second = load_table(path, "kind"), load_table(path, "kind", test_fraction=0.2)
    assert first.sha256 == second.sha256
    heights = np.concatenate([first.x_train[:, 0], first.x_test[:, 0]])
    assert sorted(heights) == [row + 0.5 for row in range(40)]


def test_the_test_part_has_the_size_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", table_text())
    assert len(load_table(path, "kind", test_samples=13).x_test) == 13
    assert len(load_table(path, "kind", test_fraction=0.5).x_test) == 20


def test_windows_files_with_a_byte_order_mark_and_quotation_are_read(tmp_path: Path) -> None:
    plain = load_table(write(tmp_path / "t.csv", table_text()), "kind")
    text = table_text().replace("\n", "\r\n").replace("cat", '"cat"').replace("dog", " dog ")
    windows = load_table(write(tmp_path / "w.csv", text + "\r\n", "utf-8-sig"), "kind")
    assert windows.class_names == plain.class_names
    assert windows.sha256 == plain.sha256


def test_a_long_table_is_read_in_chunks_without_losing_rows(tmp_path: Path) -> None:
    raw = read_delimited(write(tmp_path / "t.csv", table_text(9_000)), "kind")
    assert np.array_equal(raw.features[:, 0], np.arange(9_000) + 0.5)
    assert raw.labels == ["cat", "dog"] * 4_500


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("a,kind\n", "there is a header, but no row of data"),
        ("a,a,kind\n1,2,x\n", "more than one column is called 'a'"),
        (",a,kind\n0,1,x\n", "column 1 has no name"),
        ("a,kind\n1,x\n2\n", "line 3: 1 cells, the header has 2"),
        ("a,kind\n1,x\n2,y,3\n", "line 3: 3 cells, the header has 2"),
        ("a,kind\n1,x\n\n2,y\n", "line 3: 0 cells, the header has 2"),
        ("a;kind\n1;x\n2;y\n", "separated by semicolons, not by commas"),
        ("a\tkind\n1\tx\n", "separated by tabs, not by commas"),
        ("a,kind\n1,x\nred,y\n", "line 3, column 'a': 'red' is not a finite number"),
        ("a,kind\n1,x\nnan,y\n", "line 3, column 'a': 'nan' is not a finite number"),
        ("a,kind\n-inf,x\n1,y\n", "line 2, column 'a': '-inf' is not a finite number"),
        ("a,kind\n1e999,x\n1,y\n", "line 2, column 'a': '1e999' is not a finite number"),
        ("a,kind\n1_0,x\n1,y\n", "line 2, column 'a': '1_0' is not a finite number"),
        ("a,kind\n\u0661,x\n1,y\n", "line 2, column 'a': '\u0661' is not a finite number"),
        ("a,kind\n1\x1f,x\n1,y\n", r"line 2, column 'a': '1\\x1f' is not a finite number"),
        ("a\x1b[2J,kind\n1,x\n2,y\n", "the name of column 1 has control characters"),
        ("a,kind\n1,x\n2,y\x1b[2J\n", "a label has control characters"),
        ("a,kind\n,x\n1,y\n", "line 2, column 'a': the cell is empty"),
        ("a,kind\n1,x\n1, \n2,y\n", "line 3, column 'kind': the cell is empty"),
        ('a,kind\n1,"x\n2,y\n', "line 3: cannot be read as a table"),
        ('a,kind\n1,x\n2,"y"z\n', "line 3: cannot be read as a table"),
        ("a,b\n1,x\n2,y\n", "there is no column 'kind'"),
        ("kind\nx\ny\n", "'kind' is the only column"),
        ("a,kind\n1,x\n2,x\n", "one class only, 'x'"),
        ("a,kind\n1e300,x\n2,y\n", "row 0, feature 0 .* not a finite number in 32 bits"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_with_line_column_and_value(
    tmp_path: Path, text: str, message: str
) -> None:
    refused(write(tmp_path / "t.csv", text), message)


def test_a_bad_cell_deep_in_a_long_table_is_named_with_its_own_line(tmp_path: Path) -> None:
    lines = table_text(9_000).splitlines()
    lines[8_000] = "oops,cat,1"
    refused(write(tmp_path / "t.csv", "\n".join(lines)), "line 8001, column 'height': 'oops'")


def test_remedies_fit_the_mistake(tmp_path: Path) -> None:
    decimal_comma = "a\tkind\n1,5\tx\n2,5\ty\n"
    error = refused(write(tmp_path / "t.tsv", decimal_comma), "'1,5' is not a finite number")
    assert error.remedy == "Write decimal numbers with a point."
    error = refused(write(tmp_path / "u.csv", "a\tkind\n1\tx\n"), "separated by tabs")
    assert "rename it to end in .tsv" in error.remedy
    error = refused(write(tmp_path / "v.csv", "a,Kinds\n1,x\n"), "no column 'kind'")
    assert "Did you mean 'Kinds'?" in error.remedy


def test_a_long_cell_is_quoted_in_part(tmp_path: Path) -> None:
    error = refused(write(tmp_path / "t.csv", f"a,kind\n{'z' * 5000},x\n1,y\n"), "'z{40}...'")
    assert len(error.problem) < 300


@pytest.mark.parametrize("raw", [b"\xff\xfea\0,\0", b"a,kind\n1,\xe9\n"])
def test_what_is_not_utf8_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)
    refused(path, "not a text file in UTF-8")


def test_missing_files_and_other_formats_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "t.csv", "cannot be read")
    refused(write(tmp_path / "t.xlsx", "x"), "a table ends in .csv, .tsv, .parquet, .npz")


def test_a_target_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no target column is named") as caught:
        load_table(write(tmp_path / "t.csv", table_text()), None)
    assert "--target" in caught.value.remedy


def test_a_class_too_small_for_both_parts_is_named(tmp_path: Path) -> None:
    text = table_text() + "1,bird,1\n"
    refused(write(tmp_path / "t.csv", text), r"class 'bird' \(1 rows in all\) has none in the test")
    path = write(tmp_path / "u.csv", "a,kind\n1,x\n2,x\n3,y\n4,y\n")
    with pytest.raises(UserError, match=r"class 'y' \(2 rows in all\) has none in the test part"):
        load_table(path, "kind", test_samples=1)


@pytest.mark.parametrize("test_samples", [0, 40, 41])
def test_a_test_part_that_leaves_nothing_is_refused(tmp_path: Path, test_samples: int) -> None:
    path = write(tmp_path / "t.csv", table_text())
    with pytest.raises(UserError, match=f"test_samples = {test_samples} leaves nothing"):
        load_table(path, "kind", test_samples=test_samples)


@pytest.mark.parametrize(
    ("labels", "names", "numbers"),
    [
        (["10", "9", "10"], ("9", "10"), [1, 0, 1]),  # by value, not by text
        (["1.0", "0.0", "1"], ("0", "1"), [1, 0, 1]),  # as pandas writes whole numbers at times
        (["-1", "+1", "01"], ("-1", "1"), [0, 1, 1]),
        (["10", "9", "x"], ("10", "9", "x"), [0, 1, 2]),
        (["no", "NA", "None"], ("NA", "None", "no"), [2, 0, 1]),  # text, not missing values
        (["0.5", "0.5", "1.5", "1.5"], ("0.5", "1.5"), [0, 0, 1, 1]),
    ],
)
def test_classes_are_ordered_numbers_by_value_and_text_by_alphabet(
    labels: list[str], names: tuple[str, ...], numbers: list[int]
) -> None:
    found, found_names = number_classes(labels, "file")
    assert found_names == names
    assert found.tolist() == numbers


def test_measurements_are_not_taken_for_classes() -> None:
    with pytest.raises(UserError, match="labels are measurements"):
        number_classes(["0.1", "0.25", "0.31", "0.1"], "file")
