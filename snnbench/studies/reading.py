"""Reading a study from a TOML file; what is wrong in it is reported with file and line."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from snnbench import plugins
from snnbench.config.setting import SETTINGS, Value
from snnbench.config.toml_file import TomlFile, read_toml
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.config.values import read_integer
from snnbench.errors import UserError, did_you_mean
from snnbench.network.model_files import SUFFIX
from snnbench.studies.assumptions import Assumption
from snnbench.studies.axis import Axis, check_value, make_axis
from snnbench.studies.claim_checking import check_selected
from snnbench.studies.claim_reading import read_claims, read_published
from snnbench.studies.objective import parse_objective
from snnbench.studies.study import SEARCHES, Study, Variant, check_name, read_seeds
from snnbench.studies.world_checking import check_worlds

_KEYS = (
    "name", "title", "source", "plugins", "assumptions", "seeds", "until_decided", "search",
    "search_seed", "trials", "population", "objectives", "base", "vary", "variants", "claims",
    "published",
)  # fmt: skip

_OF_ASSUMPTION = ("text", "alternatives")

T = TypeVar("T")


def read_study(path: Path, *, with_plugins: bool = True) -> Study:
    """Read a study file.

    Args:
        path: of the file.
        with_plugins: load the plug-ins that it names, which is to run them.

    Raises:
        UserError: the file cannot be read; an unknown key or setting, or a wrong type or value,
            with the line; or see Study.
    """
    file = read_toml(path)
    _check_keys(file)
    read = _Reader(file)
    plugins_named = read.texts("plugins")
    for i, plugin in enumerate(plugins_named if with_plugins else ()):  # before words are read
        read.at(("plugins", i), partial(plugins.load, path.parent / plugin))
    variants = tuple(read.variants())
    names = [str(variant.name) for variant in variants]
    study: dict[str, Any] = {
        "name": read.at(("name",), partial(check_name, read.text("name", path.stem))),
        "title": read.text("title"),
        "source": read.text("source"),
        "plugins": plugins_named,
        "assumptions": tuple(read.assumptions()),
        "seeds": read.by("seeds", read_seeds, 1),
        "until_decided": read.by("until_decided", partial(_count, "until_decided"), None),
        "search": read.by("search", _search, "grid"),
        "search_seed": read.by("search_seed", _search_seed, 0),
        "trials": read.by("trials", partial(_count, "trials"), None),
        "population": read.by("population", partial(_count, "population"), None),
        "objectives": tuple(
            read.at(("objectives", i), partial(parse_objective, text))
            for i, text in enumerate(read.texts("objectives"))
        ),
        "base": read.settings(("base",), read.table(("base",), file.content)),
        "axes": read.axes(("vary",), read.table(("vary",), file.content)),
        "variants": variants or (Variant(),),
        "claims": read_claims(file, names),
        "published": read_published(file, names),
    }
    try:
        made = Study(file=file, **study)
    except UserError as error:
        raise file.error(_spoken_of(error.problem), error.problem, error.remedy) from None
    check_worlds(made)
    check_selected(made)
    return made


class _Reader:
    def __init__(self, file: TomlFile) -> None:
        self.file = file

    def at(self, key: KeyPath, make: Callable[[], T]) -> T:
        """Return what `make` makes; its errors begin with file and line of the key."""
        try:
            return make()
        except UserError as error:
            raise self.file.error(key, error.problem, error.remedy) from None

    def by(self, name: str, parse: Callable[[object], T], default: object) -> T:
        return self.at((name,), partial(parse, self.file.content.get(name, default)))

    def text(self, name: str, default: str = "") -> str:
        return self.one_text((name,), self.file.content.get(name, default))

    def one_text(self, key: KeyPath, value: object) -> str:
        if isinstance(value, str):
            return value
        raise self.file.error(key, f"{key[-1]} must be a text.", "Put it between quotes.")

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.file.content.get(name, [])
        if isinstance(values, list) and all(isinstance(value, str) for value in values):
            return tuple(values)
        raise self.file.error(
            (name,), f"{name} must be a list of texts.", f'{name} = ["...", "..."]'
        )

    def assumptions(self) -> Iterable[Assumption]:
        given = self.file.content.get("assumptions", [])
        if not isinstance(given, list) or not all(isinstance(one, str | dict) for one in given):
            remedy = 'assumptions = ["...", "..."], or [[assumptions]] with text and alternatives'
            raise self.file.error(("assumptions",), "assumptions must be a list of texts.", remedy)
        for i, one in enumerate(given):
            yield Assumption(one) if isinstance(one, str) else self.assumption(i, one)

    def assumption(self, position: int, table: Mapping[str, Any]) -> Assumption:
        key: KeyPath = ("assumptions", position)
        for name in table:
            if name not in _OF_ASSUMPTION:
                remedy = did_you_mean(name, _OF_ASSUMPTION)
                raise self.file.error((*key, name), f"unknown key '{name}'.", remedy)
        if "text" not in table:
            raise self.file.error(key, "an assumption has no text.", 'Write text = "...".')
        text = self.one_text((*key, "text"), table["text"])
        alternatives, key = table.get("alternatives", []), (*key, "alternatives")
        if not isinstance(alternatives, list) or not all(isinstance(a, dict) for a in alternatives):
            remedy = 'alternatives = [{ optimizer = "sgd" }, { optimizer = "adam" }]'
            raise self.file.error(key, "alternatives must be a list of tables of settings.", remedy)
        read = (self.settings((*key, j), one) for j, one in enumerate(alternatives))
        return Assumption(text, tuple(read))

    def table(self, key: KeyPath, parent: Mapping[str, Any]) -> Mapping[str, Any]:
        value = parent.get(str(key[-1]), {})
        if isinstance(value, dict):
            return value
        name = ".".join(map(str, key))
        raise self.file.error(key, f"{key[-1]} must be a table.", f"Write [{name}] above its keys.")

    def settings(self, key: KeyPath, table: Mapping[str, Any]) -> Mapping[str, Value]:
        """Return checked settings, the special keys of variants left out."""
        settings: dict[str, Value] = {}
        for name, value in table.items():
            where = (*key, name)
            if name == "seed":
                raise self.file.error(
                    where, "a study repeats over seeds.", "Write seeds = [0, 1, 2] at the top."
                )
            if name not in SETTINGS:
                raise self.file.error(where, *_unknown_setting(key, name, value))
            # A path to a saved model; any other teacher is the name of a variant.
            if name == "teacher" and not str(value).endswith(SUFFIX):
                raise self.file.error(
                    where,
                    f"teacher: '{value}' is neither a variant nor a path to {SUFFIX}.",
                    self._teacher_remedy(key, str(value)),
                )
            settings[name] = self.at(where, partial(check_value, name, value))
        return MappingProxyType(settings)

    def axes(self, key: KeyPath, table: Mapping[str, Any]) -> tuple[Axis, ...]:
        return tuple(
            self.at((*key, name), partial(make_axis, name, values))
            for name, values in table.items()
        )

    def variants(self) -> Iterable[Variant]:
        tables = self.table(("variants",), self.file.content)
        for name in tables:
            key: KeyPath = ("variants", name)
            if not name.strip() or not name.isprintable() or {",", ";"} & set(name):
                raise self.file.error(
                    key, f"'{name}' cannot name a variant.", "Use letters, digits and '-'."
                )
            settings = dict(self.table(key, tables))
            vary = self.table((*key, "vary"), settings) if "vary" in settings else None
            settings.pop("vary", None)
            by_name = isinstance(settings.get("teacher"), str) and settings["teacher"] in tables
            teacher = settings.pop("teacher") if by_name else None
            axes = None if vary is None else self.axes((*key, "vary"), vary)
            yield Variant(name, self.settings(key, settings), axes, teacher)

    def _teacher_remedy(self, key: KeyPath, value: str) -> str:
        if key == ("base",):
            return "Name a variant as teacher inside the variant that learns from it."
        return did_you_mean(value, self.file.content["variants"])


def _check_keys(file: TomlFile) -> None:
    for name in file.content:
        if name in _KEYS:
            continue
        is_setting = name in SETTINGS
        remedy = "Put it under [base]." if is_setting else did_you_mean(name, _KEYS)
        raise file.error((name,), f"unknown key '{name}'.", remedy)


def _unknown_setting(key: KeyPath, name: str, value: object) -> tuple[str, str]:
    """Return what is wrong with what is no setting of [base] or of a variant, and its remedy."""
    if not isinstance(value, dict):
        return f"unknown setting '{name}'.", did_you_mean(name, SETTINGS)
    known = _KEYS if key == ("base",) else ("vary", *SETTINGS)
    if name in known:
        return f"{key[-1]} has no table '{name}'.", f"Write [{name}], not [{key[-1]}.{name}]."
    return f"unknown table '{name}'.", did_you_mean(name, known)


def _spoken_of(problem: str) -> KeyPath:
    """Return the key at which the error stands that search, trials and others disagree."""
    keys = ("until_decided", "population", "trials", "search")
    return next(((key,) for key in keys if problem.startswith(key)), ())


def _search(value: object) -> str:
    if value in SEARCHES:
        return str(value)
    raise UserError(f"search: '{value}' is not known.", did_you_mean(str(value), SEARCHES))


def _search_seed(value: object) -> int:
    seed = read_integer("search_seed", value)
    if seed < 0:
        raise UserError(f"search_seed: {seed} is out of range.", "Give a number from 0.")
    return seed


def _count(name: str, value: object) -> int | None:
    return None if value is None else read_integer(name, value)
