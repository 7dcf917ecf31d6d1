"""What 32 and 64 bits keep of a column."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from snnbench.data.precision import check_digits, merged
from snnbench.data.table import load_table
from snnbench.errors import UserError

STEPS = np.arange(600)
SEPARATE = {
    "small": 0.01 * STEPS,
    "years": 1990.0 + STEPS,
    "just exact": 2.0**24 - 600 + STEPS,
    "pressure": 101_325 + 0.1 * STEPS,  # 0.1 is 13 units in the last place
    "one of many": 2.0**24 - 597 + STEPS,
    "wide": 1e30 * STEPS,
    "constant": np.full(600, 0.1),
    "constant but for rounding": np.where(STEPS % 2, 0.1 + 0.2, 0.3),
    "one outlier": np.where(STEPS == 5, 1e12, STEPS),
}
MERGED = {
    "milliseconds since 1970": 1.764e12 + STEPS,
    "seconds since 1970": 1.764e9 + STEPS,
    "below it": -1.764e12 - STEPS,
    "hundredths": 1e6 + 0.01 * STEPS,
    "by twos": 2.0**24 + STEPS,
    "two values": np.where(STEPS % 2, 2.0**24, 2.0**24 + 1),
    "vanishing": 1e-50 * STEPS,
    "as good as vanished": 1e-200 * STEPS,
}


@pytest.mark.parametrize("name", SEPARATE)
def test_columns_that_32_bits_can_tell_apart(name: str) -> None:
    assert not merged(SEPARATE[name][:, np.newaxis]).any()


@pytest.mark.parametrize("name", MERGED)
def test_columns_that_32_bits_cannot_tell_apart(name: str) -> None:
    columns = np.stack([STEPS * 1.0, MERGED[name]], axis=1)
    assert merged(columns).tolist() == [False, True]


def write(folder: Path, suffix: str, column: np.ndarray) -> Path:
    """Write a table of the column and two classes, which are its halves."""
    path = folder / f"t{suffix}"
    kinds = np.where(STEPS < 300, "a", "b")
    frame = pd.DataFrame({"plain": STEPS / 7, "t": column, "kind": kinds})
    if suffix == ".npz":
        np.savez(path, x=np.stack([STEPS / 7, column], axis=1), y=kinds)
    elif suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",", float_format="%.17g")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".npz"])
@pytest.mark.parametrize("name", MERGED)
def test_a_table_keeps_the_bits_that_tell_its_values_apart(
    tmp_path: Path, suffix: str, name: str
) -> None:
    target = None if suffix == ".npz" else "kind"
    table = load_table(write(tmp_path, suffix, MERGED[name]), target)
    found = np.concatenate([table.x_train, table.x_test])
    assert found.dtype == np.float64
    assert np.array_equal(np.sort(found[:, 1]), np.sort(MERGED[name]))
    other = load_table(write(tmp_path, suffix, np.nextafter(MERGED[name], np.inf)), target)
    assert other.sha256 != table.sha256


def test_tables_that_32_bits_hold_have_the_checksum_they_always_had(tmp_path: Path) -> None:
    rows = (f"{i * 0.37 - 3:.2f},{'cat' if i % 3 else 'dog'},{i}e-1,{1990 + i},"
            f"{101325 + i * 0.1:.1f}\n" for i in range(60))  # fmt: skip
    (tmp_path / "t.csv").write_text("height,kind,weight,year,pressure\n" + "".join(rows))
    known = "5fc38b492e523031e4c10796af6c2b8f6bdf0892124d8db77f762e5920d7707d"
    assert load_table(tmp_path / "t.csv", "kind").sha256 == known


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".npz"])
def test_digits_that_64_bits_do_not_have_are_refused(tmp_path: Path, suffix: str) -> None:
    nanoseconds = 1_764_000_000_000_000_000 + STEPS
    path = tmp_path / f"t{suffix}"
    kinds = np.where(STEPS < 300, "a", "b")
    if suffix == ".npz":
        np.savez(path, x=np.stack([STEPS, nanoseconds], axis=1), y=kinds)
    else:
        path = write(tmp_path, suffix, nanoseconds)
    with pytest.raises(UserError, match="differ in digits that numbers of 64 bits") as caught:
        load_table(path, None if suffix == ".npz" else "kind")
    assert ("feature 1" if suffix == ".npz" else "column 't'") in caught.value.problem
    assert "Subtract" in caught.value.remedy


@pytest.mark.parametrize(
    "numbers",
    [
        [2**60 + 3] * 5,  # a constant
        [2**60 + 10**6 * i for i in range(5)],  # told apart, if not to the last digit
        [2**53 + 2 * i for i in range(5)],  # exact
    ],
)
def test_long_whole_numbers_that_can_be_told_apart_are_taken(numbers: list[int]) -> None:
    values = np.array(numbers, np.float64)[:, np.newaxis]
    check_digits(values, lambda column: map(Fraction, numbers), str)


def test_a_table_of_long_digits_with_zeros_before_is_no_trouble(tmp_path: Path) -> None:
    rows = "".join(f"{'0' * 5000}{2**60 + 10**6 * i},{'ab'[i % 2]}\n" for i in range(10))
    (tmp_path / "t.csv").write_text("t,kind\n" + rows)
    assert len(load_table(tmp_path / "t.csv", "kind").x_train) == 8
