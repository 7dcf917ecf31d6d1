"""`snnbench studies`: the experiments that ship with the program, and what is claimed of them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnbench.cli import completing
from snnbench.cli.console import print_json, print_table, stdout
from snnbench.cli.options import Json
from snnbench.config.text import decoded
from snnbench.errors import UserError

if TYPE_CHECKING:
    from snnbench.studies.axis import Axis
    from snnbench.studies.claims import Claim, Published
    from snnbench.studies.study import Study, Variant

studies = typer.Typer(invoke_without_command=True)

Name = Annotated[
    str,
    typer.Argument(
        help="A study, as `studies list` names it, or a TOML file.",
        autocompletion=completing.studies,
    ),
]


@studies.callback()
def default(context: typer.Context) -> None:
    """List the studies that ship with snnbench, or show one.

    Example: snnbench studies show lab1-beta

    A study of yours, a TOML file, may hold claims, for `report` to
    judge (docs/claims.md), of the kinds peak_at, below, above, equals,
    better, no_difference, not_worse, monotone, ratio, at_most, cheaper,
    overfits, converges_by, trend, steadier, exceeds. One, in a line:

    claims = [{ kind = "cheaper", under = "all", text = "It is cheaper.",
    a = { model = "snn" }, b = { model = "ann" } }]
    """
    if context.invoked_subcommand is None:
        list_(json=False)


@studies.command("list")
def list_(*, json: Json = False) -> None:
    """List the studies, how many runs each takes, and how many claims it looks at.

    Example: snnbench studies list
    """
    from snnbench.studies.catalogue import shipped
    from snnbench.studies.reading import read_study

    rows = []
    for path in shipped().values():
        study = read_study(path)
        rows.append({
            "name": study.name,
            "title": study.title,
            "source": study.source,
            "runs": _count_runs(study),
            "claims": len(study.claims),
        })  # fmt: skip
    if json:
        print_json({"studies": rows})
    else:
        header = ("name", "title", "source", "runs", "claims")
        print_table("Studies", header, [tuple(row.values()) for row in rows])


@studies.command()
def show(
    name: Name,
    *,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print its file as it is, to be changed and swept.")
    ] = False,
    json: Json = False,
) -> None:
    """Show what a study runs, what it assumes, and what its document says.

    Example: snnbench studies show lab1-beta

    A study of yours to begin with: snnbench studies show lab1-beta --toml > mine.toml
    """
    from snnbench.studies.assumptions import choice_text
    from snnbench.studies.catalogue import find_study

    if toml and json:
        raise UserError("--toml and --json are two forms of one answer.", "Keep one of them.")
    study = find_study(name)
    if toml:
        assert study.file is not None, "it was found in a file"
        print(decoded(study.file.path.read_bytes(), study.file.path), end="", file=stdout().file)
        return
    document = _document(study)
    if json:
        print_json(document)
        return
    facts = {
        n: document[n]
        for n in ("name", "title", "source", "seeds", "search", "trials", "population", "runs")
    }
    given = {name: value for name, value in facts.items() if value not in (None, "")}
    _print("Study", ("what", "value"), _settings(given))
    _print("Base", ("setting", "value"), _settings(document["base"]))
    _print("Vary", ("setting", "values"), _settings(document["vary"]))
    variants = document["variants"]
    rows = [
        (variant, *pair)
        for variant, says in variants.items()
        for pair in _settings(says) or [("", "the base as it is")]
    ]
    _print("Variants", ("variant", "setting", "value"), rows)
    assumptions = [
        (i, one.text, "; or ".join(map(choice_text, one.alternatives)))
        for i, one in enumerate(study.assumptions, 1)
    ]
    _print("Assumptions", ("no.", "assumption", "alternatives"), assumptions)
    numbers = [(p.text, p.metric, p.value, str(p.where), p.source) for p in study.published]
    _print("Published", ("text", "metric", "value", "where", "source"), numbers)
    claims = [(c.text, c.kind, _asks(c), c.source) for c in study.claims]
    _print("Claims", ("text", "kind", "holds if", "source"), claims)


def _count_runs(study: "Study") -> int:
    """Return how many runs a study takes; those of a search are as many as its trials."""
    from snnbench.studies.plan import expand

    plan = expand(study)
    return len(plan.runs) + plan.runs_of_search


def _document(study: "Study") -> dict[str, Any]:
    return {
        "name": study.name,
        "title": study.title,
        "source": study.source,
        "seeds": list(study.seeds),
        "search": study.search,
        "trials": study.trials,
        "population": study.population,
        "runs": _count_runs(study),
        "base": dict(study.base),
        "vary": _axes(study.axes),
        "variants": {v.name: _variant(v) for v in study.variants if v.name is not None},
        "assumptions": [one.text for one in study.assumptions],
        "alternatives": [[dict(a) for a in one.alternatives] for one in study.assumptions],
        "worlds": study.worlds.total,
        "published": [_said(number) for number in study.published],
        "claims": [{"kind": claim.kind} | _said(claim) for claim in study.claims],
    }


def _variant(variant: "Variant") -> dict[str, Any]:
    said: dict[str, Any] = dict(variant.settings)
    if variant.teacher is not None:
        said["teacher"] = variant.teacher
    if variant.axes is not None:
        said["vary"] = _axes(variant.axes)
    return said


def _axes(axes: "Sequence[Axis]") -> dict[str, Any]:
    """Return setting -> its values, or the ends of the interval that is searched."""
    return {
        axis.name: list(axis.values)
        if isinstance(axis.values, tuple)
        else {"from": axis.values.low, "to": axis.values.high, "log": axis.values.log}
        for axis in axes
    }


def _said(said: "Claim | Published") -> dict[str, Any]:
    from snnbench.studies.selecting import Selector

    values = {f.name: getattr(said, f.name) for f in fields(said) if f.metadata.get("key", True)}
    return {
        name: {key: list(wanted) for key, wanted in value.wanted}
        if isinstance(value, Selector)
        else value
        for name, value in values.items()
    }


def _asks(claim: "Claim") -> str:
    """Return a claim's keys as one line."""
    from snnbench.studies.selecting import Selector

    shown = []
    for f in fields(claim):
        value = getattr(claim, f.name)
        hidden = f.name in ("text", "source") or not f.metadata.get("key", True)
        if hidden or value in (None, Selector()):
            continue
        text = f"({value})" if isinstance(value, Selector) else _text(value)
        shown.append(f"{f.name} {text}")
    return ", ".join(shown)


def _settings(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return settings with their values as text; what is varied inside, name by name."""
    rows = [(name, _text(value)) for name, value in said.items() if name != "vary"]
    varied = said.get("vary", {})
    return rows + [(f"vary {name}", _text(values)) for name, values in varied.items()]


def _text(value: Any) -> str:
    from snnbench.studies.selecting import value_text

    if isinstance(value, dict):
        return f"from {value['from']:g} to {value['to']:g}{' (log)' if value['log'] else ''}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return value_text(value)


def _print(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        print_table(title, header, rows)
        print()
