"""Not worse, at most, cheaper: outcomes on made-up tables, and how often chance errs."""

import numpy as np
import pytest

from snnbench.report.judging.deciding import Part, Region, decide, decide_any
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.pairing import Pair
from snnbench.report.judging.verdicts import judge
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.report.reading.statistics import Estimate
from snnbench.studies import claims as c
from tests.report.samples import Made
from tests.report.test_verdicts import CASES as TWO_SIDED
from tests.report.test_verdicts import (
    CONTRADICTED,
    NOISY,
    REPRODUCED,
    STEADY,
    TEXT,
    TWICE,
    UNDECIDED,
    ZERO,
    A,
    B,
    accuracy,
    curves,
    shifted,
    verdict_on,
)

PAIR = {"a": A, "b": B} | TEXT
HIGHER = (0.805, 0.814, 0.826)  # than STEADY by half a point
COST, LESS = (1000.0, 1010.0, 990.0), (480.0, 500.0, 490.0)


def costing(a, b, column="energy_pj_compute45nm", **more):
    """Return runs with two energies; `more` is column -> values of a, of b."""
    made = Made()
    given = {column: (a, b)} | more
    for side, name in enumerate("ab"):
        for seed in range(max(len(values[side]) for values in given.values())):
            values = {column: pair[side][seed] for column, pair in given.items() if pair[side]}
            made.run(seed, **{"variant": name, "lr": 0.1 + side, "energy_pj_compute45nm": None,
                              "dense_macs": None, "flops_lab": None} | values)  # fmt: skip
    return made


NOT_WORSE = c.NotWorse(**PAIR, margin=0.02)
SMALLER = c.NotWorse(**PAIR, margin="5%", direction="min", metric="energy_pj_compute45nm")
AT_MOST = c.AtMost(**PAIR, value=0.6, metric="energy_pj_compute45nm")
CHEAPER = c.Cheaper(**PAIR)
NAMED = c.Cheaper(**PAIR, under=("compute45nm",))
CASES = [
    (NOT_WORSE, accuracy(a=STEADY, b=HIGHER), REPRODUCED),
    (c.NotWorse(**PAIR, margin="2%"), accuracy(a=STEADY, b=HIGHER), REPRODUCED),
    (NOT_WORSE, accuracy(a=STEADY, b=(0.1, 0.11, 0.12)), REPRODUCED),  # far better
    (NOT_WORSE, accuracy(a=(0.7, 0.71, 0.73), b=STEADY), CONTRADICTED),
    (c.NotWorse(**PAIR, margin=0.001), accuracy(a=STEADY, b=HIGHER), CONTRADICTED),
    (NOT_WORSE, accuracy(a=NOISY, b=STEADY), UNDECIDED),
    (NOT_WORSE, accuracy(a=(0.9,), b=(0.1,)), UNDECIDED),
    (NOT_WORSE, accuracy(a=(0.9, 0.9), b=(0.1, 0.1)), UNDECIDED),  # two of few samples
    (c.NotWorse(**PAIR, margin=0.01, epoch=2), curves(a=shifted([0.1, 0.6]), b=shifted([0.9, 0.3])),
     REPRODUCED),
    (SMALLER, costing(LESS, COST), REPRODUCED),
    (SMALLER, costing(COST, LESS), CONTRADICTED),
    (SMALLER, costing((990.0, 1010.0, 1200.0), COST), UNDECIDED),
    (c.NotWorse(**PAIR, margin="60%", metric="energy_pj_compute45nm"), costing(LESS, COST),
     REPRODUCED),
    (c.NotWorse(**PAIR, margin="40%", metric="energy_pj_compute45nm"), costing(LESS, COST),
     CONTRADICTED),
    (AT_MOST, costing(LESS, COST), REPRODUCED),
    (AT_MOST, costing(COST, LESS), CONTRADICTED),
    (AT_MOST, costing((300.0, 600.0, 900.0), COST), UNDECIDED),
    (AT_MOST, costing(ZERO, COST), UNDECIDED),
    (AT_MOST, costing(LESS, ()), UNDECIDED),
    (CHEAPER, costing(LESS, COST), REPRODUCED),
    (CHEAPER, costing(COST, LESS), CONTRADICTED),
    (CHEAPER, costing((300.0, 600.0, 2000.0), COST), UNDECIDED),
    (CHEAPER, costing(LESS, ()), UNDECIDED),
    (NAMED, costing(LESS, COST), REPRODUCED),
    (c.Cheaper(**PAIR, under=("compute45nm", "loihi")), costing(LESS, COST), UNDECIDED),
    (c.Cheaper(**PAIR, under=("compute45nm", "loihi")), costing(COST, LESS), CONTRADICTED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "made", "outcome"), CASES, ids=[f"{i}-{case[0].kind}" for i, case in enumerate(CASES)]
)
def test_the_verdict(tmp_path, claim, made, outcome):
    found = verdict_on(tmp_path, claim, made)
    assert found.outcome == outcome, found
    assert "eproduced" in found.rule
    assert "ontradicted" in found.rule


def test_every_kind_of_claim_has_every_outcome_among_the_cases():
    seen = {(claim.kind, outcome) for claim, _, outcome in (*TWO_SIDED, *CASES)}
    assert seen == {(k, o) for k in c.KINDS for o in (REPRODUCED, CONTRADICTED, UNDECIDED)}


def test_the_ends_are_one_sided_bounds(tmp_path):
    """Differences -0.005, -0.004, -0.006: s = 0.001, Student's t of 95 % one-sided is 2.91999."""
    found = verdict_on(tmp_path, NOT_WORSE, accuracy(a=STEADY, b=HIGHER))
    ((label, estimate),) = found.measured
    assert label.startswith("test_accuracy, a - b, each end one-sided at 95 %; a: variant = a")
    assert estimate.value == pytest.approx(-0.005)
    assert estimate.half_width == pytest.approx(2.919986 * 0.001 / 3**0.5, rel=1e-5)
    assert (estimate.n, estimate.paired, estimate.confidence) == (3, True, pytest.approx(0.9))


def test_a_ratio_is_the_geometric_mean_by_seed(tmp_path):
    ((_, estimate),) = verdict_on(tmp_path, AT_MOST, costing(LESS, COST)).measured
    logs = np.log(np.array(LESS) / np.array(COST))
    half = 2.919986 * logs.std(ddof=1) / 3**0.5
    assert estimate.value == pytest.approx(np.exp(logs.mean()))
    assert (estimate.low, estimate.high) == pytest.approx(
        np.exp(logs.mean() + half * np.array([-1, 1]))
    )


def test_why_there_is_no_ratio(tmp_path):
    zero = verdict_on(tmp_path / "0", AT_MOST, costing(ZERO, COST))
    assert zero.reason == "a value that is not above 0 has no ratio"
    assert verdict_on(tmp_path / "1", AT_MOST, costing((), COST)).reason == "no finished run has it"
    ratio = c.Ratio(**PAIR, value=1, tolerance=9)
    both = verdict_on(tmp_path / "2", ratio, accuracy(a=TWICE, b=ZERO))
    assert both.reason == zero.reason


TWO_MODELS = [  # energies by fp16 of a and b, where those by compute45nm are LESS and COST
    (LESS, COST, "all", REPRODUCED), (LESS, COST, "any", REPRODUCED),
    (COST, LESS, "all", CONTRADICTED), (COST, LESS, "any", REPRODUCED),
    ((300.0, 600.0, 2000.0), COST, "all", UNDECIDED),
    (COST, LESS, ("compute45nm",), REPRODUCED), (COST, LESS, ("compute45nm-fp16",), CONTRADICTED),
]  # fmt: skip


class Energies(Evidence):
    """Evidence whose energies are given: model's name -> side -> values by seed."""

    def energy(self, configuration, word, beside=()):
        values = self.given.get(word.name, {}).get(configuration.row["variant"], ())
        return dict(enumerate(values))


def energies(folder, claim, given):
    tables = load([costing(LESS, COST).write(folder)])
    evidence = Energies(configurations_of(tables.runs), tables.epochs, tables.layers)
    object.__setattr__(evidence, "given", given)
    return judge(claim, evidence)


@pytest.mark.parametrize(("a", "b", "under", "outcome"), TWO_MODELS)
def test_under_all_any_or_named_models(tmp_path, a, b, under, outcome):
    given = {"compute45nm": {"a": LESS, "b": COST}, "compute45nm-fp16": {"a": a, "b": b}}
    found = energies(tmp_path, c.Cheaper(**PAIR, under=under), given)
    assert found.outcome == outcome, found.reason
    assert len(found.measured) == (1 if isinstance(under, tuple) else 2)
    if b == LESS and under == "all":
        assert found.reason.startswith("cheaper by compute45nm; not by compute45nm-fp16; left out")


@pytest.mark.parametrize(
    ("a", "outcome"), [(COST, CONTRADICTED), ((300.0, 600.0, 2000.0), UNDECIDED)]
)
def test_under_any_it_takes_all_to_contradict(tmp_path, a, outcome):
    b = LESS if a == COST else COST
    given = {"compute45nm": {"a": COST, "b": LESS}, "compute45nm-fp16": {"a": a, "b": b}}
    found = energies(tmp_path, c.Cheaper(**PAIR, under="any"), given)
    assert found.outcome == outcome, found.reason


def test_models_that_count_one_network_only_are_left_out_and_named(tmp_path):
    given = {"compute45nm": {"a": LESS, "b": COST}, "loihi": {"a": LESS}, "truenorth": {"b": LESS}}
    found = energies(tmp_path, CHEAPER, given)
    assert found.outcome == REPRODUCED
    assert found.reason.startswith("cheaper by compute45nm; left out, as they do not count both: ")
    assert {"loihi (only a)", "truenorth (only b)", "gpu (neither)"} <= set(
        found.reason.partition("both: ")[2].split(", ")
    )
    none = energies(tmp_path / "none", CHEAPER, {"loihi": {"a": LESS}})
    assert (none.outcome, none.measured) == (UNDECIDED, ())
    assert none.reason.startswith("no energy model counts both networks; left out")


def test_a_network_that_answers_nothing_has_no_price(tmp_path):
    made = Made()
    for seed in range(3):
        made.run(seed, variant="a", lr=0.1, activity="silent", energy_pj_compute45nm=1.0 + seed)
        made.run(seed, variant="b", lr=0.2, activity="alive", energy_pj_compute45nm=900.0 + seed)
    for under in ("all", "any", ("compute45nm",)):
        claim = c.Cheaper(**PAIR, under=under)
        found = verdict_on(tmp_path / str(under), claim, made)
        assert found.outcome == UNDECIDED
        assert "all networks of a are silent" in found.reason
    assert verdict_on(tmp_path / "most", AT_MOST, made).outcome == UNDECIDED


def test_one_of_many_is_held_at_a_higher_confidence():
    """An interval that is below 1 at 95 % only is one of two that might be by chance."""

    def part(width):
        def estimate(confidence):  # narrow enough at 90 % two-sided, not at 95 %
            half = width if confidence < 0.92 else 10 * width
            return Estimate(0.9, 5, 0.9 - half, 0.9 + half, confidence)

        return Part("x", estimate, Region(high=1.0), one_sided=True)

    assert decide_any([part(0.05)]).outcome == REPRODUCED
    assert decide_any([part(0.05), part(0.5)]).outcome == UNDECIDED
    assert decide([part(0.05), part(0.05)]).outcome == REPRODUCED
    assert decide_any([]).outcome == UNDECIDED


@pytest.mark.parametrize("n", [3, 5, 20])
def test_one_sided_bounds_cover_what_they_should(n):
    """Differences and ratios of seeds drawn 4,000 times: each bound is wrong in 5 %."""
    rng = np.random.default_rng(n)
    wrong = np.zeros((2, 2))
    for _ in range(4000):
        seeds = rng.normal(0, 0.2, n)  # what a seed does to both sides
        a, b = 2 + seeds + rng.normal(0, 0.1, (2, n))
        found = part_of(Pair(by_seed(a), by_seed(b + 0.5)), "difference")
        wrong[0] += found.low > -0.5, found.high < -0.5
        found = part_of(Pair(by_seed(np.exp(a)), by_seed(3 * np.exp(b))), "ratio")
        wrong[1] += found.low > 1 / 3, found.high < 1 / 3
    assert np.abs(wrong / 4000 - 0.05).max() < 4 * (0.05 * 0.95 / 4000) ** 0.5


def test_a_margin_that_is_a_part_of_b_is_wrong_as_often_as_it_should_be():
    """a is worse than b by exactly 10 %: it is called no worse in 5 % of 4,000."""
    rng = np.random.default_rng(1)
    wrong = np.zeros(2)
    for _ in range(4000):
        a, b = rng.normal(0.9, 0.1, 5), rng.normal(1, 0.1, 5)
        found = part_of(Pair(by_seed(a), by_seed(b)).shifted(-0.1), "difference")
        wrong += found.low > 0, found.high < 0
    assert np.abs(wrong / 4000 - 0.05).max() < 4 * (0.05 * 0.95 / 4000) ** 0.5


def by_seed(values):
    return dict(enumerate(values.tolist()))


def part_of(pair, what):
    return Part("", getattr(pair, what), Region(), one_sided=True).at()
