from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from snnbench.errors import UserError
from snnbench.studies.assumptions import Assumption
from snnbench.studies.axis import Axis, Interval, parse_axis
from snnbench.studies.claims import NoDifference, Published
from snnbench.studies.objective import Objective
from snnbench.studies.options import adhoc_study, with_options
from snnbench.studies.reading import read_study
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study, Variant, read_seeds

COMPLETE = """\
name = "mimic"
title = "Shallow nets that mimic deep ones"
source = "Ba and Caruana 2014"
assumptions = ["The learning rate is not stated."]
seeds = [3, 1, 3]
search = "one-at-a-time"
objectives = ["test_accuracy:max", "params:min"]

[base]
model = "ann"
lr = 0.1
patience = "none"

[vary]
lr = [0.1, "0.2:0.4:3"]
batch_size = "10:1000:log:3"

[variants.deep]
arch = "64-10"
vary = {}

[variants.student]
loss = "mimic-l2"
teacher = "deep"
vary = { lr = 0.5 }

[variants.stranger]
loss = "mimic-kl"
teacher = "models/abc.safetensors"

[[claims]]
text = "as accurate"
kind = "no_difference"
a = { variant = "deep" }
b = { variant = "student" }
margin = 0.01

[[published]]
text = "table 1"
value = 0.9
"""


@pytest.fixture
def study_file(tmp_path):
    def write(text, name="lab.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_complete_study_is_read(study_file):
    study = read_study(study_file(COMPLETE))
    assert study == Study(
        name="mimic",
        title="Shallow nets that mimic deep ones",
        source="Ba and Caruana 2014",
        assumptions=(Assumption("The learning rate is not stated."),),
        seeds=(3, 1),
        search="one-at-a-time",
        objectives=(Objective("test_accuracy", "max"), Objective("params", "min")),
        base={"model": "ann", "lr": 0.1, "patience": None},
        axes=(Axis("lr", (0.1, 0.2, 0.3, 0.4)), Axis("batch_size", (10, 100, 1000))),
        variants=(
            Variant("deep", {"arch": "64-10"}, ()),
            Variant("student", {"loss": "mimic-l2"}, (Axis("lr", (0.5,)),), "deep"),
            Variant("stranger", {"loss": "mimic-kl", "teacher": "models/abc.safetensors"}),
        ),
        claims=(
            NoDifference(
                text="as accurate",
                a=Selector((("variant", ("deep",)),)),
                b=Selector((("variant", ("student",)),)),
                margin=0.01,
            ),
        ),
        published=(Published(text="table 1", value=0.9, decimals=1),),
    )


def test_an_empty_study_is_one_run_named_after_its_file(study_file):
    study = read_study(study_file("", "lab1-beta.toml"))
    assert (study.name, study.seeds, study.search) == ("lab1-beta", (0,), "grid")
    assert (study.variants, study.axes, study.trials) == ((Variant(),), (), None)


def test_what_a_study_holds_cannot_be_written_to(study_file):
    study = read_study(study_file(COMPLETE))
    for table in (study.base, study.variants[0].settings):
        with pytest.raises(TypeError):
            table["lr"] = 1
    with pytest.raises(FrozenInstanceError):
        study.claims[0].margin = 2


def test_a_search_has_trials_and_intervals(study_file):
    study = read_study(
        study_file('search = "tpe"\ntrials = 20\nsearch_seed = 4\n[vary]\nlr = "1e-3:1:log"\n')
    )
    assert (study.search, study.trials, study.search_seed) == ("tpe", 20, 4)
    assert study.axes == (Axis("lr", Interval(0.001, 1.0, log=True, integer=False)),)


@pytest.mark.parametrize(
    ("text", "line", "problem", "remedy"),
    [
        ("title = 'a'\nsede = 3\n", 2, "unknown key 'sede'.", "Did you mean 'seeds'?"),
        ("\nlr = 3\n", 2, "unknown key 'lr'.", "Put it under [base]."),
        ("[bass]\nlr = 3\n", 1, "unknown key 'bass'.", "Did you mean 'base'?"),
        ("[base]\nbetaa = 1\n", 2, "unknown setting 'betaa'.", "Did you mean 'beta'?"),
        (
            "[base]\nlr = 1\n[variants.a]\nz = 1\n[variants.b]\nlr = -1\n",
            6,
            "lr: -1 is out of range.",
            "lr must be greater than 0.",
        ),
        ("[variants]\na.lr = 1\na.zz = 1\n", 3, "unknown setting 'zz'.", "Did you mean 'z'?"),
        (
            "[variants]\na = { lr = 1, zeta = 2 }\n",
            2,
            "unknown setting 'zeta'.",
            "Did you mean 'beta'?",
        ),
        (
            "[base]\nz = 1\n[variants.a]\nT = 5\nvary = { z = [1], T = [0] }\n",
            5,
            "T: 0 is out of range.",
            "T must be greater than or equal to 1.",
        ),
        ("[vary]\nz = [1]\nbetta = [1]\n", 3, "Unknown parameter 'betta'.", "Did you mean 'beta'?"),
        ("[vary]\nz = []\n", 2, "z: there are no values.", "Give one or more, as in z=V1,V2."),
        ("[vary]\nz = '3:1:2'\n", 2, "z: the range '3:1:2' is empty.", "Write the lower end"),
        ("[vary]\nseed = [1]\n", 2, "seed cannot be varied", "Use --seeds 3"),
        ("[base]\nseed = 1\n", 2, "a study repeats over seeds.", "Write seeds = [0, 1, 2]"),
        ("[base]\nlr = [1, 2]\n", 2, "lr: [1, 2] is not one value.", "Give lr numbers or names."),
        ("base = 3\n", 1, "base must be a table.", "Write [base] above its keys."),
        ("x = 1", 1, "unknown key 'x'.", "Choose one of: name, title,"),
        (
            "[variants]\na = 3\n",
            2,
            "a must be a table.",
            "Write [variants.a] above its keys.",
        ),
        ("[variants.a]\nvary = [1]\n", 2, "vary must be a table.", "Write [variants.a.vary]"),
        ("[variants.'a;b']\n", 1, "'a;b' cannot name a variant.", "Use letters"),
        ("[variants.'a, b']\n", 1, "'a, b' cannot name a variant.", "Use letters"),
        ("title = 3\n", 1, "title must be a text.", "Put it between quotes."),
        ("assumptions = 'a'\n", 1, "assumptions must be a list of texts.", 'assumptions = ["'),
        ("assumptions = [1]\n", 1, "assumptions must be a list of texts.", 'assumptions = ["'),
        ("seeds = 0\n", 1, "seeds: 0 is out of range.", "Give from 1"),
        ("seeds = []\n", 1, "seeds: the list is empty.", "Give a number, or a list"),
        ("seeds = [1, -1]\n", 1, "seed: -1 is out of range.", "seed must be"),
        ("seeds = 'many'\n", 1, "seeds: 'many' is not a whole number.", "Give seeds a whole"),
        ("search = 'gird'\n", 1, "search: 'gird' is not known.", "Did you mean 'grid'?"),
        (
            "title = 'a'\nsearch = 'tpe'\n",
            2,
            "search 'tpe' does not end by itself.",
            "Give a number of points: --trials 50",
        ),
        ("title = 'a'\ntrials = 5\n", 2, "trials = 5 has no effect: search 'grid'", "Leave"),
        ("search = 'tpe'\ntrials = 0\n", 2, "trials: 0 is out of range.", "Give from 1"),
        ("search = 'random'\ntrials = 'a'\n", 2, "trials: 'a' is not a whole number.", "Give"),
        ("search_seed = -1\n", 1, "search_seed: -1 is out of range.", "Give a number from 0."),
        (
            "trials = 3\nname = 'a/b'\n",
            2,
            "'a/b' cannot name a study, because it names a folder.",
            "Give it",
        ),
        (
            "objectives = [\n'test_loss:min',\n'lr:max']\n",
            3,
            "Objective 'lr:max': 'lr' is a setting.",
            "",
        ),
        (
            "[variants.cnn]\n[variants.b]\nloss = 'mimic-l2'\nteacher = 'cn'\n",
            4,
            "teacher: 'cn' is neither a variant nor a path to .safetensors.",
            "Did you mean 'cnn'?",
        ),
        (
            "[base]\nteacher = 'b'\n[variants.b]\n",
            2,
            "teacher: 'b' is neither a variant nor a path to .safetensors.",
            "Name a variant as teacher inside the variant that learns from it.",
        ),
    ],
)
def test_a_wrong_study_is_refused_with_file_line_and_remedy(
    study_file, text, line, problem, remedy
):
    path = study_file(text)
    with pytest.raises(UserError) as caught:
        read_study(path)
    assert caught.value.problem.startswith(f"{path}, line {line}: {problem}")
    assert caught.value.remedy.startswith(remedy)


def test_a_file_that_is_no_study_is_refused(study_file):
    with pytest.raises(UserError, match="is not TOML"):
        read_study(study_file("seeds: 3"))
    with pytest.raises(UserError, match=r"no\.toml cannot be read"):
        read_study(Path("no.toml"))


@pytest.mark.parametrize(
    ("value", "seeds"), [(3, (0, 1, 2)), ("2", (0, 1)), ([5], (5,)), ([2, 0, 2], (2, 0))]
)
def test_seeds_are_a_number_or_a_list(value, seeds):
    assert read_seeds(value) == seeds


def test_the_command_line_alone_is_a_study():
    study = adhoc_study(
        {"model": "ann", "T": None, "lr": "0.1"},
        [parse_axis("batch_size=10,20")],
        seeds=2,
        search="grid",
    )
    assert study == Study(
        "adhoc",
        base={"model": "ann", "lr": 0.1},
        axes=(Axis("batch_size", (10, 20)),),
        seeds=(0, 1),
    )


def test_an_option_that_is_also_varied_is_refused_unless_it_is_the_middle():
    axes = [parse_axis("v_th=1,2")]
    with pytest.raises(UserError) as caught:
        adhoc_study({"v_th": 3}, axes)
    assert str(caught.value) == (
        "v_th is varied, and --v-th says what it is.\n"
        "Leave --v-th out, or give other values: --vary v_th=..."
    )
    assert adhoc_study({"v_th": 3}, axes, search="one-at-a-time").base == {"v_th": 3.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"axes": ["lr=1", "lr=2"]}, "lr is varied twice."),
        ({"options": {"seed": 3}}, "seed = 3 is not a setting of a study"),
        ({"search": "grid", "trials": 3}, "trials = 3 has no effect"),
        ({"search": "gp"}, "search 'gp' does not end by itself."),
        ({"search": "bayes", "trials": 3}, "search: 'bayes' is not known."),
        ({"search": "gp", "trials": 2_000_000}, "trials: 2,000,000 is out of range."),
        ({"name": "../up"}, "'../up' cannot name a study"),
        ({"options": {"lr": "fast"}}, "lr: 'fast' is not a number"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments, message):
    arguments = {"options": {}, **arguments}
    axes = [parse_axis(axis) for axis in arguments.pop("axes", [])]
    with pytest.raises(UserError) as caught:
        adhoc_study(arguments.pop("options"), axes, **arguments)
    assert str(caught.value).startswith(message)


def test_options_change_a_study_and_leave_the_rest():
    study = Study("s", {"lr": 1.0}, (Axis("T", (1,)), Axis("z", (1.0,))), search="random", trials=5)
    assert with_options(study) == study
    changed = with_options(
        study,
        axes=[parse_axis("T=2,3"), parse_axis("beta=0.5")],
        seeds=2,
        objectives=[Objective("params", "min")],
    )
    assert changed.axes == (Axis("T", (2, 3)), Axis("z", (1.0,)), Axis("beta", (0.5,)))
    assert (changed.seeds, changed.search, changed.trials) == ((0, 1), "random", 5)
    assert changed.objectives == (Objective("params", "min"),)
    assert with_options(study, trials=9).trials == 9
    grid = with_options(study, search="grid")
    assert (grid.search, grid.trials) == ("grid", None)
    with pytest.raises(UserError, match="trials: 0 is out of range"):
        with_options(study, trials=0)
    with pytest.raises(UserError, match="trials = 9 has no effect"):
        with_options(grid, trials=9)
