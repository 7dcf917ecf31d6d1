"""Whether verdicts hang on what a study assumes: every claim, judged in every world that was run.

A multiverse analysis (Steegen et al. 2016, https://doi.org/10.1177/1745691616658637).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np

from snnbench.config.setting import Value
from snnbench.report.judging.deciding import Outcome
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.looks import sharing, verdicts_of
from snnbench.report.judging.published import PublishedRow, beside
from snnbench.report.judging.verdicts import Verdict
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import Tables
from snnbench.results.frames import to_rows
from snnbench.studies.assumptions import BASE, Assumption, World, choice_text
from snnbench.studies.claims import Claim
from snnbench.studies.selecting import BETWEEN_VARIANTS, value_text
from snnbench.studies.study import Study
from snnbench.studies.world_matching import WorldRuns, recorded_worlds

Word = Literal["robust", "conditional", "contradicted", "undecided"]
WORDS: tuple[Word, ...] = get_args(Word)
RULE = (
    "A claim is robust if it is reproduced in every world judged, contradicted if it is"
    " contradicted in all, conditional if it is reproduced in some and contradicted in others, and"
    " else undecided. A world is judged once every configuration has a run in it. What a"
    " conditional claim hangs on is the assumption that most often turns its verdict, reproduced"
    " against contradicted, among the pairs of worlds that differ in this assumption alone. Most"
    " claims hold together in the world with most of them reproduced; of several such, in that with"
    " fewest contradicted, then with most whose numbers alone are as claimed, then nearest the"
    " base. It was chosen by looking: what it says of the document is a suggestion, not a test."
)


@dataclass(frozen=True)
class JudgedWorld:
    """A world, and what its runs say of the claims.

    Attributes:
        world: which.
        name: in what it differs from the base.
        settings: all that it chooses.
        departures: settings of its runs that are not the study's, "" if there are none.
        runs, seeds: how many.
        verdicts: in the order of the claims.
    """

    world: World
    name: str
    settings: Mapping[str, Value]
    departures: str
    runs: int
    seeds: int
    verdicts: tuple[Verdict, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many claims came out so."""
        return sum(verdict.outcome == outcome for verdict in self.verdicts)

    @property
    def leaning(self) -> int:
        """How many claims the numbers alone, whatever their intervals, are as."""
        return sum(verdict.leans for verdict in self.verdicts)

    @property
    def rank(self) -> tuple[int, ...]:
        """More claims hold together in a world of a higher one; see `RULE`."""
        held = (self.count("reproduced"), -self.count("contradicted"), self.leaning)
        return (*held, -self.world.changes, -self.world.number)


@dataclass(frozen=True)
class Turning:
    """How often a claim's verdict turns with one assumption alone.

    Attributes:
        assumption: which.
        turned, pairs: among so many pairs of worlds that decide, and differ in nothing else, it
            is reproduced in one and contradicted in the other.
        holds: alternative -> in how many worlds with it the claim is reproduced, and of how many.
    """

    assumption: Assumption
    turned: int
    pairs: int
    holds: Mapping[str, tuple[int, int]]

    @property
    def share(self) -> float:
        """Of the pairs, those in which it turned."""
        return self.turned / self.pairs if self.pairs else 0.0

    @property
    def under(self) -> str:
        """The alternatives under which the claim is reproduced most often."""
        shares = {text: held / of for text, (held, of) in self.holds.items() if of}
        most = max(shares.values(), default=0.0)
        return " or ".join(text for text, share in shares.items() if share == most)


@dataclass(frozen=True)
class ClaimInWorlds:
    """A claim in all worlds judged.

    Attributes:
        claim: what was claimed.
        verdicts: one a world, in their order.
        turnings: of every assumption.
    """

    claim: Claim
    verdicts: tuple[Verdict, ...]
    turnings: tuple[Turning, ...]

    def count(self, outcome: Outcome) -> int:
        """Return in how many worlds it came out so."""
        return sum(verdict.outcome == outcome for verdict in self.verdicts)

    @property
    def word(self) -> Word:
        """See `RULE`."""
        found = {verdict.outcome for verdict in self.verdicts}
        if found == {"reproduced"}:
            return "robust"
        if found == {"contradicted"}:
            return "contradicted"
        return "conditional" if {"reproduced", "contradicted"} <= found else "undecided"

    @property
    def deciding(self) -> tuple[Turning, ...]:
        """Of a conditional claim, the assumptions that it hangs on most; () if not known."""
        most = max((turning.share for turning in self.turnings), default=0.0)
        if self.word != "conditional" or not most:
            return ()
        return tuple(turning for turning in self.turnings if turning.share == most)


@dataclass(frozen=True)
class Multiverse:
    """What is known of a study's worlds.

    Attributes:
        study: its own, not one in a world.
        judged: the worlds with runs of every configuration, by number.
        unjudged: how many have runs, but not of every one.
        shown: the world whose runs the ordinary tables and figures show: the base if it was run.
        runs: positions of these runs in the table, and the variants that they have there.
        left_out: how many runs are not among these.
        best: where most claims hold together; None if no world is judged, or nothing is claimed.
        published: the study's numbers, in that world.
    """

    study: Study
    judged: tuple[JudgedWorld, ...]
    unjudged: int
    shown: World
    runs: Mapping[int, tuple[str, ...]]
    left_out: int
    best: JudgedWorld | None
    published: tuple[PublishedRow, ...]

    @property
    def total(self) -> int:
        """How many worlds there are."""
        return self.study.worlds.total

    @cached_property
    def claims(self) -> tuple[ClaimInWorlds, ...]:
        """The claims, if more than one world says something of them."""
        if len(self.judged) < 2:
            return ()
        return tuple(_in_all(i, claim, self) for i, claim in enumerate(self.study.claims))

    def count(self, word: Word) -> int:
        """Return how many claims are of a word."""
        return sum(claim.word == word for claim in self.claims)


def multiverse(study: Study, tables: Tables) -> Multiverse | None:
    """Judge a study in all of its worlds that were run; None if only its base was.

    Args:
        study: of the runs, not in a world.
        tables: of its runs alone.
    """
    found = recorded_worlds(study, to_rows(tables.runs))
    if all(one.world.is_base for one in found):
        return None
    complete = [one for one in found if one.is_complete]
    judged = [_judged(study, one, evidence_of(study, tables, one.variants)) for one in complete]
    best = max(judged, key=lambda one: one.rank, default=None) if study.claims else None
    published: tuple[PublishedRow, ...] = ()
    if best is not None:
        own = next(one for one in complete if one.world == best.world)
        evidence = sharing(study, evidence_of(study, tables, own.variants))
        published = tuple(beside(p, evidence, study.claims) for p in study.published)
    shown = max(found, key=lambda one: (
        one.is_complete, not one.departures, one.world.is_base, len(one.variants),
        -one.world.number,
    ))  # fmt: skip
    return Multiverse(
        study, tuple(judged), len(found) - len(complete), shown.world, shown.variants,
        len(tables.runs) - len(shown.variants), best, published,
    )  # fmt: skip


def part_of(tables: Tables, variants: Mapping[int, tuple[str, ...]]) -> Tables:
    """Return the tables of one world's runs, with the variants that they have in it."""
    positions = sorted(variants)
    runs = tables.runs.iloc[positions].reset_index(drop=True)
    names = [BETWEEN_VARIANTS.join(variants[position]) or None for position in positions]
    return tables.of(runs.assign(variant=np.array(names, dtype=object)))


def evidence_of(study: Study, tables: Tables, variants: Mapping[int, tuple[str, ...]]) -> Evidence:
    """Return what verdicts in one world look at."""
    part = part_of(tables, variants)
    return Evidence(configurations_of(part.runs, study), part.epochs, part.layers)


def _judged(study: Study, found: WorldRuns, evidence: Evidence) -> JudgedWorld:
    worlds = study.worlds
    seeds = {int(s) for c in evidence.configurations for s in c.runs["seed"].dropna()}
    return JudgedWorld(
        found.world,
        worlds.name(found.world),
        worlds.settings(found.world),
        ", ".join(f"{name} = {value_text(value)}" for name, value in found.departures),
        len(found.variants),
        len(seeds),
        verdicts_of(study, evidence),
    )


def _in_all(position: int, claim: Claim, told: Multiverse) -> ClaimInWorlds:
    verdicts = tuple(one.verdicts[position] for one in told.judged)
    turnings = tuple(
        _turning(i, assumption, told.judged, [verdict.outcome for verdict in verdicts])
        for i, assumption in enumerate(told.study.worlds.assumptions)
    )
    return ClaimInWorlds(claim, verdicts, turnings)


def _turning(
    position: int,
    assumption: Assumption,
    worlds: Sequence[JudgedWorld],
    outcomes: Sequence[Outcome],
) -> Turning:
    pairs = [
        {outcomes[a], outcomes[b]}
        for a, b in _differing_only_in(position, worlds)
        if "undecided" not in (outcomes[a], outcomes[b])
    ]
    holds = {}
    for choice, alternative in enumerate(assumption.alternatives):
        own = [o for w, o in zip(worlds, outcomes, strict=True)
               if w.world.choices[position] == choice]  # fmt: skip
        holds[choice_text(alternative)] = (own.count("reproduced"), len(own))
    return Turning(assumption, sum(len(pair) == 2 for pair in pairs), len(pairs), holds)


def _differing_only_in(position: int, worlds: Sequence[JudgedWorld]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of worlds that differ in one assumption, and were run alike."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for i, one in enumerate(worlds):
        choices = one.world.choices
        alike[(*choices[:position], *choices[position + 1 :], one.departures)].append(i)
    for some in alike.values():
        yield from combinations(some, 2)


def name_of(world: JudgedWorld) -> str:
    """Return how a world is spoken of: its number, and in what it differs from the base."""
    what = f"the {BASE}" if world.world.is_base else world.name
    return f"world {world.world.number} ({what})"
