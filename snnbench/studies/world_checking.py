"""Whether the alternatives of a study's assumptions make worlds that differ and are its own."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from snnbench.config.setting import SETTINGS, Value
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.errors import UserError
from snnbench.studies.assumptions import choice_text
from snnbench.studies.claims import Claim, Published
from snnbench.studies.plan import expand
from snnbench.studies.selecting import value_text
from snnbench.studies.study import ASKED, Study
from snnbench.studies.worlds import expand_world, refuse_assumed


def check_worlds(study: Study) -> None:
    """Check the alternatives of a study that was read.

    Every alternative is looked at with the base's choices for all other assumptions, and so are
    the runs that it makes; whether choices go together is seen where a world is expanded.

    Raises:
        UserError: an alternative that is alone, equals another, or has no effect; a setting that
            two assumptions are about, that is also varied, or of which a claim speaks; a first
            alternative that the base contradicts.
    """
    owners: dict[str, KeyPath] = {}
    for i, assumption in enumerate(study.assumptions):
        key: KeyPath = ("assumptions", i, "alternatives")
        if len(assumption.alternatives) == 1:
            raise study.error(
                key, "an assumption has one alternative.", "Give two or more, the base's first."
            )
        for j, alternative in enumerate(assumption.alternatives):
            _check_alternative(study, (*key, j), alternative, owners)
        if assumption.alternatives:
            _check_first(study, (*key, 0), assumption.alternatives[0])
    if not owners:
        return
    refuse_assumed(study)
    _check_claims(study, owners)
    _check_runs(study)


def _check_alternative(
    study: Study, key: KeyPath, alternative: Mapping[str, Value], owners: dict[str, KeyPath]
) -> None:
    """Check one alternative; `owners` is setting -> the assumption about it, and is added to."""
    if not alternative:
        raise study.error(key, "an alternative says nothing.", "Write, for instance, { lr = 0.1 }.")
    for name in alternative:
        if SETTINGS[name].role != "computation":
            raise study.error(
                (*key, name),
                f"{name} cannot be assumed: it does not say what is computed.",
                "Name settings of data, network or training.",
            )
        if owners.setdefault(name, key[:2]) != key[:2]:
            raise study.error(
                (*key, name),
                f"two assumptions are about {name}.",
                "Make one assumption of them, whose alternatives say both.",
            )
        if all(name in variant.settings for variant in study.variants):
            raise study.error(
                (*key, name),
                f"{name} = {value_text(alternative[name])} has no effect: every variant says its"
                f" own {name}.",
                f"Leave {name} out of the alternatives, or of a variant.",
            )


def _check_first(study: Study, key: KeyPath, first: Mapping[str, Value]) -> None:
    """Check that the first alternative is the base."""
    for name, value in first.items():
        default = SETTINGS[name].default
        said = study.base.get(name)
        said = default if said is None else said
        if said != (default if value is None else value):
            where = "the base" if name in study.base else "the default"
            raise study.error(
                (*key, name),
                f"the first alternative says {name} = {value_text(value)}, and {where} says"
                f" {value_text(said)}.",
                "The first one is the base's own: change the order, the alternative or the base.",
            )


def _check_claims(study: Study, owners: Mapping[str, KeyPath]) -> None:
    spoken: list[tuple[KeyPath, Claim | Published]] = [
        (("claims", i), claim) for i, claim in enumerate(study.claims)
    ]
    spoken += [(("published", i), number) for i, number in enumerate(study.published)]
    for place, said in spoken:
        for part, selector in said.selectors().items():
            for name in owners.keys() & {name for name, _ in selector.wanted}:
                raise study.error(
                    (*place, part, name),
                    f"{name} is spoken of, and it is assumed: a world fixes it for all runs.",
                    f"Leave {name} out here, or out of the alternatives.",
                )


def _check_runs(study: Study) -> None:
    """Check that every choice makes runs of its own, and that nothing chosen is without effect.

    A study that cannot be expanded without options is not checked, nor is one whose search asks.
    """
    one_seed = replace(study, seeds=study.seeds[:1])
    if study.search in ASKED:
        return
    try:
        expand(one_seed)
    except UserError:
        return
    worlds = study.worlds
    position = -1
    for i, assumption in enumerate(study.assumptions):
        position += bool(assumption.alternatives)
        found: list[set[tuple[Any, ...]]] = []
        for j in range(len(assumption.alternatives)):
            choices = [0] * len(worlds.assumptions)
            choices[position] = j
            plan = expand_world(one_seed, worlds.of(choices))
            found.append({tuple(run.config.effective.values()) for run in plan.runs})
        for (j, one), (k, other) in itertools.combinations(enumerate(found), 2):
            if one == other:
                a, b = (choice_text(assumption.alternatives[n]) for n in (j, k))
                raise study.error(
                    ("assumptions", i, "alternatives", k),
                    f"the alternatives {a} and {b} make the same runs.",
                    "Leave one of them out.",
                )
