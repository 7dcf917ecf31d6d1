"""Columns and cells."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnbench.results.cells import LONGEST_TEXT, from_cell, to_cell
from snnbench.results.lines import to_cells, to_lines
from snnbench.results.schema import Column, columns_of

RUNS, EPOCHS, LAYERS = (columns_of(name) for name in ("runs", "epochs", "layers"))
TEXT = Column("text", "text", "", "")
INTEGER = Column("integer", "integer", "", "")
NUMBER = Column("number", "number", "", "")
BOOLEAN = Column("boolean", "boolean", "", "")
ONE_LINE = (
    st.text(min_size=1)
    .filter(lambda text: len(text.splitlines()) == 1)
    .map(lambda text: text.splitlines()[0])
    .filter(bool)
)

# on a busy machine an example may take long: that is not what is tested here
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def names(columns: tuple[Column, ...]) -> str:
    return " ".join(column.name for column in columns)


def test_the_columns_stand_in_the_contracts_order() -> None:
    assert names(RUNS).startswith("schema run_id study variant status error dataset data_dir ")
    assert " threads params epochs_run best_epoch train_accuracy val_accuracy " in names(RUNS)
    old = tuple(column for column in RUNS if column.since == 1)
    assert names(RUNS).endswith(
        " data_sha256 path numerics plugins ties activity tied_fraction train_size val_size"
        " test_size layers latency_steps exit_margin exit_chosen_on exit_steps exit_accuracy"
        " exit_spikes exit_effective_acs exit_energy_pj_compute45nm measured_train_j"
        " measured_train_net_j measured_eval_j measured_eval_net_j idle_w energy_counters"
        " inference_steps"
    )
    assert names(old).endswith(
        "test_accuracy max_test_accuracy train_loss val_loss test_loss firing_rate silent_fraction"
        " saturated_fraction flops_lab dense_macs effective_macs effective_acs"
        " energy_pj_compute45nm train_seconds eval_seconds cohort_size started_at"
        " snnbench_version commit torch_version device_name cpu_threads data_sha256"
    )
    assert names(EPOCHS) == (
        "run_id epoch train_loss train_accuracy val_loss val_accuracy test_loss test_accuracy"
        " firing_rate flops_lab_train flops_lab_test train_seconds eval_seconds tied_fraction"
    )
    facts = tuple(column for column in LAYERS if column.since == 1)
    assert names(facts) == (
        "run_id layer kind input_kind applied_steps inputs outputs params input_rate output_rate"
        " flops_lab dense_macs effective_macs effective_acs energy_pj_compute45nm"
    )


@pytest.mark.parametrize("columns", [RUNS, EPOCHS, LAYERS])
def test_no_column_name_is_used_twice_and_each_has_a_meaning(columns: tuple[Column, ...]) -> None:
    assert len({column.name for column in columns}) == len(columns)
    assert all(column.meaning for column in columns)
    assert all(re.fullmatch(r"\w+", column.name, re.ASCII) for column in columns)


@unhurried
@given(ONE_LINE)
def test_text_comes_back_as_it_went_in(text: str) -> None:
    assert from_cell(to_cell(text, TEXT), TEXT) == text


@unhurried
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_bit_for_bit(number: float) -> None:
    back = from_cell(to_cell(number, NUMBER), NUMBER)
    assert isinstance(back, float)
    assert back.hex() == number.hex()


@unhurried
@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_come_back(number: int) -> None:
    assert from_cell(to_cell(number, INTEGER), INTEGER) == number


@pytest.mark.parametrize("value", [True, False, None])
def test_booleans_and_missing_come_back(value: bool | None) -> None:
    assert from_cell(to_cell(value, BOOLEAN), BOOLEAN) is value


@unhurried
@given(
    st.fixed_dictionaries(
        {"run_id": ONE_LINE, "error": ONE_LINE, "study": st.none() | ONE_LINE},
        optional={"lr": st.floats(allow_nan=False, allow_infinity=False), "bias": st.booleans()},
    )
)
def test_a_row_is_one_line_of_the_file_and_comes_back(row: dict[str, object]) -> None:
    line = to_lines([row], RUNS)
    assert line.count(b"\n") == 1
    cells = to_cells(line[:-1], RUNS, Path("runs.csv"), 2)
    back = {c.name: from_cell(cell, c) for c, cell in zip(RUNS, cells, strict=True) if cell}
    assert back == {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_what_is_not_finite_is_missing(number: float) -> None:
    assert to_cell(number, NUMBER) == ""
    assert from_cell("", NUMBER) is None


def test_numpy_scalars_are_written_as_plain_numbers() -> None:
    assert to_cell(np.float64(0.1), NUMBER) == "0.1"
    assert to_cell(np.float32(0.1), NUMBER) == "0.10000000149011612"
    assert to_cell(np.int64(7), INTEGER) == "7"
    assert to_cell(1, NUMBER) == "1.0"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@sum", "\t=1", " =1", "'=1", "'", "''quoted"]
)
def test_what_a_spreadsheet_takes_for_a_formula_is_neutralised(text: str) -> None:
    cell = to_cell(text, TEXT)
    assert cell == "'" + text
    assert from_cell(cell, TEXT) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [("\r=1+1", "' =1+1"), ("\n@x", "' @x"), ("-\r\n-", "'- -"), ("\N{LINE SEPARATOR}=1", "' =1")],
)
def test_a_newline_cannot_hide_a_formula(text: str, cell: str) -> None:
    assert to_cell(text, TEXT) == cell


def test_negative_numbers_are_not_neutralised() -> None:
    assert to_cell(-0.5, NUMBER) == "-0.5"
    assert to_cell(-3, INTEGER) == "-3"


def test_text_is_made_one_line() -> None:
    assert to_cell("first\nsecond\r\nthird\x0bfourth\x85fifth", TEXT) == (
        "first second third fourth fifth"
    )


def test_a_file_name_that_is_not_utf8_can_be_written() -> None:
    assert to_cell("data\udcff.csv", TEXT) == r"data\udcff.csv"


def test_an_error_message_without_end_is_cut_to_what_a_spreadsheet_cell_holds() -> None:
    line = to_lines([{"error": "a,b" * 100_000}], RUNS)
    cell = to_cells(line[:-1], RUNS, Path("runs.csv"), 2)[5]
    assert len(cell) == LONGEST_TEXT
    assert cell.endswith("…")


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-inf", "1_0", " 1", "1e999", "None", "0x1", "1-2", "--1"]
)
@pytest.mark.parametrize("column", [NUMBER, INTEGER])
def test_a_cell_that_is_not_a_number_is_refused(text: str, column: Column) -> None:
    with pytest.raises(ValueError, match=re.escape(f"'{text}' is not a")):
        from_cell(text, column)


@pytest.mark.parametrize("text", ["1.0", "1e3", str(2**63), str(-(2**63) - 1), "9" * 5000])
def test_an_integer_cell_holds_an_integer_of_64_bits(text: str) -> None:
    with pytest.raises(ValueError, match="is not an integer"):
        from_cell(text, INTEGER)


@pytest.mark.parametrize("text", ["True", "1", "yes", "TRUE"])
def test_a_boolean_cell_holds_true_or_false(text: str) -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        from_cell(text, BOOLEAN)


@pytest.mark.parametrize(
    ("value", "column"),
    [
        (1, TEXT),
        (True, INTEGER),
        (1.0, INTEGER),
        (2**63, INTEGER),
        ("1", INTEGER),
        (True, NUMBER),
        ("0.5", NUMBER),
        (1, BOOLEAN),
        (Path("x"), TEXT),
    ],
)
def test_a_value_of_another_kind_is_our_mistake(value: object, column: Column) -> None:
    with pytest.raises(AssertionError):
        to_cell(value, column)


def test_an_unknown_column_is_our_mistake() -> None:
    with pytest.raises(KeyError, match="betaa"):
        to_lines([{"betaa": 1}], RUNS)
