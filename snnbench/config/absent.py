"""What runs did where their table lacks settings, because these came later."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from snnbench.config.effects import without_effect
from snnbench.config.setting import SETTINGS
from snnbench.config.settings import Settings


def absent_values(row: Mapping[str, Any], absent: Mapping[str, Any]) -> dict[str, Any]:
    """Return name -> value of those settings in `absent` that have an effect in a run.

    Args:
        row: the run's settings that its table has, name -> value; None is missing.
        absent: settings the table lacks -> what the program did before there were such.

    Raises:
        UserError: a value in `row` is not known, as that of a plug-in that was not named.
    """
    given = {name: value for name, value in row.items() if value is not None and name != "seed"}
    useless = _useless((*given.items(), *absent.items()))
    return {name: value for name, value in absent.items() if name not in useless}


@lru_cache(maxsize=10_000)  # the runs of a table differ in little but the seed
def _useless(settings: tuple[tuple[str, Any], ...]) -> frozenset[str]:
    known = {name: value for name, value in settings if name in SETTINGS}
    return frozenset(without_effect(Settings(**known)))
