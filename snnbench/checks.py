"""What is refused before anything is computed or written. No torch."""

import os
from typing import TYPE_CHECKING

from snnbench.config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.config.values import read_number
from snnbench.data.dataset import Dataset
from snnbench.errors import LONGEST_PATH, UserError, shortened
from snnbench.inputs.reading import read_data
from snnbench.network.plan import plan_layers
from snnbench.training.cohorts import free_memory, plan_cohorts
from snnbench.words.datasets import DATASETS

if TYPE_CHECKING:
    from snnbench.network.build import Network

_NAME_BOUND = 100


def data_shape(config: RunConfig) -> tuple[int, ...]:
    """Return the shape of a sample; the data are only read where the catalogue cannot know it."""
    shape = DATASETS[config.dataset].shape
    return shape if shape is not None else load_data(config, trains=False).input_shape


def checked_rate(rate: float | None) -> float | None:
    """Return the rate, or raise UserError where it is no number in 0..1."""
    if rate is None:
        return None
    number = read_number("rate", rate)
    if not 0 <= number <= 1:
        raise UserError(f"rate: {number} is out of range.", "A mean input lies in 0..1.")
    return number


def load_data(config: RunConfig, *, trains: bool = True) -> Dataset:
    """Read the data set a config names, and check that the two fit and that its teacher is there.

    Args:
        config: the settings.
        trains: a network is going to be trained on it, not only counted.

    Raises:
        UserError: the data or the teacher are missing, or do not fit the settings.
    """
    from snnbench.inputs.selection import select

    dataset = read_data(config)
    select(config, dataset, trains=trains)
    if config.teacher is not None and not os.path.isfile(config.teacher):
        raise UserError(
            f"There is no teacher {shortened(config.teacher, LONGEST_PATH)}.",
            "Train one with `snnbench train --save-model` and name its .safetensors file.",
        )
    return dataset


def check_memory(config: RunConfig, dataset: Dataset) -> None:
    """Refuse what cannot fit into memory, before anything is written."""
    plan_cohorts([config], dataset.input_shape, free_memory(1.0))


def check_name(name: str) -> None:
    """Refuse a study's name that is no plain file name.

    Raises:
        UserError: it is empty, too long, or has characters that a path or a table would take
            for something else.
    """
    plain = name.isprintable() and not set(name) & set('/\\:*?"<>|')
    if not plain or not name.strip() or name.startswith(".") or len(name) > _NAME_BOUND:
        raise UserError(
            f"'{name}' cannot name a study.",
            "Use letters, digits, '-' and '_', and no '/' or leading '.'.",
        )


def check_same_network(saved: RunConfig, wanted: RunConfig) -> None:
    """A saved network is counted as it was trained: only its data and machine may be others."""
    for name, setting in SETTINGS.items():
        if setting.network and getattr(saved, name) != getattr(wanted, name):
            raise UserError(
                f"The saved model has {name} = {getattr(saved, name)}; "
                f"{getattr(wanted, name)} cannot be asked of it.",
                f"Leave {name} out, or train a model with it.",
            )


def check_input_width(network: "Network", config: RunConfig, dataset: Dataset) -> None:
    """A saved network is counted on data of the shape it was trained on."""
    saved = network.plan[0].input_shape
    given = plan_layers(config, dataset.input_shape)[0].input_shape
    if saved != given:
        raise UserError(
            f"The saved model takes inputs of shape {saved}, but {dataset.name} gives {given}.",
            "Count it on the data set it was trained on.",
        )
