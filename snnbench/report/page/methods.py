"""What was done, for a paper: all that a reviewer asks of the runs of a report, and nothing else.

Everything is read off the finished runs: values that differ among them are listed, what is not
recorded is said to be unknown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd

from snnbench.config.setting import SETTINGS, Setting
from snnbench.cost.derive import derived
from snnbench.report.page.citing import cited
from snnbench.report.page.prose import Cite, Formula, Heading, Paragraph, Prose, Text
from snnbench.report.page.sections import Report, Section, title_of
from snnbench.report.reading.columns import name_of
from snnbench.report.reading.energies import models
from snnbench.studies.selecting import value_text
from snnbench.words.datasets import DATASETS, DataSet
from snnbench.words.energies import Energy
from snnbench.words.networks import NETWORKS
from snnbench.words.table import Word

UNKNOWN = "unknown"
_MOST = 20  # values, of more the ends are given
# Groups of settings that are told of each kind of network; of others together.
_NETWORK = ("input", "network", "neuron", "readout and loss")
# Settings that have a sentence of their own, or none.
_TOLD = ("dataset", "data_dir", "data_file", "model")
_MACHINE = ("device_name", "cpu_threads", "device", "engine", "path", "cohort_size",
            "energy_counters")  # fmt: skip
_SOFTWARE = ("snnbench_version", "commit", "torch_version", "numerics", "plugins")
_PARTS = (("train_size", "to train on"), ("val_size", "to validate"), ("test_size", "to test"))


def methods(report: Report) -> Prose:
    """Return what was done in the finished runs of a report."""
    several = len(report.sections) > 1
    prose: list[Paragraph | Heading] = []
    for section in report.sections:
        if several:
            prose.append(Heading(title_of(section)))
        prose += _of_section(section, _done([section]))
    runs = _done(report.sections)
    if several:
        prose.append(Heading("All of these"))
    prose += [_statistics(report), *_counts(report.sections, runs), *_early_exit(runs)]
    return [*prose, _machine(runs), _software(runs)]


def versions_of(report: Report) -> list[str]:
    """Return the versions of snnbench that made the runs, where they are known."""
    return sorted(set(_done(report.sections)["snnbench_version"].dropna()))


def _done(sections: Iterable[Section]) -> pd.DataFrame:
    return pd.concat([c.done for section in sections for c in section.configurations])


def _of_section(section: Section, runs: pd.DataFrame) -> Iterator[Paragraph]:
    yield Paragraph("Data", list(_data(runs)))
    for model, rows in runs.groupby("model", sort=False):
        size = (f"Trainable parameters: {_values(rows['params'])}.",)
        yield Paragraph(_networks(model).capitalize(), [size], list(_settings(rows, _NETWORK)))
    others = [n.group for n in SETTINGS.values() if n.group not in (*_NETWORK, "machine", "data")]
    yield Paragraph("Training", list(_training(section, runs)), list(_by_model(runs, others)))
    if section.study is not None and section.study.assumptions:
        source = f" ({section.study.source})" if section.study.source else ""
        said = [(f"Assumed, as the source is silent{source}:",)]
        yield Paragraph("Assumptions", said, [(one.text,) for one in section.study.assumptions])


def _networks(model: Any) -> str:
    return f"{NETWORKS[model].meaning}s" if model in NETWORKS else str(model)


def _data(runs: pd.DataFrame) -> Iterator[Text]:
    for dataset, rows in runs.groupby("dataset", sort=False):
        word = DATASETS.get(str(dataset))
        meaning = f", {word.meaning}" if word else ""
        files = {PurePath(str(path)).name for path in rows["data_file"].dropna()}
        yield (f"The data set is {', '.join([str(dataset), *sorted(files)])}{meaning}",
               Cite(_sources(word)), ".")  # fmt: skip
        if word and word.stand_in_for:
            yield (f"It stands in for {word.stand_in_for}.",)
        yield (_sizes(rows, word),)
        yield (f"SHA-256 of the data: {_values(rows['data_sha256'])}.",)
        for text in _settings(rows, ("data",)):
            yield (*text, ".")


def _sizes(rows: pd.DataFrame, word: DataSet | None) -> str:
    if rows["train_size"].notna().any():
        return f"Samples: {', '.join(f'{_values(rows[name])} {what}' for name, what in _PARTS)}."
    whole = ""
    if word and word.n_train:
        whole = f"; the data set has {word.n_train:,} to train on and {word.n_test:,} to test"
    return f"How many samples were used is not recorded{whole}."


def _training(section: Section, runs: pd.DataFrame) -> Iterator[Text]:
    seeds = [str(seed) for seed in sorted(set(runs["seed"].dropna().astype(int)))]
    each = sorted({len(c.done) for c in section.configurations})
    yield (
        f"Seeds: {len(seeds)} ({_some(seeds, 'and')}); from them follow initial weights, the order"
        " of the data, their split and the draws of encodings.",
    )
    yield (
        f"Configurations: {len(section.configurations)}, each with {_some([*map(str, each)])}"
        " finished runs.",
    )
    unfinished = {s: n for s, n in section.statuses.items() if s != "done"}
    if unfinished:
        listed = ", ".join(f"{n} {status}" for status, n in unfinished.items())
        yield (f"Runs that did not finish, and enter no mean: {listed}.",)
    chosen = runs["val_accuracy"].notna()
    if chosen.any():
        yield ("The epoch reported is the one with the best accuracy on validation data"
               + ("." if chosen.all() else "; of runs without such data, the last."),)  # fmt: skip
    else:
        yield ("The epoch reported is the last; no choice was made by test data.",)
    yield (f"Epochs trained: {_values(runs['epochs_run'])}.",)


def _settings(rows: pd.DataFrame, groups: Iterable[str]) -> Iterator[Text]:
    """Yield name, values and meaning of the settings of some groups that have an effect."""
    for about in SETTINGS.values():
        if about.group in groups and about.name not in _TOLD:
            yield from _one(about, rows)


def _one(about: Setting, rows: pd.DataFrame) -> Iterator[Text]:
    """Yield what a setting was, if it has an effect in some of the runs."""
    if rows[about.name].notna().any():
        yield _setting(about, rows)
    elif about.optional and about.of:
        words: Mapping[str, Word] = SETTINGS[about.of].words or {}
        used = (words[value] for value in set(rows[about.of].dropna()) if value in words)
        if any(about.name in word.uses for word in used):
            yield (f"{about.name} left open ({about.meaning})",)


def _by_model(runs: pd.DataFrame, groups: Iterable[str]) -> Iterator[Text]:
    """Yield settings as `_settings` does, of each kind of network alone where they differ."""
    for about in SETTINGS.values():
        if about.group in groups:
            of_model = {
                f"{_networks(model)}: ": text
                for model, rows in runs.groupby("model", sort=False)
                for text in _one(about, rows)
            }
            alike = len(set(of_model.values())) == 1
            texts = [text if alike else (model, *text) for model, text in of_model.items()]
            yield from texts[:1] if alike else texts


def _setting(about: Setting, rows: pd.DataFrame) -> Text:
    column = rows[about.name].dropna()
    if about.words is None:
        if about.identity == "stem":
            column = column.map(lambda path: PurePath(str(path)).stem)
        on = any(value not in (False, 0) for value in column)
        keys = cited(about.meaning) if on else ()
        meaning = re.split("[:;]", about.meaning)[0]  # what follows is about options
        return (f"{about.name} = {_values(column)} ({meaning})", Cite(keys))
    parts: list[str | Cite | Formula] = [f"{about.name} = "]
    for number, value in enumerate(dict.fromkeys(column)):
        word = about.words.get(value)
        parts.append(f"{' or ' if number else ''}{value}")
        if word is not None:
            parts += [f" ({word.meaning}", Cite(_sources(word))]
            parts += [": ", Formula(word.latex)] if word.latex else []
            parts.append(")")
    return tuple(parts)


def _sources(word: Word | None) -> tuple[str, ...]:
    return cited(word.name, word.meaning, getattr(word, "source", None) or "") if word else ()


def _statistics(report: Report) -> Paragraph:
    said: list[Text] = [
        ("Means over seeds have Student's 95 % t-intervals", Cite(cited("Student 1908")),
         "; that of accuracies is never narrower than the binomial error of the samples tested",
         Cite(cited("Agresti and Coull 1998")), "; one seed has no interval."),
    ]  # fmt: skip
    if report.differences:
        said.append(
            (f"Differences from {report.baseline} are paired by seed; where no seed is in common,"
             " the interval is Welch's", Cite(cited("Welch 1947")), ".")
        )  # fmt: skip
    if any(section.verdicts for section in report.sections):
        said.append((report.rule,))
    rules = {kind: rule for section in report.sections for kind, rule in section.rules.items()}
    return Paragraph("Statistics", said, [(f"{kind}: {rule}",) for kind, rule in rules.items()])


def _counts(sections: Sequence[Section], runs: pd.DataFrame) -> Iterator[Paragraph]:
    """Yield the conventions and energy models of which a number is reported."""
    counted = [word for name, word in derived().items()
               if not isinstance(word, Energy) and runs[name].notna().any()]  # fmt: skip
    items = [
        (f"{word.name}, {word.unit}: {word.formula}. Source: {word.source}", Cite(_sources(word)))
        for word in counted
    ]
    if items:
        yield Paragraph(
            "Operations", [("All counts are of one sample over all its steps.",)], items
        )
    known = [
        w for w in models(sections[0].energy) if w.column in runs and runs[w.column].notna().any()
    ]
    items = [
        (f"{word.label}: {word.formula} (pJ; {word.assumption}). Source: {word.source}",
         Cite(_sources(word)))
        for word in known
    ]  # fmt: skip
    if items:
        first = "Energies are computed, not measured; figures and comparisons show the first model."
        yield Paragraph("Energy", [(first,)], items)


def _early_exit(runs: pd.DataFrame) -> Iterator[Paragraph]:
    rows = runs[runs["exit_accuracy"].notna()]
    if len(rows):
        rule = (
            "Where it is reported, inference of a sample ends at the first step at which the"
            " largest score leads the second by exit_margin; the margin is the least with which"
            f" accuracy on {_values(rows['exit_chosen_on'])} data is not below that with all steps"
            " (of training data, on at most 1,024 samples that the seed draws). Test data choose"
            f" nothing. exit_margin = {_values(rows['exit_margin'])}."
        )
        yield Paragraph("Early exit", [(rule,)])


def _machine(runs: pd.DataFrame) -> Paragraph:
    return Paragraph("Machine", [_origin(runs, _MACHINE)])


def _software(runs: pd.DataFrame) -> Paragraph:
    days = sorted({str(time)[:10] for time in runs["started_at"].dropna()})
    ran = f"The runs started from {days[0]} to {days[-1]}" if days else "When they ran is unknown"
    others = cited("PyTorch") if runs["engine"].ne("numpy").any() else ()
    return Paragraph("Software", [
        ("snnbench", Cite(("snnbench", *others)), "."),
        _origin(runs, _SOFTWARE),
        (f"The version of Python is not recorded. {ran}.",),
    ])  # fmt: skip


def _origin(runs: pd.DataFrame, columns: Sequence[str]) -> Text:
    """Return the values of columns, each with its number of runs where there are several."""
    parts = []
    for column in columns:
        counts = Counter(_text(value) for value in runs[column])
        if set(counts) == {UNKNOWN} and column in ("plugins", "energy_counters"):
            continue  # none
        listed = (f"{v} ({n} {'run' if n == 1 else 'runs'})" for v, n in sorted(counts.items()))
        said = next(iter(counts)) if len(counts) == 1 else ", ".join(listed)
        parts.append(f"{name_of(column)}: {said}")
    return (f"{'; '.join(parts)}.",)


def _values(column: "pd.Series[Any]") -> str:
    """Return the values of a column in words: numbers ascending, "unknown" for missing ones."""
    known = list(dict.fromkeys(column.dropna()))
    if all(isinstance(value, int | float) for value in known):
        known.sort()
    texts = [_text(value) for value in known]
    return _some(texts) + (("; " if texts else "") + UNKNOWN if column.isna().any() else "")


def _text(value: Any) -> str:
    if pd.isna(value):
        return UNKNOWN
    value = value.item() if hasattr(value, "item") else value  # of NumPy's
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    return f"{int(value):,}" if whole and abs(value) >= 10_000 else value_text(value)


def _some(texts: Sequence[str], last: str = "or") -> str:
    if len(texts) > _MOST:
        return f"{len(texts)} values from {texts[0]} to {texts[-1]}"
    return (
        f" {last} ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)
    )
