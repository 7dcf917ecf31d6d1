"""A study as TOML, from which `read_study` makes the same study."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any

import tomli_w

from snnbench.config.setting import Value
from snnbench.studies.assumptions import Assumption
from snnbench.studies.axis import Axis, Interval
from snnbench.studies.claims import Claim, Published
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study, Variant


def to_toml(study: Study) -> str:
    """Return the text of a file that says all that the study does."""
    counted = study.seeds == tuple(range(len(study.seeds)))
    said = {
        "name": study.name,
        "title": study.title,
        "source": study.source,
        "plugins": study.plugins,
        "assumptions": [_assumption(one) for one in study.assumptions],
        "seeds": len(study.seeds) if counted else study.seeds,
        "until_decided": study.until_decided,
        "search": study.search,
        "search_seed": study.search_seed or None,
        "trials": study.trials,
        "population": study.population,
        "objectives": [str(objective) for objective in study.objectives],
        "base": _settings(study.base),
        "vary": _axes(study.axes),
        "variants": {v.name: _variant(v) for v in study.variants if v.name is not None},
        "claims": [{"kind": claim.kind} | _said(claim) for claim in study.claims],
        "published": [_said(number) for number in study.published],
    }
    return tomli_w.dumps({key: value for key, value in said.items() if value not in _NOTHING})


_NOTHING: tuple[Any, ...] = (None, "", (), [], {})


def _assumption(assumption: Assumption) -> Any:
    if not assumption.alternatives:
        return assumption.text
    alternatives = [_settings(one) for one in assumption.alternatives]
    return {"text": assumption.text, "alternatives": alternatives}


def _variant(variant: Variant) -> dict[str, Any]:
    said: dict[str, Any] = _settings(variant.settings)
    if variant.teacher is not None:
        said["teacher"] = variant.teacher
    return said if variant.axes is None else said | {"vary": _axes(variant.axes)}


def _settings(settings: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _value(value) for name, value in settings.items()}


def _axes(axes: Iterable[Axis]) -> dict[str, Any]:
    return {axis.name: _values(axis.values) for axis in axes}


def _values(values: tuple[Value, ...] | Interval) -> Any:
    if isinstance(values, Interval):
        return f"{values.low!r}:{values.high!r}{':log' if values.log else ''}"
    return [_value(value) for value in values]


def _value(value: Value) -> Any:
    return "none" if value is None else value


def _said(said: Claim | Published) -> dict[str, Any]:
    """Return the keys that do not stand at what they are by themselves."""
    found = {}
    for f in fields(said):
        value = getattr(said, f.name)
        if f.metadata.get("key", True) and (f.default is MISSING or value != f.default):
            found[f.name] = _key(value)
    if isinstance(said, Published) and said.decimals is not None:
        found["value"] = _with_decimals(said.value, said.decimals)
    return found


def _key(value: Any) -> Any:
    if isinstance(value, Selector):
        return {name: _value(wanted[0]) if len(wanted) == 1 else [_value(v) for v in wanted]
                for name, wanted in value.wanted}  # fmt: skip
    return [_value(one) for one in value] if isinstance(value, tuple) else value


def _with_decimals(value: float, decimals: int) -> Any:
    """Return a number that is written to so many decimals, which say how exact it is."""
    if decimals > 0:
        return Decimal(f"{value:.{decimals}f}")
    if decimals == 0:
        return int(value)
    return Decimal(f"{round(value * 10.0**decimals)}e{-decimals}")
