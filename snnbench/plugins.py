"""Plug-ins: Python files of a user's that add words and settings.

A plug-in imports the tables and adds to them:

    from snnbench.neurons.neuron import Neuron
    from snnbench.plugins import add_setting
    from snnbench.words.neurons import NEURONS

    add_setting("alpha", 0.9, "decay of the synaptic current", group="neuron", of="neuron", ge=0)

    @NEURONS.add("cuba", "current-based synapse", uses=("alpha", "beta", "v_th", "surrogate"))
    class CuBa(Neuron):
        ...

What it adds is a word like any other. Its file runs as the program does: it is code, not data.
"""

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from snnbench.config import effects
from snnbench.config.run_config import RunConfig
from snnbench.config.setting import ANNOTATIONS, SETTINGS, Value, setting, setting_of
from snnbench.config.settings import Settings
from snnbench.errors import UserError, users_code
from snnbench.scratch import scratch_folder
from snnbench.words.conventions import CONVENTIONS
from snnbench.words.datasets import DATASETS
from snnbench.words.encodings import ENCODINGS
from snnbench.words.energies import ENERGIES
from snnbench.words.losses import LOSSES
from snnbench.words.neurons import NEURONS
from snnbench.words.optimizers import OPTIMIZERS
from snnbench.words.readouts import READOUTS
from snnbench.words.surrogates import SURROGATES
from snnbench.words.table import Plugin, Table

GROUP = "snnbench.plugins"  # of entry points
# What a plug-in can add to, besides settings.
TABLES: tuple[Table[Any], ...] = (
    NEURONS, SURROGATES, ENCODINGS, READOUTS, LOSSES, OPTIMIZERS, DATASETS, CONVENTIONS, ENERGIES,
)  # fmt: skip
_SINCE = 2  # version of the tables from which there can be other settings than ours


class Source(NamedTuple):
    """A plug-in's file, to be loaded elsewhere: its name and its bytes."""

    name: str
    content: bytes

    @property
    def plugin(self) -> Plugin:
        """Name and checksum."""
        return Plugin(self.name, hashlib.sha256(self.content).hexdigest())


_loaded: dict[str, Source] = {}  # SHA-256 -> file


def load(path: str | Path) -> None:
    """Load a plug-in; one that is loaded already is not loaded again.

    Raises:
        UserError: the file cannot be read, fails, or adds what cannot be added: with its line.
            Nothing of it stays.
    """
    path = Path(path)
    try:
        source = Source(path.name, path.read_bytes())
    except OSError as error:
        raise UserError(
            f"The plug-in {path} cannot be read: {error.strerror}.", "Check the path."
        ) from None
    _run(source, path, partial(_execute, path, source.plugin))


def load_sources(sources: Iterable[Source]) -> None:
    """Load plug-ins that another process sent along, unless they are installed here, too.

    Raises:
        UserError: see `load`.
    """
    load_installed()
    for source in sources:
        if source.plugin.sha256 not in _loaded:
            with scratch_folder() as folder:
                path = folder / f"{source.name.removesuffix('.py')}.py"
                path.write_bytes(source.content)
                _run(source, path, partial(_execute, path, source.plugin))


def load_installed() -> None:
    """Load the plug-ins of installed packages: entry points of the group `snnbench.plugins`.

    Raises:
        UserError: see `load`.
    """
    for point in entry_points(group=GROUP):
        found = importlib.util.find_spec(point.module)
        if found is None or found.origin is None:
            raise UserError(
                f"The installed plug-in '{point.name}' has no module {point.module}.",
                "Mend or uninstall its package.",
            )
        path = Path(found.origin)
        _run(Source(point.name, path.read_bytes()), path, point.load)


def sources() -> tuple[Source, ...]:
    """Return the files of the plug-ins that are loaded, in that order."""
    return tuple(_loaded.values())


def add_setting(name: str, default: Value, meaning: str, *, group: str, **about: Any) -> None:
    """Add a setting to `RunConfig`, and so to options, tables and sweeps.

    Args:
        name: as users write it.
        default: its value if it is not given; its type is the setting's.
        meaning: one line for people.
        group: under which --help lists it.
        about: `of`, the setting whose chosen word must use it; bounds `ge`, `gt`, `le`, `lt`;
            `free=True` if runs of a cohort may differ in it; else see `setting`.

    Raises:
        UserError: there is such a setting, or the default is of no known type.
    """
    if name in SETTINGS or not name.isidentifier():
        raise UserError(f"'{name}' cannot name a new setting.", "Give it another name.")
    if type(default) not in ANNOTATIONS:
        raise UserError(
            f"The default of '{name}' is {default!r}.", "Give a number, a truth value or a text."
        )
    made = setting(default, group, meaning, since=_SINCE, **about)
    annotation = ANNOTATIONS[type(default)]
    field = FieldInfo.from_annotated_attribute(annotation, made)
    for model in (Settings, RunConfig):
        model.__pydantic_fields__[name] = field
        model.__annotations__[name] = annotation
        model.model_rebuild(force=True)
    SETTINGS[name] = setting_of(name, field)


def _remove_setting(name: str) -> None:
    del SETTINGS[name]
    for model in (Settings, RunConfig):
        del model.__pydantic_fields__[name]
        del model.__annotations__[name]
        model.model_rebuild(force=True)


def _execute(path: Path, plugin: Plugin) -> None:
    name = f"snnbench_plugin_{plugin.sha256[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no Python file.", "Name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _run(source: Source, path: Path, execute: Callable[[], object]) -> None:
    if source.plugin.sha256 in _loaded:
        return
    with _all_or_nothing():
        Table.plugin = source.plugin
        try:
            with users_code("", "Mend the plug-in.", str(path), path):
                execute()
        finally:
            Table.plugin = None
    _loaded[source.plugin.sha256] = source


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """Take out again what was added within the context, if it fails."""
    words, settings = [set(table) for table in TABLES], set(SETTINGS)
    try:
        yield
    except BaseException:
        for table, known in zip(TABLES, words, strict=True):
            for name in set(table) - known:
                table.remove(name)
        for name in set(SETTINGS) - settings:
            _remove_setting(name)
        effects.forget()
        raise
