"""`snnbench flops`: operations, firing rates and energy of a model, layer by layer."""

import csv
import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from snnbench.cli.console import print_json, say
from snnbench.cli.costs import (
    Asked,
    count_document,
    print_comparison,
    print_count,
    print_explained,
)
from snnbench.cli.counting import Beside, count_foreign, count_ours, measured
from snnbench.cli.exchange import count_nir
from snnbench.cli.options import ConfigFile, Json, refuse_useless, with_settings
from snnbench.errors import UserError, shortened

if TYPE_CHECKING:
    from snnbench.cost.report import NetworkCount

_TABLE = "flops.csv"


@with_settings
def flops(
    *,
    rate: Annotated[
        str | None,
        typer.Option(metavar="0..1", help="Assume this mean input of every layer; run nothing."),
    ] = None,
    samples: Annotated[
        str | None, typer.Option(metavar="N", help="Measure on this many test samples.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A model that train --save-model kept.")
    ] = None,
    model_from: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FUNCTION", help="Count the torch module it returns."),
    ] = None,
    nir: Annotated[
        Path | None, typer.Option(metavar="FILE.nir", help="Count a NIR graph, run for -T steps.")
    ] = None,
    dt: Annotated[
        str | None,
        typer.Option(metavar="SECONDS", help="A step of --nir; else the file's own, else 1e-4."),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(
            metavar="SHAPE",
            help="Shape of a sample, such as 1,28,28; with --model-from, --nir of the whole input; "
            "none if --arch begins with the input width.",
        ),
    ] = None,
    input: Annotated[
        Path | None, typer.Option(metavar="FILE.npy", help="Input for --model-from, --nir.")
    ] = None,
    layout: Annotated[
        Literal["TB", "B"], typer.Option(help="Axes of that input: time and batch, or batch.")
    ] = "TB",
    input_kind: Annotated[
        Literal["spikes", "real", "indices"] | None,
        typer.Option(
            help="Values of that input: 0 or 1, real, or whole numbers that embeddings look up; "
            "real unless they are boolean."
        ),
    ] = None,
    config: ConfigFile = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help=f"Also write DIR/{_TABLE}.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Count the ANN of the same widths beside it.")
    ] = False,
    energy: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL[:OPTION=N,...]", help="Headline, as memory45nm:bits=8."),
    ] = None,
    convention: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:OPTION=N,...]", help="Also count this, as footprint:bits=8."),
    ] = None,
    twin: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The ANN's saved model, for --compare."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Say what is counted, or NAME alone; count nothing."),
    ] = False,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A column, of --explain.")
    ] = None,
    json: Json = False,
    settings: dict[str, Any],
) -> None:
    """Count a network's operations, firing rates and energy, layer by layer.

    Measured on test data, with initial weights or a saved model's; or from the settings alone.

    Example: snnbench flops --arch 784-10-10 --input-shape none -T 5 --rate 0.13

    A NIR graph: snnbench flops --nir net.nir --dt 1e-4 -T 20 --input spikes.npy

    With its ANN: snnbench flops --dataset mnist --arch 100-10 -T 10 --compare

    With memory, in 8 bits: snnbench flops --arch 100-10 --energy memory45nm:bits=8

    What a number is: snnbench flops --explain effective_acs
    """
    if explain:
        others = {"--rate": rate, "--samples": samples, "--checkpoint": checkpoint,
                  "--model-from": model_from, "--nir": nir, "--dt": dt, "--input": input,
                  "--input-shape": input_shape, "--input-kind": input_kind, "--config": config,
                  "--out": out, "--energy": energy, "--convention": convention,
                  "--compare": compare or None, "--twin": twin, **settings}  # fmt: skip
        refuse_useless(others, ": --explain counts nothing")
        print_explained(name, as_json=json)
        return
    asked = Asked.of(energy, convention)
    if name is not None:
        raise UserError(f"'{shortened(name)}' is no option of flops.", "Names are for --explain.")
    beside = Beside.of(compare, twin)
    other: NetworkCount | None = None
    if nir is not None or dt is not None:
        others = {"--rate": rate, "--samples": samples, "--checkpoint": checkpoint,
                  "--model-from": model_from, "--config": config,
                  "--compare": compare or None}  # fmt: skip
        result = count_nir(nir, dt, settings, others, shape=input_shape, file=input,
                           layout=layout, input_kind=input_kind)  # fmt: skip
    elif model_from is not None:
        if compare:
            raise UserError("--compare makes an ANN of settings, not of a model.", "Leave it out.")
        with redirect_stdout(sys.stderr):  # what the model prints is no result
            result = count_foreign(
                model_from, input_shape, input, settings, layout=layout, input_kind=input_kind
            )
    else:
        if input is not None or input_kind is not None:
            option = "--input" if input is not None else "--input-kind"
            raise UserError(
                f"{option} is for --model-from and --nir.", "Use --samples to measure on data."
            )
        settings |= measured(samples, rate, input_shape)
        result, other = count_ours(checkpoint, input_shape, rate, config, settings, beside=beside)
    count = result.count
    for note in count.notes:
        say(note)
    if out is not None:
        _write(out, count.layers + ([] if other is None else other.layers))
    if json:
        print_json(count_document(result, other, asked, trained=twin is not None))
    elif other is not None:
        print_comparison(count, other, asked, trained=twin is not None)
    else:
        print_count(result, asked)


def _write(folder: Path, layers: list[dict[str, Any]]) -> None:
    from snnbench.results import disk
    from snnbench.results.cells import to_cell
    from snnbench.results.schema import columns_of

    columns = {column.name: column for column in columns_of("layers")}
    path, text = folder / _TABLE, io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(layers[0]))
    writer.writeheader()
    writer.writerows(
        {k: to_cell(v, columns[k]) if isinstance(v, str) else v for k, v in layer.items()}
        for layer in layers
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        disk.write_file(path, text.getvalue().encode())
    except OSError as error:
        raise disk.trouble(error, path) from None
    say(f"Wrote {path}")
