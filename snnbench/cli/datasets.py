"""`snnbench datasets`: what there is, fetch what is missing, check what is there."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from snnbench.cli import completing
from snnbench.cli.console import print_json, print_table, say
from snnbench.cli.options import Json
from snnbench.cli.stopping import unwinding
from snnbench.errors import UserError
from snnbench.progress.screens import stderr
from snnbench.words.datasets import DATASETS

datasets = typer.Typer(help="List, fetch and check data sets.", invoke_without_command=True)

DataDir = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder that holds the data sets' files.")
]
Name = Annotated[
    str,
    typer.Argument(
        help="A data set, as `datasets list` names it.",
        autocompletion=completing.words(DATASETS),
    ),
]


@datasets.callback()
def default(context: typer.Context) -> None:
    """List, fetch and check data sets."""
    if context.invoked_subcommand is None:
        list_(data_dir=None, json=False)


@datasets.command("list")
def list_(*, data_dir: DataDir = None, json: Json = False) -> None:
    """List the data sets and where they are.

    Example: snnbench datasets list
    """
    from snnbench.data.catalogue import list_datasets

    rows = []
    for info in list_datasets(data_dir):
        entry = info.entry
        rows.append({
            "name": entry.name,
            "shape": "x".join(map(str, entry.shape)) if entry.shape else None,
            "classes": entry.n_classes,
            "train": entry.n_train,
            "test": entry.n_test,
            "location": info.location or ("missing" if entry.source else "yours"),
            "description": entry.meaning,
            "stand_in_for": entry.stand_in_for,
        })  # fmt: skip
    if json:
        print_json({"datasets": rows})
    else:
        print_table("Data sets", tuple(rows[0]), [tuple(row.values()) for row in rows])


@datasets.command()
def fetch(
    name: Name,
    *,
    into: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Put it into DIR/NAME instead of the cache."),
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Fetch from this folder instead; may be repeated."),
    ] = None,
) -> None:
    """Download a data set; every file is checked before it is kept.

    Example: snnbench datasets fetch mnist
    """
    from snnbench.data.download import fetch_dataset

    if not sys.stderr.isatty():
        with unwinding():  # what has half come is removed
            folder = fetch_dataset(name, into, mirror)
    else:
        columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with unwinding(), Progress(*columns, console=stderr()) as bar:
            task = bar.add_task(name, total=None)
            folder = fetch_dataset(
                name,
                into,
                mirror,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
    say(f"{name} is in {folder}")


@datasets.command()
def check(name: Name, *, data_dir: DataDir = None, json: Json = False) -> None:
    """Load a data set and compare it with what is published about it.

    Example: snnbench datasets check mnist
    """
    from snnbench.data.catalogue import check_dataset

    report = check_dataset(name, data_dir)
    rows = [(c.what, c.expected, c.found, "ok" if c.ok else "differs") for c in report.comparisons]
    if json:
        facts = [dict(zip(("what", "expected", "found", "verdict"), r, strict=True)) for r in rows]
        print_json({"name": name, "location": report.location, "data_sha256": report.sha256,
                    "ok": report.ok, "facts": facts})  # fmt: skip
    else:
        print_table(f"{name} in {report.location}", ("fact", "expected", "found", "verdict"), rows)
        say(f"data_sha256 {report.sha256}")
    if not report.ok:
        raise UserError(
            f"{name} in {report.location} is not the published data set.",
            f"Fetch it again: snnbench datasets fetch {name}.",
        )
