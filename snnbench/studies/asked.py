"""A study as somebody asks for it: shipped, from a file or made of settings, with changes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snnbench.errors import UserError
from snnbench.studies.axis import Axis, make_axis, parse_axis
from snnbench.studies.catalogue import find_study
from snnbench.studies.objective import parse_objective
from snnbench.studies.options import adhoc_study, with_options
from snnbench.studies.study import Study

Vary = Mapping[str, object] | Sequence[str] | str


def read_vary(vary: Vary | None) -> list[Axis]:
    """Return the axes of name -> values, or of texts of the command line's.

    >>> [axis.values for axis in read_vary({"beta": [0.5, 0.9], "T": "10:20:2"})]
    [(0.5, 0.9), (10, 20)]
    >>> read_vary("beta=0.5,0.9") == read_vary({"beta": [0.5, 0.9]})
    True

    Raises:
        UserError: see `make_axis`.
    """
    if isinstance(vary, Mapping):
        return [make_axis(name, _listed(values)) for name, values in vary.items()]
    return [parse_axis(text) for text in _texts(vary)]


def read_repeats(seeds: object) -> object:
    """Return what `read_seeds` takes of a number, a list, or a text of either: "3", "3,5,8".

    >>> read_repeats("3,5,8"), read_repeats(range(2)), read_repeats(3)
    (['3', '5', '8'], [0, 1], 3)
    """
    if isinstance(seeds, str) and "," in seeds:
        return [seed.strip() for seed in seeds.split(",")]
    return _listed(seeds)


def asked_study(
    study: Study | str | Path | None,
    given: Mapping[str, Any],
    *,
    vary: Vary | None = None,
    objective: Sequence[str] | str | None = None,
    seeds: object = None,
    until_decided: int | None = None,
    **pieces: Any,
) -> tuple[Study, Mapping[str, Any]]:
    """Return the study, and the settings that override it.

    Args:
        study: a shipped one's name, a file or a study; None: one of these settings.
        given: settings.
        vary: see `read_vary`.
        objective: what a search looks for, COLUMN:max or COLUMN:min.
        seeds, until_decided, pieces: of the study; None leaves it as it is.

    Raises:
        UserError: nothing is asked for, or not well; see `adhoc_study` and `with_options`.
    """
    if until_decided is not None and seeds is not None:
        raise UserError("--seeds and --until-decided both say how many.", "Keep one of them.")
    axes = read_vary(vary)
    objectives = [parse_objective(text) for text in _texts(objective)]
    pieces |= {"seeds": read_repeats(seeds), "until_decided": until_decided}
    said: dict[str, Any] = {key: value for key, value in pieces.items() if value is not None}
    if study is not None:
        found = study if isinstance(study, Study) else find_study(str(study))
        return with_options(found, axes=axes, objectives=objectives, **said), given
    if "until_decided" in said:
        raise UserError(
            "--until-decided needs claims to decide, which only a study has.",
            "Name a study, or give --seeds.",
        )
    if not axes and "seeds" not in said:
        raise UserError(
            "There is nothing to sweep: no study, nothing varied, and one seed.",
            "Name a study (`snnbench studies`), or give --vary beta=0.5,0.9 or --seeds 3.",
        )
    return adhoc_study(given, axes, objectives=objectives, **said), {}


def _texts(texts: Sequence[str] | str | None) -> Sequence[str]:
    return [texts] if isinstance(texts, str) else texts or ()


def _listed(values: Any) -> object:
    """Return a range, a set or an array as the list of its values, and one value as it is."""
    if hasattr(values, "tolist"):  # NumPy's and pandas'
        return values.tolist()
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else values
