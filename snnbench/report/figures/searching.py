"""The figures of a study that searches."""

from snnbench.report.figures.drawing import Figure, drawing
from snnbench.report.figures.importance import importances
from snnbench.report.figures.parallel import parallel_coordinates
from snnbench.report.figures.search_history import search_history
from snnbench.report.judging.searched import Search
from snnbench.studies.study import LISTED


def search_figures(prefix: str, search: Search | None) -> list[Figure]:
    """Draw a search over its trials, what its settings decide, and all trials side by side.

    Values that are listed beforehand are no search that comes to something: they have no history,
    and of a grid the figures by setting say more.
    """
    if search is None or search.study.search in ("grid", "one-at-a-time"):
        return []
    with drawing():
        history = None if search.study.search in LISTED else search_history(prefix, search)
        found = [history, *importances(prefix, search), parallel_coordinates(prefix, search)]
    return [figure for figure in found if figure is not None]
