"""What reports know of settings and columns: which to show, in which order, and what they mean."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from snnbench.config.setting import SETTINGS
from snnbench.cost.derive import operations
from snnbench.cost.units import energy_unit
from snnbench.results.schema import columns_of
from snnbench.words.energies import ENERGIES, HEADLINE

# Columns that follow from the settings alone, whatever the seed; flops_lab too, of an ANN.
WITHOUT_CHANCE = ("params", "dense_macs")
RESULTS = ("test_accuracy", "max_test_accuracy", "val_accuracy", "train_accuracy", "test_loss",
           "firing_rate", "silent_fraction", "saturated_fraction")  # fmt: skip
# Shares of samples -> the part of the data that these belong to.
ACCURACIES = {"test_accuracy": "test", "max_test_accuracy": "test", "val_accuracy": "val",
              "train_accuracy": "train"}  # fmt: skip
# What configurations are compared with a baseline in, beside energy.
COMPARED = ("test_accuracy", "flops_lab", "train_seconds")
# Energy that a machine's counters gave.
MEASURED = ("measured_train_j", "measured_train_net_j", "measured_eval_j", "measured_eval_net_j")
# Learning curves that are drawn.
CURVES = ("test_accuracy", "test_loss", "train_loss", "firing_rate")

# Of the runs of a sweep: what is shown when it ends.
OF_SWEEP = ("status", "error", "test_accuracy", "max_test_accuracy", "val_accuracy", "params",
            "firing_rate", "activity", "flops_lab", "energy_pj_compute45nm",
            "train_seconds", "measured_train_j")  # fmt: skip

# What two records of a run must agree on to be the same result.
SAME_RESULT = ("test_accuracy", "train_loss", "test_loss", "epochs_run")
ORIGIN = ("snnbench_version", "commit", "torch_version", "device_name", "cpu_threads", "device",
          "engine", "dataset", "data_sha256")  # fmt: skip
# Origins that make runs hard to compare where they differ, and what they are called.
MIXED_ORIGINS = {
    "device_name": "machines",
    "cpu_threads": "numbers of CPU threads",
    "snnbench_version": "versions of snnbench",
    "commit": "commits",
    "torch_version": "versions of torch",
}

_ENERGY = "energy_pj_"  # how the names of energies' columns begin
# Column -> what people call it; of others it is the column's name, with blanks.
_NAMES = {
    "train_accuracy": "training accuracy",
    "val_accuracy": "validation accuracy",
    "max_test_accuracy": "best test accuracy",
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "params": "parameters",
    "epochs_run": "epochs",
    "silent_fraction": "silent neurons",
    "saturated_fraction": "saturated neurons",
    "tied_fraction": "tied samples",
    "flops_lab": "operations",
    "dense_macs": "dense MACs",
    "effective_macs": "effective MACs",
    "effective_acs": "effective ACs",
    "train_seconds": "training",
    "eval_seconds": "evaluation",
    "measured_train_j": "measured in training",
    "measured_train_net_j": "measured in training without idling",
    "measured_eval_j": "measured in evaluation",
    "measured_eval_net_j": "measured in evaluation without idling",
    "idle_w": "power when idle",
    "exit_steps": "steps until the exit",
    "exit_accuracy": "accuracy at the exit",
    "exit_energy_pj_compute45nm": "energy until the exit",
    HEADLINE.column: "energy",
}
_PER_SAMPLE = (" a sample", "/sample")  # in the tables, and in headers
# Units that say nothing that the name does not.
_UNSAID = ("", "fraction", "probability", "parameters", "epochs", "epoch", "steps", "units",
           "samples", "layers", "runs", "threads", "spikes a neuron and step")  # fmt: skip


def telling() -> tuple[str, ...]:
    """Return the settings that tell configurations apart: their runs may differ in the others."""
    return _but("repetition", "place")


def varied() -> tuple[str, ...]:
    """Return the settings that tell runs of a sweep apart: they may change its results."""
    return _but("place", "speed")


def planned() -> tuple[str, ...]:
    """Return the settings that a study fixes: not where and by what it is computed, nor a path."""
    return _but("repetition", "place", "speed", "machine", "file")


def numbers() -> tuple[str, ...]:
    """Return the settings that tell configurations apart and are numbers."""
    return tuple(name for name in telling() if SETTINGS[name].kind in ("integer", "number"))


def choices() -> tuple[str, ...]:
    """Return the settings that tell configurations apart and are words or truths."""
    return tuple(n for n in telling() if SETTINGS[n].words or SETTINGS[n].kind == "boolean")


def _but(*roles: str) -> tuple[str, ...]:
    return tuple(name for name, setting in SETTINGS.items() if setting.role not in roles)


def counts() -> tuple[str, ...]:
    """Return the columns of the conventions and energy models."""
    return tuple(quantity.name for quantity in operations())


def is_cost(column: str) -> bool:
    """Whether a convention or energy model counts what the column holds."""
    return column.startswith(_ENERGY) or column in counts()


def costs() -> tuple[str, ...]:
    """Return what a configuration costs, to train and to run."""
    return ("params", "train_seconds", "eval_seconds", *MEASURED, "epochs_run", *counts())


def of_run() -> tuple[str, ...]:
    """Return what is shown of a run when it ends."""
    return (
        "status", "error", "run_id", "path", "epochs_run", "best_epoch", "train_accuracy",
        "val_accuracy", "test_accuracy", "max_test_accuracy", "train_loss", "val_loss",
        "test_loss", "params", "firing_rate", "silent_fraction", "saturated_fraction", "activity",
        "tied_fraction", *counts(),
        "latency_steps", "exit_margin", "exit_chosen_on", "exit_steps", "exit_accuracy",
        "exit_energy_pj_compute45nm",
        "train_seconds", "eval_seconds", *MEASURED, "idle_w", "energy_counters",
    )  # fmt: skip


def of_layer() -> tuple[str, ...]:
    """Return what is shown of a run's layers."""
    return (
        "layer", "kind", "input_kind", "applied_steps", "inputs", "outputs", "params",
        "input_rate", "output_rate", *counts(),
    )  # fmt: skip


def name_of(column: str) -> str:
    """Return what people call a column; settings and columns of plug-ins keep their names.

    >>> name_of("test_accuracy"), name_of("energy_pj_memory45nm_bits_8"), name_of("batch_size")
    ('test accuracy', 'energy by memory45nm:bits=8', 'batch_size')
    """
    if column in SETTINGS:
        return column
    if column.startswith(_ENERGY) and column != HEADLINE.column:
        return f"energy by {_model_of(column)}"
    return _NAMES.get(column) or column.replace("_", " ")


def _model_of(column: str) -> str:
    """Return an energy's model, with the options that its column names."""
    begins = [w for w in ENERGIES.values() if f"{column}_".startswith(f"{w.column}_")]
    if not begins:
        return column.removeprefix(_ENERGY)
    word = max(begins, key=lambda word: len(word.column))
    parts = column.removeprefix(word.column).strip("_").split("_")
    chosen = zip(parts[::2], parts[1::2], strict=False)
    options = ",".join(f"{name}={value}" for name, value in chosen)
    return f"{word.label}:{options}" if options else word.label


def unit_of(column: str) -> str:
    """Return the unit that a column's header needs: "" where the name says it."""
    known = {about.name: about.unit for about in columns_of("runs")}
    unit = known.get(column, "pJ a sample" if is_cost(column) else "")
    unit = "" if unit in _UNSAID else unit.replace(*_PER_SAMPLE)
    named = name_of(column).split(" ")[-1]
    return unit.removeprefix(named) if unit.startswith(f"{named}/") else unit


def is_column(name: str) -> bool:
    """Whether `runs.csv`, a convention or an energy model has a column of this name."""
    return is_cost(name) or any(column.name == name for column in columns_of("runs"))


def label_of(column: str) -> str:
    """Return what figures' titles call a column.

    >>> label_of("test_accuracy"), label_of("energy_pj_compute45nm")
    ('Test accuracy', 'Energy')
    """
    name = name_of(column)
    return name[:1].upper() + name[1:]


def axis_label(column: str) -> str:
    """Return a column's name with its unit, where it has one that says something.

    >>> axis_label("train_seconds"), axis_label("test_accuracy"), axis_label("dense_macs")
    ('training, s', 'test accuracy', 'dense MACs/sample')
    """
    return _with_unit(name_of(column), unit_of(column))


def heading(column: str, values: Iterable[float | None] = ()) -> tuple[str, float]:
    """Return a column's header, and by what to divide its values for it.

    Args:
        column: of the tables.
        values: an energy has the unit that leaves few digits of most of them.

    >>> heading("energy_pj_compute45nm", [95_400.0, 61_300.0, None]), heading("train_seconds")
    (('energy, nJ/sample', 1000), ('training, s', 1))
    """
    unit, known = unit_of(column), [value for value in values if value is not None]
    if not unit.startswith("pJ") or not known:
        return _with_unit(name_of(column), unit), 1
    factor, prefixed = energy_unit(median(known))
    return _with_unit(name_of(column), unit.replace("pJ", prefixed, 1)), factor


def headed(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[list[Any]]]:
    """Return headers with units, and the rows' values in these units."""
    found = [heading(name, _numbers(row.get(name) for row in rows)) for name in columns]
    cells = [
        [_divided(row.get(name), factor) for name, (_, factor) in zip(columns, found, strict=True)]
        for row in rows
    ]
    return [text for text, _ in found], cells


def _numbers(values: Iterable[Any]) -> list[float]:
    return [value for value in values if isinstance(value, int | float)]


def _divided(value: Any, factor: float) -> Any:
    return value if factor == 1 or not isinstance(value, int | float) else value / factor


def _with_unit(name: str, unit: str) -> str:
    return f"{name}{'' if unit.startswith('/') else ', '}{unit}" if unit else name
