"""A report as plain data: its sections, one a study."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain, count

from snnbench.report.figures.drawing import Figure
from snnbench.report.judging.answer import Answer
from snnbench.report.judging.documents import DocumentWorld, documents
from snnbench.report.judging.folders import Comparison
from snnbench.report.judging.published import RULE, PublishedRow
from snnbench.report.judging.searched import Search
from snnbench.report.judging.standing import Standing
from snnbench.report.judging.verdicts import GENERAL_RULE, Verdict
from snnbench.report.judging.worlds import RULE as RULE_OF_WORLDS
from snnbench.report.judging.worlds import Multiverse
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.names import ONLY
from snnbench.report.reading.neurobench import OutsideRow
from snnbench.report.reading.statistics import Estimate
from snnbench.studies import looks
from snnbench.studies.study import Study
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
        statuses: status -> number of runs.
        unfinished: every run that is not done.
        verdicts, published: of the study.
        standings: where the configurations stand, best first.
        answer: the SNNs beside their ANNs; None where there is no pair.
        origin: column -> value -> number of runs.
        notes: what a reader must know.
        figures, energy: drawn, and the model that they show.
        outside: rows of NeuroBench's files, shown beside the configurations and nowhere else.
        anchor: the section's id on a page: the study's name, once in a report.
        headline, thumbnail: accuracy against energy, and the same small and without words.
        claim_figures: what decides each of the verdicts, or None; as many, or none at all.
        search: what the study looked for and found, if it did.
        worlds: what is known of the study's worlds, of one of which all else is; None where all is
            of its base.
    """

    name: str
    study: Study | None
    why_none: str
    configurations: tuple[Configuration, ...]
    objective: str
    statuses: Mapping[str, int]
    unfinished: tuple[Unfinished, ...]
    verdicts: tuple[Verdict, ...]
    published: tuple[PublishedRow, ...]
    origin: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]
    energy: Energy
    standings: tuple[Standing, ...]
    answer: Answer | None
    outside: tuple[OutsideRow, ...] = ()
    anchor: str = "runs"
    headline: Figure | None = None
    thumbnail: Figure | None = None
    claim_figures: tuple[Figure | None, ...] = ()
    search: Search | None = None
    worlds: Multiverse | None = None

    @property
    def has_snn(self) -> bool:
        """Whether one of its networks spikes."""
        return any(c.row["model"] == "snn" for c in self.configurations)

    @property
    def ranked(self) -> tuple[Configuration, ...]:
        """The configurations that have a value in the objective, best first."""
        return tuple(one.configuration for one in self.standings if one.objective is not None)

    @property
    def best(self) -> tuple[Configuration, ...]:
        """The first of `ranked`."""
        return self.ranked[:_BEST]

    @property
    def all_figures(self) -> tuple[Figure, ...]:
        """The first one, those of all runs, and those that decide claims, each once."""
        found = (self.headline, *self.figures, *self.claim_figures)
        return tuple({figure.name: figure for figure in found if figure is not None}.values())

    @property
    def rules(self) -> dict[str, str]:
        """Kind -> rule, of the verdicts and published numbers there are."""
        rules = {verdict.claim.kind: verdict.rule for verdict in self.verdicts}
        if self.study is not None and self.study.until_decided is not None:
            rules["seeds until decided"] = looks.RULE
        rules |= {"published numbers": RULE} if self.published else {}
        return rules | ({"worlds": RULE_OF_WORLDS} if self.worlds else {})


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
        answer: of a comparison.
        changes: of folders that are compared with one; then there are no sections.
    """

    folders: tuple[str, ...]
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    baseline: str | None = None
    differences: tuple[Difference, ...] = ()
    rule: str = GENERAL_RULE
    answer: Answer | None = None
    changes: tuple[Comparison, ...] = ()

    @property
    def documents(self) -> list[DocumentWorld]:
        """The worlds of documents of which several studies were run in some."""
        return documents(section.worlds for section in self.sections if section.worlds is not None)

    @property
    def headline(self) -> Figure | None:
        """The first figure of a comparison."""
        return None if self.answer is None else self.sections[0].headline

    def named_configurations(self) -> list[tuple[str, Configuration]]:
        """Return (name that is unique in the report, configuration)."""
        several = len(self.sections) > 1
        return [
            (f"{section.name or 'no study'}: {c.name}" if several else c.name, c)
            for section in self.sections
            for c in section.configurations
        ]


def anchor_of(name: str, taken: Collection[str]) -> str:
    """Return a study's name as an id that is not taken: small letters, digits and "-"."""
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") or "runs"
    several = (f"{slug}-{number}" for number in count(2))
    return next(anchor for anchor in chain([slug], several) if anchor not in taken)


def title_of(section: Section) -> str:
    """Return the section's heading."""
    if section.study is not None and section.study.title:
        return section.study.title
    return section.name or "Runs without a study"


def configurations_label(section: Section) -> str:
    """Return how many configurations and runs there are, in words."""
    runs = sum(section.statuses.values())
    counted = ", ".join(f"{n} {status}" for status, n in section.statuses.items())
    size = len(section.configurations)
    only = size == 1 and section.configurations[0].name == ONLY
    said = "one configuration" if only else f"{size} configurations"
    return f"{said}, {runs} {'run' if runs == 1 else 'runs'}: {counted}"
