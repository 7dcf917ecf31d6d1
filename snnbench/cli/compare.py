"""`snnbench compare`: an SNN and the ANN of its widths, and the answer in words."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from snnbench.cli.console import print_json, say, stdout
from snnbench.cli.costs import Asked
from snnbench.cli.options import CheckpointEvery, ConfigFile, Jobs, Json, with_settings
from snnbench.cli.stopping import Stopped
from snnbench.cli.sweep_progress import SweepProgress, follow_sweep
from snnbench.config.sources import settings_from_environment, settings_from_toml
from snnbench.errors import UserError

if TYPE_CHECKING:
    from snnbench.studies.study import Study
    from snnbench.sweep.run import Where
    from snnbench.words.energies import Energy

_PAGE = "compare.html"


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
    energy: Annotated[
        str | None,
        typer.Option(metavar="MODEL[:OPTION=N,...]", help="The energy that is told first."),
    ] = None,
    jobs: Jobs = None,
    checkpoint_every: CheckpointEvery = None,
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("results/compare"),
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=f"The page. \\[default: {_PAGE} in that folder]",
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
    from snnbench.report.judging.answer import answer, read_margin
    from snnbench.report.page.answer_page import answer_page
    from snnbench.studies.axis import parse_axis
    from snnbench.studies.twins import comparison
    from snnbench.sweep.run import Where

    share = read_margin(margin)
    headline = Asked.of(None if energy is None else [energy], None).energies[0]
    given = (settings_from_toml(config) if config is not None else {}) | settings
    if tune is not None and twin_lr is not None:
        raise UserError("--tune looks for what --twin-lr says.", "Keep one of them.")
    where = Where(jobs, checkpoint_every=checkpoint_every)
    repeats = [seed.strip() for seed in seeds.split(",")] if "," in seeds else seeds
    axes = [parse_axis(text) for text in vary or []]
    comparison(given, axes, seeds=repeats)  # refused before anything is trained
    if tune is not None:
        twin_lr = _tuned(given, tune, repeats, out, where)
        say(f"The ANN's learning rate is {twin_lr:g}, the best of {tune} on validation data.")
    study = comparison(given, axes, seeds=repeats, twin_lr=twin_lr)
    ids = _run(study, out, where)
    tables = _tables(out, ids, headline)
    made = answer(tables, share)
    page = html if html is not None else out / _PAGE
    pictures = _write(page, *answer_page(tables, study, made))
    if json:
        from snnbench.report.page.telling import to_document

        print_json(to_document(made) | {"page": str(page), "pictures": list(map(str, pictures))})
        return
    from snnbench.report.page.telling import sentences

    for line in sentences(made):
        stdout().print(escape(line), soft_wrap=True)
    stdout().print(f"Page: {escape(str(page))}", soft_wrap=True)
    for path in pictures:
        stdout().print(f"Picture: {escape(str(path))}", soft_wrap=True)


def _run(
    study: "Study", folder: Path, where: "Where", ambient: Mapping[str, Any] | None = None
) -> Mapping[str, None]:
    """Train what is missing; return the names of all runs.

    Args:
        study, folder, where: see `run_sweep`.
        ambient: settings over those of the environment, where they have an effect.

    Raises:
        Stopped: by a signal, when what was running has been recorded.
    """
    from snnbench.studies.plan import expand

    plan = expand(study, {}, settings_from_environment(os.environ) | dict(ambient or {}))
    ids, signal, gone = follow_sweep(plan, folder, where, SweepProgress())
    if signal is not None:
        raise Stopped(signal)
    if gone is not None:
        raise gone
    return ids


def _tuned(
    given: Mapping[str, Any], trials: int, seeds: object, folder: Path, where: "Where"
) -> float:
    """Return the learning rate with which the ANN is best on validation data."""
    from snnbench.results.frames import read_runs
    from snnbench.studies.twins import tuning

    drawn = {name: value for name, value in given.items() if name != "lr"}
    ids = _run(tuning(given, trials, seeds), folder, where, drawn)
    runs = read_runs(folder)
    found = runs[runs["run_id"].isin(list(ids)) & runs["val_accuracy"].notna()]
    if found.empty:
        raise UserError("No run of the ANN came to an end.", "Try smaller values of lr.")
    return float(str(found.groupby("lr")["val_accuracy"].mean().idxmax()))


def _tables(folder: Path, ids: Mapping[str, None], headline: "Energy") -> Any:
    from snnbench.report.reading.source import load

    tables = load([folder], headline)
    wanted = tables.runs[tables.runs["run_id"].isin(list(ids))]
    return tables.of(wanted.drop_duplicates("run_id").reset_index(drop=True))


def _write(page: Path, html: str, figure: str | None) -> list[Path]:
    """Write the page and its first figure beside it; return the figures' paths."""
    from snnbench.results import disk

    texts = {page: html} | ({} if figure is None else {page.with_suffix(".svg"): figure})
    for path, text in texts.items():
        try:
            disk.write_file(path, text.encode(errors="replace"))
        except OSError as error:
            raise disk.trouble(error, path) from None
    return [path for path in texts if path != page]
