"""Every claim stands beside the figure that decides it."""

import math

import pytest

from snnbench.report.figures.claims import FIGURES, claim_figures
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.published import beside
from snnbench.report.judging.verdicts import judge
from snnbench.report.page.summary import summarise
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.studies import claims as c
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study
from tests.report.samples import Made

A, B = Selector((("beta", (0.1,)),)), Selector((("beta", (0.9,)),))
SIDES = {"text": "", "a": A, "b": B}
# A claim of every kind, the figure's title, and what its words must have.
CASES = {
    "peak_at": (c.PeakAt(text="", along="beta", at=(0.5,)), "Test accuracy by beta", "0.85 at 0.5"),
    "monotone": (c.Monotone(text="", along="beta", direction="up"), "Test accuracy by beta",
                 "0.805 at 0.1"),
    "below": (c.Below(text="", value=0.97, where=A), "Test accuracy by beta", "0.895 at 0.9"),
    "above": (c.Above(text="", value=0.5, where=A), "Test accuracy by beta", "0.895 at 0.9"),
    "equals": (c.Equals(text="", value=0.8, tolerance=0.1, where=A), "Test accuracy by beta",
               "0.805 at 0.1"),
    "better": (c.Better(**SIDES), "Test accuracy by beta", "0.85 at 0.5"),
    "no_difference": (c.NoDifference(**SIDES, margin=0.1), "Test accuracy by beta", "0.85 at 0.5"),
    "not_worse": (c.NotWorse(**SIDES, margin=0.1), "Test accuracy by beta", "0.85 at 0.5"),
    "ratio": (c.Ratio(**SIDES, value=0.9, tolerance=0.1), "Test accuracy, a / b",
              "test_accuracy 0.899"),
    "at_most": (c.AtMost(**SIDES, value=1.0), "Test accuracy, a / b", "test_accuracy 0.899"),
    "cheaper": (c.Cheaper(**SIDES, under=("compute45nm",)), "Energy, a / b", "compute45nm 0.9"),
    "overfits": (c.Overfits(text="", where=A), "Test loss and Training loss over epochs",
                 "train_loss, beta=0.1 from"),
    "converges_by": (c.ConvergesBy(text="", epoch=2, where=A), "Test accuracy over epochs",
                     "beta=0.1 from 0.403 to 0.805"),
    "trend": (c.Trend(text="", direction="up", where=A), "Test accuracy over epochs",
              "beta=0.1 from 0.403 to 0.805"),
    "steadier": (c.Steadier(**SIDES), "Test accuracy over epochs", "beta=0.9 from"),
    "exceeds": (c.Exceeds(text="", metric="train_loss", than="test_loss", where=A),
                "Training loss and Test loss over epochs", "test_loss, beta=0.1 from"),
}  # fmt: skip


@pytest.fixture
def evidence(tmp_path):
    made = Made()
    for k, beta in enumerate((0.1, 0.5, 0.9)):
        for seed in range(2):
            end = 0.8 + 0.045 * k + 0.01 * seed
            curves = {"test_accuracy": [end / 2, end, end], "test_loss": [1.0, 0.5, 0.6],
                      "train_loss": [1.0, 0.6, 0.3]}  # fmt: skip
            made.run(seed, curves, beta=beta, test_accuracy=end,
                     energy_pj_compute45nm=900.0 + 50 * k)  # fmt: skip
    tables = load([made.write(tmp_path / "results")])
    return Evidence(configurations_of(tables.runs), tables.epochs, tables.layers)


def drawn(evidence, claims, published=()):
    return claim_figures(
        "s1", evidence, [judge(one, evidence) for one in claims],
        [beside(number, evidence, claims) for number in published],
    )  # fmt: skip


def test_there_is_a_case_and_a_figure_for_every_kind():
    assert set(CASES) == set(c.KINDS)
    assert set(FIGURES) == set(c.KINDS.values())


@pytest.mark.parametrize("kind", CASES)
def test_the_figure_shows_what_the_claim_is_about(evidence, kind):
    claim, title, told = CASES[kind]
    assert claim.kind == kind
    (figure,) = drawn(evidence, [claim])
    assert figure.title == title
    assert told in figure.description
    assert figure.name == "s1-claim-1"


def test_a_ratios_figure_has_the_numbers_of_the_verdict(evidence):
    claim = CASES["ratio"][0]
    ((_, found),) = judge(claim, evidence).measured
    assert found.value == pytest.approx(math.sqrt(0.8 / 0.89 * 0.81 / 0.9))
    (figure,) = drawn(evidence, [claim])
    assert f"test_accuracy {found.value:.4g}." in figure.description
    assert "a / b is 0.9, within 10%" in figure.caption


def test_claims_that_need_the_same_figure_share_it(evidence):
    kinds = ["peak_at", "better", "trend", "converges_by", "equals", "ratio", "at_most"]
    found = drawn(evidence, [CASES[kind][0] for kind in kinds])
    peak, better, trend, converges, equals, ratio, at_most = found
    assert better is equals
    assert trend is converges
    assert len({figure.name for figure in found}) == len({id(figure) for figure in found})
    assert ratio is not at_most  # each has a region of its own
    assert peak.title == better.title


@pytest.mark.parametrize("value", [0.87, 0.1])
def test_published_numbers_are_marked_in_the_figure_of_their_runs(evidence, value):
    theirs = c.Published(text="", value=value, where=B)
    claims = [CASES["better"][0], CASES["steadier"][0]]
    along, over = drawn(evidence, claims, [theirs])
    assert f"Published: {value:g} at beta = 0.9." in along.description
    assert "published" in over.svg
    # not where it would hide the rest
    assert ("published</text>" in along.svg) == (value == 0.87)
    other = c.Published(text="", value=value, metric="train_loss", where=B)
    along, over = drawn(evidence, claims, [other])
    assert "ublished" not in along.description + along.svg + over.svg


def test_what_is_spoken_of_is_never_off_the_figure(tmp_path):
    made = Made()
    for beta, end in ((0.1, 0.9), (0.2, 0.905), (0.5, 0.91), (0.9, 0.915), (5.0, 0.1)):
        for seed in range(2):
            made.run(seed, beta=beta, test_accuracy=end + 0.002 * seed)
    tables = load([made.write(tmp_path)])
    evidence = Evidence(configurations_of(tables.runs), tables.epochs, tables.layers)
    low = c.Below(text="", value=0.2, where=Selector((("beta", (5.0,)),)))
    whole, own = drawn(evidence, [c.Better(**SIDES), low])
    assert "at 5" in whole.description
    assert own.description.startswith("beta=5: 0.101.")
    assert "edge" not in own.caption


def test_a_claim_without_runs_has_no_figure(evidence):
    nobody = Selector((("beta", (7.0,)),))
    claims = [
        c.Below(text="", value=1.0, where=nobody, epoch=1),
        c.Trend(text="", direction="up", where=nobody),
        c.Ratio(text="", a=nobody, b=B, value=1.0, tolerance=0.1),
    ]
    found = drawn(evidence, claims)
    assert found == [None, None, None]


def test_a_section_has_a_figure_for_each_verdict(tmp_path):
    made = Made()
    for seed in range(2):
        for beta in (0.1, 0.9):
            made.run(seed, beta=beta, test_accuracy=0.8 + beta / 10 + 0.01 * seed)
    claims = (CASES["better"][0], CASES["trend"][0])
    tables = load([made.write(tmp_path)])
    (section,) = summarise(tables, {"made-up": Study("s", claims=claims)}).sections
    assert [figure and figure.title for figure in section.claim_figures] == [
        "Test accuracy by beta", None,
    ]  # fmt: skip
    bare = summarise(tables, {"made-up": Study("s", claims=claims)}, with_figures=False)
    assert bare.sections[0].claim_figures == ()
