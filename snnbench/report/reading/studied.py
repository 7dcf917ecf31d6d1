"""The studies that runs belong to: what is claimed of them, and what was assumed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from snnbench.errors import UserError
from snnbench.studies.catalogue import find_study, shipped
from snnbench.studies.study import Study


def studies_of(
    names: Iterable[str], folders: Sequence[Path], given: Study | None
) -> tuple[dict[str, Study | str], list[str]]:
    """Return study's name -> the study, or why there is none; and what is to be said of them.

    Args:
        names: that the runs give; "" names none.
        folders: of the runs.
        given: by the user.

    Raises:
        UserError: no run is of the one that was given.
    """
    names = [name for name in names if name]
    if given is not None and given.name not in names:
        raise UserError(
            f"--study names the study '{given.name}', of which there is no run here.",
            f"The runs are of: {', '.join(names) or 'no study'}.",
        )
    known = shipped()
    found: dict[str, Study | str] = {}
    for name in names:
        if given is not None and name == given.name:
            found[name] = given
        elif name in known:
            found[name] = find_study(name)
        else:
            found[name] = f"no study '{name}' ships with snnbench; name its file with --study."
    return found, []
