"""What reports know of settings and columns: which to show, in which order, and what they mean."""

from snnbench.config.settings import Settings, choices
from snnbench.results.schema import LAYERS, RUNS

COLUMNS = {column.name: column for column in RUNS}

# Settings that tell configurations apart: runs of one may differ in the others.
SETTINGS = tuple(name for name in Settings.model_fields if name not in ("seed", "data_dir"))
# Those that tell runs of a sweep apart: they may change its results.
VARIED = tuple(name for name in Settings.model_fields if name not in ("data_dir", "threads"))
# Those that a study fixes: not where and by what it is computed, nor a teacher, which is a file
# that differs by seed.
PLANNED = tuple(name for name in SETTINGS if name not in ("threads", "device", "engine", "teacher"))
# Those whose values are numbers, and those whose values are names or truths.
NUMBERS = tuple(name for name in SETTINGS if COLUMNS[name].kind in ("integer", "number"))
CHOICES = tuple(name for name in SETTINGS if choices(name) or COLUMNS[name].kind == "boolean")

# Columns that follow from the settings alone, whatever the seed; flops_lab too, of an ANN.
WITHOUT_CHANCE = ("params", "dense_macs")
# Counts and energy.
_A_SAMPLE = tuple(column.name for column in RUNS if column.unit.endswith("a sample"))
RESULTS = ("test_accuracy", "max_test_accuracy", "val_accuracy", "train_accuracy", "test_loss",
           "firing_rate", "silent_fraction", "saturated_fraction")  # fmt: skip
COSTS = ("params", "train_seconds", "eval_seconds", "epochs_run", *_A_SAMPLE)
# What configurations are compared with a baseline in.
COMPARED = ("test_accuracy", "flops_lab", "energy_pj_compute45nm", "train_seconds")
# Learning curves that are drawn.
CURVES = ("test_accuracy", "test_loss", "train_loss")

# Of one run: what is shown when it ends, and of its layers.
OF_RUN = (
    "status", "error", "run_id", "epochs_run", "best_epoch", "train_accuracy", "val_accuracy",
    "test_accuracy", "max_test_accuracy", "train_loss", "val_loss", "test_loss", "params",
    "firing_rate", "silent_fraction", "saturated_fraction", *_A_SAMPLE, "train_seconds",
    "eval_seconds",
)  # fmt: skip
OF_LAYER = tuple(column.name for column in LAYERS if column.name != "run_id")
# Of the runs of a sweep: what is shown when it ends, and that on a terminal.
OF_SWEEP = ("status", "error", "test_accuracy", "max_test_accuracy", "val_accuracy", "params",
            "firing_rate", "flops_lab", "energy_pj_compute45nm", "train_seconds")  # fmt: skip
OF_SWEEP_NARROW = ("status", "error", "test_accuracy", "firing_rate", "train_seconds")

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

# Columns whose names are no words.
_LABELS = {
    "train_loss": "Training loss",
    "flops_lab": "Operations",
    "dense_macs": "Dense MACs",
    "effective_macs": "Effective MACs",
    "effective_acs": "Effective ACs",
    "energy_pj_compute45nm": "Energy",
    "params": "Parameters",
}


def label_of(column: str) -> str:
    """Return what figures' titles call a column.

    >>> label_of("test_accuracy"), label_of("energy_pj_compute45nm")
    ('Test accuracy', 'Energy')
    """
    return _LABELS.get(column) or column.replace("_", " ").capitalize()


def axis_label(column: str) -> str:
    """Return a column's name with its unit, where it has one that says something.

    >>> axis_label("train_seconds"), axis_label("test_accuracy")
    ('train_seconds (s)', 'test_accuracy')
    """
    unit = COLUMNS[column].unit
    return f"{column} ({unit})" if unit not in ("", "fraction") else column
