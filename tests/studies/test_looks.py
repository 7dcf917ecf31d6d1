"""Seeds until decided: which seeds, which runs, which studies."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.errors import UserError
from snnbench.studies.axis import parse_axis
from snnbench.studies.claims import Better, Equals
from snnbench.studies.looks import looks, looks_of, needed
from snnbench.studies.plan import expand
from snnbench.studies.reading import read_study
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study, Variant

ANY = Equals(text="It is 1.", value=1.0, tolerance=0.1)
BASE = {"dataset": "digits", "arch": "10"}


def having(**values):
    return Selector(tuple((name, (value,)) for name, value in values.items()))


@given(st.integers(2, 10**6))
def test_looks_double_and_end_at_the_most(most):
    numbers = looks(most)
    assert numbers[-1] == most
    assert all(b == 2 * a for a, b in pairwise(numbers[:-1]))
    assert all(a < b for a, b in pairwise(numbers))
    assert numbers[0] == min(5, most)


@given(
    seeds=st.lists(st.integers(0, 50), min_size=1, max_size=30, unique=True),
    most=st.integers(2, 60),
)
def test_a_look_has_the_seeds_of_those_before_it_and_the_studys_own_first(seeds, most):
    study = Study("s", BASE, seeds=tuple(seeds), claims=(ANY,), until_decided=most)
    found = [look.seeds for look in looks_of(study)]
    assert [len(one) for one in found] == list(looks(most))
    assert found[-1][: len(seeds)] == tuple(seeds)[:most]
    assert len(set(found[-1])) == most
    for one, other in pairwise(found):
        assert other[: len(one)] == one


def test_a_study_without_looks_is_looked_at_once():
    study = Study("s", BASE, seeds=(3, 1))
    assert looks_of(study) == (study,)


@given(st.sets(st.sampled_from(["teacher", "student", "other"]), min_size=1))
def test_only_runs_spoken_of_are_needed_and_their_teachers(spoken):
    variants = (
        Variant("teacher", {"T": 3}, axes=()),
        Variant("student", {"T": 4, "loss": "mimic-l2"}, teacher="teacher"),
        Variant("other", {"T": 5}),
    )
    plan = expand(Study("s", BASE, (parse_axis("beta=0.5,0.9"),), variants, seeds=(0, 1)))
    claims = [
        Equals(text="t", value=1.0, tolerance=0.1, where=having(variant=name)) for name in spoken
    ]
    found = needed(plan, claims)
    kept = {name for run in found.runs for name in run.variants}
    assert kept == spoken | ({"teacher"} if "student" in spoken else set())
    for run in found.runs:
        taught = None if run.teacher is None else found.runs[run.teacher]
        assert (taught is not None) == (run.variants == ("student",))
        assert taught is None or (
            taught.variants == ("teacher",) and taught.config.seed == run.config.seed
        )
    wanted = [run.config for run in plan.runs if kept & set(run.variants)]
    assert [run.config for run in found.runs] == wanted


def test_a_comparison_needs_its_sides_not_all_of_where():
    plan = expand(Study("s", BASE, (parse_axis("beta=0.1,0.5,0.9"),)))
    claim = Better(text="t", a=having(beta=0.1), b=having(beta=0.9))
    assert [run.config.beta for run in needed(plan, [claim]).runs] == [0.1, 0.9]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("until_decided = 40", "claims nothing"),
        ('until_decided = 1\n[[claims]]\ntext = "t"\nkind = "above"\nvalue = 0.1', "out of range"),
        ('until_decided = "many"', "until_decided"),
        (
            'until_decided = 9\nsearch = "tpe"\ntrials = 3\nvary.beta = "0.1:0.9"\n'
            '[[claims]]\ntext = "t"\nkind = "above"\nvalue = 0.1',
            "search 'tpe'",
        ),
    ],
)
def test_what_cannot_be_decided_is_refused_with_its_line(tmp_path, text, said):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        read_study(tmp_path / "s.toml")
    assert "s.toml, line 1" in caught.value.problem
