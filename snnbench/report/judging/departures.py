"""Runs that bear a study's name but were not made with its settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from snnbench.errors import UserError
from snnbench.report.reading.columns import planned as planned_settings
from snnbench.report.reading.groups import Configuration
from snnbench.studies import twins
from snnbench.studies.options import ADHOC
from snnbench.studies.plan import expand
from snnbench.studies.study import Study

_OF_COMMANDS = (ADHOC, twins.NAME)


def departure_notes(study: Study, configurations: Sequence[Configuration]) -> list[str]:
    """Return a sentence if configurations are not the study's, as with options given beside it.

    Nothing is said of a study that searches, since what it runs is not known beforehand, nor of
    those that the command line makes: of these a folder may hold several, and the last is known.
    """
    if study.name in _OF_COMMANDS:
        return []
    try:
        plan = expand(study)
    except UserError:
        return []
    if plan.spaces:
        return []
    planned = plan.rows()
    own = {_settings(row) for row in planned}
    differing: dict[str, None] = {}
    count = 0
    for configuration in configurations:
        if _settings(configuration.row) in own:
            continue
        nearest = min((_differing(row, configuration.row) for row in planned), key=len, default=[])
        count += bool(nearest)
        differing |= dict.fromkeys(nearest)
    if not count:
        return []
    return [
        f"{count} of {len(configurations)} configurations are not the study's own: they differ in"
        f" {', '.join(differing)}. The verdicts are about the runs as they are."
    ]


def _settings(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in planned_settings())


def _differing(planned: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    return [name for name in planned_settings() if planned[name] != row[name]]
