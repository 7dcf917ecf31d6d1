"""Runs that bear a study's name but were not made with its settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from snnbench.config.settings import Settings
from snnbench.errors import UserError
from snnbench.report.groups import Setting
from snnbench.studies.plan import expand
from snnbench.studies.study import Study

# Where and by what a run is computed; and a teacher, which is a file that differs by seed.
_NOT_COMPARED = ("data_dir", "threads", "seed", "device", "engine", "teacher")
_COMPARED = tuple(name for name in Settings.model_fields if name not in _NOT_COMPARED)


def departure_notes(study: Study, settings: Sequence[Setting]) -> list[str]:
    """Return a sentence if settings are not the study's, as with options given beside it.

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
    for setting in settings:
        nearest = min((_differing(row, setting.row) for row in planned), key=len, default=[])
        count += bool(nearest)
        differing |= dict.fromkeys(nearest)
    if not count:
        return []
    return [
        f"{count} of {len(settings)} settings are not the study's own: they differ in"
        f" {', '.join(differing)}. The verdicts are about the runs as they are."
    ]


def _differing(planned: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    return [name for name in _COMPARED if planned[name] != row[name]]
