"""Which settings of a study have an effect somewhere; one that has none is a mistake."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from snnbench.config import RunConfig
from snnbench.config.effects import without_effect
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.studies.points import corners
from snnbench.studies.space import SearchSpace, configure_for
from snnbench.studies.study import Study

# More are not looked at, and everything is taken to have an effect.
_MOST_CORNERS = 10_000


class Effects:
    """Collects which settings have an effect somewhere, and says which have none.

    A setting that nothing in the study uses is a mistake: nothing would come of it, and the
    table would not say so.
    """

    def __init__(self, study: Study, overrides: Mapping[str, Any]) -> None:
        self.study = study
        self.overrides = overrides
        self.used: dict[str | None, set[str]] = {v.name: set() for v in study.variants}
        self.examples: dict[str | None, RunConfig] = {}

    def saw(self, variant: str | None, config: RunConfig) -> None:
        """Note the run of a variant."""
        self.used[variant] |= config.model_fields_set
        self.examples.setdefault(variant, config)

    def saw_space(self, space: SearchSpace) -> None:
        """Note what a search can come to."""
        looked_at = list(itertools.islice(corners(space.axes), _MOST_CORNERS + 1))
        if len(looked_at) > _MOST_CORNERS:
            looked_at = looked_at[:1]
            self.used[space.variant] |= {*space.settings, *looked_at[0]}
        for values in looked_at:
            self.saw(space.variant, configure_for(self.study, space, values))

    def check(self) -> None:
        """Raise UserError for the first setting without effect in any run.

        Settings of the study's own are not questioned where options changed the study, nor those
        of its base in a world: what counts there is what the world chooses.
        """
        everyone = list(self.used)
        everywhere = set().union(*self.used.values())
        for name, value in self.overrides.items():
            if value is not None and name not in everywhere:
                self._refuse((), name, f"{name} = {value} has no effect in any run", everyone)
        for key, name, variants in self._varied():
            if not any(name in self.used[variant] for variant in variants):
                self._refuse(key, name, f"{name} is varied without effect", variants)
        if self.overrides:
            return
        for name, value in (self.study.chosen or self.study.base).items():
            if value is not None and name not in everywhere:
                what = f"{name} = {value} has no effect in any run"
                self._refuse(self.study.key_of(name), name, what, everyone)
        for variant, name, value in self._fixed():
            if value is not None and name not in self.used[variant]:
                what = f"{name} = {value} has no effect in variant '{variant}'"
                self._refuse(("variants", str(variant), name), name, what, [variant])

    def _varied(self) -> Iterator[tuple[KeyPath, str, list[str | None]]]:
        """Yield key, parameter, and the variants that vary it so."""
        variants = self.study.variants
        common = [variant.name for variant in variants if variant.axes is None]
        if common:
            yield from ((("vary", axis.name), axis.name, common) for axis in self.study.axes)
        for variant in variants:
            for axis in variant.axes or ():
                key = ("variants", str(variant.name), "vary", axis.name)
                yield key, axis.name, [variant.name]

    def _fixed(self) -> Iterator[tuple[str | None, str, object]]:
        """Yield variant, setting and value for all that variants say themselves."""
        for variant in self.study.variants:
            yield from ((variant.name, name, value) for name, value in variant.settings.items())
            yield variant.name, "teacher", variant.teacher

    def _refuse(
        self, key: KeyPath, name: str, what: str, variants: Sequence[str | None]
    ) -> NoReturn:
        reasons = [without_effect(self.examples[variant]).get(name) for variant in variants]
        problem = f"{what}{next((f': {reason}' for reason in reasons if reason), '')}."
        raise self.study.error(key, problem, f"Leave {name} out.")
