"""What holds of every figure: its axes, its styles, what it compares, and its size."""

import re
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.cost.comparing import CostComparison
from snnbench.report.figures.axes import SMALL, _spread, bounds_of, off, text_width
from snnbench.report.figures.drawing import RAMP, SERIES, Drawing
from snnbench.report.figures.placing import _overlap, label_points
from snnbench.report.judging.evidence import Evidence
from snnbench.report.page.summary import summarise
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from tests.report.samples import Made
from tests.report.test_answer import made as twins

FRACTIONS = ("test accuracy", "firing rate")


@pytest.fixture
def drawn(monkeypatch):
    """Name of a figure -> its plots, of all that are drawn."""
    found, finish = {}, Drawing.finish

    def kept(self, name, *words):
        found[name.partition("-")[2]] = self.panels
        return finish(self, name, *words)

    monkeypatch.setattr(Drawing, "finish", kept)
    return found


def figures(folder, made):
    (section,) = summarise(load([made.write(folder)]), {}).sections
    return {figure.name.partition("-")[2]: figure for figure in section.figures}


def curves(*accuracies, rate=0.2):
    return {"test_accuracy": accuracies, "test_loss": [1 - a for a in accuracies],
            "train_loss": [1 - a / 2 for a in accuracies],
            "firing_rate": [rate] * len(accuracies)}  # fmt: skip


def betas(values, end, seeds=2, **more):
    """A run for each value of beta and seed; `end` gives its accuracy."""
    made = Made()
    for k, beta in enumerate(values):
        for seed in range(seeds):
            accuracy = end(k, seed)
            made.run(seed, curves(accuracy / 2, accuracy), beta=beta, test_accuracy=accuracy,
                     energy_pj_compute45nm=900.0 + k, **more)  # fmt: skip
    return made


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.99, 1.0), (0.0, 0.02), (0.5, 0.5), (0.1, 0.9)])
def test_no_axis_of_a_fraction_leaves_what_a_fraction_can_be(tmp_path, drawn, ends):
    """Although the intervals of two seeds that differ reach far beyond."""
    figures(tmp_path, betas((0.1, 0.5, 0.9), lambda k, seed: ends[seed]))
    checked = 0
    for name, panels in drawn.items():
        for axes in panels:
            if axes.get_ylabel() in FRACTIONS:
                low, high = axes.get_ylim()
                assert 0 <= low < high <= 1, name
                checked += 1
    # accuracy and rate over epochs, by beta, against energy: the last two more at first sight
    assert checked == 6


def test_a_configuration_has_one_style_in_all_figures(tmp_path, drawn):
    values = (0.1, 0.5, 0.9, 1.0)
    figures(tmp_path, betas(values, lambda k, seed: 0.8 + 0.03 * k + 0.001 * seed))

    def style(line):
        return line.get_color(), line.get_marker()

    legends = {}
    for name, (axes, *_) in drawn.items():
        if name.startswith("curve"):
            legend = axes.get_legend()
            texts = [text.get_text() for text in legend.get_texts()]
            legends[name] = dict(zip(texts, map(style, legend.legend_handles), strict=True))
    first = legends["curve-test-accuracy"]
    assert len(legends) == 4
    assert all(styles == first for styles in legends.values())
    assert len(set(first.values())) == len(values)
    for name in ("vary-beta", "energy"):
        points = {
            style(line) for line in drawn[name][0].lines if line.get_marker() not in ("", "None")
        }
        assert points == set(first.values()), name


@pytest.mark.parametrize(
    ("variants", "colours"),
    [
        ([{"beta": b} for b in (0.1, 0.2, 0.5, 0.9)], RAMP),
        ([{"beta": b, "reset": r} for b in (0.1, 0.9) for r in ("zero", "subtract")], SERIES),
        ([{"reset": r} for r in ("zero", "subtract", "none")], SERIES),
    ],
    ids=["one number", "a number and a choice", "a choice"],
)
def test_ordered_numbers_go_through_one_hue_and_all_else_has_colours(
    tmp_path, drawn, variants, colours
):
    made = Made()
    for k, variant in enumerate(variants):
        for seed in range(2):
            end = 0.6 + 0.1 * k + 0.01 * seed
            made.run(seed, curves(end / 2, end), test_accuracy=end, **variant)
    figures(tmp_path, made)
    legend = drawn["curve-test-accuracy"][0].get_legend()
    found = [handle.get_color() for handle in legend.legend_handles]
    assert set(found) <= set(colours)
    assert len(set(found)) == len(variants)
    if colours is RAMP:
        assert found == sorted(found)


def test_every_colour_can_be_seen_on_light_and_dark_pages():
    style = files("snnbench.report.page").joinpath("templates", "style.css").read_text()
    themes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(themes) == 2
    for theme in themes:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", theme))
        names = [n for n in colours if n.startswith(("series-", "ramp-"))]
        assert len(names) == len(SERIES) + len(RAMP)
        contrasts = {n: contrast(colours[n], colours["page"]) for n in names}
        assert min(contrasts.values()) >= 3, contrasts
        ramp = [contrasts[f"ramp-{i}"] for i in range(1, len(RAMP) + 1)]
        assert ramp == sorted(ramp)
        assert all(b / a > 1.1 for a, b in pairwise(ramp))


def contrast(a, b):
    """The ratio of WCAG 2."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted(map(luminance, (a, b)))
    return (high + 0.05) / (low + 0.05)


def test_what_lies_far_off_stands_at_the_edge_with_its_value(tmp_path, drawn):
    ends = (0.86, 0.88, 0.9, 0.91, 0.92, 0.098, 0.101)
    found = figures(tmp_path, betas((0.1, 0.2, 0.3, 0.5, 0.9, 2.0, 5.0),
                                    lambda k, seed: ends[k] + 0.001 * seed))  # fmt: skip
    for name in ("curve-test-accuracy", "vary-beta", "energy"):
        low, _ = drawn[name][0].get_ylim()
        assert low > 0.3, name
        assert "edge" in found[name].caption, name
        texts = " ".join(re.findall(r"<text[^>]*>([^<]*)<", found[name].svg))
        assert "0.0985" in texts, name
        assert "0.102" in texts, name
        assert "chance 0.1↓" in texts, name


def test_only_what_differs_in_nothing_else_is_compared(tmp_path):
    made = Made()
    for seed in range(2):
        made.run(seed, loss="mse", lr=0.1, test_accuracy=0.8)
        made.run(seed, loss="ce", lr=0.5, test_accuracy=0.9)
    assert "by-loss" not in figures(tmp_path / "confounded", made)
    for seed in range(2):
        made.run(seed, loss="ce", lr=0.1, test_accuracy=0.7)
    figure = figures(tmp_path / "fair", made)["by-loss"]
    assert figure.description == "ce: means from 0.7 to 0.7; mse: means from 0.8 to 0.8."


def test_losses_of_different_kinds_are_never_in_one_figure(tmp_path):
    made = Made()
    for loss in ("mse", "ce"):
        made.run(0, curves(0.5, 0.6), loss=loss, test_accuracy=0.6)
    for name, figure in figures(tmp_path, made).items():
        if "loss-" in name:
            assert figure.description.count(" from ") == 1, name


def test_what_an_snn_and_its_ann_cost_is_drawn_by_model_by_layer_and_against_T(tmp_path, drawn):
    tables = twins(tmp_path, [0.91, 0.92, 0.93], [0.92, 0.93, 0.94], spikes=1000.0, products=320.0)
    (section,) = summarise(tables, {}).sections
    found = {figure.name.partition("-")[2]: figure for figure in section.figures}
    evidence = Evidence(configurations_of(tables.runs), tables.epochs, tables.layers)
    snn, ann = (next(c for c in evidence.configurations if c.row["model"] == model)
                for model in ("snn", "ann"))  # fmt: skip
    breaks = {b.model: b for b in CostComparison(
        evidence.facts(snn)[0], evidence.facts(ann)[0]).breaks()}  # fmt: skip
    ratios = dict(re.findall(r"([\w-]+) ([\d.e+-]+)[;.]", found["ratios"].description + ";"))
    assert float(ratios["compute45nm"]) == pytest.approx(1 / breaks["compute45nm"].ratio, rel=0.01)
    assert set(ratios) == {m for m in breaks if m in ratios} >= {"compute45nm", "compute45nm-dense"}
    assert f"T = {breaks['compute45nm'].T:.3g} by compute45nm" in found["break-even"].description
    layers = found["layers"].description
    assert f"SNN ACs {0.9 * 1001:.4g}" in layers
    assert f"ANN MACs {4.6 * 321:.4g}" in layers
    bars = drawn["layers"][0].patches
    assert sorted(round(bar.get_height(), 3) for bar in bars if bar.get_height())[:2] == [
        0.901,
        1.477,
    ]


def test_what_was_not_recorded_has_no_figure(tmp_path):
    names = set(figures(tmp_path, betas((0.1, 0.5), lambda k, seed: 0.5 + k / 10)))
    assert not names & {"ratios", "layers", "break-even", "energy-T", "steps"}


def test_energy_against_T_has_the_level_of_the_ann(tmp_path):
    made = Made()
    ann = dict.fromkeys(("neuron", "v_th", "encoding", "T", "firing_rate"))
    for seed in range(2):
        for T in (5, 10):
            made.run(seed, T=T, test_accuracy=0.9, energy_pj_compute45nm=100.0 * T)
        made.run(seed, model="ann", test_accuracy=0.9, energy_pj_compute45nm=700.0, **ann)
    figure = figures(tmp_path, made)["energy-T"]
    assert "500 at 5, 1000 at 10" in figure.description
    assert "The ANN needs 700." in figure.description
    assert ">ANN 700</text>" in figure.svg


def test_figures_are_small(tmp_path):
    """A page of many studies has hundreds: lines of 200 epochs are no longer than those of 60."""
    made = Made()
    for k in range(8):
        for seed in range(3):
            long = [0.9 - 0.5 / (e + 1) + 0.001 * ((e * 7 + seed + k) % 5) for e in range(200)]
            made.run(seed, curves(*long), beta=0.1 * (k + 1), test_accuracy=long[-1])
    sizes = {name: len(figure.svg) for name, figure in figures(tmp_path, made).items()}
    assert max(sizes.values()) < 26_000, sizes
    assert sizes["vary-beta"] < 6_000, sizes
    assert sizes["energy"] < 6_000, sizes


SPAN = st.tuples(st.floats(0, 1), st.floats(0, 0.1)).map(lambda p: (p[0], p[0] + p[1]))


@given(st.lists(SPAN, max_size=20))
def test_few_lie_off_and_they_lie_far_from_all_others(spans):
    found = off(spans)
    assert len(found) <= len(spans) / 3
    kept = [span for i, span in enumerate(spans) if i not in found]
    for i in found:
        low, high = min(low for low, _ in kept), max(high for _, high in kept)
        gap = max(low - spans[i][1], spans[i][0] - high)
        assert gap > 2.9 * (high - low)


@given(st.lists(st.floats(0, 100), max_size=8).map(sorted))
def test_names_of_levels_keep_their_order_and_their_distance(heights):
    found = _spread(heights, 10.0, 100.0)
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(found))
    assert all(0 <= height <= 100 + 1e-9 for height in found)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12))
def test_labels_that_have_room_lie_on_no_other(points):
    plot = Drawing()
    plot.axes.set_xlim(0, 1)
    plot.axes.set_ylim(0, 1)
    texts = [f"beta={i}" for i in range(len(points))]
    if not label_points(plot.axes, points, texts):
        assert not plot.axes.texts
        return
    boxes = []
    for note in plot.axes.texts:
        x, y = plot.axes.transData.transform(note.xy) + note.xyann
        half, tall = text_width(note.get_text(), SMALL) / 2, SMALL / 2
        boxes.append((x - half, y - tall, x + half, y + tall))
    assert not any(_overlap(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_bounds_are_those_of_the_tables():
    assert bounds_of("firing_rate") == (0, 1)
    assert bounds_of("train_seconds")[0] == 0
