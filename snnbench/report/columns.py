"""What reports know of settings and columns: which to show, in which order, and what they mean."""

from snnbench.config.setting import SETTINGS
from snnbench.cost.derive import operations
from snnbench.results.schema import columns_of

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
CURVES = ("test_accuracy", "test_loss", "train_loss")

# Of the runs of a sweep: what is shown when it ends, and that on a terminal.
OF_SWEEP = ("status", "error", "test_accuracy", "max_test_accuracy", "val_accuracy", "params",
            "firing_rate", "activity", "flops_lab", "energy_pj_compute45nm",
            "train_seconds", "measured_train_j")  # fmt: skip
OF_SWEEP_NARROW = ("status", "error", "test_accuracy", "firing_rate", "activity", "train_seconds")

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
# Columns whose names are no words.
_LABELS = {
    "train_loss": "Training loss",
    "flops_lab": "Operations",
    "dense_macs": "Dense MACs",
    "effective_macs": "Effective MACs",
    "effective_acs": "Effective ACs",
    "params": "Parameters",
}


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


def label_of(column: str) -> str:
    """Return what figures' titles call a column.

    >>> label_of("test_accuracy"), label_of("energy_pj_compute45nm")
    ('Test accuracy', 'Energy')
    """
    if column.startswith(_ENERGY):
        return "Energy"
    return _LABELS.get(column) or column.replace("_", " ").capitalize()


def axis_label(column: str) -> str:
    """Return a column's name with its unit, where it has one that says something.

    >>> axis_label("train_seconds"), axis_label("test_accuracy")
    ('train_seconds (s)', 'test_accuracy')
    """
    known = {column.name: column.unit for column in columns_of("runs")}
    unit = known.get(column, "pJ a sample" if is_cost(column) else "")
    return f"{column} ({unit})" if unit not in ("", "fraction") else column
