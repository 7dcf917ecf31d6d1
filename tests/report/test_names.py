"""Names of configurations: short, unlike each other, the same whatever the order of the rows."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.config.run_config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.report.reading.columns import telling
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.names import ONLY, short_names
from snnbench.results.tables import read_runs
from snnbench.studies.axis import parse_axis
from snnbench.studies.study import Study, Variant
from tests.report.samples import Made

AXES = {
    "beta": (0.1, 0.5, 0.9), "z": (1.0, 2.0), "T": (2, 5, 9), "encoding": ("bernoulli", "repeat",
    "threshold"), "loss": ("mse", "ce"), "optimizer": ("adam", "sgd"), "v_th": (0.5, 1.0, 4.0),
    "batch_norm": (False, True), "patience": (None, 3), "lr_schedule": (None, "0.1x2,0.01x2"),
}  # fmt: skip
BASE = {"arch": "8-10", "val_fraction": 0.1} | {name: values[0] for name, values in AXES.items()}


def row_of(settings, variant=None):
    config = RunConfig(**{name: value for name, value in settings.items() if value is not None})
    return {"variant": variant} | {name: config.effective[name] for name in telling()}


def rows_of(points, variant=None):
    rows = {}
    for point in points:
        given = BASE | point
        if given["lr_schedule"] is not None:
            given["epochs"] = None
        row = row_of({n: v for n, v in given.items() if n != "patience" or v}, variant)
        rows.setdefault(tuple(row.values()), row)
    return list(rows.values())


POINTS = st.lists(
    st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in AXES.items()}),
    min_size=1, max_size=12,
)  # fmt: skip


@given(POINTS, st.randoms(use_true_random=False), st.sets(st.sampled_from(sorted(AXES))))
def test_no_two_are_alike_and_order_changes_no_name(points, random, varied):
    rows = rows_of(points)
    names = short_names(rows, [sorted(varied)] * len(rows))
    assert len(set(names)) == len(rows)
    mixed = random.sample(range(len(rows)), len(rows))
    again = short_names([rows[i] for i in mixed], [sorted(varied)] * len(rows))
    assert [names[i] for i in mixed] == again


@given(st.sets(st.sampled_from(sorted(AXES)), min_size=2))
def test_around_a_base_a_name_says_the_one_thing_that_is_another(varied):
    points = [{}, *({name: value} for name in sorted(varied) for value in AXES[name][1:])]
    rows = rows_of(points)
    names = short_names(rows)
    assert Counter(names)["base"] == 1
    assert not any("," in name.replace("0.1x2,0.01x2", "") for name in names)


@given(st.sets(st.sampled_from(["beta", "z", "T", "v_th"]), min_size=2, max_size=3))
def test_of_a_grid_a_name_says_every_axis(varied):
    points = [dict(zip(sorted(varied), values, strict=True))
              for values in product(*(AXES[name] for name in sorted(varied)))]  # fmt: skip
    for name, row in zip(short_names(rows_of(points)), rows_of(points), strict=True):
        assert set(name.split(", ")) == {f"{axis}={row[axis]:g}" for axis in varied}


def test_one_setting_a_single_row_and_people_s_words():
    assert short_names(rows_of([{}])) == [ONLY]
    assert short_names(rows_of([{"loss": "ce"}, {}])) == ["CE loss", "MSE loss"]
    assert short_names(rows_of([{"batch_norm": True}, {}])) == ["BatchNorm", "no BatchNorm"]
    assert short_names(rows_of([{"T": 5}, {}])) == ["T=5", "T=2"]


def test_numbers_that_look_alike_have_all_their_digits():
    near = rows_of([{"beta": 0.12345678}, {"beta": 0.12345679}, {"beta": 0.9}])
    assert short_names(near) == ["beta=0.12345678", "beta=0.12345679", "beta=0.9"]


def test_what_no_document_may_hold_leaves_names_apart():
    rows = [row_of(BASE | {"patience": None}, variant) for variant in ("a\x01", "a\x02", "b")]
    names = short_names(rows)
    assert len(set(names)) == 3
    assert all(name.isprintable() for name in names)


WORDS = [(name, word) for name, about in SETTINGS.items() for word in (about.words or {}).values()]


def test_no_two_words_are_called_alike():
    called = Counter(word.called for _, word in WORDS if word.called)
    called.update(c for about in SETTINGS.values() for c in about.called or ())
    assert set(called.values()) == {1}


@pytest.mark.parametrize("name", sorted({name for name, word in WORDS if word.called}))
def test_all_words_of_a_setting_are_called_something_or_none(name):
    assert all(word.called for n, word in WORDS if n == name and word.is_ours)


def named(tmp_path, study):
    made = Made()
    for beta, lr in ((0.1, 0.01), (0.5, 0.02), (0.5, 0.03)):
        made.run(0, beta=beta, lr=lr, z=2.0, test_accuracy=0.5)
        made.run(0, beta=beta, lr=lr, z=2.0, test_accuracy=0.5, variant="b", v_th=2.0)
    runs = read_runs(made.write(tmp_path))
    runs.loc[runs["variant"].isna(), "variant"] = "a"
    return {c.name for c in configurations_of(runs, study)}


def test_what_a_study_varies_stands_in_every_name_whatever_tells_it_apart(tmp_path):
    axes = (parse_axis("beta=0:1"), parse_axis("z=1:3"))
    own = (parse_axis("lr=0.01,0.02,0.03"),)
    study = Study("s", axes=axes, search="tpe", trials=3, variants=(Variant("a"),
                  Variant("b", axes=own)))  # fmt: skip
    assert named(tmp_path, study) == {
        "a, beta=0.1, z=2", "a, beta=0.5, z=2, lr=0.02", "a, beta=0.5, z=2, lr=0.03",
        "b, lr=0.01", "b, lr=0.02", "b, lr=0.03",
    }  # fmt: skip


def test_a_baseline_is_named_by_settings_as_before(tmp_path):
    from snnbench.report.page.summary import compare, summarise
    from snnbench.report.reading.conditions import parse_where
    from snnbench.report.reading.source import load

    made = Made().run(0, loss="mse", test_accuracy=0.5).run(0, loss="ce", test_accuracy=0.6)
    report = summarise(load([made.write(tmp_path)]), {}, with_figures=False)
    name, differences = compare(report, parse_where("loss=mse"))
    assert name == "MSE loss"
    assert {d.configuration for d in differences} == {"CE loss"}
