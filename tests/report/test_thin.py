"""What is left out of a page's figures shows nothing, and every point stays where it is."""

import re

from hypothesis import given
from hypothesis import strategies as st

from snnbench.report.page.render import to_html
from snnbench.report.page.summary import summarise
from snnbench.report.page.thin import relative, thinned
from snnbench.report.reading.source import load
from tests.report.samples import Made

PLACES = st.tuples(*[st.integers(-(10**5), 10**5).map(lambda n: n / 100)] * 2)
PARTS = st.lists(st.tuples(st.lists(PLACES, min_size=1, max_size=6), st.booleans()), min_size=1)


def points(path):
    """Return where a path goes, subpath by subpath, by the rules of SVG."""
    found, x, y, start = [], 0.0, 0.0, (0.0, 0.0)
    for letter, numbers in re.findall(r"([mMzL]?)([^mMzL]*)", path):
        if letter == "z":
            x, y = start
            found.append("z")
        values = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        for i, (a, b) in enumerate(zip(values[::2], values[1::2], strict=True)):
            moves = letter in "mM" and letter and i == 0
            x, y = (x + a, y + b) if letter in ("m", "") and "M" not in path else (a, b)
            if moves:
                start = (x, y)
                found.append("m")
            found.append((round(x, 2) + 0.0, round(y, 2) + 0.0))
    return found


@given(PARTS)
def test_a_relative_path_goes_where_the_path_goes(parts):
    path = " ".join(
        "M " + " ".join(f"{x:g} {y:g}" if abs(x) < 1 else f"{x:.2f} {y:.2f}" for x, y in places)
        + (" z" if closed else "")
        for places, closed in parts
    )  # fmt: skip
    assert points(relative(path)) == points(path)


def test_a_page_keeps_every_word_and_line_of_its_figures_in_less_room(tmp_path):
    made = Made()
    for beta in (0.1, 0.2, 0.3):
        made.runs("test_accuracy", [0.5 + beta, 0.6, 0.7], beta=beta)
    report = summarise(load([made.write(tmp_path)]), {})
    figures = [report.sections[0].headline, *report.sections[0].figures]
    plain = "".join(figure.svg for figure in figures)
    page = thinned(f"<style></style>{plain}")
    assert len(page) < 0.7 * len(plain)

    def said(text):
        return re.findall(r"<(?:text|title|desc)[^>]*>([^<]*)<", text)

    assert said(page) == said(plain)
    assert said(page) != []
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', page)) <= set(ids)
    classes = set(re.findall(r'class="(\w+)"', page))
    assert classes == set(re.findall(r"\.(f\d+) \{", page))
    # lines of data: as many as before, ticks and grid apart
    assert page.count("<use") < plain.count("<use")
    assert to_html(report).count("<svg") == len(figures)
