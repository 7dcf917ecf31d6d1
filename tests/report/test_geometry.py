"""Pages as a browser lays them out: nothing is cut, hidden, split or faint, at any width."""

import dataclasses
from functools import cache
from pathlib import Path

import pytest

from snnbench.report.judging.answer import answer
from snnbench.report.page.render import to_html
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import load
from snnbench.studies.catalogue import find_study
from snnbench.studies.study import Study
from tests.report.browser import CHROMIUM, measured
from tests.report.samples import Made
from tests.report.test_answer import REAL, SPIKING, UNSAID

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
RESULTS = Path(__file__).parents[2] / "results"
FRAMES = {
    "desk": {}, "telephone": {"width": 390}, "dark": {"dark": True},
    "paper": {"width": 1032, "printed": True},  # A4 landscape within its margins
}  # fmt: skip


def of_studies(*names):
    tables = load([RESULTS / name for name in names])
    return to_html(summarise(tables, {name: find_study(name) for name in names}))


def of_comparison(folder):
    """An SNN with steps and an early exit, long names, and its ANN."""
    runs = Made()
    for seed in range(3):
        for number, surrogate in enumerate(("fast-sigmoid", "piecewise-quadratic")):
            reached = 0.9 + 0.01 * seed - 0.02 * number
            energies = [900.0 * step for step in range(1, 6)]
            steps = [{"step": i + 1, "test_accuracy": reached - 0.08 * (4 - i) ** 2 / 16,
                      "energy_pj_compute45nm": energy}
                     for i, energy in enumerate(energies)]  # fmt: skip
            layer = {"layer": "fc1", **SPIKING, "effective_operations": 1000.0 + seed}
            runs.run(seed, arch="10", layers=[layer], steps=steps, activity="alive",
                     params=650,
                     surrogate=surrogate, test_accuracy=reached, exit_accuracy=reached - 0.001,
                     exit_energy_pj_compute45nm=2500.0, exit_steps=2.8, inference_steps=5,
                     **UNSAID)  # fmt: skip
        layer = {"layer": "fc1", **REAL, "effective_operations": 320.0}
        runs.run(seed, arch="10", layers=[layer], model="ann", encoding=None, T=None, neuron=None,
                 v_th=None, loss="ce", firing_rate=None, params=650,
                 test_accuracy=0.93 + 0.01 * seed,
                 **UNSAID)  # fmt: skip
    tables = load([runs.write(folder)])
    studies = {"made-up": Study("made-up", title="Is it?")}
    return to_html(summarise(tables, studies, answer=answer(tables, 0.01)))


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """Return what makes each page once, when it is asked for."""

    @cache
    def make(name):
        if name == "comparison":
            return of_comparison(tmp_path_factory.mktemp(name))
        several = ("lab1-flops", "mimic-spiking", "tabular-bn")
        return of_studies(*several if name == "several" else [name])

    return make


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", ["lab1-flops", "lab1-beta", "mlp-best", "several", "comparison"])
def test_a_page_fits_its_frame(name, frame, page_of, tmp_path):
    found = measured(page_of(name), tmp_path, **FRAMES[frame])
    assert found["width"] == FRAMES[frame].get("width", 1280)
    for fault in ("wide", "overlaps", "split", "faint"):
        assert found[fault] == [], fault


@pytest.mark.parametrize("name", ["lab1-flops", "lab1-beta", "mlp-best", "comparison"])
def test_the_first_screen_holds_question_answer_and_figure(name, page_of, tmp_path):
    bottoms = measured(page_of(name), tmp_path)["bottoms"]
    assert 0 < bottoms["title"] < bottoms["cards"] < bottoms["figure"] <= 900


FAULTS = {
    "wide": "<p style='width: 2000px'>wide</p>",
    "overlaps": "<svg><title>x</title><text y='20'>over</text><text y='20' x='3'>this</text></svg>",
    "split": "<div class='card' style='width: 3em; overflow-wrap: anywhere'>1,234,567,890</div>",
    "faint": "<p style='color: #eee; background: #fff'>faint</p>",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_found(fault, page_of, tmp_path):
    page = page_of("mlp-best").replace("</main>", f"{FAULTS[fault]}</main>")
    found = measured(page, tmp_path)
    assert [name for name in FAULTS if found[name]] == [fault]


def test_a_claims_figure_is_drawn_once_and_then_referred_to(tmp_path):
    tables = load([RESULTS / "lab1-flops"])
    report = summarise(tables, {"lab1-flops": find_study("lab1-flops")})
    (section,) = report.sections
    shared = section.figures[0]
    figures = (shared, None, shared, *[None] * (len(section.verdicts) - 3))
    changed = dataclasses.replace(section, claim_figures=figures)
    page = to_html(dataclasses.replace(report, sections=(changed,)))
    assert page.count(f'id="figure-{shared.name}"') == 1
    # the second claim's, and the one among all figures
    assert page.count(f'href="#figure-{shared.name}"') == 2
    found = measured(page, tmp_path)
    assert found["wide"] == found["overlaps"] == []
