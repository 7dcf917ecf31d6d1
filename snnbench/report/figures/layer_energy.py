"""Where the energy goes: every layer of an SNN beside that of its ANN."""

from collections.abc import Mapping, Sequence

from snnbench.cost.derive import network_value
from snnbench.cost.facts import LayerFacts
from snnbench.report.figures.drawing import SERIES, Drawing, Figure, shortened
from snnbench.report.figures.pairs import Pair
from snnbench.report.judging.evidence import Evidence
from snnbench.report.reading.columns import heading
from snnbench.report.reading.statistics import mean
from snnbench.words.energies import ENERGIES

# Models that differ in memory alone: what the second one says beyond the first is memory's.
_ARITHMETIC, _WITH_MEMORY = ENERGIES["compute45nm"], ENERGIES["memory45nm"]
_PARTS = ("MACs", "ACs", "memory")
_COLOURS = dict(zip(_PARTS, (SERIES[1], SERIES[0], SERIES[4]), strict=True))
_MOST_LAYERS = 10
_WIDTH = 0.36

_Bar = dict[str, float]  # part -> pJ


def layer_figure(name: str, pair: Pair, evidence: Evidence) -> Figure | None:
    """Draw a bar a layer and network: operations, and memory where its facts are recorded.

    Args:
        name: of the figure.
        pair: of an SNN and its ANN.
        evidence: on their study.
    """
    snn, ann = (_by_layer(evidence.facts(c)) for c in (pair.snn, pair.ann))
    layers = list(dict.fromkeys([*snn, *ann]))[:_MOST_LAYERS]
    if not snn or not ann:
        return None
    known = [bar for side in (snn, ann) for bar in side.values()]
    has_memory = all("memory" in bar for bar in known)
    parts = _PARTS if has_memory else _PARTS[:2]
    groups = [("arithmetic alone", _PARTS[:2])] + ([("with memory", _PARTS)] if has_memory else [])
    plot = Drawing(height=2.2 if len(groups) == 1 else 4.0, panels=[1.0] * len(groups))
    for axes, (title, used) in zip(plot.panels, groups, strict=True):
        sums = [sum(bar.get(part, 0.0) for part in used) for bar in known]
        label, unit = heading(_ARITHMETIC.column, sums)
        for offset, side in ((-_WIDTH / 2, snn), (_WIDTH / 2, ann)):
            for x, layer in enumerate(layers):
                height = 0.0
                for part in used:
                    more = side.get(layer, {}).get(part, 0.0) / unit
                    if more:
                        alpha = 1.0 if side is snn else 0.75
                        axes.bar(x + offset, more, _WIDTH * 0.92, bottom=height, linewidth=0,
                                 color=_COLOURS[part], alpha=alpha)  # fmt: skip
                    height += more
                if layer in side:
                    which = "SNN" if side is snn else "ANN"
                    axes.annotate(which, (x + offset, height), xytext=(0, 2), ha="center",
                                  textcoords="offset points", fontsize=7)  # fmt: skip
        axes.set_ylabel(label)
        axes.set_title(title, loc="left", fontsize=9)
        axes.margins(y=0.12)
        axes.grid(visible=False, axis="x")
    plot.panels[-1].set_xticks(range(len(layers)), [shortened(layer, 10) for layer in layers])
    _legend(plot, parts)
    told = [
        f"{layer}: " + ", ".join(
            f"{which} {' + '.join(f'{part} {pj:.4g}' for part, pj in side[layer].items() if pj)} pJ"
            for which, side in (("SNN", snn), ("ANN", ann)) if layer in side
        )
        for layer in layers
    ]  # fmt: skip
    without = "" if has_memory else " What memory costs was not recorded."
    return plot.finish(
        name, "Energy by layer",
        f"{shortened(pair.snn.name)} and its ANN ({shortened(pair.ann.name)}), means over seeds, by"
        f" {_ARITHMETIC.label}{f' and {_WITH_MEMORY.label}' if has_memory else ''}: accumulates"
        f" (ACs) where spikes enter, products (MACs) elsewhere.{without}{pair.said}",
        f"{'; '.join(told)}.",
    )  # fmt: skip


def _by_layer(by_seed: Mapping[int, Sequence[LayerFacts]]) -> dict[str, _Bar]:
    """Return layer -> part -> mean energy; none if a layer's is not known."""
    found: dict[str, list[_Bar]] = {}
    for layers in by_seed.values():
        for layer in layers:
            arithmetic, whole = (network_value(w, [layer]) for w in (_ARITHMETIC, _WITH_MEMORY))
            if arithmetic is None:
                return {}
            bar = {"ACs" if layer.accumulates else "MACs": arithmetic}
            if whole is not None:
                bar["memory"] = whole - arithmetic
            found.setdefault(layer.layer, []).append(bar)
    return {
        layer: {part: mean([bar.get(part, 0.0) for bar in bars]).value
                for part in dict.fromkeys(part for bar in bars for part in bar)}
        for layer, bars in found.items()
    }  # fmt: skip


def _legend(plot: Drawing, parts: Sequence[str]) -> None:
    last = plot.panels[-1]
    handles = [last.bar(0, 0, color=_COLOURS[part]) for part in parts]
    last.legend(handles, parts, loc="upper left", bbox_to_anchor=(0, -0.15), borderaxespad=0,
                ncol=len(parts))  # fmt: skip
