"""Every kind of claim, reproduced, contradicted and undecided, on tables made up for it."""

import numpy as np
import pytest

from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.verdicts import judge
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.report.reading.statistics import binomial_error, mean
from snnbench.studies import claims as c
from snnbench.studies.selecting import Selector
from tests.report.samples import Made

A, B = Selector((("variant", ("a",)),)), Selector((("variant", ("b",)),))
STEADY, NOISY = (0.80, 0.81, 0.82), (0.5, 0.8, 0.99)
LOW, MIDDLE, HIGH, TOP = ((x, x + 0.01, x + 0.005) for x in (0.1, 0.5, 0.9, 0.95))
TWICE, ONCE, ZERO = (0.8, 0.6, 0.7), (0.4, 0.3, 0.35), (0.0, 0.0, 0.0)


def verdict_on(folder, claim, made):
    tables = load([made.write(folder)])
    return judge(claim, Evidence(configurations_of(tables.runs), tables.epochs, tables.layers))


def accuracy(**variants):
    made = Made()
    for name, values in variants.items():
        made.runs("test_accuracy", values, variant=name, lr={"a": 0.1, "b": 0.2}.get(name, 0.3))
    return made


def by_beta(**values):
    made = Made()
    for name, numbers in values.items():
        made.runs("test_accuracy", numbers, beta=float(name[1:]) / 10)
    return made


def curves(column="test_accuracy", **variants):
    made = Made()
    for name, runs in variants.items():
        for seed, curve in enumerate(runs):
            columns = curve if isinstance(curve, dict) else {column: curve}
            made.run(seed, columns, variant=name, lr=0.1 if name == "a" else 0.2)
    return made


def shifted(curve, seeds=3, step=0.001):
    return [[value + step * seed for value in curve] for seed in range(seeds)]


def losses(test, train):
    pairs = zip(shifted(test), shifted(train), strict=True)
    return [{"test_loss": t, "train_loss": r} for t, r in pairs]


REPRODUCED, CONTRADICTED, UNDECIDED = "reproduced", "contradicted", "undecided"
TEXT = {"text": "said"}
FALLS = [3.0, 2.0, 1.0, 0.5]
PEAK = c.PeakAt(**TEXT, along="beta", at=(0.5,))
PEAKS = c.PeakAt(**TEXT, along="beta", at=(0.5, 0.7))
UP = c.Monotone(**TEXT, along="beta", direction="up")
OVERFITS = c.Overfits(**TEXT)
AFTER = c.Overfits(**TEXT, after=2)
CONVERGES = c.ConvergesBy(**TEXT, metric="test_accuracy", epoch=2, share=0.95)
TREND = c.Trend(**TEXT, metric="test_accuracy", direction="up")
STEADIER = c.Steadier(**TEXT, metric="test_accuracy", a=A, b=B)
EXCEEDS = c.Exceeds(**TEXT, metric="test_accuracy", than="train_accuracy")
AT_2 = c.Above(**TEXT, value=0.5, epoch=2)
BETTER_AT_2 = c.Better(**TEXT, a=A, b=B, epoch=2)
SMALLER = c.Better(**TEXT, a=A, b=B, direction="min")

CASES = [
    (c.Above(**TEXT, value=0.7), accuracy(a=STEADY), REPRODUCED),
    (c.Above(**TEXT, value=0.9), accuracy(a=STEADY), CONTRADICTED),
    (c.Above(**TEXT, value=0.7), accuracy(a=NOISY), UNDECIDED),
    (c.Above(**TEXT, value=0.7), accuracy(a=STEADY, b=(0.1, 0.2, 0.15)), CONTRADICTED),
    (c.Above(**TEXT, value=0.7), accuracy(a=STEADY, b=NOISY), UNDECIDED),
    (c.Above(**TEXT, value=0.7, where=A), accuracy(a=STEADY, b=NOISY), REPRODUCED),
    (c.Above(**TEXT, value=0.7), accuracy(a=(0.9,)), UNDECIDED),
    (c.Above(**TEXT, value=0.5), accuracy(a=(0.9, 0.9)), UNDECIDED),
    (c.Above(**TEXT, value=0.8), accuracy(a=(0.8, 0.8)), UNDECIDED),  # two of few samples
    (AT_2, curves(a=shifted([0.1, 0.6, 0.2])), REPRODUCED),
    (AT_2, curves(a=shifted([0.6, 0.1, 0.6])), CONTRADICTED),
    (AT_2, curves(a=shifted([0.6])), UNDECIDED),
    (c.Below(**TEXT, value=0.9), accuracy(a=STEADY), REPRODUCED),
    (c.Below(**TEXT, value=0.7), accuracy(a=STEADY), CONTRADICTED),
    (c.Below(**TEXT, value=0.81), accuracy(a=STEADY), UNDECIDED),
    (c.Equals(**TEXT, value=0.8, tolerance=0.05), accuracy(a=STEADY), REPRODUCED),
    (c.Equals(**TEXT, value=0.9, tolerance=0.05), accuracy(a=STEADY), CONTRADICTED),
    (c.Equals(**TEXT, value=0.8, tolerance=0.02), accuracy(a=STEADY), UNDECIDED),
    (c.Better(**TEXT, a=A, b=B), accuracy(a=STEADY, b=(0.70, 0.71, 0.72)), REPRODUCED),
    (c.Better(**TEXT, a=A, b=B), accuracy(a=(0.70, 0.71, 0.72), b=STEADY), CONTRADICTED),
    (c.Better(**TEXT, a=A, b=B), accuracy(a=STEADY, b=NOISY), UNDECIDED),
    (c.Better(**TEXT, a=A, b=B), accuracy(a=(0.9,), b=(0.1,)), UNDECIDED),
    (c.Better(**TEXT, a=A, b=B), accuracy(a=STEADY, b=STEADY), UNDECIDED),  # equal
    (c.Better(**TEXT, a=A, b=B, by=0.2), accuracy(a=STEADY, b=(0.7, 0.71, 0.73)), CONTRADICTED),
    (c.Better(**TEXT, a=A, b=B), accuracy(a=NOISY, b=(0.49, 0.79, 0.98)), REPRODUCED),  # paired
    (SMALLER, accuracy(a=(0.70, 0.71, 0.72), b=STEADY), REPRODUCED),
    (SMALLER, accuracy(a=STEADY, b=(0.70, 0.71, 0.72)), CONTRADICTED),
    (BETTER_AT_2, curves(a=shifted([0.1, 0.6, 0.2]), b=shifted([0.5, 0.3, 0.9])), REPRODUCED),
    (BETTER_AT_2, curves(a=shifted([0.5, 0.3, 0.9]), b=shifted([0.1, 0.6, 0.2])), CONTRADICTED),
    (BETTER_AT_2, curves(a=shifted([0.9]), b=shifted([0.1])), UNDECIDED),
    (c.NoDifference(**TEXT, a=A, b=B, margin=0.01), accuracy(a=NOISY, b=NOISY), REPRODUCED),
    (c.NoDifference(**TEXT, a=A, b=B, margin=0.01), accuracy(a=STEADY, b=(0.1, 0.11, 0.12)),
     CONTRADICTED),
    (c.NoDifference(**TEXT, a=A, b=B, margin=0.01), accuracy(a=STEADY, b=NOISY), UNDECIDED),
    (c.Ratio(**TEXT, a=A, b=B, value=2, tolerance=0.1), accuracy(a=TWICE, b=ONCE),
     REPRODUCED),
    (c.Ratio(**TEXT, a=A, b=B, value=1, tolerance=0.1), accuracy(a=TWICE, b=ONCE),
     CONTRADICTED),
    (c.Ratio(**TEXT, a=A, b=B, value=1, tolerance=0.1), accuracy(a=STEADY, b=NOISY), UNDECIDED),
    (c.Ratio(**TEXT, a=A, b=B, value=1, tolerance=9), accuracy(a=ZERO, b=STEADY), UNDECIDED),
    (PEAK, by_beta(b1=LOW, b5=HIGH, b9=MIDDLE), REPRODUCED),
    (PEAK, by_beta(b1=LOW, b5=MIDDLE, b9=HIGH), CONTRADICTED),
    (PEAK, by_beta(b1=LOW, b5=(0.5, 0.9, 0.7), b9=(0.6, 0.7, 0.65)), UNDECIDED),
    (PEAK, by_beta(b5=(0.5, 0.9, 0.7)), UNDECIDED),
    (PEAK, by_beta(b1=(0.1,), b5=(0.9,)), UNDECIDED),
    (PEAKS, by_beta(b1=LOW, b5=(0.5, 0.7, 0.6), b7=HIGH), REPRODUCED),
    (PEAKS, by_beta(b1=TOP, b5=MIDDLE, b7=HIGH), CONTRADICTED),
    (PEAKS, by_beta(b1=TOP, b5=(0.2, 1.0, 0.6), b7=HIGH), UNDECIDED),
    (UP, by_beta(b1=LOW, b5=MIDDLE, b9=HIGH), REPRODUCED),
    (UP, by_beta(b1=LOW, b5=HIGH, b9=MIDDLE), CONTRADICTED),
    (UP, by_beta(b1=LOW, b5=MIDDLE, b9=(0.4, 0.9, 0.65)), UNDECIDED),
    (c.Monotone(**TEXT, along="beta", direction="up", between=(0.1, 0.5)),
     by_beta(b1=LOW, b5=HIGH, b9=MIDDLE), REPRODUCED),
    (c.Monotone(**TEXT, along="beta", direction="down"),
     by_beta(b1=HIGH, b5=MIDDLE, b9=LOW), REPRODUCED),
    (OVERFITS, curves(a=losses([3.0, 1.0, 2.0, 2.5], FALLS)), REPRODUCED),
    (OVERFITS, curves(a=losses([3.0, 2.0, 1.0, 0.9], FALLS)), CONTRADICTED),
    (OVERFITS, curves(a=losses([3.0, 1.0, 2.0, 2.5], [3, 2, 2.5, 2.6])), CONTRADICTED),
    (OVERFITS, curves(a=losses([3.0, 1.0, 2.0, 2.5], FALLS)[:1]), UNDECIDED),
    (AFTER, curves(a=losses([3.0, 1.0, 2.0, 2.5], FALLS)), REPRODUCED),
    (AFTER, curves(a=losses([0.5, 1.0, 2.0, 2.5], FALLS)), CONTRADICTED),
    (AFTER, curves(a=losses([3.0, 2.0], [3.0, 2.0])), UNDECIDED),
    (CONVERGES, curves(a=shifted([0.1, 0.9, 0.91, 0.9])), REPRODUCED),
    (CONVERGES, curves(a=shifted([0.1, 0.9, 0.5, 0.9])), CONTRADICTED),
    (CONVERGES, curves(a=[[0.1, 0.9, 0.9], [0.1, 0.8, 0.9], [0.1, 0.7, 0.7]]), UNDECIDED),
    (CONVERGES, curves(a=shifted([0.1, 0.9])), UNDECIDED),
    (TREND, curves(a=shifted([0.1, 0.5, 0.4])), REPRODUCED),
    (TREND, curves(a=shifted([0.5, 0.9, 0.4])), CONTRADICTED),
    (TREND, curves(a=[[0.1, 0.5], [0.5, 0.1], [0.2, 0.3]]), UNDECIDED),
    (STEADIER, curves(a=shifted([0.1, 0.2, 0.3]), b=shifted([0.1, 0.5, 0.2])), REPRODUCED),
    (STEADIER, curves(b=shifted([0.1, 0.2, 0.3]), a=shifted([0.1, 0.5, 0.2])), CONTRADICTED),
    (STEADIER, curves(a=shifted([0.1, 0.2]), b=shifted([0.1, 0.5])), UNDECIDED),
    (EXCEEDS, curves(a=[{"test_accuracy": [0.9, 0.8 + s], "train_accuracy": [0.1, 0.2]}
                        for s in (0.0, 0.01, 0.02)]), REPRODUCED),
    (EXCEEDS, curves(a=[{"test_accuracy": [0.1, 0.2 + s], "train_accuracy": [0.9, 0.8]}
                        for s in (0.0, 0.01, 0.02)]), CONTRADICTED),
    (EXCEEDS, curves(a=[{"test_accuracy": [0.9, 0.8], "train_accuracy": [0.1, 0.2]}]), UNDECIDED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "made", "outcome"), CASES, ids=[f"{i}-{case[0].kind}" for i, case in enumerate(CASES)]
)
def test_the_verdict(tmp_path, claim, made, outcome):
    found = verdict_on(tmp_path, claim, made)
    assert found.outcome == outcome, found
    assert found.reason
    assert "eproduced" in found.rule
    assert "ontradicted" in found.rule


@pytest.mark.parametrize("model", ["ann", "snn"])
def test_one_run_decides_on_a_count_only_where_chance_has_no_part(tmp_path, model):
    claim = c.Equals(**TEXT, metric="flops_lab", value=15900, tolerance=0)
    found = verdict_on(tmp_path, claim, Made().run(0, model=model, flops_lab=15900.0))
    assert found.outcome == {"ann": REPRODUCED, "snn": UNDECIDED}[model]
    claim = c.Equals(**TEXT, metric="params", value=101, tolerance=0)
    assert verdict_on(tmp_path / "p", claim, Made().run(0)).outcome == CONTRADICTED


def test_the_numbers_behind_a_verdict_are_given_with_n(tmp_path):
    made = accuracy(a=(0.8, 0.9), b=(0.5, 0.7))
    found = verdict_on(tmp_path, c.Better(**TEXT, a=A, b=B), made)
    ((label, estimate),) = found.measured
    assert label == "test_accuracy, a - b; a: variant = a; b: variant = b"
    assert estimate.value == pytest.approx(0.25)
    # differences 0.3 and 0.2: s = 0.0707107, half = 12.7062 * s / sqrt 2
    assert estimate.half_width == pytest.approx(0.63531, abs=1e-5)
    assert (estimate.n, estimate.paired) == (2, True)


def test_runs_that_did_not_finish_are_counted(tmp_path):
    made = accuracy(a=STEADY, b=STEADY).run(9, variant="a", lr=0.1, status="diverged")
    for where, count in ((A, 1), (B, 0)):
        claim = c.Above(**TEXT, value=0.7, where=where)
        assert verdict_on(tmp_path / str(count), claim, made).unfinished == count


def test_a_configuration_whose_runs_all_failed_leaves_a_claim_open(tmp_path):
    made = accuracy(a=STEADY).run(0, variant="b", lr=0.2, status="failed")
    found = verdict_on(tmp_path, c.Above(**TEXT, value=0.7), made)
    assert found.outcome == UNDECIDED
    assert "no finished run" in found.reason


def test_one_of_many_configurations_outside_by_chance_does_not_contradict(tmp_path):
    # a's interval alone lies just below 0.835; among twenty looked at that says little
    limit = c.Above(**TEXT, value=0.835)
    assert verdict_on(tmp_path / "1", limit, accuracy(a=STEADY)).outcome == CONTRADICTED
    made = accuracy(a=STEADY)
    for k in range(19):
        made.runs("test_accuracy", (0.9, 0.91, 0.92), lr=1.0 + k)
    assert verdict_on(tmp_path / "20", limit, made).outcome == UNDECIDED


def test_a_peak_picked_among_several_values_needs_more(tmp_path):
    """0.5 beats 0.1 at 95 % but not at 97.5 %: enough if named alone, not if picked of two."""
    # mean / standard error is 2.32; Student's t with 9 degrees of freedom is 2.26 at 95 % and 2.69
    # at 97.5 %
    gaps = (0.2, 0.01, 0.12, 0.01, 0.15, 0.02, 0.01, 0.14, 0.0, 0.01)
    made = by_beta(b1=[0.3] * 10, b5=[0.3 + gap - 0.011 for gap in gaps], b7=[0.2] * 10)
    alone = c.PeakAt(**TEXT, along="beta", at=(0.5,))
    picked = c.PeakAt(**TEXT, along="beta", at=(0.5, 0.7))
    assert verdict_on(tmp_path / "1", alone, made).outcome == REPRODUCED
    assert verdict_on(tmp_path / "2", picked, made).outcome == UNDECIDED


def test_better_at_an_epoch_is_measured_there(tmp_path):
    made = curves(a=shifted([0.1, 0.6, 0.2]), b=shifted([0.5, 0.3, 0.9]))
    ((label, found),) = verdict_on(tmp_path, BETTER_AT_2, made).measured
    assert "test_accuracy at epoch 2" in label
    assert (found.value, found.n) == (pytest.approx(0.3), 3)


def test_seeds_that_agree_by_chance_do_not_make_an_accuracy_exact(tmp_path):
    """Two or three of 20 samples each: 0.55 and 0.55 say little about 0.6."""
    for values in ((0.55, 0.55), (0.55, 0.55, 0.55)):
        made = Made()
        for seed, value in enumerate(values):
            made.run(seed, test_accuracy=value, test_size=20)
        claim = c.Below(**TEXT, value=0.6)
        assert verdict_on(tmp_path / str(len(values)), claim, made).outcome == UNDECIDED
        few = c.Above(**TEXT, value=0.1)
        outcome = verdict_on(tmp_path / f"few{len(values)}", few, made).outcome
        assert outcome == (REPRODUCED if len(values) == 3 else UNDECIDED)


@pytest.mark.parametrize("tested", [20, 100, 1000])
@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("p", [0.1, 0.55, 0.98])
def test_intervals_of_accuracies_cover_what_they_should(tested, n, p):
    """Seeds whose accuracy is p but for the testing; 4,000 times."""
    draws = np.random.default_rng([tested, n, int(100 * p)]).binomial(tested, p, (4000, n)) / tested
    covered = 0
    for values in draws.tolist():
        value = sum(values) / n
        found = mean(values, error=binomial_error(value, n * tested))
        covered += found.low <= p <= found.high
    assert covered / 4000 > 0.945
