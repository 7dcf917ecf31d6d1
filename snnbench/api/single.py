"""What a notebook calls: `train` and `count`.

torch is imported only once settings, data and output folder are known to be good.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from snnbench.checks import (
    check_input_width,
    check_memory,
    check_name,
    check_same_network,
    checked_rate,
    data_shape,
    load_data,
)
from snnbench.config import RunConfig
from snnbench.config.values import checked_shape
from snnbench.data.dataset import Dataset
from snnbench.environment import waiting_chosen
from snnbench.errors import UserError
from snnbench.network.model_files import MODELS, weights_path
from snnbench.results.checkpoints import Checkpoints
from snnbench.results.frames import to_rows
from snnbench.results.tables import ResultStore, read_epochs, read_layers, read_steps

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from snnbench.cost.report import NetworkCount
    from snnbench.runs import RunResult
    from snnbench.training.events import Event


@dataclass(frozen=True)
class CountResult:
    """Counts of a network, as tables, and what is to be known of its data, a sentence each.

    `count` has what is to be known of a model, and what of it has no rule; `config` describes the
    network and its data, where it is one of ours.
    """

    count: "NetworkCount"
    notices: tuple[str, ...] = ()
    config: RunConfig | None = None

    @property
    def totals(self) -> "pd.Series[Any]":
        """The network's totals, by the names of `runs.csv`."""
        import pandas as pd

        return pd.Series(self.count.totals(), dtype=object)

    @property
    def layers(self) -> "pd.DataFrame":
        """One row a weight layer, in the columns of `layers.csv`."""
        import pandas as pd

        return pd.DataFrame(self.count.layers)

    @property
    def lower_bound(self) -> bool:
        """The network does more than the totals count: see `count.uncounted`."""
        return self.count.lower_bound


@waiting_chosen()
def train(
    config: RunConfig | None = None,
    *,
    out: str | Path | None = None,
    study: str = "adhoc",
    force: bool = False,
    save_model: bool = False,
    watch: "Callable[[Event], None] | None" = None,
    checkpoint_every: float | None = None,
    measure_energy: bool = False,
    **settings: Any,
) -> "RunResult":
    """Train and count one ANN or SNN.

    Args:
        config: its settings; or name them as keywords: `train(dataset="mnist", T=50)`.
        out: folder of the tables. A run recorded there is not trained again but read back.
            Without it nothing is written.
        study: name the run is recorded under.
        force: train anew and replace the recorded run.
        save_model: keep the weights in `out`/models; a recorded run without is trained again.
        watch: called with every event while training, for progress.
        checkpoint_every: seconds between checkpoints in `out`/checkpoints, from which the same
            call goes on if it was interrupted; None: 30.
        measure_energy: by the machine's counters, where it has some (columns `measured_*`);
            idle power is measured first, for two seconds.

    Raises:
        UserError: anything wrong with settings, data or the output folder.

    >>> result = train(arch="32-10", epochs=1, train_samples=256)  # doctest: +SKIP
    >>> result.run["test_accuracy"], result.layers  # doctest: +SKIP
    """
    config = _merged(config, settings)
    check_name(study)
    if save_model and out is None:
        raise UserError("save_model needs a folder to save in.", "Give out.")
    dataset = load_data(config)
    check_memory(config, dataset)
    if watch is not None and dataset.notices:
        from snnbench.training.events import Said

        for notice in dataset.notices:
            watch(Said(f"Notice: {notice}"))
    if out is None:
        return _train(config, dataset, watch, measure_energy=measure_energy)
    if config.device == "cuda":  # refused, if it must be, before the folder is made
        from snnbench.runs import resolve_machine

        config = resolve_machine(config)
    with ResultStore.open(out, judged=True) as store:
        from snnbench.runs import resolve_machine

        config = resolve_machine(config)
        run_id = config.run_id(dataset.sha256)
        model = weights_path(store.folder / MODELS, run_id)
        is_lost = save_model and store.status(run_id) == "done" and not model.is_file()
        if store.has(run_id) and not force and not is_lost:
            return _read_back(store, config, run_id, dataset.notices)
        checkpoints = Checkpoints.of(store.folder, checkpoint_every)
        if force:
            checkpoints.forget(run_id)
        result = _train(config, dataset, watch, checkpoints, measure_energy=measure_energy)
        result.row["study"] = study
        if save_model and result.network is not None:
            from snnbench.network.checkpoint import save_model as save

            save(store.folder / MODELS, run_id, config, result.network, dataset.input_shape)
        store.replace(result.row, result.epoch_rows, result.layer_rows, result.step_rows)
        checkpoints.forget(run_id)
        return dataclasses.replace(result, repairs=tuple(store.repairs))


@waiting_chosen()
def count(
    config: RunConfig | None = None,
    *,
    rate: float | None = None,
    input_shape: tuple[int, ...] | None = None,
    checkpoint: str | Path | None = None,
    model_from: "str | nn.Module | None" = None,
    input: Any = None,
    layout: Literal["TB", "B"] = "TB",
    input_kind: Literal["spikes", "real", "indices"] | None = None,
    nir: str | Path | None = None,
    dt: float | str | None = None,
    **settings: Any,
) -> "CountResult":
    """Count operations, firing rates and energy of a network, layer by layer.

    Measured on the test part of the data, with the weights of a saved model or, without one,
    initial weights. With `rate` or `input_shape` nothing is run: the counts follow from the
    settings. A model of your own is run once, in the mode it is in, on the input given.

    Args:
        config: the network and its data; or name settings as keywords.
        rate: assumed mean input of every layer, 0..1.
        input_shape: of one sample, (F,) or (C, H, W); from the data set if left out. For
            `model_from` of the whole input, whose values are then not known.
        checkpoint: a model that `save_model` kept; brings its own settings, of which keywords
            may change those that do not shape the network.
        model_from: a torch module, or "module:function" that returns one. It is left as it is.
        input: of `model_from`: an array or tensor, or an .npy file.
        layout: of that input: [T, B, ...] or [B, ...].
        input_kind: of its values: spikes, 0 or 1, or real, or indices, whole numbers that
            embeddings look up; None for real unless they are boolean.
        nir: a file with a NIR graph, which takes an input as `model_from` does, or none, and `T`.
        dt: seconds of a step of that graph; None for what the file says, or else 1e-4.

    Raises:
        UserError: anything wrong with settings, data or the model.
    """
    from snnbench.cost.expected import expected_count

    if nir is not None:
        T = settings.pop("T", None)
        if settings or any(other is not None for other in (config, checkpoint, rate, model_from)):
            raise UserError("A NIR graph takes an input, dt and T alone.", "Leave the rest out.")
        from snnbench.counts import nir_count

        about: dict[str, Any] = {"layout": layout, "input_kind": input_kind}
        return CountResult(
            nir_count(Path(nir), dt=dt, T=T, shape=input_shape, given=input, **about)
        )
    if dt is not None:
        raise UserError("dt is for a NIR graph.", "Leave it out.")
    if model_from is not None:
        if settings or any(other is not None for other in (config, checkpoint, rate)):
            raise UserError("Settings and rate have no effect on model_from.", "Leave them out.")
        from snnbench.counts import foreign_count

        return CountResult(foreign_count(model_from, layout, input_shape, input, input_kind))
    if input is not None or input_kind is not None:
        raise UserError("input and input_kind are for model_from and nir.", "Leave them out.")
    network = None
    if checkpoint is not None:
        from snnbench.network.checkpoint import load_model

        saved = load_model(Path(checkpoint))
        network, config = saved.network, saved.config.changed(**settings)
        check_same_network(saved.config, config)
        input_shape = network.plan[0].input_shape if rate is not None else None
    else:
        config = _merged(config, settings)
    if rate is not None or input_shape is not None:
        shape = data_shape(config) if input_shape is None else checked_shape(input_shape)
        return CountResult(expected_count(config, shape, checked_rate(rate)), config=config)
    dataset = load_data(config, trains=False)
    if network is not None:
        check_input_width(network, config, dataset)
    check_memory(config, dataset)
    from snnbench.counts import measured_count

    return CountResult(measured_count(config, dataset, network), dataset.notices, config)


def _merged(config: RunConfig | None, settings: dict[str, Any]) -> RunConfig:
    if config is None:
        return RunConfig(**settings)
    return config.changed(**settings) if settings else config


def _read_back(
    store: ResultStore, config: RunConfig, run_id: str, notices: tuple[str, ...]
) -> "RunResult":
    from snnbench.runs import RunResult

    row = store.row(run_id)
    assert row is not None
    epochs, layers, steps = (
        to_rows(table[table["run_id"] == run_id])
        for table in (read(store.folder) for read in (read_epochs, read_layers, read_steps))
    )
    return RunResult(
        config=config,
        row=row,
        epoch_rows=epochs,
        layer_rows=layers,
        step_rows=steps,
        was_recorded=True,
        repairs=tuple(store.repairs),
        notices=notices,
    )


def _train(
    config: RunConfig,
    dataset: Dataset,
    watch: "Callable[[Event], None] | None",
    checkpoints: Checkpoints | None = None,
    *,
    measure_energy: bool,
) -> "RunResult":
    from snnbench.runs import Paused, RunResult, resolve_machine, run_cohort
    from snnbench.training.events import Compiling

    config = resolve_machine(config)

    def announce() -> None:
        if watch is not None:
            watch(Compiling())

    result: RunResult | None = None
    for event in run_cohort(
        [config], dataset, announce, checkpoints=checkpoints, measure_energy=measure_energy
    ):
        if isinstance(event, RunResult):
            result = event
        elif watch is not None and not isinstance(event, Paused):
            watch(event)
    assert result is not None
    return result
