"""What rounding explains: a formula, held against sums that are rounded."""

import numpy as np
import pytest

from snnbench.config import RunConfig
from snnbench.verify.rounding import MOST, rounding_tolerance, tolerance_of


@pytest.mark.parametrize("n", [10, 1000, 100_000, 1_000_000])
def test_sums_rounded_in_another_order_differ_by_less(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        terms = rng.random(n, dtype=np.float32)
        one, other = np.cumsum(terms)[-1], np.cumsum(terms[::-1])[-1]
        difference = abs(float(one) - float(other)) / max(float(one), float(other))
        assert difference <= rounding_tolerance(n)


def test_the_tolerance_counts_the_rounded_operations_in_a_row_and_has_an_end():
    assert rounding_tolerance(10_000) == 4 * 2**-24 * 100
    assert rounding_tolerance(1e12) == MOST
    ann = RunConfig(model="ann", arch="10-10", batch_size=128)
    steps = 6 * 469
    terms = (784 + 10) + (10 + 10) + 128
    assert tolerance_of(ann, (784,), 60_000, 6) == pytest.approx(
        4 * 2**-24 * (steps * terms) ** 0.5
    )
    snn = RunConfig(model="snn", arch="10-10", batch_size=128, T=2)
    assert tolerance_of(snn, (784,), 128, 1) == pytest.approx(
        4 * 2**-24 * (2 * (794 + 20) + 128) ** 0.5
    )
