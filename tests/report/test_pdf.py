"""Figures as PDF: vectors, embedded fonts, the page's light colours, the same bytes every time."""

import re
import subprocess
import sys
import zlib

import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from snnbench.report.figures.drawing import INK, RAMP, SERIES, VARIABLES, Drawing, drawing
from snnbench.report.figures.pdf import to_pdf
from snnbench.report.figures.styles import nth_style

LIGHT = {painted: f"#{12 * k + 8:02x}40ff" for k, painted in enumerate(VARIABLES)}
DRAW = """
import hashlib, sys
from tests.report.test_pdf import LIGHT, drawn
from snnbench.report.figures.pdf import to_pdf
print(hashlib.sha256(to_pdf(drawn().canvas, LIGHT)).hexdigest())
"""


def drawn():
    with drawing():
        plot = Drawing()
        for k in range(len(SERIES)):
            plot.axes.errorbar([1, 2], [k, k + 1], yerr=[0.1, 0.2], label=f"$n$ é {k}",
                               **nth_style(k).line)  # fmt: skip
            plot.axes.fill_between([1, 2], [k, k], [k + 1, k + 1], color=SERIES[k], alpha=0.2)
        for k, colour in enumerate(RAMP):
            plot.axes.fill_between([2, 3], [k, k], [k + 1, k + 1], color=colour)
        plot.axes.scatter([1, 2], [1, 2], color=SERIES[1], edgecolors=INK)
        plot.axes.add_patch(Rectangle((1, 1), 1, 1, facecolor="#123456"))
        plot.axes.set_xlabel("an axis")
        plot.legend(*plot.axes.get_legend_handles_labels())
        return plot.finish("x", "title", "caption", "description")


def content(pdf):
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    found = []
    for stream in streams:
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(found)


@pytest.fixture(scope="module")
def pdf():
    return to_pdf(drawn().canvas, LIGHT)


def test_the_colours_are_those_that_are_meant(pdf):
    text = content(pdf).decode("latin-1")
    used = {tuple(map(float, c)) for c in
            re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\b", text)}  # fmt: skip
    rounded = {tuple(round(x, 6) for x in colour) for colour in used}

    def rgb(colour):
        return tuple(round(x, 6) for x in to_rgb(colour))

    assert {rgb(colour) for colour in (*LIGHT.values(), "#123456")} <= rounded
    assert not rounded & {rgb(painted) for painted in LIGHT}


def test_fonts_are_embedded_as_truetype_and_nothing_is_a_picture(pdf):
    assert b"/FontFile2" in pdf
    assert b"/Subtype /CIDFontType2" in pdf
    assert b"/Type3" not in pdf
    assert b"/Subtype /Image" not in pdf


def test_the_bytes_are_the_same_in_every_process_and_hold_no_date(pdf):
    assert b"Date" not in pdf
    hashes = set()
    for seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-c", DRAW], env={"PYTHONHASHSEED": seed,
                              "PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True,
                              check=True, timeout=120)  # fmt: skip
        hashes.add(done.stdout)
    assert len(hashes) == 1


def test_drawing_it_twice_gives_the_same_and_the_svg_is_as_it_was():
    figure = drawn()
    svg = figure.svg
    assert to_pdf(figure.canvas, LIGHT) == to_pdf(figure.canvas, LIGHT)
    assert figure.svg == svg == drawn().svg
