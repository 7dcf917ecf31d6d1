"""What a verdict looks at: configurations, their results by seed, learning curves and energies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from snnbench.cost.derive import facts_of, network_value
from snnbench.cost.facts import LayerFacts
from snnbench.report.judging.deciding import ALPHA
from snnbench.report.reading.columns import WITHOUT_CHANCE
from snnbench.report.reading.groups import Configuration, mean_by_seed
from snnbench.results.frames import to_rows
from snnbench.studies.selecting import Selector
from snnbench.words.energies import Energy


@dataclass(frozen=True)
class Evidence:
    """The configurations of a study and the epochs of their runs.

    Attributes:
        configurations: see `groups.configurations_of`.
        epochs, layers: rows of epochs.csv and layers.csv of these runs.
        alpha: the error that a verdict on it may have.
    """

    configurations: Sequence[Configuration]
    epochs: pd.DataFrame
    layers: pd.DataFrame
    alpha: float = ALPHA

    @cached_property
    def _rows_of_run(self) -> dict[str, Any]:
        return {str(run): rows for run, rows in self.epochs.groupby("run_id").indices.items()}

    @cached_property
    def _layers_of_run(self) -> dict[str, Any]:
        return {str(run): rows for run, rows in self.layers.groupby("run_id").indices.items()}

    def of_seeds(self, seeds: Sequence[int], alpha: float) -> "Evidence":
        """Return what runs with these seeds say, to be judged with another error."""
        some = [replace(c, runs=c.runs[c.runs["seed"].isin(seeds)]) for c in self.configurations]
        return replace(self, configurations=some, alpha=alpha)

    def select(self, selector: Selector) -> list[Configuration]:
        """Return the configurations that are spoken of."""
        return [c for c in self.configurations if selector.selects(c.row)]

    def curves(self, configuration: Configuration, column: str) -> dict[int, list[float]]:
        """Return seed -> values by epoch, from 1, of the finished runs that have them all."""
        curves = {}
        for run_id, seed in configuration.done[["run_id", "seed"]].itertuples(index=False):
            positions = self._rows_of_run.get(str(run_id))
            if positions is None:
                continue
            rows = self.epochs.iloc[positions].sort_values("epoch")
            values = rows[column].to_numpy(dtype=np.float64)
            if not np.isnan(values).any():
                curves[int(seed)] = [float(value) for value in values]
        return curves

    def energy(
        self, configuration: Configuration, word: Energy, beside: Sequence[Configuration] = ()
    ) -> dict[int, float]:
        """Return seed -> energy a sample by a model, of the finished runs that are alive.

        Args:
            configuration: of the runs.
            word: a model, with options that somebody chose or without.
            beside: what it is compared with. An ANN has the energy that it has as the twin of these
                SNNs, on average over them, where the model says one; options chosen stay.
        """
        words = [word]
        if configuration.row["model"] == "ann":
            steps = [c.row["T"] for c in beside if c.row["model"] == "snn"]
            words = [word.of_twin(int(T)) for T in steps if isinstance(T, int | float)] or words
        return mean_by_seed([self._energy(configuration, one) for one in words])

    def _energy(self, configuration: Configuration, word: Energy) -> dict[int, float]:
        if word.column in configuration.runs:
            return configuration.comparable(word.column)
        known = self.facts(configuration).items()
        values = {seed: network_value(word, layers) for seed, layers in known}
        return {seed: value for seed, value in values.items() if value is not None}

    def facts(self, configuration: Configuration) -> dict[int, tuple[LayerFacts, ...]]:
        """Return seed -> layers, as recorded, of the finished runs that are alive."""
        found = {}
        for run_id, seed in configuration.alive[["run_id", "seed"]].itertuples(index=False):
            rows = self.layers.iloc[self._layers_of_run.get(str(run_id), [])]
            found[int(seed)] = tuple(facts_of(row) for row in to_rows(rows))
        return found


def has_no_chance(column: str, configurations: Sequence[Configuration]) -> bool:
    """Whether a column is the same for every seed by construction: one run tells it exactly."""
    if column == "flops_lab":
        return all(configuration.row["model"] == "ann" for configuration in configurations)
    return column in WITHOUT_CHANCE
