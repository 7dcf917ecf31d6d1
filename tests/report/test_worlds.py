"""What a report says of worlds: verdicts by hand on made-up tables, in words and figures."""

import json
import re

import pytest

from snnbench.report.figures.worlds import effect_of
from snnbench.report.judging.documents import document_of
from snnbench.report.judging.worlds import multiverse
from snnbench.report.page.render import to_document, to_figures, to_html, to_markdown
from snnbench.report.page.summary import summarise
from snnbench.report.page.tables import section_tables
from snnbench.report.page.worlds import sentences
from snnbench.report.reading.source import load
from snnbench.studies.assumptions import Assumption
from snnbench.studies.axis import Axis
from snnbench.studies.claims import Above, Better, Monotone, Published
from snnbench.studies.plan import expand
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study, Variant
from snnbench.studies.worlds import expand_worlds
from tests.report.samples import Made

V_TH = Assumption("The threshold is not stated.", ({"v_th": 1.0}, {"v_th": 2.0}))
STEPS = Assumption("T is not stated.", ({"T": 5}, {"T": 10}, {"T": 20}))
BASE = {"model": "snn", "dataset": "digits", "arch": "10-10", "T": 5, "v_th": 1.0}


def beta(value):
    return Selector((("beta", (value,)),))


def better(text, a, b):
    return Better(text=text, a=beta(a), b=beta(b))


ALWAYS = better("0.9 beats 0.1", 0.9, 0.1)
NEVER = better("0.1 beats 0.9", 0.1, 0.9)
SOMETIMES = better("0.5 beats 0.1", 0.5, 0.1)
OPEN = better("0.7 beats 0.1", 0.7, 0.1)
CLAIMS = (ALWAYS, NEVER, SOMETIMES, OPEN)


def accuracy(row):
    """0.9 is always better than 0.1, 0.5 where v_th is 1, and 0.7 as good but for the noise."""
    up = {0.1: 0.0, 0.9: 0.1, 0.5: 0.1 if row["v_th"] == 1 else -0.1, 0.7: 0.0}[row["beta"]]
    noise = 0.01 * (row["seed"] - 1) * (1 if row["beta"] == 0.7 else 0.01)
    return 0.6 + up + noise


def study_of(**more):
    said = {
        "name": "made-up", "base": BASE, "axes": (Axis("beta", (0.1, 0.5, 0.7, 0.9)),),
        "seeds": (0, 1, 2), "assumptions": (V_TH, Assumption("alone"), STEPS), "claims": CLAIMS,
        "source": "A paper (2020), figure 1",
    }  # fmt: skip
    return Study(**(said | more))


def record(folder, study, worlds, measured=accuracy, overrides=None, made=None):
    """Record the runs of some worlds, of which `measured` gives the accuracy."""
    made = made or Made()
    for run in expand_worlds(study, worlds, overrides).runs:
        row = run.config.effective | {"device": "cpu", "engine": "fast"}
        seed = row.pop("seed")
        found = measured(row | {"seed": seed})
        variant = ", ".join(run.variants) or None
        made.run(seed, study=study.name, variant=variant, test_accuracy=found, **row)
    return made.write(folder)


def told_of(folder, study):
    return multiverse(study, load([folder]))


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory):
    study = study_of()
    return record(tmp_path_factory.mktemp("all"), study, study.worlds.all())


def test_claims_are_robust_conditional_contradicted_or_undecided(everywhere):
    told = told_of(everywhere, study_of())
    assert len(told.judged) == told.total == 6
    assert [claim.word for claim in told.claims] == [
        "robust", "contradicted", "conditional", "undecided",
    ]  # fmt: skip
    assert [claim.count("reproduced") for claim in told.claims] == [6, 0, 3, 0]
    assert [claim.count("contradicted") for claim in told.claims] == [0, 6, 3, 0]


def test_a_conditional_claim_names_the_assumption_that_turns_it_and_where_it_holds(everywhere):
    *_, sometimes, _ = told_of(everywhere, study_of()).claims
    (deciding,) = sometimes.deciding
    assert deciding.assumption == V_TH
    # worlds that differ in v_th alone: one pair for each T; in T alone: three for each v_th
    assert [(t.turned, t.pairs) for t in sometimes.turnings] == [(3, 3), (0, 6)]
    assert deciding.holds == {"v_th=1": (3, 3), "v_th=2": (0, 3)}
    assert deciding.under == "v_th=1"
    (said,) = [s for s in sentences(told_of(everywhere, study_of())) if "Conditional" in s]
    assert (
        "Holds in 3 of 6 worlds; v_th turns it in 3 of 3 pairs of worlds: it holds under v_th=1"
        in said
    )


def test_a_verdict_that_no_pair_of_worlds_tells_apart_has_no_named_cause(tmp_path):
    study = study_of()
    corners = [study.worlds.of(choices) for choices in ((0, 0), (1, 1))]
    told = told_of(record(tmp_path / "r", study, corners), study)
    *_, sometimes, _ = told.claims
    assert (sometimes.word, sometimes.deciding) == ("conditional", ())
    assert any("no two worlds that differ in one assumption alone" in s for s in sentences(told))


def test_most_claims_hold_together_in_the_nearest_of_the_best_worlds(everywhere):
    told = told_of(everywhere, study_of())
    # v_th = 1 with any T: of these the base is nearest to itself
    assert told.best.world.is_base
    assert [told.best.count(o) for o in ("reproduced", "contradicted", "undecided")] == [2, 1, 1]
    assert (
        "No world has all claims: the best, world 1 (the base), has 2 of 4; 1 contradicted there,"
        " 1 undecided; chosen by looking at the verdicts of 6 worlds." in sentences(told)
    )


def test_a_document_is_consistent_with_a_world_in_which_all_of_its_claims_hold(tmp_path):
    worse = better("0.1 beats 0.5", 0.1, 0.5)
    study = study_of(claims=(ALWAYS, worse), published=(
        Published(text="theirs", value=0.6, tolerance=0.01, where=beta(0.1)),
    ))  # fmt: skip
    folder = record(tmp_path / "r", study, study.worlds.all())
    report = summarise(load([folder]), {"made-up": study}, with_figures=False)
    (section,) = report.sections
    assert section.worlds.best.name == "v_th=2"
    assert (
        "The document is consistent with world 4 (v_th=2): all 2 claims hold; chosen by looking at"
        " the verdicts of 6 worlds." in sentences(section.worlds)
    )
    # the ordinary tables show the base; the document's numbers are judged in both, and marked
    assert [v.outcome for v in section.verdicts] == ["reproduced", "contradicted"]
    titles = [table.title for table in section_tables(section)]
    assert "Published against measured in world 4, chosen of 6 for its claims" in titles
    assert [row.outcome for row in section.worlds.published] == ["agrees"]
    assert to_document(report)["studies"][0]["worlds"]["published_there"][0]["chosen"] is True


def test_one_seed_decides_nothing_but_its_numbers_say_where_to_look(tmp_path):
    study = study_of(seeds=(1,), claims=(ALWAYS, better("0.1 beats 0.5", 0.1, 0.5)))
    told = told_of(record(tmp_path / "r", study, study.worlds.all()), study)
    assert [claim.word for claim in told.claims] == ["undecided", "undecided"]
    assert (told.best.name, told.best.leaning) == ("v_th=2", 2)
    assert any(
        "No claim is reproduced in any world. By the numbers alone" in s and "2 of 2" in s
        for s in sentences(told)
    )


def test_where_only_the_base_was_run_nothing_is_said_of_worlds(tmp_path):
    study = study_of()
    folder = record(tmp_path / "r", study, [study.worlds[1]])
    with_worlds, without = (
        to_document(summarise(load([folder]), {"made-up": one}, with_figures=False))
        for one in (study, study_of(assumptions=()))
    )
    assert with_worlds["studies"][0]["worlds"] is None
    for document in (with_worlds, without):
        del document["studies"][0]["assumptions"]
    assert with_worlds == without


def test_the_ordinary_tables_show_the_base_whatever_else_was_run(everywhere, tmp_path):
    study = study_of()
    alone = record(tmp_path / "r", study, [study.worlds[1]])
    one, all_of_them = (
        summarise(load([folder]), {"made-up": study}, with_figures=False).sections[0]
        for folder in (alone, everywhere)
    )
    assert all_of_them.statuses == {"done": 12}
    assert [c.name for c in one.configurations] == [c.name for c in all_of_them.configurations]
    assert all(
        a.by_seed("test_accuracy") == b.by_seed("test_accuracy")
        for a, b in zip(one.configurations, all_of_them.configurations, strict=True)
    )
    assert one.verdicts == all_of_them.verdicts
    assert all_of_them.worlds.left_out == 60


def test_a_study_that_was_run_elsewhere_only_is_shown_there_and_says_so(tmp_path):
    study = study_of()
    there = study.worlds.find("v_th=2,T=10")
    folder = record(tmp_path / "r", study, [there])
    (section,) = summarise(load([folder]), {"made-up": study}, with_figures=False).sections
    assert section.worlds.shown == there
    assert [v.outcome for v in section.verdicts] == [
        "reproduced", "contradicted", "contradicted", "undecided",
    ]  # fmt: skip
    assert "world 5 of 6 (v_th=2, T=10), not what the base says" in sentences(section.worlds)[0]
    assert not any("not the study's own" in note for note in section.notes)


def test_a_look_beside_the_full_study_is_left_out_of_the_base_and_named(tmp_path):
    study = study_of()
    made = Made()
    record(
        tmp_path / "look", study, study.worlds.all(), overrides={"train_samples": 200}, made=made
    )
    folder = record(tmp_path / "r", study, [study.worlds[1]], made=made)
    told = told_of(folder, study)
    assert [one.departures for one in told.judged] == ["", *["train_samples = 200"] * 5]
    assert (len(told.runs), told.left_out) == (12, 72)
    assert "Run beside the study, with train_samples = 200: 5 worlds." in sentences(told)
    # only worlds that were run alike are pairs
    assert [(t.turned, t.pairs) for t in told.claims[2].turnings] == [(2, 2), (0, 4)]


def test_a_world_without_runs_of_some_configuration_is_not_judged(tmp_path):
    study = study_of()
    made = Made()
    record(tmp_path / "whole", study, study.worlds.drawn(2, 0), made=made)
    smaller = study_of(axes=(Axis("beta", (0.1, 0.5)),))
    folder = record(tmp_path / "r", smaller, [study.worlds[6]], made=made)
    told = told_of(folder, study)
    assert study.worlds[6] not in study.worlds.drawn(2, 0)
    assert (len(told.judged), told.unjudged) == (2, 1)
    assert any("Not judged: 1 world" in sentence for sentence in sentences(told))


def test_in_each_world_a_run_is_of_the_variants_that_it_has_there(tmp_path):
    """`fixed` is what `free` comes to where v_th is 2: there they are one run."""
    free, fixed = Variant("free"), Variant("fixed", {"v_th": 2.0})
    study = study_of(
        axes=(), variants=(free, fixed), assumptions=(V_TH,),
        claims=(Above(text="high", value=0.65, where=Selector((("variant", ("free",)),))),),
    )  # fmt: skip
    folder = record(tmp_path / "r", study, study.worlds.all(), lambda row: {1: 0.6, 2: 0.7}[
        row["v_th"]] + row["seed"] / 1e4)  # fmt: skip
    told = told_of(folder, study)
    # the table says "fixed" of the run that is `free`, too, in the second world
    assert [claim.word for claim in told.claims] == ["conditional"]
    assert [v.outcome for v in told.claims[0].verdicts] == ["contradicted", "reproduced"]


def test_studies_of_one_document_agree_where_they_choose_the_same(tmp_path):
    first = study_of(name="first", claims=(SOMETIMES,))
    second = study_of(
        name="second", assumptions=(V_TH,), source="A paper (2020), section 2",
        claims=(better("0.1 beats 0.5", 0.1, 0.5), ALWAYS, better("0.9 beats 0.5", 0.9, 0.5)),
    )  # fmt: skip
    other = study_of(name="other", source="Another paper, figure 1")
    folders = [
        record(tmp_path / study.name, study, study.worlds.all()) for study in (first, second, other)
    ]
    studies = {"first": first, "second": second, "other": other}
    report = summarise(load(folders), studies, with_figures=False)
    (found,) = report.documents
    # alone, `first` holds where v_th is 1 and `second` where it is 2: together one claim is lost
    assert (found.document, found.tried) == ("A paper (2020)", 6)
    assert (found.reproduced, found.contradicted, found.undecided) == (3, 1, 0)
    assert found.settings == {"v_th": 2.0}
    assert found.studies == {"first": "v_th=2", "second": "v_th=2"}
    assert found.name in to_markdown(report).replace("\\", "")
    assert to_document(report)["documents"][0]["sentence"].startswith("A paper (2020), 2 studies")


@pytest.mark.parametrize(
    ("source", "document"),
    [
        ("Lab 1 (Yu, 2024), section 4.1, figure 4", "Lab 1 (Yu, 2024)"),
        ("A (2022), sections 2.2 and 2.3", "A (2022)"),
        ("A report; figure 'x'", "A report"),
        ("A report", "A report"),
    ],
)
def test_a_document_is_its_source_without_the_place(source, document):
    assert document_of(source) == document


def test_every_way_of_reading_has_all_of_it(everywhere):
    study = study_of()
    report = summarise(load([everywhere]), {"made-up": study})
    (section,) = report.sections
    document = json.loads(json.dumps(to_document(report), allow_nan=False))["studies"][0]["worlds"]
    assert document["sentences"] == sentences(section.worlds)
    assert [claim["in_all_worlds"] for claim in document["claims"]] == [
        "robust", "contradicted", "conditional", "undecided",
    ]  # fmt: skip
    assert [world["settings"] for world in document["worlds"]][3] == {"v_th": 2.0, "T": 5}
    html, markdown = to_html(report), to_markdown(report).replace("\\", "")
    for said in sentences(section.worlds):
        assert said in markdown
        assert said.replace("'", "&#39;") in html
    for text in (html, markdown):
        assert "Claims in 6 worlds" in text
        assert "A claim is robust if" in text.replace("\n", " ")


def test_a_specification_curve_orders_worlds_by_what_was_measured(everywhere):
    report = summarise(load([everywhere]), {"made-up": study_of()})
    figures = [f for f in report.sections[0].figures if "-worlds-" in f.name]
    assert len(figures) == len(CLAIMS)
    conditional = figures[2]
    assert conditional.title == "In 6 worlds: 0.5 beats 0.1"
    assert conditional.description.startswith("From -0.1 in v_th=2 (contradicted); 0.1 in")
    assert all(len(figure.svg) < 16_000 for figure in figures)
    svg = conditional.svg
    for text in ("reproduced, 3", "contradicted, 3", "v_th=1", "v_th=2", "T=5", "T=10", "T=20"):
        assert re.search(f">{re.escape(text)}<", svg)
    assert "var(--series-3)" in svg
    assert {"made-up-worlds-3.svg", "made-up-worlds-3.pdf"} <= to_figures(report).keys()


def test_the_effect_of_a_claim_about_steps_is_the_one_most_against_it(everywhere):
    claim = Monotone(text="up", along="beta", direction="up")
    told = told_of(everywhere, study_of(claims=(claim,)))
    label, least = effect_of(told.claims[0].verdicts[0])
    assert least.value == pytest.approx(-0.1, abs=0.001)  # from 0.5 to 0.7
    assert label == "test_accuracy, the least of 3 differences"


def test_many_worlds_are_drawn_evenly_and_few_bytes(tmp_path):
    many = Assumption("", tuple({"z": float(z)} for z in (2, *range(3, 103))))
    study = study_of(axes=(Axis("beta", (0.1, 0.9)),), assumptions=(many,), claims=(ALWAYS,))

    def measured(row):
        return 0.5 + row["beta"] * row["z"] / 1000 + row["seed"] / 1e5

    folder = record(tmp_path / "r", study, study.worlds.drawn(80, 0), measured)
    (section,) = summarise(load([folder]), {"made-up": study}).sections
    (figure,) = [f for f in section.figures if "-worlds-" in f.name]
    assert "60 of 80 worlds, evenly" in figure.caption
    assert len(figure.svg) < 80_000


def test_a_study_whose_plan_is_not_known_has_no_worlds(everywhere):
    searched = study_of(search="tpe", trials=2)
    assert told_of(everywhere, searched) is None
    assert expand(searched).spaces
