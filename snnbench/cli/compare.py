"""`snnbench compare`: an SNN and the ANN of its widths, and the answer in words."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from snnbench.cli.console import print_json, say, stdout
from snnbench.cli.options import CheckpointEvery, ConfigFile, EnergyModel, Jobs, Json, with_settings
from snnbench.config.sources import settings_from_environment, settings_from_toml
from snnbench.progress.stopping import SIGNALS


@with_settings
def compare(
    *,
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=V1,V2,...", help="Several SNNs, each with its twin."),
    ] = None,
    seeds: Annotated[
        str, typer.Option(metavar="N", help="Seeds 0 to N-1, or a list; the same for both.")
    ] = "5",
    margin: Annotated[
        str, typer.Option(metavar="SHARE", help="So much less accurate counts as not worse.")
    ] = "1%",
    twin_lr: Annotated[
        float | None, typer.Option(metavar="LR", help="The ANN's own learning rate.")
    ] = None,
    tune: Annotated[
        int | None,
        typer.Option(metavar="N", help="Look for the ANN's learning rate: N drawn, on validation."),
    ] = None,
    energy: EnergyModel = None,
    jobs: Jobs = None,
    checkpoint_every: CheckpointEvery = None,
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("results/compare"),
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The page. \\[default: compare.html in that folder]",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = None,
    json: Json = False,
    settings: dict[str, Any],
) -> None:
    """Train an SNN and the ANN of its widths, and say which is as accurate, and which is cheaper.

    Kill it at any time, the same command goes on.

    Example: snnbench compare --dataset digits --arch 64-10 -T 10

    Which beta: snnbench compare --dataset mnist --arch 100-10 --vary beta=0.5,0.9 --seeds 3
    """
    from snnbench.api.asking import follower
    from snnbench.api.comparing import run_comparison
    from snnbench.progress.screens import screen_here
    from snnbench.sweep.run import Where

    given = (settings_from_toml(config) if config is not None else {}) | settings
    found = run_comparison(
        given, Where(jobs, checkpoint_every=checkpoint_every), vary=vary, seeds=seeds,
        margin=margin, twin_lr=twin_lr, tune=tune, energy=energy, out=out, html=html,
        follow=follower(screen_here(), SIGNALS, with_best=False),
        say=say, ambient=settings_from_environment(os.environ),
    )  # fmt: skip
    assert found.answer is not None
    page, *pictures = found.files
    if json:
        from snnbench.report.page.telling import to_document

        document = to_document(found.answer)
        print_json(document | {"page": str(page), "pictures": list(map(str, pictures))})
        return
    for line in found.words:
        stdout().print(escape(line), soft_wrap=True)
    stdout().print(f"Page: {escape(str(page))}", soft_wrap=True)
    for path in pictures:
        stdout().print(f"Picture: {escape(str(path))}", soft_wrap=True)
