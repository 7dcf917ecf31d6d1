"""Claims in one direction, and digits of published numbers: what is refused, with its line."""

import pytest

from snnbench.errors import UserError
from snnbench.studies.margins import Margin, margin_of
from tests.studies.test_claims import CLAIM_LINE, PAIR, claim, read  # noqa: F401, a fixture

NOT_WORSE = (*PAIR, "metric = 'test_loss'")
REMEDY = 'Write, for instance, margin = 0.01 or margin = "1%".'
MODELS = 'Write "all", "any", or models: under = ["memory45nm:bits=8", "loihi"].'


@pytest.mark.parametrize(
    ("text", "line", "problem", "remedy"),
    [
        (claim("not_worse", *PAIR), 1, "kind 'not_worse' lacks margin.", "Write margin = ..."),
        (claim("not_worse", PAIR[0], "margin = 1"), 1, "kind 'not_worse' lacks b.", "Write b"),
        (claim("not_wrose"), 3, "kind: 'not_wrose' is not known.", "Did you mean 'not_worse'?"),
        (claim("not_worse", *PAIR, "margn = 1"), 6, "kind 'not_worse' has no key 'margn'.",
         "Did you mean 'margin'?"),
        *((claim("not_worse", *PAIR, f"margin = {value}"), 6, problem, REMEDY) for value, problem in
          [("0", "margin: 0 is out of range: it must be above 0."),
           ("-0.1", "margin: -0.1 is out of range: it must be above 0."),
           ("'0 %'", "margin: 0 % is out of range: it must be above 0."),
           ("'-1%'", "margin: -1% is out of range: it must be above 0."),
           ("'1e-400%'", "margin: 1e-400% is out of range: it must be above 0."),
           ("1", "margin: 1 is out of range: nothing is worse by so much."),
           ("'100%'", "margin: 100% is out of range: nothing is worse by so much."),
           ("'one'", "margin: 'one' is neither a number nor a percentage."),
           ("'%'", "margin: '%' is neither a number nor a percentage."),
           ("'1%%'", "margin: '1%%' is neither a number nor a percentage."),
           ("'1 %o'", "margin: '1 %o' is neither a number nor a percentage."),
           ("nan", "margin: nan is neither a number nor a percentage."),
           ("inf", "margin: inf is neither a number nor a percentage."),
           ("true", "margin: True is neither a number nor a percentage."),
           ("[0.1]", "margin: [0.1] is neither a number nor a percentage."),
           ("{ a = 1 }", "margin: {'a': 1} is neither a number nor a percentage.")]),
        (claim("not_worse", *NOT_WORSE, "margin = '100%'"), 7, "margin: 100% is out of", REMEDY),
        (claim("not_worse", *PAIR, "margin = 0.1", "direction = 'up'"), 7,
         "direction: 'up' is not known here.", "Choose one of: max, min."),
        (claim("not_worse", *PAIR, "margin = 0.1", "metric = 'test_acuracy'"), 7,
         "metric: 'test_acuracy' is not known here.", "Did you mean 'test_accuracy'?"),
        (claim("not_worse", *PAIR, "margin = 0.1", "metric = 3"), 7,
         "metric: '3' is not known here.", "Choose one of"),
        (claim("at_most", *PAIR), 1, "kind 'at_most' lacks value.", "Write value = ..."),
        (claim("at_most", *PAIR, "value = 0"), 6, "value: 0 is out of range.", "A ratio is above"),
        (claim("at_most", *PAIR, "value = -2"), 6, "value: -2 is out of range.", "A ratio is"),
        (claim("at_most", *PAIR, "value = 'x'"), 6, "value: 'x' is not a number", "Give value"),
        (claim("at_most", *PAIR, "value = 1", "tolerance = 1"), 7,
         "kind 'at_most' has no key 'tolerance'.", "Choose one of"),
        (claim("at_most", *PAIR, "value = 1", "metric = 'energy_pj_memory45nm'"), 7,
         "metric: 'energy_pj_memory45nm' is not known here.", "Did you mean 'energy_pj_compute"),
        (claim("cheaper", PAIR[0]), 1, "kind 'cheaper' lacks b.", "Write b = ..."),
        (claim("cheaper", *PAIR, "metric = 'test_loss'"), 6,
         "kind 'cheaper' has no key 'metric'.", "Choose one of: text, source, where, a, b, under."),
        (claim("cheaper", *PAIR, "under = 'loihy'"), 6,
         "under: the energy model 'loihy' is not known.", "Did you mean 'loihi'?"),
        (claim("cheaper", *PAIR, "under = 'al'"), 6,
         "under: the energy model 'al' is not known.", "Did you mean 'all'?"),
        (claim("cheaper", *PAIR, "under = ['loihi', 'all']"), 6,
         "under: the energy model 'all' is not known.", ""),
        (claim("cheaper", *PAIR, "under = ['loihi', 'cpu', 'loihi']"), 6,
         "under: loihi is named twice.", "Name it once."),
        (claim("cheaper", *PAIR, "under = 'memory45nm:bits=7'"), 6,
         "memory45nm: bits cannot be '7'.", "It can be: 32, 16, 8."),
        (claim("cheaper", *PAIR, "under = 'loihi:bits=8'"), 6, "loihi has no option 'bits'.", ""),
        *((claim("cheaper", *PAIR, f"under = {value}"), 6,
           "under must be names of energy models.", MODELS)
          for value in ("[]", "3", "true", "[1]", "{ a = 1 }", "[['loihi']]")),
        ("[[published]]\ntext = 'a'\nvalue = 93\n", 3,
         "value: 93 is out of range: test_accuracy is a fraction.", "Give from 0 to 1, as in 0.93"),
        ("[[published]]\ntext = 'a'\nvalue = -0.1\n", 3, "value: -0.1 is out of range", "Give"),
        ("[[published]]\ntext = 'a'\nvalue = 0.1\ndecimals = 2\n", 4,
         "a published number has no key 'decimals'.", "Choose one of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_line(read, tmp_path, text, line, problem, remedy):  # noqa: F811
    with pytest.raises(UserError) as caught:
        read("# a line\n" + text)
    start = f"{tmp_path / 's.toml'}, line {CLAIM_LINE + line}: {problem}"
    assert caught.value.problem.startswith(start)
    assert caught.value.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("text", "metric", "direction", "margin"),
    [
        (0.01, "test_accuracy", "max", Margin(0.01, False)),
        ("0.01", "test_accuracy", "max", Margin(0.01, False)),
        ("1%", "test_accuracy", "max", Margin(0.01, False)),
        ("1 %", "silent_fraction", "min", Margin(0.01, False)),
        ("1%", "test_loss", "min", Margin(0.01, True)),
        ("250%", "energy_pj_compute45nm", "min", Margin(2.5, True)),
        (3, "train_seconds", "min", Margin(3.0, False)),
    ],
)
def test_a_percentage_is_in_points_of_a_fraction_and_else_a_part_of_b(
    text, metric, direction, margin
):
    assert margin_of(text, metric, direction) == margin


@pytest.mark.parametrize(
    ("written", "decimals"),
    [("0.2", 1), ("0.20", 2), ("0.2000", 4), ("1", 0), ("0.5e-1", 2), ("5e-3", 3), ("'0.30'", 2),
     ("1e-99999999999999999999", 0)],
)  # fmt: skip
def test_a_published_number_keeps_the_digits_it_was_written_with(read, written, decimals):  # noqa: F811
    (number,) = read(f"[[published]]\ntext = 'a'\nvalue = {written}\n").published
    assert number.decimals == decimals
    (count,) = read("[[published]]\ntext = 'a'\nvalue = 2.5e6\nmetric = 'params'\n").published
    assert count.decimals == -5
