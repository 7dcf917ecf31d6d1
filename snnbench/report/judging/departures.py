"""Runs that bear a study's name but were not made with its settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from snnbench.errors import UserError
from snnbench.report.reading.columns import planned as planned_settings
from snnbench.report.reading.groups import Configuration
from snnbench.studies.plan import expand
from snnbench.studies.study import Study


def departure_notes(study: Study, configurations: Sequence[Configuration]) -> list[str]:
    """Return a sentence if configurations are not the study's, as with options given beside it.

    Nothing is said of a study that searches, since what it runs is not known beforehand.
    """
    try:
        plan = expand(study)
    except UserError:
        return []
    if plan.spaces:
        return []
    planned = plan.rows()
    differing: dict[str, None] = {}
    count = 0
    for configuration in configurations:
        nearest = min((_differing(row, configuration.row) for row in planned), key=len, default=[])
        count += bool(nearest)
        differing |= dict.fromkeys(nearest)
    if not count:
        return []
    return [
        f"{count} of {len(configurations)} configurations are not the study's own: they differ in"
        f" {', '.join(differing)}. The verdicts are about the runs as they are."
    ]


def _differing(planned: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    return [name for name in planned_settings() if planned[name] != row[name]]
