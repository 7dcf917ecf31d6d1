"""Joules of one counter: wrapping, resets, and what cannot be known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.energy.counters import Counter, CounterError, Odometer
from tests.energy.zones import counted


def odometer(*values, **attributes):
    return Odometer(Counter("package-0", "cpu", counted(values), 1e-6, **attributes), 0.0)


@given(
    st.integers(0, 10**6), st.lists(st.integers(0, 999_999), min_size=1, max_size=30),
    st.integers(0, 10**9),
)  # fmt: skip
def test_what_is_counted_does_not_depend_on_where_the_counter_begins_anew(first, steps, more):
    """By its definition: the sum of the steps, each smaller than the range."""
    most = 10**6 + more
    values = [first % most]
    for step in steps:
        values.append((values[-1] + step) % most)
    found = odometer(*values, wraps_after=most)
    for second in range(1, len(values)):
        found.look(second * 1e-3)
    assert math.isclose(found.joules, sum(steps) * 1e-6, abs_tol=1e-12)


def test_a_counter_that_goes_back_without_a_known_range_is_not_known():
    found = odometer(900, 950, 20)
    found.look(0.1)
    with pytest.raises(CounterError, match="went back"):
        found.look(0.2)
    assert found.joules == pytest.approx(50e-6)


def test_a_range_smaller_than_the_numbers_is_none():
    found = odometer(5000, 10, wraps_after=1000)
    with pytest.raises(CounterError, match="went back"):
        found.look(0.1)


def test_a_reset_is_not_taken_for_a_wrap():
    """From 100 kJ to 0 would be 162 kJ in a second, by a package that takes 2 kW at the most."""
    found = odometer(100_000_000_000, 0, wraps_after=262_143_328_850, most_watts=2000.0)
    with pytest.raises(CounterError, match=r"rose by 162143 J in 1 s, which cannot be"):
        found.look(1.0)


def test_a_pause_in_which_it_may_have_begun_anew_is_not_known():
    """65.5 kJ at 2 kW are 32.8 s; after less nothing is lost."""
    wraps = {"wraps_after": 65_532_610_987, "most_watts": 2000.0}
    found = odometer(0, 10**9, 2 * 10**9, **wraps)
    found.look(32.0)
    with pytest.raises(CounterError, match="not read for 33 s"):
        found.look(65.0)
    assert found.joules == 1000.0


def test_a_counter_that_does_not_move_is_named_after_a_second():
    found = odometer(7, 7, 8, 8, 8)
    found.look(0.9)
    found.look(1.5)
    found.look(2.5)
    with pytest.raises(CounterError, match="package-0 does not move"):
        found.look(2.6)
