"""A study in its worlds: what it says in one of them, and all of their runs as one plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from snnbench.errors import UserError
from snnbench.studies.assumptions import World
from snnbench.studies.axis import MOST_RUNS
from snnbench.studies.plan import Plan, PlannedRun, expand
from snnbench.studies.study import ASKED, Study


def in_world(study: Study, world: World) -> Study:
    """Return the study as it is in one of its worlds.

    What the world chooses stands over the base and below the variants' own settings. What the
    first alternatives say of the base is dropped where the world chooses others.
    """
    worlds = study.worlds
    first = worlds.settings(worlds[1])
    base = {name: value for name, value in study.base.items() if name not in first}
    chosen = MappingProxyType(worlds.settings(world))
    return replace(study, base=MappingProxyType(base), chosen=chosen)


def choose_worlds(
    study: Study, worlds: str | None, world: str | None, seed: int | None = None
) -> list[World]:
    """Return the worlds that options ask for; none if they ask for none.

    Args:
        study: whose worlds.
        worlds: "all", or how many are drawn.
        world: one, see `Worlds.find`.
        seed: of the draw; None: the study's `search_seed`.

    Raises:
        UserError: the options contradict each other, there are no or not so many worlds, or the
            study has a search that asks.
    """
    given = f"--worlds {worlds}" if worlds is not None else f"--world {world}"
    if seed is not None and (worlds is None or worlds == "all"):
        raise UserError(
            f"--worlds-seed {seed} has no effect: no worlds are drawn.", "Give --worlds 20, too."
        )
    if worlds is None and world is None:
        return []
    if worlds is not None and world is not None:
        raise UserError("--worlds and --world are both given.", "Keep one of them.")
    space = study.worlds
    if not space.assumptions:
        raise UserError(
            f"{given}: the study '{study.name}' has no assumptions with alternatives.",
            "Give some in its file: [[assumptions]] with text and alternatives (docs/worlds.md).",
        )
    if study.until_decided is not None:
        raise UserError(
            f"{given} and --until-decided both say how often: seeds by one, worlds by the other.",
            "Keep one of them; with worlds, give --seeds.",
        )
    if study.search in ASKED:
        raise UserError(
            f"{given} with search '{study.search}': what it asks for in one world says nothing of"
            " another.",
            "Use search grid, list or random.",
        )
    if world is not None:
        return [space.find(world)]
    if worlds == "all":
        return space.all()
    if not str(worlds).isdecimal():
        raise UserError(f"{given} is no number of worlds.", "Give --worlds all, or --worlds 20.")
    return space.drawn(int(str(worlds)[:30]), study.search_seed if seed is None else seed)


def without_varied(study: Study) -> Study:
    """Return a study whose assumptions about what is varied, as options may, are words alone."""
    varied = {axis.name for variant in study.variants for axis in study.axes_of(variant)}
    return replace(
        study,
        assumptions=tuple(
            one if varied.isdisjoint(one.names) else replace(one, alternatives=())
            for one in study.assumptions
        ),
    )


def expand_worlds(
    study: Study,
    worlds: Sequence[World],
    overrides: Mapping[str, Any] | None = None,
    ambient: Mapping[str, Any] | None = None,
) -> Plan:
    """Return one plan of the runs of all these worlds; equal runs of several are one.

    A run bears the variants that it has in the first of its worlds.

    Raises:
        UserError: too many runs; a setting that is assumed and also given or varied; see `expand`.
    """
    refuse_assumed(study, [name for name, v in (overrides or {}).items() if v is not None])
    merged: dict[tuple[Any, ...], int] = {}
    runs: list[PlannedRun] = []
    for world in worlds:
        places: list[int] = []  # in the merged plan, of the runs of this world's
        for run in expand_world(study, world, overrides, ambient).runs:
            teacher = None if run.teacher is None else places[run.teacher]
            key = (run.config.seed, teacher, *run.config.effective.values())
            places.append(merged.setdefault(key, len(runs)))
            if places[-1] == len(runs):
                runs.append(replace(run, teacher=teacher))
        if len(runs) > MOST_RUNS:
            raise UserError(
                f"In {len(worlds):,} worlds this asks for more than {MOST_RUNS:,} runs.",
                "Draw fewer worlds: --worlds 10.",
            )
    return Plan(study, tuple(runs), (), tuple(worlds))


def expand_world(study: Study, world: World, *settings: Mapping[str, Any] | None) -> Plan:
    """Return the plan of one world; see `expand`, whose errors then name the world."""
    try:
        return expand(in_world(study, world), *settings)
    except UserError as error:
        name = study.worlds.name(world)
        problem = f"{error.problem} So it is in world {world.number} ({name})."
        raise UserError(problem, error.remedy) from None


def refuse_assumed(study: Study, given: Iterable[str] = ()) -> None:
    """Raise UserError if a setting that worlds choose is also varied, or given as an option."""
    names = study.worlds.names
    for name in given:
        if name in names:
            raise UserError(
                f"{name} is given, and it is what worlds choose.",
                f"Leave it out, or give the world with that {name} alone: --world {name}=...",
            )
    varied = {axis.name for variant in study.variants for axis in study.axes_of(variant)}
    for i, assumption in enumerate(study.assumptions):
        for j, alternative in enumerate(assumption.alternatives):
            for name in alternative:
                if name in varied:
                    raise study.error(
                        ("assumptions", i, "alternatives", j, name),
                        f"{name} is assumed, and it is varied.",
                        f"Leave {name} out of the alternatives, or do not vary it.",
                    )
