"""The columns of the four tables, and what their values may be.

Fractions lie in 0..1, times are in seconds, operation counts are per sample (one image, all T
steps).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import get_args

from snnbench.config.setting import SETTINGS, Bounds, Setting, Value
from snnbench.cost.derive import derived, operations, quantities
from snnbench.cost.facts import Quantity
from snnbench.words.encodings import InputKind
from snnbench.words.layers import LAYERS
from snnbench.words.networks import NETWORKS
from snnbench.words.paths import PATHS

SCHEMA_VERSION = 4
STATUSES = ("done", "diverged", "halved", "failed", "timeout", "oom")

_ANY, _FRACTION, _COUNT = Bounds(), Bounds(ge=0, le=1), Bounds(ge=0)
_COUNTED = ("s", "runs", "threads", "parameters", "epochs", "layers", "steps", "units", "values",
            "values a sample", "spikes a sample", "updates a sample", "operations a sample",
            "MACs a sample", "ACs a sample", "pJ a sample", "operations", "J", "W")  # fmt: skip
# Unit -> between what such numbers lie; of units that are not here, anywhere.
_OF_UNIT: Mapping[str, Bounds] = {
    "fraction": _FRACTION,
    "spikes a neuron and step": _FRACTION,
    "epoch": Bounds(ge=1),
    **dict.fromkeys(_COUNTED, _COUNT),
}
# A real input, as of standardized data, has any mean, which the lab's formula multiplies; what
# hardly took more energy than idling may seem to have taken less.
_UNBOUNDED = ("input_rate", "flops_lab", "flops_lab_train", "flops_lab_test",
              "measured_train_net_j", "measured_eval_net_j")  # fmt: skip
_OF_WORDS: Mapping[str, Collection[str]] = {
    "status": STATUSES,
    "path": PATHS,
    "kind": LAYERS,
    "input_kind": get_args(InputKind),
    "model": NETWORKS,
    "exit_chosen_on": ("validation", "training"),
}


@dataclass(frozen=True)
class Column(Quantity):
    """One column.

    Attributes:
        absent: of a setting, what the program did before there was such a setting; None: missing.
        bounds: between what its numbers lie.
        words: what its texts can be; None: anything.
    """

    absent: Value = None
    bounds: Bounds = field(default=_ANY, compare=False)
    words: Collection[str] | None = field(default=None, compare=False)


def _column(quantity: Quantity) -> Column:
    """Return a quantity's column; its unit says between what it lies."""
    name, unit = quantity.name, quantity.unit
    bounds = _ANY if name in _UNBOUNDED else _OF_UNIT.get(unit, _ANY)
    return Column(**vars(quantity), bounds=bounds, words=_OF_WORDS.get(name))


def _text(name: str, meaning: str, since: int = 1) -> Column:
    return _column(Quantity(name, "text", "", meaning, since))


def _integer(name: str, unit: str, meaning: str, since: int = 1) -> Column:
    return _column(Quantity(name, "integer", unit, meaning, since))


def _number(name: str, unit: str, meaning: str, since: int = 1) -> Column:
    return _column(Quantity(name, "number", unit, meaning, since))


_TIED = Column(
    "tied_fraction", "number", "fraction",
    "test samples in which several classes have the largest score", 3,
)  # fmt: skip

_BEFORE = (
    _integer("schema", "", "version of these tables"),
    _text("run_id", "12 hex digits that follow from settings and data"),
    _text("study", "study that asked for the run"),
    _text("variant", "named variant of the study"),
    _text("status", "done, diverged, halved (frozen early), failed, timeout or oom"),
    _text("error", "why the run is not done"),
)
_RESULTS = (
    _integer("params", "parameters", "trainable parameters"),
    _integer("epochs_run", "epochs", "epochs trained"),
    _integer("best_epoch", "epoch", "epoch chosen on validation data, from 1"),
    _number("train_accuracy", "fraction", "accuracy on the training data"),
    _number("val_accuracy", "fraction", "accuracy on the validation data"),
    _number("test_accuracy", "fraction", "accuracy on the test data"),
    _number("max_test_accuracy", "fraction", "best test accuracy over the epochs: optimistic"),
    _number("train_loss", "", "loss on the training data"),
    _number("val_loss", "", "loss on the validation data"),
    _number("test_loss", "", "loss on the test data"),
    _number("firing_rate", "spikes a neuron and step", "mean over all spiking neurons"),
    _number("silent_fraction", "fraction", "spiking neurons that never fire on the test data"),
    _number("saturated_fraction", "fraction", "spiking neurons that fire at every step"),
    Column(
        "activity", "text", "", "alive; or silent or saturated: a spiking layer fires never, or"
        " always, on the test data, so that nothing passes", 3,
    ),
    _TIED,
    Column("train_size", "integer", "samples", "samples trained on", 3),
    Column("val_size", "integer", "samples", "samples of the validation data", 3),
    Column("test_size", "integer", "samples", "samples tested on", 3),
    _number("latency_steps", "steps", "mean step from which a decision is right and stays so, of"
            " the test samples that end right", 4),
    _number("exit_margin", "", "lead of the largest score (spikes so far; else the readout's) that"
            " ends inference: the least as right as all steps; empty: none is", 4),
    _text("exit_chosen_on", "data by which exit_margin was chosen: validation, or training", 4),
    _number("exit_steps", "steps", "mean steps of a test sample with early exit", 4),
    _number("exit_accuracy", "fraction", "accuracy on the test data with early exit", 4),
    _number("exit_spikes", "spikes a sample", "spikes until each sample's exit", 4),
    _number("exit_effective_acs", "ACs a sample", "effective_acs until each sample's exit", 4),
    _number("exit_energy_pj_compute45nm", "pJ a sample", "energy until each sample's exit", 4),
)  # fmt: skip
_ORIGIN = (
    _number("train_seconds", "s", "time in training, a member's share of its cohort"),
    _number("eval_seconds", "s", "time in evaluation, a member's share of its cohort"),
    _integer("cohort_size", "runs", "runs trained side by side"),
    _text("started_at", "start of the run, UTC"),
    _text("snnbench_version", "version of snnbench"),
    _text("commit", "commit of snnbench's source, -dirty if changed since"),
    _text("torch_version", "version of torch"),
    _text("device_name", "processor or accelerator"),
    _integer("cpu_threads", "threads", "CPU threads used"),
    _text("data_sha256", "checksum of the data"),
    _text("path", "which implementation computed the run, as events or scan", 2),
    _integer("numerics", "", "version of the numbers this implementation gives", 2),
    _text("plugins", "plug-ins the run uses, name and checksum", 2),
    _integer("layers", "layers", "weight layers; as many rows of layers.csv are the run's own", 3),
    _number("measured_train_j", "J", "energy measured in training, shared as train_seconds", 4),
    _number("measured_train_net_j", "J", "measured_train_j less that of idling as long", 4),
    _number("measured_eval_j", "J", "energy measured in evaluation, shared as eval_seconds", 4),
    _number("measured_eval_net_j", "J", "measured_eval_j less that of idling as long", 4),
    _number("idle_w", "W", "power measured for two seconds before the training", 4),
    _text("energy_counters", "counters whose sum measured energies and idle_w are", 4),
    _integer("inference_steps", "steps", "time steps; the run's own rows of steps.csv", 4),
)

EPOCHS = (
    _text("run_id", "the run"),
    _integer("epoch", "epoch", "from 1"),
    _number("train_loss", "", "loss on the training data"),
    _number("train_accuracy", "fraction", "accuracy on the training data"),
    _number("val_loss", "", "loss on the validation data"),
    _number("val_accuracy", "fraction", "accuracy on the validation data"),
    _number("test_loss", "", "loss on the test data"),
    _number("test_accuracy", "fraction", "accuracy on the test data"),
    _number("firing_rate", "spikes a neuron and step", "mean over all spiking neurons"),
    _number("flops_lab_train", "operations a sample", "flops_lab on the training data"),
    _number("flops_lab_test", "operations a sample", "flops_lab on the test data"),
    _number("train_seconds", "s", "time in training, a member's share of its cohort"),
    _number("eval_seconds", "s", "time in evaluation, a member's share of its cohort"),
    _TIED,
)

# Of one sample on average, from the first step up to this one.
STEPS = (
    _text("run_id", "the run"),
    _integer("step", "steps", "from 1"),
    _number("test_accuracy", "fraction", "accuracy on the test data if inference ended here"),
    _number("spikes", "spikes a sample", "spikes of all neurons until here"),
    _number("effective_acs", "ACs a sample", "accumulates that count, until here"),
    _number("energy_pj_compute45nm", "pJ a sample", "energy of what was computed until here"),
)

# The files are "<name>.csv". Written in this order: see tables.py.
TABLES = ("epochs", "layers", "steps", "runs")
# Table -> what numbers or names the rows of a run.
KEYS = {"epochs": "epoch", "layers": "layer", "steps": "step"}
# Those that folders of older programs lack as a whole: the column of runs.csv that came with each.
LATER = {"steps": "inference_steps"}


def columns_of(name: str) -> tuple[Column, ...]:
    """Return the columns of one of `TABLES` as they are now: a plug-in may bring some.

    A column keeps its place when others come: those of version 1 stand first, in its order.
    """
    if name in ("epochs", "steps"):
        return EPOCHS if name == "epochs" else STEPS
    return (_runs if name == "runs" else _layers)(tuple(SETTINGS), tuple(derived()))


@cache  # by what plug-ins can add
def _runs(settings: tuple[str, ...], names: tuple[str, ...]) -> tuple[Column, ...]:
    columns = (
        *_BEFORE,
        *(setting_column(SETTINGS[name]) for name in settings),
        *_RESULTS,
        *map(_derived_column, operations()),
        *_ORIGIN,
    )
    return tuple(sorted(columns, key=lambda column: column.since))


@cache
def _layers(settings: tuple[str, ...], names: tuple[str, ...]) -> tuple[Column, ...]:
    return (_text("run_id", "the run"), *map(_derived_column, quantities()))


def _derived_column(quantity: Quantity) -> Column:
    """Return the column of a fact or convention; what a plug-in computes may be anything."""
    column, word = _column(quantity), derived().get(quantity.name)
    return replace(column, bounds=_ANY) if word is not None and word.plugin else column


def setting_column(setting: Setting) -> Column:
    """Return a setting's column of runs.csv; it is empty where the setting has no effect."""
    return Column(
        setting.name, setting.kind, setting.unit, setting.meaning, setting.since, setting.absent,
        setting.bounds, setting.words,
    )  # fmt: skip
