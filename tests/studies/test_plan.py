import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.studies.axis import Axis, Interval, parse_axis
from snnbench.studies.options import adhoc_study, with_options
from snnbench.studies.plan import PlannedRun, expand
from snnbench.studies.reading import read_study
from snnbench.studies.space import TEACHER_PENDING, configure
from snnbench.studies.study import Study, Variant


def adhoc(*axes, **arguments):
    options = arguments.pop("options", {})
    return adhoc_study(options, [parse_axis(axis) for axis in axes], **arguments)


def values(plan, *names):
    return [tuple(getattr(run.config, name) for name in names) for run in plan.runs]


def refusal(study, *arguments):
    with pytest.raises(UserError) as caught:
        expand(study, *arguments)
    return str(caught.value)


@pytest.fixture
def study(tmp_path):
    def read(text):
        path = tmp_path / "s.toml"
        path.write_text(text)
        return read_study(path)

    return read


# ---- searches and seeds


def test_a_grid_crosses_the_axes_in_their_order_with_seeds_innermost():
    plan = expand(adhoc("z=1,2", "beta=0.5,0.9", seeds=[4, 2]))
    assert values(plan, "z", "beta", "seed") == [
        (1, 0.5, 4), (1, 0.5, 2), (1, 0.9, 4), (1, 0.9, 2),
        (2, 0.5, 4), (2, 0.5, 2), (2, 0.9, 4), (2, 0.9, 2),
    ]  # fmt: skip
    assert plan.runs[0] == PlannedRun(RunConfig(z=1, beta=0.5, seed=4), (), None)
    assert plan.spaces == ()


def test_without_axes_there_is_one_run_a_seed():
    assert values(expand(adhoc(seeds=3)), "seed") == [(0,), (1,), (2,)]


def test_a_list_pairs_by_position():
    assert values(expand(adhoc("z=1,2,3", "beta=0.5,0.6,0.7", search="list")), "z", "beta") == [
        (1, 0.5), (2, 0.6), (3, 0.7),
    ]  # fmt: skip


def test_lists_of_unequal_length_are_refused():
    assert refusal(adhoc("z=1,2,3", "beta=0.5,0.6", search="list")) == (
        "search 'list' pairs values by position, but z has 3, beta has 2.\n"
        "Give all of them equally many, or use search grid."
    )


def test_one_at_a_time_varies_each_around_the_base_which_is_run_once():
    study = adhoc("z=1,2,3", "beta=0.5,0.9", options={"z": 2, "v_th": 1.5}, search="one-at-a-time")
    assert values(expand(study), "z", "beta", "v_th") == [
        (2, 0.5, 1.5), (1, 0.5, 1.5), (3, 0.5, 1.5), (2, 0.9, 1.5),
    ]  # fmt: skip


def test_one_at_a_time_a_variants_own_value_is_its_middle(study):
    plan = expand(
        study(
            "search = 'one-at-a-time'\n[vary]\nz = [1, 2]\nT = [5, 6]\n"
            "[variants.a]\nz = 3\n[variants.b]\nT = 7\n"
        )
    )
    assert [(*v, r.variants) for v, r in zip(values(plan, "z", "T"), plan.runs, strict=True)] == [
        (3, 10, ("a",)), (1, 10, ("a",)), (2, 10, ("a",)), (3, 5, ("a",)), (3, 6, ("a",)),
        (2, 7, ("b",)), (1, 7, ("b",)), (2, 5, ("b",)), (2, 6, ("b",)),
    ]  # fmt: skip


@pytest.mark.parametrize("search", ["grid", "list", "one-at-a-time"])
def test_an_interval_has_no_values_to_list(search):
    assert refusal(adhoc("lr=1e-3:1:log", search=search)).startswith(
        "lr: from 0.001 to 1 there is no end of values.\n"
        "Give a number of values: lr=0.001:1:log:5, or"
    )


def test_random_points_are_the_same_every_time_and_more_trials_add_to_them():
    axes = ("lr=1e-3:1e-1:log", "T=1:3", "model=ann,snn", "reset=none,zero,subtract")
    few = expand(adhoc(*axes, search="random", trials=5))
    again = expand(adhoc(*axes, search="random", trials=5))
    many = expand(adhoc(*axes, search="random", trials=20))
    other = expand(adhoc(*axes, search="random", trials=5, name="other"))
    assert few.runs == again.runs == many.runs[: len(few.runs)]
    assert not set(values(few, "lr")) & set(values(other, "lr"))
    assert len(many.runs) == 20


def test_random_points_fill_the_interval_ends_of_whole_numbers_included():
    plan = expand(adhoc("lr=1e-4:1:log", "batch_size=1:4:log", search="random", trials=2000))
    rates = sorted(lr for (lr,) in values(plan, "lr"))
    assert 1e-4 <= rates[0] < 1.2e-4
    assert 0.8 < rates[-1] <= 1
    assert 0.008 < rates[len(rates) // 2] < 0.0125  # the median of a log scale: 0.01
    sizes = [size for (size,) in values(plan, "batch_size")]
    # log(1.5 / 0.5) / log(4.5 / 0.5) = 1/2 of the draws are 1
    assert 0.46 < sizes.count(1) / len(sizes) < 0.54
    assert set(sizes) == {1, 2, 3, 4}


def test_another_search_seed_draws_other_points():
    base = Study("s", axes=(Axis("beta", Interval(0, 1, False, False)),), search="random", trials=3)
    other = Study(
        "s",
        axes=base.axes,
        search="random",
        trials=3,
        search_seed=1,
    )
    assert not set(values(expand(base), "beta")) & set(values(expand(other), "beta"))


def test_a_drawn_value_can_be_typed_again():
    (run,) = expand(adhoc("beta=0:1", search="random", trials=1)).runs
    assert run.config.beta == float(f"{run.config.beta:.6g}")


def test_random_draws_of_the_same_point_are_one_run():
    plan = expand(adhoc("reset=zero,none", search="random", trials=50, seeds=2))
    assert sorted(values(plan, "reset", "seed")) == [
        ("none", 0), ("none", 1), ("zero", 0), ("zero", 1),
    ]  # fmt: skip


# ---- duplicates and effects


def test_a_parameter_without_effect_in_a_variant_does_not_multiply_its_runs(study):
    plan = expand(
        study("[vary]\nbeta = '0.1:0.9:9'\n[variants.ann]\nmodel = 'ann'\n[variants.snn]\n")
    )
    assert [run.variants for run in plan.runs] == [("ann",)] + [("snn",)] * 9
    assert plan.runs[0].config.effective["beta"] is None


def test_runs_that_come_to_the_same_are_one_with_all_their_variants(study):
    plan = expand(
        study(
            "seeds = 2\n[variants.a]\nbeta = 0.5\n[variants.b]\n"
            "[variants.c]\nvary = { beta = [0.5, 0.7] }\n"
        )
    )
    assert [(r.config.beta, r.config.seed, r.variants) for r in plan.runs] == [
        (0.5, 0, ("a", "b", "c")), (0.5, 1, ("a", "b", "c")),
        (0.7, 0, ("c",)), (0.7, 1, ("c",)),
    ]  # fmt: skip


def test_the_base_applies_where_it_has_an_effect(study):
    plan = expand(
        study("[base]\nbeta = 0.9\nlr = 0.3\n[variants.ann]\nmodel = 'ann'\n[variants.snn]\n")
    )
    assert [r.config.effective["beta"] for r in plan.runs] == [None, 0.9]
    assert values(plan, "lr") == [(0.3,), (0.3,)]


def test_a_variant_can_put_a_setting_of_the_base_back_to_none(study):
    plan = expand(
        study("[base]\nval_fraction = 0.1\n[variants.a]\n[variants.b]\nval_fraction = 'none'\n")
    )
    assert values(plan, "val_fraction") == [(0.1,), (None,)]


def test_none_is_a_value_that_an_axis_can_take():
    plan = expand(adhoc("lr_schedule=none;0.1x1,0.2x2", options={"lr": 0.5}))
    assert [r.config.learning_rates for r in plan.runs] == [(0.5,) * 5, (0.1, 0.2, 0.2)]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            "[base]\nmodel = 'ann'\n[vary]\nbeta = [0.1, 0.2]\n",
            4,
            "beta is varied without effect: an ANN has neither spikes nor time steps.\n"
            "Leave beta out.",
        ),
        (
            "[base]\nmodel = 'ann'\nT = 5\n",
            3,
            "T = 5 has no effect in any run: an ANN has neither spikes nor time steps.\n"
            "Leave T out.",
        ),
        (
            "[base]\nz = 3\n[variants.ann]\nmodel = 'ann'\nz = 4\n[variants.snn]\n",
            5,
            "z = 4.0 has no effect in variant 'ann': an ANN has neither spikes nor time steps.\n"
            "Leave z out.",
        ),
        (
            "[variants.snn]\n[variants.ann]\nmodel = 'ann'\n[variants.ann.vary]\nT = [1, 2]\n",
            5,
            "T is varied without effect: an ANN has neither spikes nor time steps.\nLeave T out.",
        ),
        (
            "[variants.a]\n[variants.b]\nT = 3\nteacher = 'a'\n",
            4,
            "teacher = a has no effect in variant 'b': loss 'mse' learns labels.\n"
            "Leave teacher out.",
        ),
        (
            "[vary]\nbeta = [1, 2]\n[variants.a]\nmodel = 'ann'\n"
            "[variants.b]\nbeta = 0.3\nvary = {}\n",
            2,
            "beta is varied without effect: an ANN has neither spikes nor time steps.\n"
            "Leave beta out.",
        ),
        (
            "[variants.a]\n[variants.b]\nvary = { z = '1:2', T = 3 }\n",
            3,
            "z: from 1 to 2 there is no end of values.\nGive a number of values: z=1:2:lin:5, "
            "or use --search random, tpe, gp or nsga2.",
        ),
        (
            "search = 'list'\n\n[vary]\nz = [1, 2]\nT = 3\n",
            3,
            "search 'list' pairs values by position, but z has 2, T has 1.\n"
            "Give all of them equally many, or use search grid.",
        ),
        (
            "[base]\nval_samples = 5\n[variants.a]\nval_samples = 'none'\n",
            2,
            "val_samples = 5 has no effect in any run.\nLeave val_samples out.",
        ),
        (
            "[vary]\nbeta = [1, 2]\n[variants.a]\nbeta = 3\n",
            4,
            "variant 'a' says beta, which is varied.\n"
            "Leave it out, or give [variants.a] a vary of its own.",
        ),
        (
            "[vary]\nencoding = ['repeat', 'bernoulli']\n[variants.a]\nstandardize = true\n",
            3,
            "with variant 'a', encoding = bernoulli: encoding 'bernoulli' needs values in 0..1,"
            " and standardized data leave that range.\nUse --encoding repeat.",
        ),
    ],
)
def test_what_comes_to_nothing_is_refused_with_its_line(study, text, line, message):
    read = study(text)
    assert refusal(read) == f"{read.file.path}, line {line}: {message}"


def test_an_axis_from_the_command_line_is_not_looked_for_in_the_file(study):
    read = with_options(study("[base]\nmodel = 'ann'\n"), axes=[parse_axis("beta=1,2")])
    assert refusal(read).startswith("beta is varied without effect: an ANN has neither")


def test_a_setting_need_have_an_effect_only_somewhere(study):
    plan = expand(
        study("[vary]\nneuron = ['if', 'lif']\n[variants.a]\nbeta = 0.7\n[variants.b]\nT = 2\n")
    )
    assert [(r.config.neuron, r.config.effective["beta"]) for r in plan.runs] == [
        ("if", None), ("lif", 0.7), ("if", None), ("lif", 0.5),
    ]  # fmt: skip


# ---- options and environment


def test_options_win_over_base_and_variants_and_environment_loses_to_all(study):
    read = study("[base]\nlr = 0.1\nz = 1\n[variants.a]\nlr = 0.2\n[variants.b]\nT = 3\n")
    plan = expand(read, {"lr": "0.5", "beta": None}, {"z": "9", "beta": "0.7", "seed": "8"})
    assert values(plan, "lr", "z", "beta", "T", "seed") == [
        (0.5, 1, 0.7, 10, 0), (0.5, 1, 0.7, 3, 0),
    ]  # fmt: skip


def test_the_environment_is_left_out_where_it_has_no_effect():
    (run,) = expand(adhoc(options={"model": "ann"}), {}, {"beta": "0.9"}).runs
    assert run.config == RunConfig(model="ann")


def test_an_option_may_take_the_effect_of_the_studys_own_settings(study):
    read = study("[base]\noptimizer = 'sgd'\nmomentum = 0.9\n[variants.a]\nbeta = 0.4\n")
    (run,) = expand(read, {"optimizer": "adam", "neuron": "if"}).runs
    assert (run.config.effective["momentum"], run.config.effective["beta"]) == (None, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"z": 3}, "z is varied, and --z says what it is.\n"),
        ({"T": 3}, "T = 3 has no effect in any run: an ANN has neither spikes nor time steps.\n"),
        ({"seed": 3}, "seed = 3 is not a setting of a study, which repeats over seeds.\n"),
        ({"lr": "x"}, "lr: 'x' is not a number"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    axes = () if "T" in options else ("z=1,2",)
    kind = {"model": "ann"} if "T" in options else {}
    assert refusal(adhoc(*axes, options=kind), options).startswith(message)


# ---- teachers

MIMIC = """
seeds = 2
[base]
model = "ann"
[vary]
lr = [0.1, 0.2]
[variants.student]
loss = "mimic-l2"
teacher = "deep"
[variants.deep]
vary = {}
arch = "64-64-10"
"""


def test_students_learn_from_the_run_of_their_seed_which_comes_before_them(study):
    plan = expand(study(MIMIC))
    assert [(r.variants, r.config.seed, r.config.lr, r.teacher) for r in plan.runs] == [
        (("deep",), 0, 0.01, None), (("deep",), 1, 0.01, None),
        (("student",), 0, 0.1, 0), (("student",), 1, 0.1, 1),
        (("student",), 0, 0.2, 0), (("student",), 1, 0.2, 1),
    ]  # fmt: skip
    assert [r.config.teacher for r in plan.runs] == [None] * 2 + [TEACHER_PENDING] * 4
    assert plan.runs[2].config.changed(teacher="x.safetensors").teacher == "x.safetensors"


def test_students_of_different_teachers_are_different_runs(study):
    plan = expand(
        study(
            "[base]\nmodel = 'ann'\n[variants.s]\nloss = 'mimic-l2'\nteacher = 't'\n"
            "[variants.r]\nloss = 'mimic-l2'\nteacher = 'u'\n"
            "[variants.q]\nloss = 'mimic-l2'\nteacher = 'v'\n"
            "[variants.t]\nlr = 0.1\n[variants.u]\nlr = 0.2\n[variants.v]\nlr = 0.2\n"
        )
    )
    assert [(r.variants, r.teacher) for r in plan.runs] == [
        (("t",), None), (("s",), 0), (("u", "v"), None), (("r", "q"), 2),
    ]  # fmt: skip


def test_a_chain_of_teachers_is_planned_from_its_end(study):
    loss = "loss = 'mimic-l2'\n"
    plan = expand(
        study(
            f"[base]\nmodel='ann'\n[variants.c]\n{loss}teacher='b'\n"
            f"[variants.b]\n{loss}teacher='a'\n[variants.a]\n"
        )
    )
    assert [(r.variants, r.teacher) for r in plan.runs] == [
        (("a",), None), (("b",), 0), (("c",), 1),
    ]  # fmt: skip


def test_a_student_that_also_learns_labels_has_a_teacher_only_where_it_mimics(study):
    plan = expand(
        study(
            "[base]\nmodel = 'ann'\n[variants.t]\nvary = {}\narch = '9-10'\n[variants.s]\n"
            "teacher = 't'\nvary = { loss = ['ce', 'mimic-l2'] }\n"
        )
    )
    assert [(r.config.loss, r.teacher) for r in plan.runs] == [
        ("ce", None), ("ce", None), ("mimic-l2", 0),
    ]  # fmt: skip


def test_a_teacher_given_as_an_option_takes_the_place_of_the_variant(study):
    # which then may be of several configurations
    read = study(MIMIC.replace("vary = {}\n", ""))
    plan = expand(read, {"teacher": "x.safetensors"})
    assert [(r.teacher, r.config.teacher) for r in plan.runs] == [
        *[(None, None)] * 4, *[(None, "x.safetensors")] * 4,
    ]  # fmt: skip


def test_a_teacher_of_several_configurations_is_refused(study):
    read = study(MIMIC.replace("vary = {}\n", ""))
    assert refusal(read) == (
        f"{read.file.path}, line 9: the teacher 'deep' of variant 'student' is 2 configurations, "
        "not one.\nWrite vary = {} in [variants.deep]."
    )


def test_a_teacher_on_which_the_varied_parameter_has_no_effect_is_one_configuration(study):
    plan = expand(
        study(
            "[vary]\nbeta = [0.1, 0.2]\n[variants.t]\nmodel = 'ann'\n"
            "[variants.s]\nloss = 'mimic-l2'\nteacher = 't'\n"
        )
    )
    assert [(r.variants, r.teacher) for r in plan.runs] == [
        (("t",), None), (("s",), 0), (("s",), 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("teachers", "circle"),
    [
        ({"a": "a"}, "'a' learns from 'a'"),
        ({"a": "b", "b": "c", "c": "b"}, "'b' learns from 'c' learns from 'b'"),
        ({"a": "b", "b": "c", "c": "a"}, "'a' learns from 'b' learns from 'c' learns from 'a'"),
    ],
)
def test_teachers_in_a_circle_are_refused_with_their_chain(teachers, circle):
    settings = {"loss": "mimic-l2"}
    variants = tuple(Variant(name, settings, teacher=t) for name, t in teachers.items())
    assert refusal(Study("s", variants=variants)) == (
        f"the teachers go round in a circle: {circle}.\n"
        "Let one of them learn labels: a loss of ce or mse, and no teacher."
    )


def test_an_unknown_teacher_is_refused():
    variants = (Variant("cnn"), Variant("s", {"loss": "mimic-l2"}, teacher="cn"))
    assert refusal(Study("s", variants=variants)) == (
        "the teacher 'cn' of variant 's' is no variant.\nDid you mean 'cnn'?"
    )


# ---- spaces


def test_a_search_is_a_space_for_each_variant_that_varies(study):
    read = study(
        "search = 'tpe'\ntrials = 9\nseeds = 2\n[base]\nmodel = 'ann'\nlr = 0.3\n"
        "[vary]\nlr = '1e-3:1:log'\nloss = ['mimic-kl', 'ce']\n"
        "[variants.s]\nteacher = 't'\n[variants.t]\narch = '9-10'\nvary = {}\n"
    )
    plan = expand(read, {"epochs": 7}, {"batch_size": "32", "T": "4"})
    assert [(r.variants, r.config.seed) for r in plan.runs] == [(("t",), 0), (("t",), 1)]
    (space,) = plan.spaces
    assert (space.variant, space.axes, space.teachers) == ("s", read.axes, {0: 0, 1: 1})
    config = configure(space, {"lr": 0.2, "loss": "mimic-kl"}, 1)
    assert config == RunConfig(
        model="ann", lr=0.2, loss="mimic-kl", teacher=TEACHER_PENDING, epochs=7, batch_size=32,
        seed=1,
    )  # fmt: skip
    assert space.teacher_of(config) == 1
    labels = configure(space, {"lr": 0.2, "loss": "ce"}, 1)
    assert (labels.teacher, space.teacher_of(labels)) == (None, None)


def test_values_without_effect_at_a_point_of_a_space_are_left_out():
    (space,) = expand(adhoc("neuron=if,lif", "beta=0:1", search="gp", trials=3)).spaces
    configs = [configure(space, {"neuron": n, "beta": 0.7}, 0) for n in ("if", "lif")]
    assert [c.effective["beta"] for c in configs] == [None, 0.7]


def test_a_space_is_looked_through_for_parameters_without_effect():
    study = adhoc("beta=0:1", "reset=zero,none", "neuron=if", search="tpe", trials=3)
    assert refusal(study) == (
        "beta is varied without effect: an IF neuron does not leak (beta is 1).\nLeave beta out."
    )
    study = adhoc("z=0:1", "surrogate=atan,fast-sigmoid", search="tpe", trials=3)
    assert len(expand(study).spaces) == 1


def test_a_space_too_wide_to_be_looked_through_is_taken_as_it_is():
    widths = Axis("arch", tuple(f"{width}-10" for width in range(1, 10_002)))
    beta = Axis("beta", Interval(0, 1, log=False, integer=False))
    variants = (Variant("a", {"neuron": "if"}),)
    wide = Study("s", axes=(beta, widths), variants=variants, search="tpe", trials=3)
    assert len(expand(wide).spaces) == 1


def test_a_searched_teacher_is_refused(study):
    read = study("search = 'tpe'\ntrials = 9\n" + MIMIC.replace("vary = {}\n", ""))
    assert "the teacher 'deep' of variant 'student' is searched, not one." in refusal(read)


@pytest.mark.parametrize("search", ["random", "tpe", "gp", "nsga2"])
def test_a_search_without_anything_to_vary_is_refused(search):
    assert refusal(adhoc(search=search, trials=3)) == (
        f"search '{search}' has nothing to vary.\nGive --vary NAME=LOW:HIGH."
    )


# ---- size


@pytest.mark.parametrize(
    ("study", "count"),
    [
        (adhoc("z=1:9:1000", "beta=0:1:1000", "lr=0.1:1:1000"), "1,000,000,000"),
        (adhoc("z=1:9:1000", "beta=0:1:1000", seeds=2), "2,000,000"),
        (adhoc("z=1:9", search="random", trials=1_000_000, seeds=3), "3,000,000"),
        (adhoc("z=1:9:1000000", search="one-at-a-time"), "1,000,001"),
        (Study("s", axes=(Axis("z", (1.0, 2.0)),), variants=(Variant("a"), Variant("b")),
               seeds=tuple(range(300_000))), "1,200,000"),
    ],
)  # fmt: skip
def test_too_many_runs_are_counted_and_not_made(study, count):
    assert refusal(study) == (
        f"This asks for {count} runs; more than 1,000,000 are not planned.\n"
        "Use --search random --trials N, or fewer values."
    )


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    seeds=st.integers(1, 3),
    search=st.sampled_from(["grid", "one-at-a-time"]),
)
def test_a_plan_holds_no_run_twice_and_all_that_were_counted(lengths, seeds, search):
    names = ("z", "v_th", "batch_size")
    axes = [
        parse_axis(f"{name}=" + ",".join(str(100 + i) for i in range(length)))
        for name, length in zip(names, lengths, strict=False)
    ]
    plan = expand(adhoc_study({}, axes, seeds=seeds, search=search))
    count = 1 + sum(lengths)
    if search == "grid":
        count = 1
        for length in lengths:
            count *= length
    found = {tuple(run.config.effective.values()) for run in plan.runs}
    assert len(found) == len(plan.runs) == count * seeds


def test_ten_thousand_runs_are_planned_in_seconds():
    study = adhoc("beta=0.1:0.9:100", "z=1:9:100", options={"T": 5, "lr": 0.1})
    start = time.process_time()
    assert len(expand(study).runs) == 10_000
    # 100,000 runs in 20 s would be 2 s here; twice that for a slower or busier machine
    assert time.process_time() - start < 4


def test_planning_needs_neither_torch_nor_pandas():
    code = (
        "import sys, snnbench.studies.plan, snnbench.studies.reading;"
        "sys.exit(bool({'torch', 'pandas', 'optuna'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
