"""Tables on terminals of every width: no number and no word is split, nothing is lost unsaid."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from snnbench.cli import console as printing
from snnbench.cli.folding import fold
from snnbench.cli.layout import lay_out
from snnbench.report.page.cells import Whole, cell_text, is_whole, spread_text

WIDTHS = (110, 80, 40)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), min_size=1,
                max_size=18)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), TEXTS,
    st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e6),
    st.builds(spread_text, st.floats(0, 1e6), st.none() | st.floats(0, 100)),
)  # fmt: skip


@st.composite
def tables(draw):
    names = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
    header = draw(st.lists(names, min_size=1, max_size=9, unique=True))
    row = st.lists(VALUES, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, max_size=4))


def pieces(value):
    """Return what of a cell must be found unbroken: a number, or every word."""
    return [str(cell_text(value))] if is_whole(value) else cell_text(value).split()


@given(table=tables(), width=st.sampled_from(WIDTHS))
def test_every_number_and_word_is_found_whole_or_its_column_is_named(table, width):
    header, rows = table
    laid = lay_out(header, rows, width)
    lines = [*laid.header, *laid.body]
    assert all(cell_len(line) <= width for line in lines)
    text, left_out = "\n".join(lines), list(laid.left_out)
    for i, name in enumerate(header):
        if cell_text(name) in left_out:
            left_out.remove(cell_text(name))
            continue
        for value in (name, *(row[i] for row in rows)):
            for piece in pieces(value):
                if cell_len(piece) <= width - 2:
                    assert piece in text, (piece, lines)
    assert not left_out
    assert len(rows) > 2 or not laid.left_out  # such tables are turned


@given(table=tables())
def test_off_a_terminal_a_row_is_a_line_and_nothing_is_left_out(table):
    header, rows = table
    laid = lay_out(header, rows, 100_000)
    assert (len(laid.body), laid.left_out) == (len(rows), [])
    for row, line in zip(rows, laid.body, strict=True):
        for value in row:
            assert cell_text(value) in line


def test_columns_are_left_out_from_the_right_but_for_those_that_are_kept():
    header = [f"column{i}" for i in range(10)]
    rows = [[i * 1000 + j for j in range(10)] for i in range(3)]
    laid = lay_out(header, rows, 40, keep=["column9"])
    assert laid.header == ["column0  column1  column2  column9"]
    assert laid.left_out == header[3:9]


def test_a_table_of_a_row_or_two_is_turned_where_it_is_too_wide():
    header, row = [f"column {i}" for i in range(9)], [209_897.66 + i for i in range(9)]
    assert lay_out(header, [row], 40).body[0] == "column 0  209,900"
    assert lay_out(header, [row, row], 40).body[8] == "column 8  209,900  209,900"
    assert lay_out(header, [row], 200).body == ["  ".join(["209,900"] * 9)]


def test_rows_that_stand_one_after_another_have_names_and_values_below_each_other():
    laid = lay_out(["a" * 20, "b" * 20], [["x" * 30, 1], ["y" * 30, 2]], 40)
    names = "a" * 20, "b" * 20
    assert laid.body == [names[0], "  " + "x" * 30, names[1], "  1", "",
                         names[0], "  " + "y" * 30, names[1], "  2"]  # fmt: skip


def test_a_word_wider_than_the_terminal_is_folded():
    laid = lay_out(["path"], [["x" * 100]] * 3, 40)
    assert "".join(line.strip() for line in laid.body if "path" not in line) == "x" * 300


@pytest.mark.parametrize(
    ("value", "half", "text"),
    [
        (0.91777, 0.0061, "0.918 ±0.006"), (0.91777, 0.0161, "0.918 ±0.016"),
        (0.9361, 0.0267, "0.936 ±0.027"), (0.9, 0.0096, "0.900 ±0.010"), (1.0, 0.0, "1 ±0"),
        (0.5, None, "0.5"), (95.44, 3.2, "95.4 ±3.2"), (123_456.0, 7_000.0, "123,000 ±7,000"),
        (0.0, 0.02, "0.000 ±0.020"), (0.91777, 1e-7, "0.9178 ±1e-07"),
        (3e12, 1e9, "3e+12 ±1e+09"),
    ],
)  # fmt: skip
def test_an_interval_says_how_many_digits_a_number_has(value, half, text):
    assert spread_text(value, half) == text
    assert isinstance(spread_text(value, half), Whole)


@given(st.floats(1e-3, 1e6), st.floats(1e-9, 1e6))
def test_a_number_with_its_interval_is_as_near_as_its_digits_say(value, half):
    shown, interval = (
        float(part.replace(",", "")) for part in spread_text(value, half).split(" ±")
    )
    assert abs(shown - value) <= max(0.51 * half, 0.0006 * value)
    assert abs(interval - half) <= 0.34 * half


def test_what_tells_no_row_from_another_is_a_line_below():
    header = ["run", "model", "encoding", "beta", "T", "accuracy"]
    rows = [["a", "snn", "bernoulli", 0.5, 10, 0.9], ["b", "ann", None, None, 10, 0.8]]
    left, cells, notes = fold(header, rows, ["model", "encoding", "beta", "T"])
    assert left == ["run", "model", "accuracy"]
    assert cells == [["a", "snn", 0.9], ["b", "ann", 0.8]]
    assert notes == ["The same in all: T = 10.",
                     "Implied by model: with snn, encoding = bernoulli, beta = 0.5."]  # fmt: skip


def test_of_few_rows_nothing_follows_but_what_the_settings_say():
    rows = [["a", 0.5, 1e-3], ["b", 0.9, 1e-2]]  # lr only happens to go with beta
    assert fold(["run", "beta", "lr"], rows, ["beta", "lr"])[0] == ["run", "beta", "lr"]
    assert fold(["run", "beta", "lr"], rows * 2, ["beta", "lr"])[0] == ["run", "beta"]
    assert fold(["run", "beta"], rows[:1], ["beta"])[0] == ["run", "beta"]


@given(table=tables())
def test_folding_loses_no_value(table):
    header, rows = table
    left, cells, notes = fold(header, rows, header)
    assert len(cells) == len(rows)
    for i, name in enumerate(header):
        if len(rows) > 1 and name not in left:
            assert all(cell_text(row[i]) in " ".join(notes) for row in rows)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_has_no_room_is_said_and_where_it_is(monkeypatch, width):
    terminal = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(printing, "stdout", lambda: terminal)
    names = [f"effective ACs {i}" for i in range(9)]
    printing.print_table("Counts " * 9, names, [[209_897.66] * 9] * 3, where="--json has all")
    shown = terminal.file.getvalue().splitlines()
    assert all(len(line) <= width for line in shown)
    assert " ".join(shown).count("209,900") % 3 == 0
    assert ("No room for: " in " ".join(shown)) == (width < 110)
