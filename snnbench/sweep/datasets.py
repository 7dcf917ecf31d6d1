"""The data sets of a sweep's runs: the last one read, and what planning must know of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from snnbench.config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.data.dataset import Dataset
from snnbench.inputs.reading import loading_settings, read_data
from snnbench.inputs.selection import select

DataKey = tuple[Any, ...]


@dataclass(frozen=True)
class Data:
    """What planning must know of a data set."""

    shape: tuple[int, ...]
    sha256: str
    train_samples: int
    held_out_samples: int


def data_key(config: RunConfig) -> DataKey:
    """Return what settings with the same data set have in common."""
    return (config.dataset, *loading_settings(config).values())


@cache
def _shaping(names: tuple[str, ...]) -> Callable[[RunConfig], tuple[Any, ...]]:
    """Return what gets the settings that the data must fit."""
    settings = (SETTINGS[name] for name in names)
    return attrgetter(*(s.name for s in settings if s.role == "computation" and not s.free))


class DataSets:
    """Reads the data sets that runs name, and checks each against their settings once."""

    def __init__(self) -> None:
        self._last: tuple[DataKey, Dataset] | None = None
        self._known: dict[DataKey, Data] = {}
        self._notices: dict[str, None] = {}

    def read(self, config: RunConfig) -> Dataset:
        """Return a run's data set, not checked against its settings.

        One is kept, for the next run mostly needs the same.

        Raises:
            UserError: the data are missing or damaged.
        """
        key = data_key(config)
        if self._last is None or self._last[0] != key:
            self._last = None  # two need not be in memory at the same time
            self._last = (key, read_data(config))
            self._notices |= dict.fromkeys(self._last[1].notices)
        return self._last[1]

    def take_notices(self) -> tuple[str, ...]:
        """Return what is to be known of the data read since this was asked last."""
        notices, self._notices = tuple(self._notices), {}
        return notices

    def forget(self) -> None:
        """Free the memory of the data set that is kept; what is known of it stays known."""
        self._last = None

    def of(self, config: RunConfig) -> Data:
        """Return what is known of a run's data.

        Raises:
            UserError: the data are missing or damaged, or do not fit the run.
        """
        key = (*data_key(config), *_shaping(tuple(SETTINGS))(config))
        if key not in self._known:
            dataset = self.read(config)
            chosen = select(config, dataset)
            held_out = len(chosen.test) + (0 if chosen.val is None else len(chosen.val))
            self._known[key] = Data(
                dataset.input_shape, dataset.sha256, len(chosen.train), held_out
            )
        return self._known[key]
