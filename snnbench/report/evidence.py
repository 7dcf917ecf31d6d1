"""What a verdict looks at: configurations, their results by seed, and their learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from snnbench.report.columns import WITHOUT_CHANCE
from snnbench.report.groups import Configuration
from snnbench.studies.selecting import Selector


@dataclass(frozen=True)
class Evidence:
    """The configurations of a study and the epochs of their runs.

    Attributes:
        configurations: see `groups.configurations_of`.
        epochs: rows of epochs.csv of these runs.
    """

    configurations: Sequence[Configuration]
    epochs: pd.DataFrame

    @cached_property
    def _rows_of_run(self) -> dict[str, Any]:
        return {str(run): rows for run, rows in self.epochs.groupby("run_id").indices.items()}

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


def has_no_chance(column: str, configurations: Sequence[Configuration]) -> bool:
    """Whether a column is the same for every seed by construction: one run tells it exactly."""
    if column == "flops_lab":
        return all(configuration.row["model"] == "ann" for configuration in configurations)
    return column in WITHOUT_CHANCE
