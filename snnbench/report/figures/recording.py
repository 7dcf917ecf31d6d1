"""A saved spiking network run once more on one sample of its test part, its spikes kept.

Only where there is such a model is torch imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.inputs.reading import read_data
from snnbench.network.model_files import MODELS, SUFFIX
from snnbench.report.reading.source import Tables

if TYPE_CHECKING:
    from snnbench.network.checkpoint import Checkpoint


@dataclass(frozen=True)
class LayerSpikes:
    """The spikes of a layer: its name, and [T, neurons], True where one fires."""

    name: str
    spikes: NDArray[np.bool_]


@dataclass(frozen=True)
class Recording:
    """What a network did with one sample.

    Attributes:
        dataset: name of the data set.
        sample: position of the sample in its test part, from 0.
        label, predicted: names of the classes.
        layers: input first, where it spikes; then every layer that does.
    """

    dataset: str
    sample: int
    label: str
    predicted: str
    layers: tuple[LayerSpikes, ...]


def best_saved(
    tables: Tables, column: str, *, largest: bool
) -> tuple[Mapping[str, Any], Path] | None:
    """Return row and model of the best finished run of an SNN whose model was saved, or None."""
    saved = [{path.stem: path for path in (folder / MODELS).glob(f"*{SUFFIX}")}
             for folder in tables.folders]  # fmt: skip
    runs = tables.runs
    runs = runs[(runs["status"] == "done") & (runs["model"] == "snn")]
    runs = runs.sort_values(column, ascending=not largest, kind="stable", na_position="last")
    for folder, run_id in runs[["folder", "run_id"]].itertuples(index=False):
        if run_id in saved[folder]:
            row = runs[(runs["folder"] == folder) & (runs["run_id"] == run_id)].iloc[0]
            return row.to_dict(), saved[folder][run_id]
    return None


def record(row: Mapping[str, Any], path: Path) -> Recording:
    """Run a saved model on the first sample of the run's test part, with the run's own draws.

    By the reference: SpikingJelly modules and the plain equations, on the CPU.

    Args:
        row: of the run, in runs.csv.
        path: its model.

    Raises:
        UserError: model or data are missing or damaged, or are not the run's.
    """
    from snnbench.network.checkpoint import load_model

    saved = load_model(path)
    if saved.run_id != row["run_id"]:
        raise UserError(f"{path} holds the model of run {saved.run_id}.", "Save the models anew.")
    return _run(saved, row)


def _run(saved: "Checkpoint", row: Mapping[str, Any]) -> Recording:
    import torch

    from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
    from snnbench.inputs.prepare import prepare
    from snnbench.inputs.selection import Selection, select
    from snnbench.training.losses import scores

    config = _on_this_machine(saved.config)
    dataset = read_data(config)  # a teacher need not be here any more
    if dataset.sha256 != row["data_sha256"]:
        raise UserError(
            f"The data set {dataset.name} has other contents here than it had for the run.",
            "Use the data that the run was trained on.",
        )
    chosen = select(config, dataset)
    # the training part is only needed for its mean and deviation
    few = Selection(chosen.train if config.standardize else chosen.train[:1], None, chosen.test[:1])
    part = prepare(config, dataset, few, torch.device("cpu")).test
    x = encode(config, part.x, part.samples, EVALUATION_EPOCH)
    plan, neurons = saved.network.plan, saved.network.neurons
    kept: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        return lambda module, args, output: kept.update({name: output})

    for entry, layer in zip(plan, neurons, strict=True):
        if layer is not None:
            layer.register_forward_hook(keep(entry.name))
    with torch.no_grad():
        outputs = saved.network(x)
    if plan[0].input_kind == "spikes":
        kept = {"input": x} | kept
    return Recording(
        dataset=dataset.name,
        sample=int(part.samples[0]),
        label=dataset.class_names[int(part.y[0])],
        predicted=dataset.class_names[int(scores(outputs).argmax(1)[0])],
        layers=tuple(
            LayerSpikes(name, spikes[:, 0].flatten(1).numpy() > 0) for name, spikes in kept.items()
        ),
    )


def _on_this_machine(config: RunConfig) -> RunConfig:
    """Return the settings; without the folder of the data, if it is one of another machine."""
    if config.data_dir is None or Path(config.data_dir).expanduser().is_dir():
        return config
    return config.changed(data_dir=None)
