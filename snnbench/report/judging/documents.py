"""In which world most claims of a document hold together, over the studies made of it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from snnbench.config.setting import Value
from snnbench.report.judging.worlds import JudgedWorld, Multiverse
from snnbench.studies.assumptions import BASE, MOST_WORLDS, choice_text

# What a source says after the document: where in it.
_PART = re.compile(r"[,;] (?:sections?|figures?|tables?|tasks?|pages?|chapters?|appendix)\b")


@dataclass(frozen=True)
class DocumentWorld:
    """The world of a document in which most claims of its studies hold together.

    Attributes:
        document: the part of `source` that the studies share.
        studies: study -> name of its own world.
        settings: what the world chooses where it is not the base.
        tried: how many worlds there are that all studies were judged in.
        reproduced, contradicted, undecided: how many claims there are.
        leaning: claims that the numbers alone are as.
    """

    document: str
    studies: Mapping[str, str]
    settings: Mapping[str, Value]
    tried: int
    reproduced: int
    contradicted: int
    undecided: int
    leaning: int

    @property
    def name(self) -> str:
        """In what it differs from the base."""
        return choice_text(self.settings) or BASE

    @property
    def claims(self) -> int:
        """How many claims there are."""
        return self.reproduced + self.contradicted + self.undecided


@dataclass(frozen=True)
class _Joint:
    """Worlds of several studies that agree in every setting that more than one chooses."""

    settings: Mapping[str, Value]
    worlds: tuple[JudgedWorld, ...]

    @property
    def rank(self) -> tuple[int, ...]:
        """As of one world, over all: `JudgedWorld.rank`."""
        return tuple(map(sum, zip(*(one.rank for one in self.worlds), strict=True)))

    def count(self, outcome: str) -> int:
        return sum(v.outcome == outcome for one in self.worlds for v in one.verdicts)


def document_of(source: str) -> str:
    """Return a study's source without the place in the document.

    >>> document_of("Lab 1: Spike Neural Networks (Yu, 2024), section 4.1, figure 2")
    'Lab 1: Spike Neural Networks (Yu, 2024)'
    """
    return _PART.split(source, maxsplit=1)[0].strip()


def documents(multiverses: Iterable[Multiverse]) -> list[DocumentWorld]:
    """Return the best world of every document of which several studies were run in worlds.

    Studies choose independently but where they choose the same settings: there they agree.
    """
    by_document: dict[str, list[Multiverse]] = defaultdict(list)
    for told in multiverses:
        if told.study.source and told.claims:
            by_document[document_of(told.study.source)].append(told)
    found = (_best(name, some) for name, some in by_document.items() if len(some) > 1)
    return [one for one in found if one is not None]


def _best(document: str, some: Sequence[Multiverse]) -> DocumentWorld | None:
    joints = [_Joint({}, ())]
    for told in some:
        joints = [
            _Joint({**joint.settings, **one.settings}, (*joint.worlds, one))
            for joint in joints
            for one in told.judged
            if all(one.settings.get(name, value) == value for name, value in joint.settings.items())
        ]
        if len(joints) > MOST_WORLDS:  # the best so far go on
            joints = sorted(joints, key=lambda joint: joint.rank, reverse=True)[:MOST_WORLDS]
    if not joints:
        return None
    best = max(joints, key=lambda joint: joint.rank)
    changed = [
        chosen
        for told, one in zip(some, best.worlds, strict=True)
        for chosen, choice in zip(
            told.study.worlds.chosen(one.world), one.world.choices, strict=True
        )
        if choice
    ]
    return DocumentWorld(
        document,
        {told.study.name: one.name for told, one in zip(some, best.worlds, strict=True)},
        {name: value for chosen in changed for name, value in chosen.items()},
        len(joints),
        best.count("reproduced"),
        best.count("contradicted"),
        best.count("undecided"),
        sum(one.leaning for one in best.worlds),
    )
