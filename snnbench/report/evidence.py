"""What a verdict looks at: a study's settings, their results by seed, and their learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from snnbench.report.groups import Setting
from snnbench.studies.selecting import Selector

# Columns that follow from the settings alone, whatever the seed; flops_lab too, of an ANN.
_WITHOUT_CHANCE = ("params", "dense_macs")


@dataclass(frozen=True)
class Evidence:
    """The settings of a study and the epochs of their runs.

    Attributes:
        settings: see `groups.settings_of`.
        epochs: rows of epochs.csv of these runs.
    """

    settings: Sequence[Setting]
    epochs: pd.DataFrame

    @cached_property
    def _rows_of_run(self) -> dict[str, Any]:
        return {str(run): rows for run, rows in self.epochs.groupby("run_id").indices.items()}

    def select(self, selector: Selector) -> list[Setting]:
        """Return the settings that are spoken of."""
        return [setting for setting in self.settings if selector.selects(setting.row)]

    def curves(self, setting: Setting, column: str) -> dict[int, list[float]]:
        """Return seed -> values by epoch, from 1, of the finished runs that have them all."""
        curves = {}
        for run_id, seed in setting.done[["run_id", "seed"]].itertuples(index=False):
            positions = self._rows_of_run.get(str(run_id))
            if positions is None:
                continue
            rows = self.epochs.iloc[positions].sort_values("epoch")
            values = rows[column].to_numpy(dtype=np.float64)
            if not np.isnan(values).any():
                curves[int(seed)] = [float(value) for value in values]
        return curves


def has_no_chance(column: str, settings: Sequence[Setting]) -> bool:
    """Whether a column is the same for every seed by construction: one run tells it exactly."""
    if column == "flops_lab":
        return all(setting.row["model"] == "ann" for setting in settings)
    return column in _WITHOUT_CHANCE
