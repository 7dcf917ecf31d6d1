"""What a document leaves open: what a study assumes, its alternatives, and the worlds these span.

A world is one choice for every assumption that has alternatives (a multiverse analysis: Steegen
et al. 2016, https://doi.org/10.1177/1745691616658637).
"""

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnbench.config.setting import Value
from snnbench.errors import UserError, did_you_mean, shortened
from snnbench.studies.axis import check_value
from snnbench.studies.selecting import value_text

MOST_WORLDS = 10_000  # that are run, or looked at, together
BASE = "base"


@dataclass(frozen=True)
class Assumption:
    """Something that a document does not say.

    Attributes:
        text: in words.
        alternatives: settings that it may have meant, the study's own first; () where no others
            are tried.
    """

    text: str
    alternatives: tuple[Mapping[str, Value], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that its alternatives say."""
        return tuple(dict.fromkeys(name for one in self.alternatives for name in one))


@dataclass(frozen=True)
class World:
    """A choice for every assumption that has alternatives.

    Attributes:
        number: from 1, which is the study's base; the last assumption's choice changes fastest.
        choices: position of the alternative chosen, for each of these assumptions.
    """

    number: int
    choices: tuple[int, ...]

    @property
    def is_base(self) -> bool:
        """Whether it is what the study's base says."""
        return not any(self.choices)

    @property
    def changes(self) -> int:
        """In how many assumptions it differs from the base."""
        return sum(choice > 0 for choice in self.choices)


class Worlds:
    """The worlds of a study, none of them made before it is asked for.

    Args:
        assumptions: of the study; those without alternatives do not matter.
    """

    def __init__(self, assumptions: Sequence[Assumption]) -> None:
        self.assumptions = tuple(one for one in assumptions if one.alternatives)
        self._counts = [len(one.alternatives) for one in self.assumptions]
        self.total = math.prod(self._counts)

    @property
    def names(self) -> dict[str, int]:
        """Setting -> position of the assumption that is about it."""
        return {name: i for i, one in enumerate(self.assumptions) for name in one.names}

    def __getitem__(self, number: int) -> World:
        """Return the world of a number from 1 to `total`."""
        left, choices = number - 1, []
        for count in reversed(self._counts):
            left, choice = divmod(left, count)
            choices.append(choice)
        return World(number, tuple(reversed(choices)))

    def of(self, choices: Sequence[int]) -> World:
        """Return the world of these choices."""
        number = 0
        for count, choice in zip(self._counts, choices, strict=True):
            number = number * count + choice
        return World(number + 1, tuple(choices))

    def all(self) -> list[World]:
        """Return every world.

        Raises:
            UserError: there are too many.
        """
        if self.total > MOST_WORLDS:
            raise UserError(
                f"There are {self.total:,} worlds; more than {MOST_WORLDS:,} are not run together.",
                "Draw some of them: --worlds 100.",
            )
        return [self[number] for number in range(1, self.total + 1)]

    def drawn(self, count: int, seed: int) -> list[World]:
        """Return the base and others drawn at random, none twice, by number.

        More of them with the same seed are these and others. Studies that leave the same open draw
        the same choices of it together, so that worlds of one document can be compared.

        Raises:
            UserError: there are not so many, or so many are not run.
        """
        most = min(self.total, MOST_WORLDS)
        if not 1 <= count <= most:
            which = "all" if self.total <= MOST_WORLDS else f"{MOST_WORLDS}"
            raise UserError(
                f"--worlds {count} is out of range: there are {self.total:,} worlds.",
                f"Give from 1 to {most:,}: --worlds {which} is the most.",
            )
        left_open = ["; ".join(map(choice_text, one.alternatives)) for one in self.assumptions]
        found = {self[1]}
        draws = itertools.count()
        while len(found) < count:  # with repeats: of all 10,000 worlds there are, some ten times
            draw = f"{seed}:{next(draws)}"
            hashes = (hashlib.sha256(f"{draw}:{known}".encode()).digest() for known in left_open)
            pairs = zip(hashes, self._counts, strict=True)
            found.add(self.of([int.from_bytes(digest) % n for digest, n in pairs]))
        return sorted(found, key=lambda world: world.number)

    def settings(self, world: World) -> dict[str, Value]:
        """Return what a world says."""
        return {name: v for chosen in self.chosen(world) for name, v in chosen.items()}

    def chosen(self, world: World) -> list[Mapping[str, Value]]:
        """Return the alternative chosen for each assumption."""
        pairs = zip(self.assumptions, world.choices, strict=True)
        return [assumption.alternatives[choice] for assumption, choice in pairs]

    def name(self, world: World) -> str:
        """Return in what a world differs from the base, so that `find` finds it; or "base"."""
        pairs = zip(self.chosen(world), world.choices, strict=True)
        return ", ".join(choice_text(chosen) for chosen, choice in pairs if choice) or BASE

    def find(self, text: str) -> World:
        """Return the world of a number, of "base", or of NAME=VALUE,...; what is not named is the
        base's.

        Raises:
            UserError: no world has it, or several alternatives have.
        """
        if text.strip() == BASE:
            return self[1]
        if text.strip().isdecimal():
            number = int(text) if len(text) < 30 else 0
            if 1 <= number <= self.total:
                return self[number]
            raise UserError(
                f"--world {shortened(text)}: there is no such world.",
                f"Worlds are numbered from 1, the base, to {self.total:,}.",
            )
        wanted: dict[int, dict[str, Value]] = {}
        for part in text.split(";" if ";" in text else ","):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                raise UserError(
                    f"--world: '{shortened(part)}' is not NAME=VALUE.",
                    "Write, for instance, --world optimizer=adam,lr=0.1, or a world's number.",
                )
            if name not in self.names:
                raise UserError(
                    f"--world: '{shortened(name)}' is not assumed, so that no world chooses it.",
                    did_you_mean(name, self.names),
                )
            wanted.setdefault(self.names[name], {})[name] = check_value(name, value)
        choices = [0] * len(self.assumptions)
        for position, settings in wanted.items():
            choices[position] = _alternative(self.assumptions[position], settings)
        return self.of(choices)


def choice_text(settings: Mapping[str, Value]) -> str:
    """Return settings as the command line has them."""
    return ", ".join(f"{name}={value_text(value)}" for name, value in settings.items())


def _alternative(assumption: Assumption, wanted: Mapping[str, Value]) -> int:
    """Return the position of the alternative that says this, and nothing else if several do."""
    found = [i for i, one in enumerate(assumption.alternatives) if wanted.items() <= one.items()]
    exact = [i for i in found if len(assumption.alternatives[i]) == len(wanted)]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    known = "; ".join(map(choice_text, assumption.alternatives))
    how_many = "several alternatives have" if found else "no alternative has"
    raise UserError(f"--world: {how_many} {choice_text(wanted)}.", f"The alternatives are {known}.")
