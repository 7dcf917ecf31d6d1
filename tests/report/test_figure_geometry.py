"""What a browser makes of figures: no text lies on another, none is cut off."""

import json
import re
import shutil
import subprocess
from html import unescape

import pytest

from snnbench.report.figures.drawing import drawing
from snnbench.report.page.render import standing_alone
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import load
from tests.report.samples import Made

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium here to lay out a page")

_MEASURE = """<script>
document.title = JSON.stringify([...document.querySelectorAll("svg")].map(svg => ({
  frame: (({left, top, right, bottom}) => [left, top, right, bottom])(svg.getBoundingClientRect()),
  texts: [...svg.querySelectorAll("text")].filter(t => t.textContent.trim()).map(t => {
    const b = t.getBoundingClientRect();
    return [t.textContent, b.left, b.top, b.right, b.bottom];
  })
})));
</script>"""
_SLACK = 2.0  # pixels: a box is taller than its letters, and fonts differ


def measured(folder, figures):
    """Return what a browser says of each figure: its frame and its texts' boxes."""
    page = folder / "page.html"
    drawn = "".join(f"<div>{standing_alone(figure)}</div>" for figure in figures)
    page.write_text(f'<meta charset="utf-8"><body style="width:576px">{drawn}{_MEASURE}')
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'u'}",
         "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return json.loads(unescape(re.search("<title>(.*?)</title>", done.stdout, re.DOTALL)[1]))


def overlaps(texts):
    """Return pairs of texts that lie on each other."""
    found = []
    for i, (a, *p) in enumerate(texts):
        for b, *q in texts[i + 1 :]:
            across = min(p[2], q[2]) - max(p[0], q[0])
            up = min(p[3], q[3]) - max(p[1], q[1])
            # a line's box has room above and below its letters
            if across > _SLACK and up > 0.35 * min(p[3] - p[1], q[3] - q[1]):
                found.append((a, b))
    return found


def a_sweep():
    """Values close together, two far off, seeds, layers and a rate."""
    made = Made()
    for k, beta in enumerate((0.0, 0.01, 0.05, 0.1, 0.5, 0.9, 1.0, 2.0, 5.0)):
        for seed in range(3):
            end = 0.1 + 0.001 * k if beta > 1 else 0.86 + 0.008 * k + 0.002 * seed
            curves = {"test_accuracy": [end / 2, end, end], "train_loss": [1.0, 0.5, 0.1],
                      "test_loss": [1.0, 1.2 - end, 1.1 - end],
                      "firing_rate": [0.1, 0.2, 0.2 + 0.01 * k]}  # fmt: skip
            made.run(seed, curves, layers=[{"layer": "fc1", "output_rate": 0.1 + 0.01 * k}],
                     beta=beta, test_accuracy=end, firing_rate=0.2 + 0.01 * k,
                     energy_pj_compute45nm=9000.0 + 20 * (k % 4) + seed)  # fmt: skip
    return made


def a_crowd():
    """Many configurations with long names at nearly one place."""
    made = Made()
    for k in range(14):
        made.run(0, variant=f"a variant with a name that is long, number {k}", lr=0.1 + k / 100,
                 test_accuracy=0.9 + 0.001 * (k % 3),
                 energy_pj_compute45nm=900.0 + k % 2)  # fmt: skip
    return made


def twins():
    """SNNs with an ANN, both with choices."""
    made = Made()
    ann = {"model": "ann", "neuron": None, "v_th": None, "encoding": None, "T": None,
           "firing_rate": None}  # fmt: skip
    for seed in range(3):
        for T in (5, 10, 100):
            made.run(seed, T=T, test_accuracy=0.91 + T / 5000 + 0.001 * seed,
                     energy_pj_compute45nm=100.0 * T + seed)  # fmt: skip
        made.run(seed, **ann, test_accuracy=0.92 + 0.001 * seed, energy_pj_compute45nm=5000.0)
    return made


@pytest.mark.parametrize("made", [a_sweep, a_crowd, twins], ids=lambda made: made.__name__)
def test_no_text_of_a_figure_lies_on_another_or_is_cut_off(tmp_path, made):
    (section,) = summarise(load([made().write(tmp_path / "results")]), {}).sections
    with drawing():
        found = measured(tmp_path, section.figures)
    assert len(found) == len(section.figures) > 1
    for figure, seen in zip(section.figures, found, strict=True):
        assert seen["texts"], figure.name
        assert overlaps(seen["texts"]) == [], figure.name
        left, top, right, bottom = seen["frame"]
        for text, *box in seen["texts"]:
            assert box[0] >= left - _SLACK, (figure.name, text)
            assert box[1] >= top - _SLACK, (figure.name, text)
            assert box[2] <= right + _SLACK, (figure.name, text)
            assert box[3] <= bottom + _SLACK, (figure.name, text)
