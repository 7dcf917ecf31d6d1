"""Means, intervals and differences against numbers worked out by hand with a table of t."""

import math

import pytest

from snnbench.report.reading.statistics import difference, mean, ratio

# Student's t, two-sided 95 %: 12.7062 (1 degree of freedom), 4.30265 (2), 2.77645 (4)


def test_the_mean_of_three_values_and_its_interval():
    # s = 0.1, half = 4.30265 * 0.1 / sqrt(3)
    found = mean([0.7, 0.8, 0.9])
    assert found.value == pytest.approx(0.8)
    assert found.half_width == pytest.approx(0.248414, abs=1e-6)
    assert (found.low, found.high, found.n) == (
        pytest.approx(0.551586, abs=1e-6), pytest.approx(1.048414, abs=1e-6), 3,
    )  # fmt: skip


def test_one_value_has_no_interval():
    found = mean([0.5])
    assert (found.value, found.low, found.high, found.half_width, found.n) == (
        0.5, None, None, None, 1,
    )  # fmt: skip


def test_equal_values_have_an_interval_without_width():
    found = mean([0.1] * 10)
    assert (found.value, found.low, found.high) == (0.1, 0.1, 0.1)


@pytest.mark.parametrize("values", [[], [0.5, math.nan], [math.inf]])
def test_what_is_not_there_has_no_mean(values):
    with pytest.raises(ValueError, match="finite"):
        mean(values)


def test_differences_are_taken_seed_by_seed():
    a = {0: 0.5, 1: 0.7, 2: 0.9, 7: 5.0}
    b = {2: 0.8, 1: 0.6, 0: 0.4, 9: -5.0}
    found = difference(a, b)  # 0.1 at each common seed, however much they spread
    assert found.value == pytest.approx(0.1)
    assert found.half_width == pytest.approx(0.0, abs=1e-12)
    assert (found.n, found.paired) == (3, True)


def test_without_a_common_seed_it_is_welchs_interval():
    # means 3 and 2, variances 1 and 1, n = 3 and 3: se = sqrt(2/3), 4 degrees of freedom
    found = difference({0: 2.0, 1: 3.0, 2: 4.0}, {3: 1.0, 4: 2.0, 5: 3.0})
    assert (found.value, found.n, found.paired) == (pytest.approx(1.0), 3, False)
    assert found.half_width == pytest.approx(2.776445 * math.sqrt(2 / 3), abs=1e-6)


def test_welchs_degrees_of_freedom_follow_the_wider_side():
    # a does not vary: the degrees of freedom are b's alone, 1
    found = difference({0: 2.0, 1: 2.0}, {2: 0.0, 3: 1.0})
    assert found.half_width == pytest.approx(12.7062 * math.sqrt(0.5 / 2), abs=1e-4)


def test_an_empty_side_has_no_difference_and_one_common_seed_no_interval():
    assert difference({}, {0: 1.0}) is None
    found = difference({0: 3.0, 1: 5.0}, {0: 1.0, 2: 1.0})
    assert (found.value, found.low, found.n) == (2.0, None, 1)


def test_a_ratio_is_the_geometric_mean_of_the_seeds_ratios():
    found = ratio({0: 2.0, 1: 8.0}, {0: 1.0, 1: 1.0})
    assert found.value == pytest.approx(4.0)
    # logarithms ln 2 and ln 8: s = ln 4 / sqrt 2, half = 12.7062 * s / sqrt 2
    assert found.high == pytest.approx(4 * math.exp(12.7062 * math.log(4) / 2), rel=1e-4)
    assert found.low * found.high == pytest.approx(16.0)
    assert ratio({0: -1.0}, {0: 1.0}) is None
    assert ratio({0: 1.0}, {0: 0.0}) is None


def test_more_confidence_is_wider():
    assert mean([0, 1], 0.99).half_width > 4 * mean([0, 1], 0.95).half_width
