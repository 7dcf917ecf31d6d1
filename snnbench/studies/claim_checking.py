"""Whether what a study says is about runs that it has; what is not is reported with its line."""

from collections.abc import Mapping, Sequence
from typing import Any

from snnbench.config.setting import Value
from snnbench.config.toml_file import TomlFile
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.errors import UserError
from snnbench.studies.claims import Claim, Monotone, PeakAt, Published
from snnbench.studies.plan import expand
from snnbench.studies.selecting import Selector, select, value_text, values_along
from snnbench.studies.study import Study

_LEAST_ALONG = 2  # values, for something to be said about them


def check_selected(study: Study) -> None:
    """Check that what a study's file speaks of is what it runs.

    A study that cannot be expanded without options is not checked, nor is one that searches: what
    they run is not known yet.

    Raises:
        UserError: a value that no run has, or a selector that selects no run.
    """
    spoken: list[tuple[KeyPath, Claim | Published]] = [
        (("claims", i), claim) for i, claim in enumerate(study.claims)
    ]
    spoken += [(("published", i), number) for i, number in enumerate(study.published)]
    if study.file is None or not spoken:
        return
    try:
        plan = expand(study)
    except UserError:
        return
    if not plan.spaces:
        rows = plan.rows()
        for key, said in spoken:
            _check_selectors(study.file, key, said, rows)


def _check_selectors(
    file: TomlFile, key: KeyPath, said: Claim | Published, rows: Sequence[Mapping[str, Any]]
) -> None:
    for part, selector in said.selectors().items():
        own = said.where if part == "where" else getattr(said, part)
        for name, values in own.wanted:
            for value in values:
                if not select(Selector(((name, (value,)),)), rows):
                    raise file.error((*key, part, name), *_not_run(name, value, rows))
        if not select(selector, rows):
            problem = f"no run of the study has {selector}."
            raise file.error((*key, part), problem, "Change it, or what is varied.")
    if isinstance(said, PeakAt | Monotone):
        _check_along(file, key, said, rows)


def _check_along(
    file: TomlFile, key: KeyPath, said: PeakAt | Monotone, rows: Sequence[Mapping[str, Any]]
) -> None:
    found = values_along(said.along, select(said.where, rows))
    if len(found) < _LEAST_ALONG:
        problem = f"{said.along} is not varied in the runs spoken of."
        raise file.error((*key, "along"), problem, "Name a setting that takes several values.")
    if isinstance(said, PeakAt):
        for value in said.at:
            if value not in found:
                raise file.error((*key, "at"), *_not_run(said.along, value, rows))
    elif said.between is not None:
        low, high = said.between
        inside = [v for v in found if isinstance(v, int | float) and low <= v <= high]
        if len(inside) < _LEAST_ALONG:
            problem = f"{said.along} has {len(inside)} values between {low:g} and {high:g}."
            remedy = f"Its runs have {', '.join(map(value_text, found))}."
            raise file.error((*key, "between"), problem, remedy)


def _not_run(name: str, value: Value, rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    found = ", ".join(map(value_text, values_along(name, rows))) or "no value"
    return f"no run of the study has {name} = {value_text(value)}.", f"Its runs have {found}."
