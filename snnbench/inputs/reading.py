"""The data set that a run's settings name."""

from typing import Any

from snnbench.config import RunConfig
from snnbench.config.effects import without_effect
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
    left_out = set(without_effect(config)) | set(row.if_given) - config.model_fields_set
    return {name: None if name in left_out else getattr(config, name) for name in row.uses}
