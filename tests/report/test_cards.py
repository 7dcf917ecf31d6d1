"""The first screen: the cards answer what the intervals say, with an ANN and without one."""

import re
from itertools import pairwise
from statistics import fmean, stdev

import pytest
from scipy.stats import t

from snnbench.report.judging.deciding import Part, Region, decide
from snnbench.report.page.cards import cards, changes, gist, outcome_words
from snnbench.report.page.render import to_document, to_html, to_markdown
from snnbench.report.page.sections import anchor_of
from snnbench.report.page.short_tables import short_table
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import load
from snnbench.report.reading.statistics import mean
from snnbench.studies.claims import Above
from snnbench.studies.study import Study
from tests.report.page import Page
from tests.report.samples import Made

ANN = {"model": "ann", "encoding": None, "T": None, "neuron": None, "v_th": None, "loss": "ce",
       "firing_rate": None}  # fmt: skip
SPREAD = (-0.001, 0.0, 0.001)


def section_of(made, folder, study=None):
    studies = {} if study is None else {study.name: study}
    (section,) = summarise(load([made.write(folder)]), studies).sections
    return section


def pair(accuracy, energy, ann=0.90, **more):
    made = Made()
    for seed, d in enumerate(SPREAD):
        made.run(seed, test_accuracy=accuracy + d, energy_pj_compute45nm=energy + d, **more)
        made.run(seed, test_accuracy=ann + d, energy_pj_compute45nm=900.0 + d, **ANN)
    return made


@pytest.mark.parametrize(
    ("accuracy", "word"),
    [(0.95, "yes: better"), (0.899, "yes: not worse"), (0.8, "no: worse")],
)
@pytest.mark.parametrize(("energy", "cost"), [(300.0, "yes: cheaper"), (2700.0, "no: dearer")])
def test_beside_its_ann_two_questions_are_answered(accuracy, word, energy, cost, tmp_path):
    section = section_of(pair(accuracy, energy), tmp_path)
    first, second = cards(section)
    assert (first.words[0][0], second.words[0][0]) == (word, cost)
    assert f"SNN {accuracy:.4g}" in first.lines[0]
    assert "3 times" in second.lines[0]
    assert word.partition(": ")[2] in gist(section)
    table = short_table(section)
    assert len(table.header) <= 6
    said = {row[0]: row[-1] for row in table.rows}
    assert cost.partition(": ")[2] in said["SNN"]
    assert said["ANN"] == ""


@pytest.mark.parametrize("without", [{"activity": "silent"}, {"energy_pj_compute45nm": None}])
def test_a_pair_without_a_price_is_told_of_everywhere(without, tmp_path):
    made = Made()
    for seed in range(3):
        made.run(seed, test_accuracy=0.1, **without)
        made.run(seed, test_accuracy=0.9, **ANN)
    made.write(tmp_path / "a")
    Made().runs("test_accuracy", [0.8, 0.9], study="b").write(tmp_path / "b")
    for folders in (["a"], ["a", "b"]):
        report = summarise(load([tmp_path / name for name in folders]), {})
        section = report.sections[0]
        (only,) = section.answer.pairs
        assert only.costs == ()
        assert gist(section) == "SNN against ANN: accuracy worse."
        assert "No energy model knows the cost of both networks." in cards(section)[1].lines
        for text in (to_html(report), to_markdown(report)):
            assert "No energy model knows" in text
        assert to_document(report)["studies"][0]["gist"] == gist(section)


def test_an_ann_that_differs_in_more_is_the_next_best_and_is_said_to_be(tmp_path):
    made = pair(0.95, 300.0, lr=0.5)
    (warning,) = section_of(made, tmp_path).answer.pairs[0].warnings
    assert warning.startswith("The ANN differs in more than the model: its lr = ")


def test_without_an_ann_the_best_its_ties_and_the_cheapest_are_named(tmp_path):
    made = Made()
    for seed, d in enumerate((-0.01, 0.0, 0.01)):
        for beta, value, energy in ((0.1, 0.9, 1000), (0.2, 0.9 - d**2, 500), (0.3, 0.5, 250)):
            made.run(seed, beta=beta, test_accuracy=value + d, energy_pj_compute45nm=energy + d)
    claims = (Above(text="high", metric="test_accuracy", value=0.2),)
    section = section_of(made, tmp_path, Study("made-up", claims=claims))
    accuracy, energy, verdicts = cards(section)
    assert accuracy.words[0][0].startswith("0.900 ±0.0")
    assert accuracy.lines[1] == "Not distinguishable from it (95 %, seed by seed): beta=0.2."
    assert energy.lines[0].startswith("The cheapest, beta=0.3: 250 pJ, 4 times less, with 0.500")
    assert verdicts.words == outcome_words(section) == (("1 reproduced", "reproduced"),)
    assert section.answer is None


def test_runs_without_a_result_have_a_card_and_a_page(tmp_path):
    made = Made().run(0, status="diverged", error="loss is not finite")
    section = section_of(made, tmp_path)
    assert cards(section)[0].words == (("no run has a result", ""),)
    assert gist(section) == "No run has a result."
    assert section.headline is None
    assert "no run has a result" in to_html(summarise(load([tmp_path]), {}))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_as_many_seeds_would_decide_a_claim_and_not_one_less(share):
    values = [0.4, 0.5, 0.7]
    distance = share * mean(values).half_width
    region = Region(low=fmean(values) - distance)
    decided = decide([Part("x", lambda confidence: mean(values, confidence), region)])
    assert decided.outcome == "undecided"
    halves = [t.ppf(0.975, n - 1) * stdev(values) / n**0.5
              for n in (decided.seeds - 1, decided.seeds)]  # fmt: skip
    assert halves[1] < distance <= halves[0]


def test_undecided_claims_say_how_many_seeds(tmp_path):
    made = Made().runs("test_accuracy", [0.4, 0.5, 0.7])
    claim = Above(text="It is high.", metric="test_accuracy", value=0.5)
    section = section_of(made, tmp_path, Study("made-up", claims=(claim,)))
    (line,) = changes(section)
    assert re.fullmatch(r"About \d+ seeds would decide: It is high\.", line)


def test_anchors_are_names_and_each_stands_once():
    taken = []
    for name in ("lab1 T", "lab1-t", "", "\u4e2d", "LAB1/T"):
        taken.append(anchor_of(name, taken))
    assert taken == ["lab1-t", "lab1-t-2", "runs", "runs-2", "lab1-t-3"]


def test_studies_with_spiking_networks_come_first_and_each_has_its_row(tmp_path):
    for name, more in (("a", ANN), ("b", {}), ("c", ANN)):
        Made().runs("test_accuracy", [0.8, 0.9], study=name, **more).write(tmp_path / name)
    report = summarise(load([tmp_path / name for name in "abc"]), {})
    assert [section.name for section in report.sections] == ["b", "a", "c"]
    page = Page(to_html(report))
    links = [tag["href"] for tag in page.named("a")]
    assert links[1:4] == ["#b", "#a", "#c"]
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {link[1:] for link in links} <= ids
    markdown = to_markdown(report)
    assert markdown.index("| b |") < markdown.index("## b")


def test_headings_never_skip_a_level(tmp_path):
    for name in ("one", "two"):
        pair(0.9, 300.0, study=name, surrogate="atan").write(tmp_path / name)
    for folders in ([tmp_path / "one"], [tmp_path / "one", tmp_path / "two"]):
        page = Page(to_html(summarise(load(folders), {})))
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))


def test_the_headline_and_its_thumbnail_are_two_drawings(tmp_path):
    """Of the first, other formats are made when the second has long lost its words."""
    section = section_of(pair(0.9, 300.0), tmp_path)
    written = [text.get_text() for text in section.headline.canvas.axes[0].texts]
    assert sorted(written) == ["ANN", "SNN"]
    assert not section.thumbnail.canvas.axes[0].texts
    assert section.headline.svg.count("<text") > section.thumbnail.svg.count("<text") == 0
