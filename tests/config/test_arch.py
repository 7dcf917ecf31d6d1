import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.config.arch import LayerSpec, parse_arch, split_input
from snnbench.errors import UserError


def test_every_kind_of_layer_parses():
    assert parse_arch("16c3-p2-64:linear-10") == (
        LayerSpec("conv", 16, 3),
        LayerSpec("pool", 2),
        LayerSpec("linear", 64, activation="linear"),
        LayerSpec("linear", 10),
    )


@pytest.mark.parametrize(
    ("arch", "column", "word"),
    [
        ("10-1x-10", 4, "unexpected 'x'"),
        ("10-", 3, "missing"),
        ("-10", 0, "missing"),
        ("10--10", 3, "missing"),
        ("16c-10", 3, "incomplete"),
        ("16c4-10", 3, "odd"),
        ("p1-10", 1, "at least 2"),
        ("0-10", 0, "sizes"),
        ("9999999-10", 0, "sizes"),
        ("64:reluu-10", 3, "reluu"),
        ("64-16c3-10", 3, "cannot follow"),
        ("16c3-p2", 7, "fully connected"),
        ("64:-10", 3, "unknown activation"),
        ("p2:relu-10", 3, "pooling has no activation"),
        ("²-10", 0, "unexpected"),
        ("1_0-10", 1, "unexpected '_0'"),
    ],
)
def test_the_message_points_at_the_character_where_the_notation_breaks(arch, column, word):
    with pytest.raises(UserError) as caught:
        parse_arch(arch)
    first, shown, caret = caught.value.problem.splitlines()
    assert word in first
    assert shown == "    " + arch
    assert caret == "    " + " " * column + "^"


@pytest.mark.parametrize(
    ("arch", "words"),
    [
        ("9" * 5000 + "-10", ["a layer of 5,000 characters"]),
        (f"16c{'9' * 5000}-10", ["a layer of 5,003 characters"]),
        (f"10:{'x' * 5000}-10", ["a layer of 5,003 characters"]),
        ("-".join(["1"] * 4000), ["4,000 layers", "256"]),
        ("1-" * 200 + "x-10", ["unexpected 'x'", "...1-1-"]),
    ],
)
def test_an_arch_beyond_measure_is_refused_without_being_repeated(arch, words):
    with pytest.raises(UserError) as caught:
        parse_arch(arch)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value)) < 500


def test_the_message_shows_where_a_long_arch_breaks():
    with pytest.raises(UserError) as caught:
        parse_arch("1-" * 200 + "x-" + "1-" * 40 + "10")
    _, shown, caret = caught.value.problem.splitlines()
    assert shown == f"    ...{'1-' * 20}x-{'1-' * 19}..."
    assert shown[caret.index("^")] == "x"


@given(st.text(alphabet="0123456789cp:-relu x", max_size=20))
def test_any_text_parses_or_is_refused_with_a_user_error(arch):
    try:
        layers = parse_arch(arch)
    except UserError:
        return
    assert layers[-1].kind == "linear"


def test_the_input_width_is_split_off():
    assert split_input("784-10-10") == (784, "10-10")


@pytest.mark.parametrize(
    "arch", ["10", "16c3-10", "", "0-10", "x-10", "9999999-10", "9" * 5000 + "-10"]
)
def test_an_arch_without_an_input_width_is_refused(arch):
    with pytest.raises(UserError, match="input width"):
        split_input(arch)
