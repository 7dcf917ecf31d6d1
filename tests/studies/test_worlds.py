"""Worlds: how many, which are drawn, their merged plan, and whose runs recorded ones are."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.errors import UserError
from snnbench.studies.assumptions import MOST_WORLDS, Assumption, Worlds
from snnbench.studies.axis import Axis
from snnbench.studies.plan import expand
from snnbench.studies.reading import read_study
from snnbench.studies.stored import store_study, stored_study
from snnbench.studies.study import Study, Variant
from snnbench.studies.world_matching import recorded_worlds
from snnbench.studies.worlds import choose_worlds, expand_worlds, in_world, without_varied

# Assumptions about settings of an SNN, none about the same; the first alternative is the default
# of the base below.
KNOWN = [
    Assumption("optimizer", ({"optimizer": "sgd", "momentum": 0.0, "lr": 1.0},
                             {"optimizer": "adam", "lr": 0.1}, {"optimizer": "adam", "lr": 0.2})),
    Assumption("T", ({"T": 10}, {"T": 5})),
    Assumption("batch", ({"batch_size": 128}, {"batch_size": 64}, {"batch_size": 32})),
    Assumption("reset", ({"detach_reset": True}, {"detach_reset": False})),
    Assumption("nothing else is tried"),
]  # fmt: skip
BASE = {"model": "snn", "optimizer": "sgd", "momentum": 0.0, "lr": 1.0, "T": 10}
some_assumptions = st.lists(st.sampled_from(KNOWN), unique_by=lambda one: one.text, min_size=2)
# Studies with one variant; with two, of which the ANN knows neither T nor resets; and with two of
# which one says its own learning rate.
VARIANTS = (
    (Variant(),),
    (Variant("snn"), Variant("ann", {"model": "ann", "loss": "ce"}, ())),
    (Variant("free"), Variant("fixed", {"lr": 0.1})),
)


@st.composite
def studies(draw):
    return Study(
        "s", BASE, (Axis("beta", (0.1, 0.5)),), draw(st.sampled_from(VARIANTS)),
        seeds=tuple(range(draw(st.integers(1, 3)))), assumptions=tuple(draw(some_assumptions)),
    )  # fmt: skip


def identity(run):
    return (run.config.seed, *run.config.effective.values())


def rows_of(plan):
    return [row | {"run_id": str(i)} for i, row in enumerate(plan.rows())]


# ---- the space


@given(some_assumptions)
def test_the_worlds_are_the_product_of_the_alternatives_and_each_has_its_number(assumptions):
    worlds = Worlds(assumptions)
    found = worlds.all()
    assert len(found) == worlds.total == math.prod(len(a.alternatives) or 1 for a in assumptions)
    assert [world.number for world in found] == list(range(1, worlds.total + 1))
    assert [worlds.of(world.choices) for world in found] == found
    assert [world.is_base for world in found] == [True] + [False] * (worlds.total - 1)


@given(some_assumptions)
def test_a_world_is_found_by_its_name_and_by_its_number(assumptions):
    worlds = Worlds(assumptions)
    for world in worlds.all():
        assert worlds.find(worlds.name(world)) == world
        assert worlds.find(str(world.number)) == world


@given(st.lists(st.integers(2, 9), min_size=1, max_size=25), st.integers(1, 40), st.integers(0, 99))
def test_drawn_worlds_are_distinct_hold_the_base_and_are_the_same_every_time(counts, n, seed):
    many = Worlds([
        Assumption(str(i), tuple({f"setting{i}": j} for j in range(count)))
        for i, count in enumerate(counts)
    ])  # fmt: skip
    n = min(n, many.total)
    drawn = many.drawn(n, seed)
    assert len(set(drawn)) == len(drawn) == n
    assert drawn[0] == many[1]
    assert drawn == many.drawn(n, seed) == sorted(drawn, key=lambda world: world.number)
    assert set(drawn) <= set(many.drawn(min(n + 5, many.total), seed))
    assert all(0 <= c < count for w in drawn for c, count in zip(w.choices, counts, strict=True))


def test_a_billion_worlds_are_counted_drawn_from_and_not_listed():
    worlds = Worlds([
        Assumption(str(i), tuple({f"setting{i}": j} for j in range(10))) for i in range(9)
    ])  # fmt: skip
    assert worlds.total == 10**9
    assert len(worlds.drawn(1000, 0)) == 1000
    assert worlds.drawn(100, 0) != worlds.drawn(100, 1)
    with pytest.raises(UserError, match="1,000,000,000 worlds; more than 10,000"):
        worlds.all()
    with pytest.raises(UserError, match="out of range"):
        worlds.drawn(MOST_WORLDS + 1, 0)


@given(st.integers(2, 30), st.integers(0, 99))
def test_studies_that_leave_the_same_open_draw_it_alike(n, seed):
    wide, narrow = Worlds(KNOWN), Worlds([KNOWN[3], KNOWN[1]])
    alone = {tuple(sorted(narrow.settings(w).items())) for w in narrow.drawn(min(n, 4), seed)}
    said = [wide.settings(world) for world in wide.drawn(n, seed)]
    # both are the first of one sequence of draws
    together = {tuple(sorted((name, s[name]) for name in narrow.names)) for s in said}
    assert alone <= together or together <= alone


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("0", "no such world", "from 1, the base, to 36"),
        ("37", "no such world", "to 36"),
        ("9" * 5000, "no such world", "to 36"),
        ("T", "'T' is not NAME=VALUE", "--world optimizer=adam"),
        ("beta=0.1", "'beta' is not assumed", "choices"),
        ("T=7", "no alternative has T=7", "T=10; T=5"),
        ("optimizer=adam", "several alternatives have optimizer=adam", "lr=0.1; optimizer=adam"),
    ],
)
def test_a_world_that_is_none_is_refused_with_those_there_are(text, problem, remedy):
    with pytest.raises(UserError) as caught:
        Worlds(KNOWN).find(text)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy or "choices" in remedy


def test_what_says_exactly_an_alternative_is_that_one_though_another_says_more():
    worlds = Worlds([Assumption("", ({"lr": 1.0}, {"lr": 1.0, "momentum": 0.9}))])
    assert [worlds.find(text).number for text in ("lr=1", "momentum=0.9", "base")] == [1, 2, 1]


# ---- plans


def test_a_world_overrides_the_base_and_a_variant_the_world():
    study = Study("s", BASE, variants=VARIANTS[2], assumptions=tuple(KNOWN))
    plan = expand(in_world(study, study.worlds.find("optimizer=adam,lr=0.2,T=5")))
    said = {run.variants: run.config.effective for run in plan.runs}
    assert {n: s["lr"] for n, s in said.items()} == {("free",): 0.2, ("fixed",): 0.1}
    assert {(s["optimizer"], s["momentum"], s["T"]) for s in said.values()} == {("adam", None, 5)}


@settings(max_examples=20)
@given(studies())
def test_the_base_world_is_the_study_as_it_is(study):
    as_it_is = [(identity(run), run.variants) for run in expand(study).runs]
    base = expand_worlds(study, [study.worlds[1]])
    assert [(identity(run), run.variants) for run in base.runs] == as_it_is


@settings(max_examples=20)
@given(studies())
def test_a_merged_plan_loses_no_run_and_repeats_none(study):
    worlds = study.worlds.all()
    merged = [identity(run) for run in expand_worlds(study, worlds).runs]
    alone = [identity(run) for w in worlds for run in expand(in_world(study, w)).runs]
    assert len(set(merged)) == len(merged)
    assert set(merged) == set(alone)


def test_a_student_learns_from_the_teacher_of_its_world():
    teacher = Variant("teacher", {"model": "ann", "loss": "ce", "arch": "16-10"}, ())
    student = Variant("student", {"loss": "mimic-l2", "readout": "current"}, (), "teacher")
    study = Study("s", BASE, variants=(student, teacher), seeds=(0, 1), assumptions=tuple(KNOWN))
    plan = expand_worlds(study, study.worlds.all())
    for run in plan.runs:
        if run.teacher is not None:
            taught = plan.runs[run.teacher].config
            same = ("seed", "optimizer", "lr", "batch_size")
            assert [getattr(run.config, n) for n in same] == [getattr(taught, n) for n in same]
    students = [run for run in plan.runs if run.variants == ("student",)]
    assert len(students) == 2 * study.worlds.total
    rows = rows_of(plan)
    for run, row in zip(plan.runs, rows, strict=True):
        row["teacher"] = f"/m/{run.teacher}.safetensors" if run.teacher is not None else None
    assert [len(found.variants) for found in recorded_worlds(study, rows)] == [4] * 36


# ---- matching


@settings(max_examples=30)
@given(studies(), st.randoms(use_true_random=False))
def test_recorded_runs_are_matched_to_exactly_the_worlds_that_have_them(study, shuffle):
    worlds = study.worlds
    some = worlds.drawn(random.Random(shuffle.random()).randint(1, worlds.total), 3)
    rows = rows_of(expand_worlds(study, some))
    shuffle.shuffle(rows)
    found = {one.world: one for one in recorded_worlds(study, rows)}
    assert set(some) <= {world for world, one in found.items() if one.is_complete}
    for world, one in found.items():
        own = {identity(run): run.variants for run in expand(in_world(study, world)).runs}
        names = {
            (rows[i]["seed"], *(v for n, v in rows[i].items() if n not in ("variant", "run_id"))): v
            for i, v in one.variants.items()
        }
        # what belongs to a world is in its plan, under the variants that it has there
        assert names.items() <= own.items()
        if one.is_complete:
            assert len(one.variants) == len(own)
        assert one.departures == ()


def test_a_run_has_in_each_world_the_variants_that_it_has_there():
    study = Study("s", BASE, variants=VARIANTS[2], assumptions=(KNOWN[0],))
    plan = expand_worlds(study, study.worlds.all())
    found = recorded_worlds(study, rows_of(plan))
    # with adam at 0.1 both variants are one run; at 0.2, and with SGD, they are two
    assert [sorted(one.variants.values()) for one in found] == [
        [("fixed",), ("free",)], [("free", "fixed")], [("fixed",), ("free",)],
    ]  # fmt: skip
    # which the table knows as of the first world that it was run in
    assert {run.variants for run in plan.runs} == {("free",), ("fixed",), ("free", "fixed")}


def test_options_beside_a_study_do_not_hide_whose_runs_they_are():
    study = Study("s", BASE, (Axis("beta", (0.1, 0.5)),), assumptions=tuple(KNOWN[:2]))
    some = study.worlds.drawn(4, 0)
    look = rows_of(expand_worlds(study, some, {"train_samples": 200}))
    found = recorded_worlds(study, look)
    assert [one.world for one in found] == some
    assert all(one.is_complete for one in found)
    assert {one.departures for one in found} == {(("train_samples", 200),)}
    # of a world that was run in full, too, those runs count
    full = rows_of(expand_worlds(study, some[:1]))
    first, *others = recorded_worlds(study, look + full)
    assert (first.departures, sorted(first.variants)) == ((), [8, 9])
    assert {one.departures for one in others} == {(("train_samples", 200),)}


def test_values_of_an_axis_that_options_chose_do_not_hide_it_either():
    study = Study("s", BASE, (Axis("beta", (0.1, 0.5)),), assumptions=tuple(KNOWN[:2]))
    other = Study("s", BASE, (Axis("beta", (0.3, 0.7, 0.8)),), assumptions=tuple(KNOWN[:2]))
    rows = rows_of(expand_worlds(other, other.worlds.all()))
    assert [one.missing for one in recorded_worlds(study, rows)] == [0] * 6
    assert [one.missing for one in recorded_worlds(study, rows[1:])] == [1] + [0] * 5


def test_a_world_that_lacks_a_configuration_is_not_complete():
    study = Study("s", BASE, (Axis("beta", (0.1, 0.5)),), assumptions=tuple(KNOWN[:2]))
    rows = rows_of(expand_worlds(study, study.worlds.all()))
    assert [one.missing for one in recorded_worlds(study, rows[:-1])] == [0] * 5 + [1]
    assert recorded_worlds(study, []) == []
    assert recorded_worlds(Study("s", BASE), rows) == []


def test_runs_with_other_values_of_what_is_assumed_are_of_no_world():
    study = Study("s", BASE, (Axis("beta", (0.1, 0.5)),), assumptions=tuple(KNOWN[:2]))
    plain = Study("s", BASE, (Axis("beta", (0.1, 0.5)),))
    assert recorded_worlds(study, rows_of(expand(plain, {"lr": 0.3}))) == []


# ---- what is refused


HEAD = """\
base = { model = "snn", optimizer = "sgd", momentum = 0, lr = 1.0, T = 10 }
[[assumptions]]
text = "not stated"
alternatives = [
"""
FIRST, SECOND = "  { T = 10 },\n", "  { T = 5 },\n"


def refused(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_study(path)
    return caught.value


def test_texts_and_tables_stand_beside_each_other(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        'assumptions = ["a", { text = "b" }, { text = "c", alternatives = [\n'
        "  { T = 10 },\n  { T = 5 },\n] }]\n[base]\nmodel = 'snn'\nT = 10\n"
    )
    assert read_study(path).assumptions == (
        Assumption("a"), Assumption("b"), Assumption("c", ({"T": 10}, {"T": 5})),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rest", "line", "problem", "remedy"),
    [
        (FIRST + "]\n", 4, "one alternative", "two or more"),
        (FIRST + "  {},\n]\n", 6, "says nothing", "{ lr = 0.1 }"),
        (FIRST + "  3,\n]\n", 4, "must be a list of tables", "alternatives = ["),
        (FIRST + SECOND + "]\nwhy = 1\n", 8, "unknown key 'why'", "text"),
        (FIRST + "  { TT = 5 },\n]\n", 6, "unknown setting 'TT'", "T"),
        (FIRST + "  { T = 0 },\n]\n", 6, "T: 0", "1"),
        (FIRST + "  { seed = 1 },\n]\n", 6, "repeats over seeds", "seeds = "),
        (FIRST + "  { engine = 'numpy' },\n]\n", 6, "engine cannot be assumed", "data, network"),
        (FIRST + SECOND + "  { T = 5 },\n]\n", 7, "T=5 and T=5 make the same runs", "Leave one"),
        (FIRST + "  { momentum = 0.0 },\n]\n", 6, "make the same runs", "Leave one"),
        (SECOND + FIRST + "]\n", 5, "says T = 5, and the base says 10", "change the order"),
        ("  { z = 5 },\n  { z = 1 },\n]\n", 5, "says z = 5, and the default says 2", "order"),
        (FIRST + "  { optimizer = 'adam', momentum = 0.9 },\n]\n", 6,
         "momentum = 0.9 has no effect in any run: it has moments of its own. So it is in"
         " world 2 (optimizer=adam, momentum=0.9)", "Leave momentum out"),
        (FIRST + SECOND + "]\n[[assumptions]]\ntext = 't'\n"
         "alternatives = [{ T = 10 }, { T = 7 }]\n", 10, "two assumptions are about T",
         "one assumption"),
        (FIRST + SECOND + "]\n[vary]\nT = [10, 20]\n", 5, "T is assumed, and it is varied",
         "Leave T out"),
        (FIRST + SECOND + "]\n[variants.a]\n[variants.b.vary]\nT = [10, 20]\n", 5,
         "T is assumed, and it is varied", "Leave T out"),
        (FIRST + SECOND + "]\n[variants.a]\nT = 3\n[variants.b]\nT = 4\n", 5,
         "T = 10 has no effect: every variant says its own T", "Leave T out"),
        (FIRST + SECOND + "]\n[[claims]]\ntext = 'c'\nkind = 'above'\nvalue = 0.5\n"
         "where = { T = 10 }\n", 12, "T is spoken of, and it is assumed", "Leave T out"),
        (FIRST + SECOND + "]\n[[published]]\ntext = 'p'\nvalue = 0.5\nwhere = { T = 10 }\n", 11,
         "T is spoken of, and it is assumed", "Leave T out"),
    ],
)  # fmt: skip
def test_bad_alternatives_are_refused_with_line_and_remedy(tmp_path, rest, line, problem, remedy):
    error = refused(tmp_path, HEAD + rest)
    assert f"s.toml, line {line}:" in error.problem
    assert problem in error.problem
    assert remedy in error.remedy


def test_one_at_a_time_refuses_what_is_both_assumed_and_varied_too(tmp_path):
    text = "search = 'one-at-a-time'\n" + HEAD + FIRST + SECOND + "]\n[vary]\nT = [10, 20]\n"
    assert "T is assumed, and it is varied" in refused(tmp_path, text).problem


def test_an_assumption_needs_a_text(tmp_path):
    error = refused(tmp_path, "[[assumptions]]\nalternatives = [{ T = 10 }, { T = 5 }]\n")
    assert "s.toml, line 1: an assumption has no text." in error.problem


STUDY = Study("s", BASE, (Axis("beta", (0.1, 0.5)),), assumptions=tuple(KNOWN))


@pytest.mark.parametrize(
    ("study", "options", "problem", "remedy"),
    [
        (Study("s"), ("all", None), "no assumptions with alternatives", "docs/worlds.md"),
        (Study("s"), (None, "2"), "no assumptions with alternatives", "docs/worlds.md"),
        (STUDY, ("all", "2"), "both given", "one"),
        (STUDY, ("some", None), "no number of worlds", "all"),
        (STUDY, ("0", None), "out of range: there are 36", "from 1 to 36"),
        (STUDY, ("37", None), "out of range: there are 36", "--worlds all"),
        (STUDY, (None, None, 3), "--worlds-seed 3 has no effect", "--worlds 20"),
        (STUDY, ("all", None, 3), "--worlds-seed 3 has no effect", "--worlds 20"),
        (Study("s", BASE, search="tpe", trials=3, assumptions=tuple(KNOWN)), ("all", None),
         "search 'tpe'", "grid"),
    ],
)  # fmt: skip
def test_worlds_that_cannot_be_chosen_are_refused(study, options, problem, remedy):
    with pytest.raises(UserError) as caught:
        choose_worlds(study, *options)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_an_option_for_what_worlds_choose_is_refused():
    with pytest.raises(UserError, match="T is given, and it is what worlds choose"):
        expand_worlds(STUDY, STUDY.worlds.all(), {"T": 5})
    assert expand_worlds(STUDY, STUDY.worlds.all(), {"T": None, "epochs": 1}).runs


def test_what_options_vary_beside_a_study_is_assumed_no_more(tmp_path):
    varied = without_varied(replace(STUDY, axes=(Axis("T", (7, 9)),)))
    assert [len(one.alternatives) for one in varied.assumptions] == [3, 0, 3, 2, 0]
    assert without_varied(STUDY) == STUDY
    store_study(tmp_path, varied)
    assert stored_study(tmp_path, "s") == varied


def test_a_folder_keeps_a_study_with_its_alternatives(tmp_path):
    mixed = replace(STUDY, assumptions=(Assumption("words"), *KNOWN, Assumption("none", (
        {"patience": None}, {"patience": 2, "val_fraction": 0.1}))))  # fmt: skip
    for study in (STUDY, mixed):
        store_study(tmp_path, study)
        assert stored_study(tmp_path, "s").assumptions == study.assumptions


def test_choices_that_do_not_go_together_are_refused_by_the_world_s_name():
    study = Study("s", BASE, assumptions=(
        KNOWN[0], Assumption("momentum", ({"weight_decay": 0.0}, {"momentum": 0.9})),
    ))  # fmt: skip
    with pytest.raises(UserError, match=r"momentum = 0.9 has no effect .* So it is in world 4"):
        expand_worlds(study, study.worlds.all())


def test_more_runs_than_are_planned_are_refused():
    many = tuple(range(200_000))
    study = Study("s", BASE, (Axis("beta", (0.1, 0.5)),), seeds=many, assumptions=tuple(KNOWN))
    with pytest.raises(UserError, match="more than 1,000,000 runs"):
        expand_worlds(study, study.worlds.all())
