"""`snnbench train`: one ANN or SNN, with learning curve, cost and firing rates."""

from pathlib import Path
from typing import Annotated, Any

import typer

from snnbench.cli.console import print_json, say
from snnbench.cli.options import (
    CheckpointEvery,
    ConfigFile,
    Json,
    MeasureEnergy,
    SaveModel,
    with_settings,
)
from snnbench.cli.progress import TrainingProgress
from snnbench.config.sources import build_config

_DEAD = {
    "silent": "a layer never fires on the test data, so that all answers are the same; what it"
    " costs is no price of an answer. Try a lower --v-th, more -T or another --lr.",
    "saturated": "a layer's neurons fire at every step of the test data, so that all answers are"
    " the same. Try a higher --v-th, a lower --beta or another --lr.",
}


@with_settings
def train(
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the tables. \\[default: results/STUDY]", show_default=False),
    ] = None,
    study: Annotated[str, typer.Option(help="Name to record the run under.")] = "adhoc",
    config: ConfigFile = None,
    save_model: SaveModel = False,
    force: Annotated[
        bool, typer.Option("--force", help="Train anew even if the run is recorded; replace it.")
    ] = False,
    checkpoint_every: CheckpointEvery = None,
    measure_energy: MeasureEnergy = False,
    full: Annotated[bool, typer.Option("--full", help="Show all counts.")] = False,
    layers: Annotated[
        bool, typer.Option("--layers", help="Show the counts of each layer.")
    ] = False,
    json: Json = False,
    settings: dict[str, Any],
) -> None:
    """Train one ANN or SNN and count what it costs.

    Writes runs.csv, epochs.csv, layers.csv and, of an SNN, steps.csv: accuracy, spikes, operations
    and energy by time step. The same command again does not train again: it shows the recorded
    run, all its counts with --full, those of its layers with --layers.

    Example: snnbench train --dataset mnist --arch 10-10 -T 50 --beta 0.5 --epochs 4
    """
    run_config = build_config(settings, config)
    from snnbench import api
    from snnbench.checks import check_name

    check_name(study)
    folder = out if out is not None else Path("results") / study
    progress = TrainingProgress(run_config)
    with progress.shown():
        result = api.train(
            run_config,
            out=folder,
            study=study,
            force=force,
            save_model=save_model,
            watch=progress.watch,
            checkpoint_every=checkpoint_every,
            measure_energy=measure_energy,
        )
    for repair in result.repairs:
        say(f"Tables: {repair}")
    if result.was_recorded:
        say(f"Run {result.run_id} is in {folder} already: not trained again. --force trains anew.")
    if result.row["status"] == "diverged":
        # a leak above 1 lets membranes grow beyond what 32 bits hold
        or_beta = " or --beta" if (result.row["beta"] or 0) > 1 else ""
        say(f"The run diverged: {result.row['error']}. Try a smaller --lr{or_beta}.")
    if (found := _DEAD.get(str(result.row.get("activity")))) is not None:
        say(f"The network is {result.row['activity']}: {found}")
    if json:
        document = {
            "run": result.row,
            "epochs": result.epoch_rows,
            "layers": result.layer_rows,
            "steps": result.step_rows,
        }
        print_json(document)
        return
    from snnbench.cli.train_summary import print_run

    print_run(result, run_config, folder, full=full, layers=layers)
