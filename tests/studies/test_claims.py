"""What a study says of its document: read kind by kind, refused with its line."""

import math

import pytest

from snnbench.errors import UserError
from snnbench.studies import claims
from snnbench.studies.claims import KINDS, Published
from snnbench.studies.plan import expand
from snnbench.studies.reading import read_study
from snnbench.studies.selecting import EVERYTHING, Selector, select

STUDY = """\
seeds = 2

[base]
dataset = "mnist"
arch = "10-10"

[vary]
beta = [0.1, 0.5, 0.9]

[variants.ann]
model = "ann"

[variants.snn]
"""
CLAIM_LINE = len(STUDY.splitlines()) + 1  # where what is added to it begins


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "s.toml"
        path.write_text(STUDY + text)
        return read_study(path)

    return read


def claim(kind, *lines):
    return "\n".join(["[[claims]]", "text = 'so it is'", f"kind = '{kind}'", *lines, ""])


def where(**wanted):
    return Selector(tuple((name, values) for name, values in wanted.items()))


PAIR = ("a = { variant = 'snn' }", "b = { variant = 'ann' }")
A, B = where(variant=("snn",)), where(variant=("ann",))


@pytest.mark.parametrize(
    ("kind", "lines", "made"),
    [
        (
            "peak_at",
            ["along = 'beta'", "at = 0.1"],
            claims.PeakAt(text="so it is", along="beta", at=(0.1,)),
        ),
        (
            "peak_at",
            ["along = 'beta'", "at = [0.1, '0.5']", "direction = 'min'", "metric = 'test_loss'"],
            claims.PeakAt(
                text="so it is", along="beta", at=(0.1, 0.5), direction="min", metric="test_loss"
            ),
        ),
        (
            "below",
            ["value = 0.2", "where = { beta = [0.5, 0.9] }", "source = 'figure 2'"],
            claims.Below(
                text="so it is", value=0.2, where=where(beta=(0.5, 0.9)), source="figure 2"
            ),
        ),
        (
            "above",
            ["value = 1", "epoch = 3", "metric = 'train_loss'"],
            claims.Above(text="so it is", value=1.0, epoch=3, metric="train_loss"),
        ),
        (
            "equals",
            ["value = -0.2", "tolerance = 0"],
            claims.Equals(text="so it is", value=-0.2, tolerance=0.0),
        ),
        ("better", PAIR, claims.Better(text="so it is", a=A, b=B)),
        (
            "better",
            [*PAIR, "by = 0.03", "direction = 'min'", "metric = 'train_seconds'"],
            claims.Better(
                text="so it is", a=A, b=B, by=0.03, direction="min", metric="train_seconds"
            ),
        ),
        (
            "better",
            [*PAIR, "epoch = 5", "metric = 'train_accuracy'"],
            claims.Better(text="so it is", a=A, b=B, epoch=5, metric="train_accuracy"),
        ),
        (
            "no_difference",
            [*PAIR, "margin = 0.01"],
            claims.NoDifference(text="so it is", a=A, b=B, margin=0.01),
        ),
        (
            "monotone",
            ["along = 'beta'", "direction = 'up'"],
            claims.Monotone(text="so it is", along="beta", direction="up"),
        ),
        (
            "monotone",
            ["along = 'beta'", "direction = 'down'", "between = [0.5, 2]"],
            claims.Monotone(text="so it is", along="beta", direction="down", between=(0.5, 2.0)),
        ),
        (
            "ratio",
            [*PAIR, "value = 0.69", "tolerance = 0.1", "metric = 'flops_lab'"],
            claims.Ratio(
                text="so it is", a=A, b=B, value=0.69, tolerance=0.1, metric="flops_lab"
            ),
        ),
        ("not_worse", [*PAIR, "margin = 0.01"],
         claims.NotWorse(text="so it is", a=A, b=B, margin=0.01)),
        ("not_worse", [*PAIR, "margin = ' 1% '", "direction = 'min'", "metric = 'test_loss'"],
         claims.NotWorse(text="so it is", a=A, b=B, margin="1%", direction="min",
                         metric="test_loss")),
        ("at_most", [*PAIR, "value = 0.5", "metric = 'flops_lab'"],
         claims.AtMost(text="so it is", a=A, b=B, value=0.5, metric="flops_lab")),
        ("cheaper", PAIR, claims.Cheaper(text="so it is", a=A, b=B, under="all")),
        ("cheaper", [*PAIR, "under = 'any'"],
         claims.Cheaper(text="so it is", a=A, b=B, under="any")),
        ("cheaper", [*PAIR, "under = 'loihi'"],
         claims.Cheaper(text="so it is", a=A, b=B, under=("loihi",))),
        ("cheaper", [*PAIR, "under = ['memory45nm:bits=8', 'compute45nm-dense']"],
         claims.Cheaper(text="so it is", a=A, b=B,
                        under=("memory45nm:bits=8", "compute45nm-dense"))),
        ("overfits", [], claims.Overfits(text="so it is")),
        (
            "overfits",
            ["after = 100", "metric = 'val_loss'"],
            claims.Overfits(text="so it is", after=100, metric="val_loss"),
        ),
        ("converges_by", ["epoch = 2"], claims.ConvergesBy(text="so it is", epoch=2)),
        (
            "converges_by",
            ["epoch = 2", "share = 0.95"],
            claims.ConvergesBy(text="so it is", epoch=2, share=0.95),
        ),
        (
            "trend",
            ["direction = 'up'", "metric = 'flops_lab_test'"],
            claims.Trend(text="so it is", direction="up", metric="flops_lab_test"),
        ),
        ("steadier", PAIR, claims.Steadier(text="so it is", a=A, b=B)),
        (
            "exceeds",
            ["metric = 'test_loss'", "than = 'train_loss'"],
            claims.Exceeds(text="so it is", metric="test_loss", than="train_loss"),
        ),
    ],
)  # fmt: skip
def test_a_claim_of_each_kind_is_read(read, kind, lines, made):
    assert read(claim(kind, *lines)).claims == (made,)
    assert made.kind == kind
    assert type(made) is KINDS[kind]


def test_every_kind_is_read_by_a_test():
    marks = test_a_claim_of_each_kind_is_read.pytestmark
    assert {case[0] for case in marks[0].args[1]} == set(KINDS)


def test_published_numbers_are_read(read):
    study = read(
        "[[published]]\ntext = 'parameters'\nvalue = 7960\nmetric = 'params'\ntolerance = 0\n"
        "where = { variant = 'ann' }\nsource = 'table 1'\n[[published]]\ntext = 'b'\nvalue = 0.5\n"
    )
    assert study.published == (
        Published(text="parameters", value=7960.0, metric="params", tolerance=0.0, where=B,
                  source="table 1", decimals=0),
        Published(text="b", value=0.5, metric="test_accuracy", decimals=1),
    )  # fmt: skip


BETTER = claim("better", *PAIR)


@pytest.mark.parametrize(
    ("text", "line", "problem", "remedy"),
    [
        ("[claims]\ntext = 'a'\n", 1, "claims must be tables.", "Write [[claims]] above each."),
        ("[published]\ntext = 'a'\n", 1, "published must be tables.", "Write [[published]]"),
        ("[[claims]]\ntext = 'a'\n", 1, "one of the claims has no kind.", "Add one: peak_at, "),
        (claim("pek_at"), 3, "kind: 'pek_at' is not known.", "Did you mean 'peak_at'?"),
        ("[[claims]]\nkind = 3\n", 2, "kind: '3' is not known.", "Choose one of: peak_at"),
        ("[[claims]]\nkind = 'overfits'\n", 1, "kind 'overfits' lacks text.", "Write text = ..."),
        (BETTER + claim("below"), 6, "kind 'below' lacks value.", "Write value = ..."),
        (claim("equals", "value = 1"), 1, "kind 'equals' lacks tolerance.", "Write tolerance"),
        (claim("better", PAIR[0]), 1, "kind 'better' lacks b.", "Write b = ..."),
        ("[[published]]\ntext = 'a'\n", 1, "a published number lacks value.", "Write value"),
        (
            claim("below", "vaule = 1"),
            4,
            "kind 'below' has no key 'vaule'.",
            "Did you mean 'value'?",
        ),
        (
            claim("below", "value = 1", "by = 1"),
            5,
            "kind 'below' has no key 'by'.",
            "Choose one of: text, source, metric, where, value, epoch.",
        ),
        ("[[claims]]\nkind = 'overfits'\n\ntext = 2\n", 4, "text must be a text.", "Put it"),
        (claim("overfits", "source = ' '"), 4, "source must be a text.", "Put it between quotes."),
        (claim("below", "value = 'x'"), 4, "value: 'x' is not a number", "Give value"),
        (claim("below", "value = nan"), 4, "value: nan is not a finite number.", "Give value"),
        (claim("below", "value = true"), 4, "value: True is not a number", "Give value"),
        (
            claim("below", "value = 1", "metric = 'test_acuracy'"),
            5,
            "metric: 'test_acuracy' is not known here.",
            "Did you mean 'test_accuracy'?",
        ),
        (claim("below", "value = 1", "metric = 'lr'"), 5, "metric: 'lr' is not known", "Choose"),
        (
            claim("below", "value = 1", "epoch = 1", "metric = 'params'"),
            6,
            "metric: 'params' is not known here.",
            "Choose one of: train_loss",
        ),
        (
            claim("overfits", "metric = 'train_loss'"),
            4,
            "metric: 'train_loss' is not known here.",
            "Did you mean",
        ),
        (claim("trend", "direction = 'max'"), 4, "direction: 'max' is not known", "Choose one of"),
        (claim("better", *PAIR, "direction = 'up'"), 6, "direction: 'up' is not", "Choose one of"),
        (claim("better", *PAIR, "by = -1"), 6, "by: -1 is out of range.", "Give from 0"),
        (claim("no_difference", *PAIR, "margin = -1"), 6, "margin: -1 is out of range.", "Give"),
        (claim("converges_by", "epoch = 0"), 4, "epoch: 0 is out of range.", "Epochs count"),
        (claim("converges_by", "epoch = 1.5"), 4, "epoch: 1.5 is not a whole number.", "Give"),
        (claim("converges_by", "epoch = 1", "share = 2"), 5, "share: 2 is out of", "Give from 0"),
        (claim("overfits", "where = 3"), 4, "where must be a table.", "Write where = {"),
        (
            claim("overfits", "where = { betaa = 1 }"),
            4,
            "where: 'betaa' is neither a setting nor 'variant'.",
            "Did you mean 'beta'?",
        ),
        (
            claim("overfits", "[claims.where]", "variant = 'snn'", "beta = 'high'"),
            6,
            "beta: 'high' is not a number",
            "Give beta",
        ),
        (
            claim("overfits", "where = { variant = ['snn', 'an'] }"),
            4,
            "variant: 'an' is not known here.",
            "Did you mean 'ann'?",
        ),
        (claim("overfits", "where = { beta = [] }"), 4, "beta: there are no values.", "Give one"),
        (
            claim("overfits", "where = { teacher = 'a' }"),
            4,
            "where: runs cannot be told apart by teacher.",
            "Leave it out: it is a path",
        ),
        (
            claim("overfits", "where = { beta = 0.6 }"),
            4,
            "no run of the study has beta = 0.6.",
            "Its runs have 0.1, 0.5, 0.9.",
        ),
        (
            claim("overfits", "where = { arch = '20-10' }"),
            4,
            "no run of the study has arch = 20-10.",
            "Its runs have 10-10.",
        ),
        (
            claim("better", "a = { beta = 0.1 }", "b = { beta = [0.5, 2] }"),
            5,
            "no run of the study has beta = 2.",
            "Its runs have",
        ),
        (
            claim("overfits", "where = { variant = 'ann', beta = 0.1 }"),
            4,
            "no run of the study has variant = ann, beta = 0.1.",
            "Change it, or what is varied.",
        ),
        (
            claim("better", *PAIR, "where = { beta = 0.1 }"),
            5,
            "no run of the study has beta = 0.1, variant = ann.",
            "Change it",
        ),
        (
            claim("peak_at", "along = 'beta'", "at = [0.1, 0.2]"),
            5,
            "no run of the study has beta = 0.2.",
            "Its runs have 0.1, 0.5, 0.9.",
        ),
        (claim("peak_at", "along = 'bet'", "at = 1"), 4, "along: 'bet' is not", "Did you mean"),
        (claim("peak_at", "along = 'beta'", "at = -1"), 5, "beta: -1 is out of range.", "beta"),
        (claim("peak_at", "along = 'variant'", "at = 1"), 4, "along: 'variant' is", "Choose one"),
        (
            claim("peak_at", "along = 'z'", "at = 2"),
            4,
            "z is not varied in the runs spoken of.",
            "Name a setting that takes several values.",
        ),
        (
            claim("monotone", "along = 'beta'", "direction = 'up'", "between = [0.2, 0.6]"),
            6,
            "beta has 1 values between 0.2 and 0.6.",
            "Its runs have 0.1, 0.5, 0.9.",
        ),
        (
            claim("monotone", "along = 'beta'", "direction = 'up'", "between = [2, 1]"),
            6,
            "between must be two numbers, the lower first.",
            "Write between",
        ),
        (
            "[[published]]\ntext = 'a'\nvalue = 1\nwhere = { z = 3 }\n",
            4,
            "no run of the study has z = 3.",
            "Its runs have 2.",
        ),
        (
            "[[published]]\ntext = 'a'\nvalue = 1\nmetric = 'accuracy'\n",
            4,
            "metric: 'accuracy' is not known here.",
            "Did you mean",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(read, tmp_path, text, line, problem, remedy):
    with pytest.raises(UserError) as caught:
        read(text)
    start = f"{tmp_path / 's.toml'}, line {CLAIM_LINE - 1 + line}: {problem}"
    assert caught.value.problem.startswith(start)
    assert caught.value.remedy.startswith(remedy)


def test_a_selector_knows_the_rows_of_the_table():
    row = {"variant": "a, snn", "beta": 0.5, "T": 10, "lr_schedule": None, "batch_norm": True}
    assert EVERYTHING.selects(row)
    assert where(variant=("snn",), beta=(0.1, 0.5), T=(10.0,)).selects(row)
    assert where(lr_schedule=(None,), batch_norm=(True,)).selects(row)
    assert not where(variant=("sn",)).selects(row)
    assert not where(beta=(0.5,), T=(5,)).selects(row)
    assert not where(lr_schedule=("0.1x10",)).selects(row)
    assert not where(beta=(None,)).selects(row)
    assert where(beta=(None,)).selects(row | {"beta": math.nan})
    assert where(z=(None,)).selects(row)


def test_numbers_are_compared_as_settings_are(read):
    study = read(claim("overfits", "where = { beta = ['1e-1', 0.50], batch_norm = 'no' }"))
    rows = expand(study).rows()
    chosen = select(study.claims[0].where, rows)
    assert [(row["beta"], row["seed"]) for row in chosen] == [
        (0.1, 0),
        (0.1, 1),
        (0.5, 0),
        (0.5, 1),
    ]
    assert len(rows) == 8


def test_a_selector_is_shown_as_it_is_written():
    selector = where(variant=("a", "b"), T=(5,), lr=(1e-05,), patience=(None,), bias=(False,))
    assert str(selector) == ("variant = a or b, T = 5, lr = 1e-05, patience = none, bias = false")


def test_the_runs_of_a_pair_also_obey_where(read):
    (made,) = read(claim("better", "a = { beta = 0.1 }", "b = { beta = 0.9 }",
                         "where = { variant = 'snn' }")).claims  # fmt: skip
    assert {key: str(s) for key, s in made.selectors().items()} == {
        "where": "variant = snn",
        "a": "variant = snn, beta = 0.1",
        "b": "variant = snn, beta = 0.9",
    }


def test_a_study_that_options_must_complete_is_read(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("[base]\ndataset = 'table'\n" + claim("overfits", "where = { T = 3 }"))
    assert len(read_study(path).claims) == 1


def test_what_a_search_will_find_cannot_be_checked(tmp_path):
    path = tmp_path / "s.toml"
    search = "search = 'tpe'\ntrials = 5\n[vary]\nbeta = '0:1'\n"
    path.write_text(search + claim("below", "value = 1", "where = { beta = 0.3 }"))
    assert len(read_study(path).claims) == 1
