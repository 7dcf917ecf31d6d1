"""What figures show, and that drawing leaves nothing behind."""

import re

import pytest

from snnbench.report.figures.drawing import Drawing, drawing
from snnbench.report.figures.pareto import pareto_front
from snnbench.report.figures.svg import rounded
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import load
from snnbench.studies.objective import Objective
from snnbench.studies.study import Study
from tests.report.samples import Made


def test_figures_show_what_the_study_looks_for(tmp_path):
    made = Made()
    for beta, accuracy, energy in ((0.2, 0.9, 50.0), (0.5, 0.7, 8.0), (0.9, 0.8, 30.0)):
        for encoding in ("repeat", "latency"):
            results = {"test_accuracy": accuracy, "energy_pj_compute45nm": energy}
            made.run(0, beta=beta, encoding=encoding, **results)
    tables = load([made.write(tmp_path)])

    def shown(*objectives):
        (section,) = summarise(tables, {"made-up": Study("s", objectives=objectives)}).sections
        return {figure.name.removeprefix("study1-"): figure for figure in section.figures}

    figures = shown()
    assert figures["vary-beta"].title == "Test accuracy by beta"
    assert "The largest mean is at beta = 0.2." in figures["vary-beta"].caption
    assert ">test accuracy</text>" in figures["vary-beta"].svg
    assert "repeat: means from 0.7 to 0.9" in figures["by-encoding"].description
    figures = shown(Objective("energy_pj_compute45nm", "min"), Objective("test_accuracy", "max"))
    assert figures["vary-beta"].title == "Energy by beta"
    assert "The smallest mean is at beta = 0.5." in figures["vary-beta"].caption
    assert "50 at 0.2, 8 at 0.5, 30 at 0.9" in figures["vary-beta"].description
    assert ">energy, pJ/sample</text>" in figures["vary-beta"].svg
    assert figures["by-encoding"].title == "Energy by encoding"
    assert "less is better" in figures["by-encoding"].caption
    assert "repeat: means from 8 to 50" in figures["by-encoding"].description


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("readout", ("rate", "current")),
        ("detach_reset", (False, True)),
        ("dataset", ("digits", "mnist")),
    ],
)
def test_whatever_has_names_or_truths_is_compared(tmp_path, name, values):
    made = Made()
    for k, value in enumerate(values):
        made.run(0, **{name: value}, test_accuracy=0.5 + 0.1 * k)
    (section,) = summarise(load([made.write(tmp_path)]), {}).sections
    (figure,) = (f for f in section.figures if f.name.startswith("study1-by-"))
    assert figure.title == f"Test accuracy by {name}"
    for value, mean in zip(values, ("0.5", "0.6"), strict=True):
        assert f"{str(value).lower()}: means from {mean} to {mean}" in figure.description


def test_names_too_long_for_points_stand_below_with_numbers(tmp_path):
    def words(folder, variants):
        made = Made()
        for k, variant in enumerate(variants):
            results = {"test_accuracy": 0.5 + 0.2 * k, "energy_pj_compute45nm": 10.0 * (k + 1)}
            made.run(0, variant=variant, lr=0.1 + k, **results)
        (section,) = summarise(load([made.write(tmp_path / folder)]), {}).sections
        (figure,) = (f for f in section.figures if f.name == "study1-energy")
        return re.findall(r"<text[^>]*>([^<]*)</text>", figure.svg)

    assert {"small", "large"} <= set(words("short", ("small", "large")))
    names = ["a name that is cut at its end: 1", "a name that is cut at its end: 2"]
    found = words("long", names)
    assert [f"1: {names[0]}", f"2: {names[1]}"] == [word for word in found if ": " in word]
    assert {"1", "2"} <= set(found)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [((0.001, 0.1, 1.0), {"0.001", "0.1", "1"}), ((0.0, 0.01, 1.0), {"0", "0.01", "1"})],
)
def test_values_of_many_magnitudes_have_a_logarithmic_axis_with_plain_numbers(
    tmp_path, values, ticks
):
    made = Made()
    for k, beta in enumerate(values):
        made.run(0, beta=beta, test_accuracy=0.5 + 0.1 * k, energy_pj_compute45nm=10.0 ** (3 * k))
    (section,) = summarise(load([made.write(tmp_path)]), {}).sections
    drawn = {figure.name.removeprefix("study1-"): figure.svg for figure in section.figures}
    texts = {
        name: set(re.findall(r"<text[^>]*>([^<]*)</text>", drawn[name]))
        for name in ("vary-beta", "energy")
    }
    assert ticks <= texts["vary-beta"]  # where values were tried
    assert {"0.001", "1", "1000", "energy, nJ/sample"} <= texts["energy"]
    assert {f"beta={beta:g}" for beta in values} <= texts["energy"]  # room for all on this axis
    assert not any("$" in text for found in texts.values() for text in found)


def test_the_pareto_front_is_what_nothing_beats():
    points = [(3, 0.9), (1, 0.5), (2, 0.4), (2, 0.7), (3, 0.8), (1, 0.5), (4, 0.9)]
    assert pareto_front(points) == (1, 3, 0)
    assert pareto_front([]) == ()


def test_drawing_leaves_the_users_own_style_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with drawing():
        plot = Drawing()
        plot.finish("x", "title", "caption", "<words> & more")
    assert dict(mpl.rcParams) == before


def test_coordinates_are_short_and_texts_as_they_were():
    with drawing():
        plot = Drawing()
        plot.axes.plot([0.0, 1 / 3, 2 / 3], [1 / 7, 2 / 7, 3 / 7])
        plot.axes.set_xlabel("0.123456")
        svg = plot.finish("x", "title", "caption", "words").svg
    paths = re.findall(r'\b(?:d|x|y)="([^"]*)"', svg)
    assert sum(len(re.findall(r"\d+\.\d\b", path)) for path in paths) > 10
    assert not any(re.search(r"\.\d{3}", path) for path in paths)
    assert ">0.123456<" in svg


def points(path):
    """Return (command, x, y) of every point of a path; after M or L a letter may be left out."""
    found, command, at = [], "", (0.0, 0.0)
    tokens = re.findall(r"[A-Za-z]|-?[\d.]+", path)
    while tokens:
        command = tokens.pop(0) if tokens[0].isalpha() else {"M": "L"}.get(command, command)
        count = {"z": 0, "C": 6}.get(command, 2)
        numbers = [float(tokens.pop(0)) for _ in range(count)]
        if command == "l":  # from where the point before is
            numbers = [a + b for a, b in zip(at, numbers, strict=True)]
        at = tuple(numbers[-2:])
        found.append((command.upper() if command == "l" else command, *numbers))
    return found


@pytest.mark.parametrize(
    ("path", "digits"),
    [
        (" \nL ".join(f"{i / 7:.6f} {-i * i / 9:.6f}" for i in range(60)), 1),
        (" \nL ".join(f"{i / 7:.6f} {i % 5 / 9:.6f}" for i in range(60)) + " \nz\n", 1),
        ("1.234567 2.345678 \nL 3.456789 -0.001 \n", 2),
        ("0 3.123456 \nC 0.795609 3 1.55874 2.683901 2.12132 2.12132 \nL 1.5 2 \nz\n", 2),
    ],
    ids=["long line", "closed", "short line", "with a curve"],
)
def test_a_shortened_path_has_the_same_points(path, digits):
    whole, tolerance = f"M {path}", 0.5 * 10.0**-digits
    short = rounded(whole, digits)
    assert len(short) < len(whole)
    for one, other in zip(points(short), points(whole), strict=True):
        assert one[0] == other[0]
        assert one[1:] == pytest.approx(other[1:], abs=tolerance)
