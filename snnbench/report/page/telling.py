"""An answer in sentences, for the terminal and the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from snnbench.config.setting import Value
from snnbench.cost.units import energy_text
from snnbench.report.judging.answer import NOT_WORSE, WORSE, Answer, Cost, Pair
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import Estimate
from snnbench.studies.selecting import value_text

_SHOWN = ("compute45nm", "compute45nm-dense", "memory45nm", "lemaire_leat")
# Beside architecture and data: what is said of runs that agree in it.
_IN_ALL = {"T": "T = {}", "encoding": "encoding {}"}
_FURTHER = ("model", "neuron", "beta", "v_th", "readout", "loss", "optimizer", "lr", "batch_size",
            "epochs")  # fmt: skip
_DENOMINATORS = {
    "compute45nm": "the ANN's products with zeros skipped",
    "compute45nm-dense": "all of the ANN's products",
}


def sentences(answer: Answer) -> list[str]:
    """Return the whole answer, a sentence or two a line."""
    found = [about(answer)] if answer.pairs else []
    for pair in answer.pairs:
        found += [*([f"{pair.name}:"] if pair.name else []), accuracy_sentence(pair, answer.margin)]
        found += [*cost_sentences(pair), pair.sentence]
        found += [*exit_sentences(pair), *change_sentences(pair), *pair.warnings]
    return [*found, *answer.unpaired]


def accuracy_sentence(pair: Pair, margin: float) -> str:
    """Return who is as accurate, by how much, and how sure that is."""
    snn, ann = (_mean(found) for found in pair.accuracies)
    points = 100 * pair.difference.value
    by = f" by more than {100 * margin:g} %"
    word = pair.word + (by if pair.word in (NOT_WORSE, WORSE) else "")
    return (
        f"Accuracy: {word}. SNN {snn}, ANN {ann}; difference {points:+.2f} points"
        f"{_interval(pair.difference, 100)}, n = {pair.difference.n}."
    )


def cost_sentences(pair: Pair) -> Iterator[str]:
    """Yield what a sample costs by the models that people ask for first."""
    shown = [cost for cost in pair.costs if cost.model in _SHOWN or cost is pair.costs[0]]
    for cost in shown:
        about = _DENOMINATORS.get(cost.model, cost.assumes)
        yield f"Cost by {cost.model}: {cost_words(cost)} ({about})."


def cost_words(cost: Cost) -> str:
    """Return "3.8 times cheaper, 3.7 to 3.9"."""
    times = cost.ratio
    if times.value >= 1:
        value, ends, word = times.value, (times.low, times.high), "cheaper"
    else:
        low, high = (None if end is None else 1 / end for end in (times.high, times.low))
        value, ends, word = 1 / times.value, (low, high), "dearer"
    if ends[0] is None:
        return f"{value:.3g} times {word}, one seed"
    decided = "" if cost.word != "undecided" else "undecided: "
    return f"{decided}{value:.3g} times {word}, {ends[0]:.3g} to {ends[1]:.3g}"


def about(answer: Answer) -> str:
    """Return in a line what was compared: networks, data, seeds, commit and date."""
    return in_all([answer.pairs[0].snn]) if answer.pairs else ""


def in_all(configurations: Sequence[Configuration]) -> str:
    """Return in a line what configurations share: networks, data, seeds, commit and date."""
    rows = [c.row for c in configurations]
    shared = {name: text for name in rows[0] if (text := _shared(rows, name)) is not None}
    parts = [" on ".join(shared[name] for name in ("arch", "dataset") if name in shared)]
    parts += [text.format(shared[name]) for name, text in _IN_ALL.items() if name in shared]
    seeds = sorted({len(c.by_seed("test_accuracy")) for c in configurations})
    n = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    done = pd.concat([c.done for c in configurations])
    origin = [*_one(done["snnbench_version"], "snnbench {}", "{} versions of snnbench"),
              *_one(done["commit"], "commit {}", "{} commits"),
              *_one(done["started_at"].str[:10].sort_values()[-1:], "{}", "")]  # fmt: skip
    settings = ", ".join(part for part in parts if part)
    each = f"{n} {'seed' if n == '1' else 'seeds'} of each"
    return "; ".join(part for part in (settings, each, ", ".join(origin)) if part) + "."


def further(configurations: Sequence[Configuration]) -> str:
    """Return the settings that matter beside those of `in_all` and that all share; "" if none."""
    rows = [c.row for c in configurations]
    shared = [f"{name} = {text}" for name in _FURTHER if (text := _shared(rows, name)) is not None]
    return f"In all: {', '.join(shared)}." if shared else ""


def _shared(rows: Sequence[Mapping[str, Value]], name: str) -> str | None:
    """Return the value on which all agree to which the setting means something."""
    values = {row[name] for row in rows} - {None}
    return value_text(values.pop()) if len(values) == 1 else None


def _one(values: "pd.Series[Any]", text: str, several: str) -> list[str]:
    """Return the text of the one value there is, or how many there are."""
    found = [str(value) for value in values.dropna().unique()]
    return [text.format(found[0]) if len(found) == 1 else several.format(len(found))][: len(found)]


def exit_sentences(pair: Pair) -> Iterator[str]:
    """Yield what becomes of the SNN if inference ends as soon as one class leads."""
    names = ("exit_accuracy", "exit_steps", "exit_energy_pj_compute45nm")
    accuracy, steps, energy = (pair.snn.mean(name) for name in names)
    if accuracy is None or steps is None or energy is None:
        return
    yield (
        f"Early exit: accuracy {accuracy.value:.4g} after {steps.value:.3g} of"
        f" {pair.snn.row['T']} steps on average, {energy_text(energy.value)} by compute45nm."
    )


def change_sentences(pair: Pair) -> Iterator[str]:
    """Yield what would change the answer."""
    if pair.seeds_needed is not None:
        yield f"About {pair.seeds_needed} seeds would decide the accuracy (--seeds)."
    for found in pair.breaks:
        if found.model not in _SHOWN or found.T is None:
            continue
        verb = "stays cheaper up to" if found.ratio > 1 else "would be cheaper below"
        parts = [f"T = {found.T:.3g}"]
        if found.input_rate is not None:
            parts.append(f"an input rate of {found.input_rate:.3g}")
        if found.firing_rate is not None:
            parts.append(f"a firing rate of {found.firing_rate:.3g}")
        yield f"By {found.model} the SNN {verb} {', or '.join(parts)}."


def _mean(found: Estimate) -> str:
    half = found.half_width
    return f"{found.value:.4g}" + ("" if half is None else f" ±{half:.2g}")


def _interval(found: Estimate, scale: float) -> str:
    if found.low is None or found.high is None:
        return ", no interval"
    return f" ({scale * found.low:+.2f} to {scale * found.high:+.2f})"


def to_document(answer: Answer) -> dict[str, Any]:
    """Return an answer as what JSON knows."""
    return {
        "margin": answer.margin,
        "pairs": [_pair(pair) for pair in answer.pairs],
        "unpaired": list(answer.unpaired),
        "sentences": sentences(answer),
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "name": pair.name or None,
        "accuracy": {
            "answer": pair.word,
            "snn": asdict(pair.accuracies[0]),
            "ann": asdict(pair.accuracies[1]),
            "difference": asdict(pair.difference),
            "seeds_needed": pair.seeds_needed,
        },
        "costs": [asdict(cost) for cost in pair.costs],
        "break_even": [asdict(found) for found in pair.breaks],
        "sentence": pair.sentence,
        "warnings": list(pair.warnings),
    }
