"""Recorded runs as a notebook has them: tables, an answer, verdicts, figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from snnbench.errors import UserError, did_you_mean
from snnbench.report.judging.answer import Answer
from snnbench.report.judging.deciding import OUTCOMES
from snnbench.report.page.cut import Picture, Pictures, cut_html, first_picture, pictures_of
from snnbench.report.page.ranking import ranking, ranking_words
from snnbench.report.page.render import to_document
from snnbench.report.page.sections import Report, Section, configurations_label, title_of
from snnbench.report.page.summary import compare, summarise
from snnbench.report.page.telling import sentences
from snnbench.report.reading.source import Tables
from snnbench.studies.objective import TEST_ACCURACY, Objective
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study

_MOST_NAMED = 10


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """Recorded runs, by run and by configuration.

    In a notebook it shows its answer, a short table and the figure that says most; `print` gives
    the same in words.

    Attributes:
        tables: what was read.
        studies: study's name -> the study, or why there is none.
        answer: of `compare`: accuracy and cost of each SNN beside its ANN; None elsewhere.
        baseline: selects the configuration that all others are compared with.
        files: that were written.
    """

    tables: Tables
    studies: Mapping[str, Study | str]
    answer: Answer | None = None
    baseline: Selector | None = None
    files: tuple[Path, ...] = ()

    @property
    def runs(self) -> pd.DataFrame:
        """One row a run: `runs.csv`, with the energy by every model."""
        return self.tables.runs.drop(columns="folder")

    @property
    def epochs(self) -> pd.DataFrame:
        """One row a run and epoch: learning curves."""
        return self.tables.epochs.drop(columns="folder")

    @property
    def layers(self) -> pd.DataFrame:
        """One row a run and weight layer: counts."""
        return self.tables.layers.drop(columns="folder")

    @property
    def steps(self) -> pd.DataFrame:
        """One row a run of an SNN and time step: what it were if inference ended there."""
        return self.tables.steps.drop(columns="folder")

    @property
    def configurations(self) -> pd.DataFrame:
        """One row a configuration: what tells it from the others, and mean, low, high and n of
        each metric over its finished runs; low and high are the ends of 95 % intervals.

        `configurations["beta"]` is a setting, `configurations["test_accuracy", "mean"]` a mean.
        """
        sections = self.document["studies"]
        differing = [n for s in sections for c in s["configurations"] for n in c["differing"]]
        rows: dict[tuple[str, str], dict[tuple[str, str], Any]] = {}
        for section in sections:
            for one in section["configurations"]:
                row = {(name, ""): one["differing"].get(name) for name in dict.fromkeys(differing)}
                row |= {("runs", ""): one["runs"], ("done", ""): one["done"]}
                for metric, found in one["results"].items():
                    row[metric, "mean"] = found["value"]
                    row |= {(metric, end): found[end] for end in ("low", "high", "n")}
                rows[section["study"] or "", one["name"]] = row
        columns = pd.MultiIndex.from_tuples(
            dict.fromkeys(key for row in rows.values() for key in row)
        )
        index = [name for _, name in rows] if len(sections) == 1 else pd.MultiIndex.from_tuples(
            rows, names=["study", "configuration"]
        )  # fmt: skip
        table = pd.DataFrame(list(rows.values()), index=index, columns=columns).infer_objects()
        return table.rename_axis("configuration") if len(sections) == 1 else table

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row a claim of a study: reproduced, contradicted or undecided, and why."""
        return self._of_studies("verdicts")

    @property
    def published(self) -> pd.DataFrame:
        """One row a published number of a study, beside the measured one."""
        return self._of_studies("published")

    @property
    def differences(self) -> pd.DataFrame:
        """One row a configuration and column: its difference from the baseline."""
        return pd.DataFrame(self.document["differences"])

    def _of_studies(self, what: str) -> pd.DataFrame:
        rows = [{"study": s["study"]} | row for s in self.document["studies"] for row in s[what]]
        return pd.DataFrame(rows)

    @cached_property
    def document(self) -> dict[str, Any]:
        """All that is known, as `snnbench report --json` prints it."""
        return to_document(self.report)

    @cached_property
    def report(self) -> Report:
        """What reports are made of, without figures where none were drawn so far."""
        return self.drawn if "drawn" in self.__dict__ else self._summarised(with_figures=False)

    @cached_property
    def drawn(self) -> Report:
        """The same with all figures."""
        return self._summarised(with_figures=True)

    def _summarised(self, *, with_figures: bool) -> Report:
        made = summarise(self.tables, self.studies, with_figures=with_figures, answer=self.answer)
        return made if self.baseline is None else _compared(made, self.baseline)

    def having(self, files: Sequence[Path]) -> "Results":
        """Return the same, with files that were written of it."""
        made = replace(self, files=(*self.files, *files))
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k in ("drawn", "report")})
        return made

    def plot(self, name: str | None = None) -> Picture | Pictures:
        """Return the report's figures, which a notebook shows; or one of them.

        Args:
            name: of a figure, as in `plot("energy")`; None: all.

        Raises:
            UserError: there is no such figure.
        """
        found = pictures_of(self.drawn)
        if name is None:
            return Pictures(tuple(found.values()))
        if name not in found:
            raise UserError(f"There is no figure '{name}'.", did_you_mean(name, found))
        return found[name]

    @property
    def words(self) -> tuple[str, ...]:
        """The answer, or else what is best and what became of the claims, a sentence each."""
        if self.answer is not None:
            return tuple(sentences(self.answer))
        return tuple(line for section in self.report.sections for line in _told(section))

    def _repr_html_(self) -> str:
        tables = {title_of(s): ranking(s.standings, _sought(s)) for s in self.drawn.sections}
        return cut_html(self.words, tables, first_picture(self.drawn))

    def __str__(self) -> str:
        return "\n".join(self.words)

    def __repr__(self) -> str:
        places = ", ".join(map(str, self.tables.folders))
        n = len(self.tables.runs)
        return f"<Results of {places}: {n} {'run' if n == 1 else 'runs'}>"


def _compared(made: Report, where: Selector) -> Report:
    found = compare(made, where)
    if isinstance(found, tuple):
        return replace(made, baseline=found[0], differences=found[1])
    if found:
        listed = "; ".join(found[:_MOST_NAMED])
        raise UserError(
            f"--baseline: {where} is {len(found)} configurations: {listed}.",
            "Add what tells the wanted one from the others.",
        )
    raise UserError(
        f"--baseline: no configuration has {where}.",
        "Run `snnbench report` without it to see them.",
    )


def _told(section: Section) -> Iterator[str]:
    yield f"{title_of(section)}: {configurations_label(section)}."
    if section.verdicts:
        outcomes = [verdict.outcome for verdict in section.verdicts]
        counted = ", ".join(f"{outcomes.count(word)} {word}" for word in OUTCOMES)
        yield f"Claims: {counted}."
    yield from ranking_words(section.standings, _sought(section)[0], section.search)


def _sought(section: Section) -> Sequence[Objective]:
    return section.study.sought if section.study is not None else (TEST_ACCURACY,)
