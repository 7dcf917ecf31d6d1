"""The data set that a run's settings name."""

from typing import Any

from snnbench.config import RunConfig
from snnbench.config.effects import without_effect
from snnbench.config.setting import SETTINGS
from snnbench.data.catalogue import load_dataset
from snnbench.data.dataset import Dataset
from snnbench.words.datasets import DATASETS


def read_data(config: RunConfig) -> Dataset:
    """Read the data set a config names.

    Raises:
        UserError: the data are missing or damaged.
    """
    return load_dataset(config.dataset, **loading_settings(config))


def loading_settings(config: RunConfig) -> dict[str, Any]:
    """Return the settings that say which data are read; runs that agree on them share these."""
    row = DATASETS[config.dataset]
    useless = without_effect(config)
    values = {name: None if name in useless else getattr(config, name) for name in row.uses}
    return values | {n: None for n in row.if_given if values[n] == SETTINGS[n].default}
