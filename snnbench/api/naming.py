"""The functions that have the name of a room of the package."""

from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from types import ModuleType
from typing import Any

from snnbench.api import reporting, sweeping


class Named:
    """A function that has the name of a room, whose modules it has as attributes.

    `snnbench.sweep(...)` is a call, and `import snnbench.sweep.run as run` goes on to work.
    """

    __wrapped__: Callable[..., Any]

    def __init__(self, function: Callable[..., Any], room: ModuleType) -> None:
        self._room = room
        update_wrapper(self, function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function."""
        return self.__wrapped__(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        """Return a module of the room."""
        return getattr(self._room, name)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


report = Named(reporting.report, import_module("snnbench.report"))
sweep = Named(sweeping.sweep, import_module("snnbench.sweep"))
