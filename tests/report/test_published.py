"""Numbers of documents beside ours: judged by a rule that noise makes no easier, and by claims."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.published import RULE, beside
from snnbench.report.judging.verdicts import judge
from snnbench.report.page.render import to_document, to_html, to_markdown
from snnbench.report.page.summary import summarise
from snnbench.report.page.tables import section_tables
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.report.reading.statistics import binomial_error
from snnbench.studies.claims import Above, Below, Equals, Published
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study
from tests.report.page import Page
from tests.report.samples import Made

SPREADS = (0.0, 0.001, 0.003, 0.01, 0.1)  # of three seeds around 0.9; by beta
TEXT = {"text": "said"}


def where(*betas):
    return Selector((("beta", betas),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = Made()
    for k, spread in enumerate(SPREADS):
        for seed, step in enumerate((-1, 0, 1)):
            made.run(seed, beta=round(0.1 * k, 1), test_accuracy=0.9 + step * spread,
                     flops_lab=1000.0 + step, train_seconds=60.0 + step)  # fmt: skip
    made.run(0, beta=0.7, test_accuracy=0.9)
    folder = made.write(tmp_path_factory.mktemp("made"))
    assert len(load([folder]).runs) == len(made.rows)
    return folder


@pytest.fixture(scope="module")
def evidence(folder):
    tables = load([folder])
    return Evidence(configurations_of(tables.runs), tables.epochs, tables.layers)


def outcome(evidence, value, beta=0.1, claims=(), **more):
    return beside(Published(**TEXT, value=value, where=where(beta), **more), evidence, claims)


@pytest.mark.parametrize(
    ("value", "more", "beta", "said", "within"),
    [
        # intervals: 0.9 +- 2.4841 spread; 10^12 samples tested
        (0.90, {"decimals": 2}, 0.1, "agrees", "\N{PLUS-MINUS SIGN} 0.005"),
        (0.90, {"decimals": 3}, 0.1, "undecided", "\N{PLUS-MINUS SIGN} 0.000501"),
        (0.90, {"decimals": 2}, 0.2, "undecided", "\N{PLUS-MINUS SIGN} 0.005"),
        (0.90, {"decimals": 2}, 0.4, "undecided", "\N{PLUS-MINUS SIGN} 0.005"),  # inside its noise
        (0.90, {"decimals": 1}, 0.3, "agrees", "\N{PLUS-MINUS SIGN} 0.05"),
        (0.91, {}, 0.1, "differs", "\N{PLUS-MINUS SIGN} 0.005"),
        (0.91, {}, 0.4, "undecided", "\N{PLUS-MINUS SIGN} 0.005"),
        (0.91, {"tolerance": 0.02}, 0.1, "agrees", "\N{PLUS-MINUS SIGN} 0.02"),
        (0.91, {"tolerance": 0.0}, 0.1, "differs", "\N{PLUS-MINUS SIGN} 0"),
        (0.9, {"tolerance": 0.01}, 0.7, "undecided", "\N{PLUS-MINUS SIGN} 0.01"),  # one seed
        (100.0, {"metric": "params"}, 0.7, "agrees", "\N{PLUS-MINUS SIGN} 0.5"),  # exact
        (101.0, {"metric": "params"}, 0.7, "differs", "\N{PLUS-MINUS SIGN} 0.5"),
        (1e3, {"metric": "flops_lab", "decimals": -2}, 0.1, "agrees", "\N{PLUS-MINUS SIGN} 50"),
        (1e3, {"metric": "flops_lab"}, 0.1, "undecided", "\N{PLUS-MINUS SIGN} 0.5"),
        (60.0, {"metric": "train_seconds"}, 0.1, None, "a machine's: not judged"),
        (60.0, {"metric": "train_seconds", "tolerance": 99.0}, 0.1, None,
         "a machine's: not judged"),
        (5.0, {"metric": "measured_train_j"}, 0.1, None, "a machine's: not judged"),
        (0.5, {"metric": "train_accuracy"}, 0.1, "undecided", "\N{PLUS-MINUS SIGN} 0.05"),
    ],
)  # fmt: skip
def test_it_agrees_where_the_whole_interval_is_near(evidence, value, more, beta, said, within):
    row = outcome(evidence, value, beta, **more)
    assert (row.outcome, row.within) == (said, within)
    assert row.agrees is {"agrees": True, "differs": False}.get(said)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.integers(1, 4))
def test_a_wider_interval_makes_no_number_agree_and_none_differ(evidence, value, decimals):
    said = [
        outcome(evidence, round(value, decimals), beta=round(0.1 * k, 1), decimals=decimals).outcome
        for k in range(len(SPREADS))
    ]
    ranks = [said.index("undecided") if "undecided" in said else len(said)]
    assert len(set(said[: ranks[0]])) <= 1
    assert set(said[ranks[0] :]) <= {"undecided"}


def test_the_margin_has_the_chance_of_the_whole_data_set_not_of_what_was_tested(tmp_path):
    made = Made()
    for k, size in enumerate((20, 10_000)):
        for seed in range(3):
            made.run(seed, dataset="mnist", beta=0.1 * k, test_samples=size, test_size=size,
                     test_accuracy=0.9)  # fmt: skip
    tables = load([made.write(tmp_path)])
    found = Evidence(configurations_of(tables.runs), tables.epochs, tables.layers)
    margin = 0.005 + 1.959964 * binomial_error(0.9, 10_000)
    for beta in (0.0, 0.1):
        row = outcome(found, 0.9, beta, decimals=2)
        assert row.within == f"\N{PLUS-MINUS SIGN} {margin:.3g}"
        assert row.outcome == ("agrees" if beta else "undecided")


KINDS = {
    "equals": lambda value, tolerance: Equals(**TEXT, value=value, tolerance=tolerance),
    "above": lambda value, _: Above(**TEXT, value=value),
    "below": lambda value, _: Below(**TEXT, value=value),
}


@settings(max_examples=80, deadline=None)
@given(
    value=st.sampled_from([0.88, 0.895, 0.899, 0.9, 0.901, 0.91, 0.95]),
    decimals=st.integers(1, 4),
    tolerance=st.none() | st.sampled_from([0.0, 0.001, 0.01, 0.1]),
    kinds=st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from([0.0, 0.002, 0.02]),
                             st.sampled_from([(), (0.1,), (0.1, 0.4), (0.4,), (0.7,)])),
                   min_size=1, max_size=3),
    beta=st.sampled_from([0.1, 0.4, 0.7]),
)  # fmt: skip
def test_it_never_contradicts_a_claim_about_it(evidence, value, decimals, tolerance, kinds, beta):
    claims = [
        type(made)(**{**vars(made), "where": where(*betas) if betas else Selector()})
        for kind, size, betas in kinds
        for made in [KINDS[kind](value, size)]
    ]
    row = outcome(evidence, value, beta, claims, decimals=decimals, tolerance=tolerance)
    for claim in claims:
        if not (claim.where.wanted and beta not in claim.where.wanted[0][1]):
            verdict = judge(claim, evidence).outcome
            assert (row.outcome, verdict) != ("differs", "reproduced")
            if claim.where == where(beta):  # else others of its runs may be what contradicts
                assert (row.outcome, verdict) != ("agrees", "contradicted")
                if len(claims) == 1:
                    expected = {"reproduced": "agrees", "contradicted": "differs"}
                    assert row.outcome == expected.get(verdict, verdict)


def test_a_claim_about_other_runs_metrics_values_or_epochs_is_not_about_it(evidence):
    claim = {**TEXT, "value": 0.91, "tolerance": 0.05}
    others = (
        Equals(**claim, where=where(0.2)),
        Equals(**claim, metric="val_accuracy"),
        Equals(**(claim | {"value": 0.92})),
        Equals(**claim, epoch=1),
    )
    assert outcome(evidence, 0.91, claims=others).outcome == "differs"
    row = outcome(evidence, 0.91, claims=(*others, Equals(**claim)))
    assert (row.outcome, row.within) == ("agrees", "its claim: \N{PLUS-MINUS SIGN} 0.05")
    row = outcome(evidence, 0.91, claims=(Below(**TEXT, value=0.91),))  # a bound
    assert (row.outcome, row.within) == ("agrees", "its claim: below 0.91")


def test_a_number_that_no_run_has_is_undecided(evidence):
    row = outcome(evidence, 0.9, beta=0.55)
    assert (row.measured, row.outcome) == (None, "undecided")


def test_the_page_says_how_it_was_judged_and_by_which_rule(folder):
    numbers = (
        Published(**TEXT, value=0.9, where=where(0.1), decimals=2),
        Published(**TEXT, value=60.0, metric="train_seconds", where=where(0.1)),
    )
    report = summarise(load([folder]), {"made-up": Study("made-up", published=numbers)},
                       with_figures=False)  # fmt: skip
    (section,) = report.sections
    table = next(t for t in section_tables(section) if t.title == "Published against measured")
    assert table.header[-2:] == ("within", "outcome")
    assert [row[-1] for row in table.rows] == ["agrees", ""]
    html = to_html(report)
    assert RULE in Page(html).texts
    assert "wider interval makes no number agree" in to_markdown(report)
    document = json.loads(json.dumps(to_document(report)))["studies"][0]
    assert document["rule_of_published"] == RULE
    assert [(n["agrees"], n["outcome"]) for n in document["published"]] == [
        (True, "agrees"), (None, None),
    ]  # fmt: skip
    assert all(math.isfinite(n["measured"]["value"]) for n in document["published"])
