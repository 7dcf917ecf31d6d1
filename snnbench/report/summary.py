"""A report as plain data: what is rendered, and what `--json` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from snnbench.report.departures import departure_notes
from snnbench.report.drawing import Figure
from snnbench.report.evidence import Evidence, has_no_chance
from snnbench.report.figures import figures_of
from snnbench.report.groups import ONLY, Setting, pooled, settings_of
from snnbench.report.raster import raster_of
from snnbench.report.source import Tables, data_notes, origin_notes
from snnbench.report.statistics import Estimate, difference, mean
from snnbench.report.verdicts import GENERAL_RULE, Verdict, judge
from snnbench.studies.claims import Published
from snnbench.studies.objective import TEST_ACCURACY, Objective
from snnbench.studies.selecting import Selector, value_text
from snnbench.studies.study import Study

RESULTS = ("test_accuracy", "max_test_accuracy", "val_accuracy", "train_accuracy", "test_loss",
           "firing_rate", "silent_fraction", "saturated_fraction")  # fmt: skip
COSTS = ("params", "train_seconds", "eval_seconds", "epochs_run", "flops_lab", "dense_macs",
         "effective_macs", "effective_acs", "energy_pj_compute45nm")  # fmt: skip
COMPARED = ("test_accuracy", "flops_lab", "energy_pj_compute45nm", "train_seconds")
_ORIGIN = ("snnbench_version", "commit", "torch_version", "device_name", "cpu_threads", "device",
           "engine", "dataset", "data_sha256")  # fmt: skip
_BEST = 3


@dataclass(frozen=True)
class PublishedRow:
    """A number of the document beside ours.

    Attributes:
        published: theirs.
        measured: ours, the mean over the seeds of the settings spoken of; None without runs.
        agrees: within their tolerance if they state one, else inside our interval; None if
            there is neither, or no measured number.
    """

    published: Published
    measured: Estimate | None
    agrees: bool | None


@dataclass(frozen=True)
class Unfinished:
    """A run that did not finish: setting, seed, run_id, status and why."""

    setting: str
    seed: int | None
    run_id: str
    status: str
    error: str


@dataclass(frozen=True)
class Section:
    """What one study comes to.

    Attributes:
        name: of the study; "" for runs that name none.
        study: where it was found, else None.
        why_none: why there is no study, "" if there is one.
        settings: in the tables' order.
        objective: the column that says what is best, and which way is better.
        ranked: the settings that have a value in it, best first.
        statuses: status -> number of runs.
        unfinished: every run that is not done.
        verdicts, published: of the study.
        origin: column -> value -> number of runs.
        notes: what a reader must know.
        figures: drawn.
    """

    name: str
    study: Study | None
    why_none: str
    settings: tuple[Setting, ...]
    objective: str
    ranked: tuple[Setting, ...]
    statuses: Mapping[str, int]
    unfinished: tuple[Unfinished, ...]
    verdicts: tuple[Verdict, ...]
    published: tuple[PublishedRow, ...]
    origin: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]

    @property
    def best(self) -> tuple[Setting, ...]:
        """The first of `ranked`."""
        return self.ranked[:_BEST]

    @property
    def rules(self) -> dict[str, str]:
        """Kind -> rule, of the verdicts there are."""
        return {verdict.claim.kind: verdict.rule for verdict in self.verdicts}


@dataclass(frozen=True)
class Difference:
    """A setting minus the baseline, in one column."""

    setting: str
    column: str
    estimate: Estimate


@dataclass(frozen=True)
class Report:
    """Everything a report says.

    Attributes:
        folders: where the tables are, as given.
        notes: about all of the runs.
        sections: one a study.
        baseline: name of the setting that the others are compared with, or None.
        differences: from the baseline.
        rule: what holds for all verdicts.
    """

    folders: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    baseline: str | None = None
    differences: tuple[Difference, ...] = ()
    rule: str = GENERAL_RULE

    def named_settings(self) -> list[tuple[str, Setting]]:
        """Return (name that is unique in the report, setting)."""
        several = len(self.sections) > 1
        return [
            (f"{section.name or 'no study'}: {s.name}" if several else s.name, s)
            for section in self.sections
            for s in section.settings
        ]


def summarise(
    tables: Tables, studies: Mapping[str, Study | str], *, with_figures: bool = True
) -> Report:
    """Make a report, without a baseline.

    Args:
        tables: see `load`.
        studies: study's name -> the study, or why it was not found.
        with_figures: draw them, too.
    """
    sections = []
    for number, (name, runs) in enumerate(tables.runs.groupby("study", sort=False)):
        part = tables.of(runs.reset_index(drop=True))
        prefix = f"study{number + 1}"
        found = studies.get(str(name), "The runs name no study: there is nothing to judge.")
        sections.append(_section(str(name), part, found, prefix if with_figures else None))
    return Report(tuple(map(str, tables.folders)), tables.notes, tuple(sections))


def _section(name: str, tables: Tables, found: Study | str, prefix: str | None) -> Section:
    runs = tables.runs
    study, why_none = (found, "") if isinstance(found, Study) else (None, found)
    settings = settings_of(runs)
    evidence = Evidence(settings, tables.epochs)
    objective = study.sought[0] if study is not None else TEST_ACCURACY
    ranked = _ranked(settings, objective)
    notes = origin_notes(runs) + data_notes(runs)
    if study is not None:
        notes = departure_notes(study, settings) + notes
    figures: list[Figure] = []
    if prefix is not None:
        rates = firing_rates(settings, tables.layers)
        figures = figures_of(prefix, evidence, rates, ranked, objective)
        raster, why_none_drawn = raster_of(prefix, tables, objective, settings)
        figures += [raster] if raster is not None else []
        notes += [why_none_drawn] if why_none_drawn is not None else []
    statuses = runs["status"].value_counts(sort=False)
    return Section(
        name=name,
        study=study,
        why_none=why_none,
        settings=tuple(settings),
        objective=str(objective),
        ranked=tuple(ranked),
        statuses={str(status): int(n) for status, n in statuses.items()},
        unfinished=tuple(_unfinished(settings)),
        verdicts=tuple(judge(claim, evidence) for claim in study.claims) if study else (),
        published=tuple(_beside(p, evidence) for p in study.published) if study else (),
        origin={c: _counted(runs[c]) for c in _ORIGIN},
        notes=tuple(notes),
        figures=tuple(figures),
    )


def firing_rates(settings: Sequence[Setting], layers: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return setting's name -> layer -> mean output rate over its finished runs."""
    rows = layers.dropna(subset=["output_rate"])
    rates = {}
    for setting in settings:
        own = rows[rows["run_id"].isin(setting.done["run_id"])]
        rates[setting.name] = {
            str(layer): mean([float(x) for x in group]).value
            for layer, group in own.groupby("layer", sort=False)["output_rate"]
        }
    return rates


def compare(report: Report, where: Selector) -> tuple[str, tuple[Difference, ...]] | list[str]:
    """Compare every setting with the one that `where` selects, paired by seed.

    Returns:
        The baseline's name and the differences; or the names selected, if they are not one.
    """
    named = report.named_settings()
    selected = [(name, setting) for name, setting in named if where.selects(setting.row)]
    if len(selected) != 1:
        return [name for name, _ in selected]
    baseline, base = selected[0]
    differences = []
    for name, setting in named:
        if setting is base:
            continue
        for column in COMPARED:
            found = difference(setting.by_seed(column), base.by_seed(column))
            if found is not None:
                differences.append(Difference(name, column, found))
    return baseline, tuple(differences)


def _ranked(settings: Sequence[Setting], objective: Objective) -> list[Setting]:
    known = [
        (setting, found.value) for setting in settings if (found := setting.mean(objective.column))
    ]
    known.sort(key=lambda pair: -pair[1] if objective.direction == "max" else pair[1])
    return [setting for setting, _ in known]


def _unfinished(settings: Sequence[Setting]) -> list[Unfinished]:
    found = []
    for setting in settings:
        rows = setting.runs[setting.runs["status"] != "done"]
        for seed, run_id, status, error in rows[["seed", "run_id", "status", "error"]].itertuples(
            index=False
        ):
            known = None if pd.isna(seed) else int(seed)
            found.append(Unfinished(setting.name, known, run_id, status, error or ""))
    return found


def _beside(published: Published, evidence: Evidence) -> PublishedRow:
    spoken = evidence.select(published.where)
    numbers = list(pooled(spoken, published.metric).values())
    measured = mean(numbers) if numbers else None
    if measured is not None and measured.n == 1 and has_no_chance(published.metric, spoken):
        measured = replace(measured, low=measured.value, high=measured.value)
    agrees = None
    if measured is not None and published.tolerance is not None:
        agrees = abs(measured.value - published.value) <= published.tolerance
    elif measured is not None and measured.low is not None and measured.high is not None:
        agrees = measured.low <= published.value <= measured.high
    return PublishedRow(published, measured, agrees)


def _counted(column: "pd.Series[Any]") -> dict[str, int]:
    texts = [value_text(None if pd.isna(v) else v) for v in column.astype(object)]
    return {text: texts.count(text) for text in sorted(set(texts))}


def title_of(section: Section) -> str:
    """Return the section's heading."""
    if section.study is not None and section.study.title:
        return section.study.title
    return section.name or "Runs without a study"


def settings_label(section: Section) -> str:
    """Return how many settings and runs there are, in words."""
    runs = sum(section.statuses.values())
    counted = ", ".join(f"{n} {status}" for status, n in section.statuses.items())
    settings = len(section.settings)
    only = settings == 1 and section.settings[0].name == ONLY
    said = "one setting" if only else f"{settings} settings"
    return f"{said}, {runs} {'run' if runs == 1 else 'runs'}: {counted}"
