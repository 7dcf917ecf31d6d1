"""Values as users write them."""

import pytest

from snnbench.config.values import parse_schedule, read_integer, read_number, read_shape

BLANKS = [chr(i) for i in range(0x3001) if chr(i).isspace()]


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_whatever_counts_as_a_blank_around_a_number_is_left_out(blank):
    assert read_number("lr", f"{blank}0.5{blank}") == 0.5
    assert read_integer("T", f"{blank}-7{blank}") == -7
    assert read_shape(f"1{blank},{blank}28") == (1, 28)
    assert [(p.lr, p.epochs) for p in parse_schedule(f"0.5{blank}x{blank}3")] == [(0.5, 3)]
