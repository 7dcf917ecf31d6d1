"""A report as plain data: what is rendered, and what `--json` prints."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from snnbench.report.figures.claims import claim_figures
from snnbench.report.figures.drawing import Figure
from snnbench.report.figures.heat import firing_rates
from snnbench.report.figures.raster import raster_of
from snnbench.report.figures.searching import search_figures
from snnbench.report.figures.study_figures import figures_of
from snnbench.report.judging.answer import Answer
from snnbench.report.judging.departures import departure_notes
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.folders import Comparison
from snnbench.report.judging.looks import sharing, verdicts_of
from snnbench.report.judging.many import by_chance
from snnbench.report.judging.published import RULE, PublishedRow, beside
from snnbench.report.judging.searched import Search, search_of
from snnbench.report.judging.verdicts import GENERAL_RULE, Verdict
from snnbench.report.reading.columns import COMPARED, ORIGIN
from snnbench.report.reading.groups import (
    Configuration,
    binomial_error_of,
    configurations_of,
    dead_notes,
    pooled,
)
from snnbench.report.reading.names import ONLY
from snnbench.report.reading.neurobench import OutsideRow
from snnbench.report.reading.source import Tables, data_notes, load, origin_notes
from snnbench.report.reading.statistics import Estimate, difference, mean
from snnbench.studies import looks
from snnbench.studies.objective import TEST_ACCURACY, Objective
from snnbench.studies.selecting import Selector, value_text
from snnbench.studies.study import Study
from snnbench.sweep.trials import suggested_runs
from snnbench.words.energies import Energy

_BEST = 3


@dataclass(frozen=True)
class Unfinished:
    """A run that did not finish: configuration, seed, run_id, status and why."""

    configuration: str
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
        configurations: in the tables' order.
        objective: the column that says what is best, and which way is better.
        ranked: the configurations that have a value in it, best first.
        statuses: status -> number of runs.
        unfinished: every run that is not done.
        verdicts, published: of the study.
        origin: column -> value -> number of runs.
        notes: what a reader must know.
        figures, energy: drawn, and the model that they show.
        search: what the study looked for and found, if it did.
        claim_figures: what decides each of the verdicts, or None; as many, or none at all.
        outside: rows of NeuroBench's files, shown beside the configurations and nowhere else.
    """

    name: str
    study: Study | None
    why_none: str
    configurations: tuple[Configuration, ...]
    objective: str
    ranked: tuple[Configuration, ...]
    statuses: Mapping[str, int]
    unfinished: tuple[Unfinished, ...]
    verdicts: tuple[Verdict, ...]
    published: tuple[PublishedRow, ...]
    origin: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]
    energy: Energy
    claim_figures: tuple[Figure | None, ...] = ()
    outside: tuple[OutsideRow, ...] = ()
    search: Search | None = None

    @property
    def best(self) -> tuple[Configuration, ...]:
        """The first of `ranked`."""
        return self.ranked[:_BEST]

    @property
    def rules(self) -> dict[str, str]:
        """Kind -> rule, of the verdicts and published numbers there are."""
        rules = {verdict.claim.kind: verdict.rule for verdict in self.verdicts}
        if self.study is not None and self.study.until_decided is not None:
            rules["seeds until decided"] = looks.RULE
        return rules | ({"published numbers": RULE} if self.published else {})


@dataclass(frozen=True)
class Difference:
    """A configuration minus the baseline, in one column."""

    configuration: str
    column: str
    estimate: Estimate


@dataclass(frozen=True)
class Report:
    """Everything a report says.

    Attributes:
        folders: where the tables are, as given.
        notes: about all of the runs.
        sections: one a study.
        baseline: name of the configuration that the others are compared with, or None.
        differences: from the baseline.
        rule: what holds for all verdicts.
        answer, headline: of a comparison, its first figure.
        changes: of folders that are compared with one; then there are no sections.
    """

    folders: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    baseline: str | None = None
    differences: tuple[Difference, ...] = ()
    rule: str = GENERAL_RULE
    answer: Answer | None = None
    headline: Figure | None = None
    changes: tuple[Comparison, ...] = ()

    def named_configurations(self) -> list[tuple[str, Configuration]]:
        """Return (name that is unique in the report, configuration)."""
        several = len(self.sections) > 1
        return [
            (f"{section.name or 'no study'}: {c.name}" if several else c.name, c)
            for section in self.sections
            for c in section.configurations
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
    chance = by_chance([verdict for section in sections for verdict in section.verdicts])
    rule = f"{GENERAL_RULE} {chance}".strip()
    return Report(tuple(map(str, tables.folders)), tables.notes, tuple(sections), rule=rule)


def _section(name: str, tables: Tables, found: Study | str, prefix: str | None) -> Section:
    runs = tables.runs
    study, why_none = (found, "") if isinstance(found, Study) else (None, found)
    configurations = configurations_of(runs, study)
    evidence = Evidence(configurations, tables.epochs, tables.layers)
    objective = study.sought[0] if study is not None else TEST_ACCURACY
    ranked = _ranked(configurations, objective)
    suggested = [runs for folder in tables.folders for runs in suggested_runs(folder)]
    search = search_of(study, configurations, suggested)
    notes = dead_notes(configurations) + origin_notes(runs) + data_notes(runs)
    if study is not None:
        notes = departure_notes(study, configurations) + notes
    verdicts = verdicts_of(study, evidence) if study else ()
    published: tuple[PublishedRow, ...] = ()
    if study is not None:
        shared = sharing(study, evidence)
        published = tuple(beside(p, shared, study.claims) for p in study.published)
    figures: list[Figure] = []
    deciding: list[Figure | None] = []
    if prefix is not None:
        if study is not None:
            deciding = claim_figures(prefix, study, evidence, verdicts, published)
        rates = firing_rates(configurations, tables.layers)
        figures = figures_of(
            prefix, evidence, rates, ranked, objective, energy=tables.energy, steps=tables.steps
        )
        figures += search_figures(prefix, search)
        raster, why_none_drawn = raster_of(prefix, tables, objective, configurations)
        figures += [raster] if raster is not None else []
        notes += [why_none_drawn] if why_none_drawn is not None else []
    statuses = runs["status"].value_counts(sort=False)
    return Section(
        name=name,
        study=study,
        why_none=why_none,
        configurations=tuple(configurations),
        objective=str(objective),
        ranked=tuple(ranked),
        statuses={str(status): int(n) for status, n in statuses.items()},
        unfinished=tuple(_unfinished(configurations)),
        verdicts=verdicts,
        published=published,
        origin={c: _counted(runs[c]) for c in ORIGIN},
        notes=tuple(notes),
        figures=tuple(figures),
        energy=tables.energy,
        claim_figures=tuple(deciding),
        outside=tables.outside,
        search=search,
    )


def verdicts_in(folder: Path, study: Study) -> tuple[Verdict, ...]:
    """Return the verdicts on a study's claims by what a folder has recorded; () without its runs.

    Raises:
        UserError: see `load`.
    """
    made = summarise(load([folder]), {study.name: study}, with_figures=False)
    return next((s.verdicts for s in made.sections if s.name == study.name), ())


def compare(report: Report, where: Selector) -> tuple[str, tuple[Difference, ...]] | list[str]:
    """Compare every configuration with the one that `where` selects, paired by seed.

    Returns:
        The baseline's name and the differences; or the names selected, if they are not one.
    """
    named = report.named_configurations()
    selected = [(name, c) for name, c in named if where.selects(c.row)]
    if len(selected) != 1:
        return [name for name, _ in selected]
    baseline, base = selected[0]
    differences = []
    for name, configuration in named:
        if configuration is base:
            continue
        for column in (*COMPARED, report.sections[0].energy.column):
            sides = [(c, c.comparable(column)) for c in (configuration, base)]
            errors = [binomial_error_of([c], column, values) for c, values in sides]
            found = difference(sides[0][1], sides[1][1], error=math.hypot(*errors))
            if found is not None:
                differences.append(Difference(name, column, found))
    return baseline, tuple(differences)


def _ranked(configurations: Sequence[Configuration], objective: Objective) -> list[Configuration]:
    heights = [(c, pooled([c], objective.column)) for c in configurations]
    known = [(c, mean(list(values.values())).value) for c, values in heights if values]
    known.sort(key=lambda pair: -pair[1] if objective.direction == "max" else pair[1])
    return [configuration for configuration, _ in known]


def _unfinished(configurations: Sequence[Configuration]) -> list[Unfinished]:
    found = []
    for configuration in configurations:
        rows = configuration.runs[configuration.runs["status"] != "done"]
        for seed, run_id, status, error in rows[["seed", "run_id", "status", "error"]].itertuples(
            index=False
        ):
            known = None if pd.isna(seed) else int(seed)
            found.append(Unfinished(configuration.name, known, run_id, status, error or ""))
    return found


def _counted(column: "pd.Series[Any]") -> dict[str, int]:
    texts = [value_text(None if pd.isna(v) else v) for v in column.astype(object)]
    return {text: texts.count(text) for text in sorted(set(texts))}


def title_of(section: Section) -> str:
    """Return the section's heading."""
    if section.study is not None and section.study.title:
        return section.study.title
    return section.name or "Runs without a study"


def configurations_label(section: Section) -> str:
    """Return how many configurations and runs there are, in words."""
    runs = sum(section.statuses.values())
    counted = ", ".join(f"{n} {status}" for status, n in section.statuses.items())
    count = len(section.configurations)
    only = count == 1 and section.configurations[0].name == ONLY
    said = "one configuration" if only else f"{count} configurations"
    return f"{said}, {runs} {'run' if runs == 1 else 'runs'}: {counted}"
