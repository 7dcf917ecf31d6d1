"""Medians, ratios and goals from raw repeats written by hand."""

import dataclasses

import pytest

from benchmarks.cases import CASES, GROWTH
from benchmarks.summary import Results, Spread, growth_exponent, growth_times, limit_ms, spread


def row(repeat, case, program, ms=None, *, status="measured", reason=None, **more):
    return {"repeat": repeat, "case": case, "program": program, "ms": ms, "status": status,
            "reason": reason, "versions": "", **more}  # fmt: skip


def rows_of(case, program, *times):
    return [row(repeat, case, program, ms) for repeat, ms in enumerate(times, 1)]


def test_spread_is_median_smallest_largest_and_count():
    assert spread([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0, 3)
    assert spread([]) is None


def test_ratios_are_paired_by_repeat_and_not_of_the_medians():
    results = Results(
        rows_of("t50", "snnbench", 1.0, 2.0, 4.0) + rows_of("t50", "spyx", 30.0, 20.0, 100.0)
    )
    assert results.time(CASES["t50"], "spyx") == Spread(30.0, 20.0, 100.0, 3)
    assert results.ratio(CASES["t50"], "spyx") == Spread(25.0, 10.0, 30.0, 3)


def test_a_repeat_that_one_of_the_two_lacks_is_no_pair():
    rows = rows_of("t50", "snnbench", 1.0, 2.0)
    rows += [row(1, "t50", "norse", status="failed", reason="no result"),
             row(2, "t50", "norse", 50.0)]  # fmt: skip
    assert Results(rows).ratio(CASES["t50"], "norse") == Spread(25.0, 25.0, 25.0, 1)


def test_a_sweep_is_compared_with_single_runs_of_its_peer_case():
    results = Results(
        rows_of("t50", "snnbench", 2.0)
        + rows_of("t50", "norse", 40.0)
        + rows_of("betas16", "snnbench", 0.5)
    )
    assert results.ratio(CASES["betas16"], "norse") == Spread(80.0, 80.0, 80.0, 1)
    assert results.is_goal_met(CASES["betas16"]) is True
    assert results.ratio(CASES["t50"], "norse").median == 20.0


def test_the_goal_counts_against_the_fastest_peer():
    rows = rows_of("t50", "snnbench", 1.0) + rows_of("t50", "norse", 25.0)
    assert Results(rows).is_goal_met(CASES["t50"]) is True
    rows += rows_of("t50", "spyx", 19.0)
    results = Results(rows)
    assert results.fastest_peer(CASES["t50"]) == "spyx"
    assert results.is_goal_met(CASES["t50"]) is False


def test_the_goal_of_the_ann_counts_against_the_loop_with_a_loader():
    rows = rows_of("ann", "snnbench", 1.0) + rows_of("ann", "torch-in-memory", 2.0)
    assert Results(rows).is_goal_met(CASES["ann"]) is None
    rows += rows_of("ann", "torch-dataloader", 16.0)
    assert Results(rows).is_goal_met(CASES["ann"]) is True


def test_a_goal_without_a_figure_is_not_known():
    results = Results(rows_of("t50", "norse", 40.0))
    assert results.is_goal_met(CASES["t50"]) is None
    assert results.fastest_peer(CASES["t50"]) is None
    assert results.missing(CASES["t50"], "snnbench") == "not run"


def test_an_absent_program_is_named_with_its_reason():
    rows = rows_of("t50", "snnbench", 1.0)
    rows.append(row(1, "t50", "spyx", status="absent", reason="No module named 'jax'"))
    results = Results(rows)
    assert results.absent() == {"spyx": "absent: No module named 'jax'"}
    assert results.missing(CASES["t50"], "spyx") == "absent: No module named 'jax'"
    assert results.missing(CASES["betas16"], "spyx") == "absent: No module named 'jax'"


def test_other_numbers_are_medians_of_what_is_known():
    rows = [row(i, "t50", "norse", 1.0, peak_mb=mb) for i, mb in enumerate((300.0, None, 500.0))]
    assert Results(rows).typical(CASES["t50"], "norse", "peak_mb") == 400.0
    assert Results(rows).typical(CASES["t50"], "norse", "before_mb") is None


def test_growth_is_the_exponent_between_the_ends():
    by_steps, by_runs = GROWTH[0], GROWTH[1]
    linear = Results(rows_of("t10", "snnbench", 1.0) + rows_of("t100", "snnbench", 10.0))
    assert growth_exponent(linear, by_steps) == pytest.approx(1.0)
    # 64 runs at a sixteenth of the time each: the whole sweep takes 4 times as long
    runs = Results(rows_of("t50", "snnbench", 16.0) + rows_of("betas64", "snnbench", 1.0))
    assert growth_exponent(runs, by_runs) == pytest.approx(1 / 3)
    assert dict(growth_times(runs, by_runs))[64].median == 64.0
    assert growth_exponent(Results(rows_of("t10", "snnbench", 1.0)), by_steps) is None


def test_a_limit_is_per_setting_and_of_the_slower_resource():
    # 2 units on 10 pixels, 3 of them not 0, at batch 128: 2 * 128 * 6 + 8 * 22 operations, and
    # 128 * 10 + 28 * 22 bytes
    case = dataclasses.replace(CASES["ann"], members=1)
    layer = {"kind": "linear", "fan_in": 10, "units": 2, "params": 22, "input_rate": 0.5}
    facts = {"layers": [layer], "pixels": {"count": 10, "active": 3.0, "hits": {"1": 2.0}}}
    machine = {"gemm_flops_per_s": 2000.0, "triad_bytes_per_s": 1e9}
    assert limit_ms(case, facts, machine) == pytest.approx(1000 * (1536 + 176) / 1000)
    machine = {"gemm_flops_per_s": 2e12, "triad_bytes_per_s": 1000.0}
    assert limit_ms(case, facts, machine) == pytest.approx(1000 * (1280 + 616) / 1000)
    pair = dataclasses.replace(case, members=2)  # the pixels are read once for both
    assert limit_ms(pair, facts, machine) == pytest.approx(1000 * (1280 + 2 * 616) / 1000 / 2)
