"""A kind of word: a table of rows, to which plug-ins add."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, TypeVar

from snnbench.errors import UserError, did_you_mean, shortened


class Bounds(NamedTuple):
    """The numbers that a formula takes: those within its bounds, where it has them."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a number is within the bounds."""
        return (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def __str__(self) -> str:
        words = {"ge": "at least", "gt": "greater than", "le": "at most", "lt": "less than"}
        bounds = ((words[name], bound) for name, bound in self._asdict().items())
        return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


@dataclass(frozen=True)
class Word:
    """One row.

    Attributes:
        name: as users write it.
        meaning: one line for people.
        home: where its implementation lies, "module:attribute" or "module"; a plug-in's is the
            object itself.
        uses: the settings that have an effect where this word is chosen, and may have none else.
        otherwise: why a setting that it does not use has no effect, where that needs words.
        bounds: setting -> the numbers that this word takes of it, where they are fewer than the
            setting's own.
        plugin: that added it; None of a word of ours.
        called: in names of configurations, as "CE loss"; "" for "loss=ce".
        latex: its formula in LaTeX's math, for papers; "" where its meaning says all.
    """

    name: str
    meaning: str
    home: Any = ""
    uses: tuple[str, ...] = ()
    otherwise: str = ""
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    plugin: "Plugin | None" = None
    called: str = ""
    latex: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether it came with the program: otherwise a plug-in or a notebook added it."""
        return isinstance(self.home, str)

    def load(self) -> Any:
        """Return the implementation."""
        if not isinstance(self.home, str):
            return self.home
        name, _, attribute = self.home.partition(":")
        module = import_module(name)
        return getattr(module, attribute) if attribute else module


class Plugin(NamedTuple):
    """A file of a user's that adds words: its name, and the SHA-256 of its text."""

    name: str
    sha256: str


W = TypeVar("W", bound=Word)


class Table(Mapping[str, W]):
    """The words of a kind, in the order they were added.

    Args:
        kind: what they are, in the singular: "neuron".
        row: what a row is made of.
        rows: ours.
        signature: a function with the parameters that an implementation is called with; what a
            plug-in adds must take them.
        check: refuses a row for what else is wrong with it.
    """

    plugin: ClassVar[Plugin | None] = None  # that is being loaded, if one is

    def __init__(
        self,
        kind: str,
        row: type[W],
        rows: Iterable[W] = (),
        *,
        signature: Callable[..., Any] | None = None,
        check: Callable[[W], None] | None = None,
    ) -> None:
        self.kind, self._row, self._signature, self._check = kind, row, signature, check
        self._rows = {word.name: word for word in rows}

    def __getitem__(self, name: str) -> W:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, name: str) -> W:
        """Return a row.

        Raises:
            UserError: there is no such word; it suggests the nearest.
        """
        if name not in self._rows:
            problem = f"{self.kind}: '{shortened(name)}' is not known."
            raise UserError(problem, did_you_mean(name, self._rows))
        return self._rows[name]

    def add(self, name: str, meaning: str, **row: Any) -> Callable[[Any], Any]:
        """Return a decorator that makes a class or function a word of this kind.

        Raises:
            UserError: there is such a word already, the implementation cannot be called as
                words of this kind are, or there are bounds of a setting that it does not use.
        """
        if name in self._rows:
            raise UserError(f"There is a {self.kind} '{name}' already.", "Give it another name.")

        def add(home: Any) -> Any:
            word = self._row(name=name, meaning=meaning, home=home, plugin=Table.plugin, **row)
            for setting in word.bounds:
                if setting not in word.uses:
                    raise UserError(
                        f"The {self.kind} '{name}' has bounds of {setting}, which it does not use.",
                        f"Add it: uses=({setting!r}, ...).",
                    )
            if self._signature is not None:
                self._check_signature(word, inspect.signature(self._signature))
            if self._check is not None:
                self._check(word)
            self._rows[name] = word
            return home

        return add

    def remove(self, name: str) -> None:
        """Take out a word that a plug-in added."""
        del self._rows[name]

    def _check_signature(self, word: Word, wanted: inspect.Signature) -> None:
        try:
            inspect.signature(word.home).bind(*wanted.parameters)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"The {self.kind} '{word.name}' cannot be called as one is: {error}.",
                f"Let it take ({', '.join(wanted.parameters)}).",
            ) from None
