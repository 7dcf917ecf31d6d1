"""`snnbench export`, and the NIR graphs that `flops` counts."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnbench.cli.console import print_json, print_table, say
from snnbench.cli.options import Json, refuse_useless
from snnbench.config.values import read_shape
from snnbench.errors import UserError
from snnbench.exchange.timing import checked_dt, checked_steps
from snnbench.network.model_files import REMEDY

if TYPE_CHECKING:
    from snnbench.api import CountResult

_DT = "1e-4"


def count_nir(
    path: Path | None,
    dt: str | None,
    settings: Mapping[str, Any],
    others: Mapping[str, object],
    *,
    shape: str | None,
    file: Path | None,
    **about: Any,
) -> "CountResult":
    """Count the NIR graph in a file.

    Args:
        path: of the file; None if --nir was not given.
        dt: seconds of a step.
        settings: those given, of which only T means something.
        others: option -> value of options that mean nothing here, None where they were not given.
        shape: of the input, as text.
        file: with the input.
        about: its layout and input_kind.

    Raises:
        UserError: an option has no effect; see `api.count`.
    """
    if path is None:
        raise UserError("--dt is for --nir.", "Leave it out.")
    useless = {name: value for name, value in settings.items() if name != "T"}
    refuse_useless({**others, **useless}, " on --nir")
    given = None if shape is None else read_shape(shape)
    if dt is not None:
        checked_dt(dt)
    if "T" in settings:
        checked_steps(settings["T"])
    if not path.is_file():  # before torch is imported
        raise UserError(f"There is no file {path}.", "Name a file that nir.write wrote.")
    from snnbench import api

    return api.count(nir=path, dt=dt, input=file, input_shape=given, **settings, **about)


def export(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A model that train --save-model kept.")
    ],
    *,
    nir: Annotated[Path, typer.Option(metavar="FILE.nir", help="Write it here, as NIR.")],
    dt: Annotated[
        str, typer.Option(metavar="SECONDS", help="A time step, which NIR does not know.")
    ] = _DT,
    json: Json = False,
) -> None:
    """Write a saved spiking network for other tools, as far as they can hold it.

    NIR holds neurons that a spike sets to zero, with beta of at most 1, and no max pooling; of
    BatchNorm it has what it does to the weights.

    Example: snnbench export results/adhoc/models/RUN_ID.safetensors --nir net.nir
    """
    seconds = checked_dt(dt)
    if not checkpoint.is_file():  # before torch is imported
        raise UserError(f"There is no {checkpoint}.", REMEDY)
    from snnbench.exchange.writing import export as exported
    from snnbench.network.checkpoint import load_model
    from snnbench.results import disk

    done = exported(load_model(checkpoint), seconds)
    try:
        disk.write_file(nir, done.data)
    except OSError as error:
        raise disk.trouble(error, nir) from None
    for notice in done.notices:
        say(notice)
    if json:
        print_json({"file": str(nir), "dt": seconds, "nodes": done.nodes,
                    "notices": done.notices})  # fmt: skip
    else:
        print_table(f"NIR graph in {nir}", ("node", "kind"), list(done.nodes.items()))
