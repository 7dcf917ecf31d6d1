"""What a shell completes an option's value with; nothing is imported that takes time."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Completed = Callable[[str], list[tuple[str, str]]]  # what is typed -> (value, what it is)


def words(table: Mapping[str, Any]) -> Completed:
    """Return what completes with a table's words, those of plug-ins among them."""

    def complete(incomplete: str) -> list[tuple[str, str]]:
        return [(name, table[name].meaning) for name in table if name.startswith(incomplete)]

    return complete


def names(known: Callable[[], Iterable[str]]) -> Completed:
    """Return what completes with names that are looked up when they are wanted."""

    def complete(incomplete: str) -> list[tuple[str, str]]:
        return [(name, "") for name in known() if name.startswith(incomplete)]

    return complete


def _studies() -> Iterable[str]:
    from snnbench.studies.catalogue import shipped

    return shipped()


def _searches() -> Iterable[str]:
    from snnbench.studies.study import SEARCHES

    return SEARCHES


def _retries() -> Iterable[str]:
    from snnbench.sweep.retries import RETRIES

    return RETRIES


studies, searches, retries = names(_studies), names(_searches), names(_retries)
