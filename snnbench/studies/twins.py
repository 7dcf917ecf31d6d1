"""The study behind `compare`: an SNN, or several, and the ANN of the same widths."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from snnbench.errors import UserError
from snnbench.studies.axis import Axis, parse_axis
from snnbench.studies.objective import Objective
from snnbench.studies.options import adhoc_study
from snnbench.studies.study import Study, Variant

NAME = "compare"
SNN, ANN, TUNING = "snn", "ann", "tuning"
SEEDS = 5
# Between what a twin's learning rate is looked for; within it lie those of all optimizers here.
_LR = "lr=0.0001:1:log"


def comparison(
    settings: Mapping[str, Any],
    axes: Sequence[Axis] = (),
    *,
    seeds: object = SEEDS,
    twin_lr: float | None = None,
) -> Study:
    """Return the study of an SNN and its ANN twin.

    Args:
        settings: of both, where they have an effect.
        axes: varied, of both, where they have an effect.
        seeds: see `read_seeds`.
        twin_lr: the ANN's own learning rate; None: that of both.

    Raises:
        UserError: the model is given or varied; see Study.
    """
    _refuse_model(settings, axes)
    plain = adhoc_study(settings, axes, seeds=seeds, name=NAME)
    own: dict[str, Any] = {} if twin_lr is None else {"lr": twin_lr}
    variants = (Variant(SNN, {"model": SNN}), Variant(ANN, {"model": ANN} | own))
    title = "Is the spiking network as accurate as the ordinary one, and is it cheaper?"
    return replace(plain, variants=variants, title=title)


def tuning(settings: Mapping[str, Any], trials: int, seeds: object = SEEDS) -> Study:
    """Return the search for a twin's learning rate, judged on validation data.

    What the settings say to an ANN is left to `expand`, as ambient: most mean nothing to it.

    Raises:
        UserError: there are no validation data; see Study.
    """
    given = {name for name, value in settings.items() if value is not None}
    if not given & {"val_fraction", "val_samples"}:
        raise UserError(
            "--tune judges on validation data, of which there are none.",
            "Add --val-fraction 0.1.",
        )
    plain = adhoc_study(
        {}, [parse_axis(_LR)], seeds=seeds, search="random", trials=trials,
        objectives=[Objective("val_accuracy", "max")], name=NAME,
    )  # fmt: skip
    return replace(plain, variants=(Variant(TUNING, {"model": ANN}),))


def _refuse_model(settings: Mapping[str, Any], axes: Sequence[Axis]) -> None:
    if settings.get("model") is not None or any(axis.name == "model" for axis in axes):
        raise UserError(
            "compare trains both models: an SNN, and the ANN of the same widths.",
            "Leave model out, or use train or sweep.",
        )
