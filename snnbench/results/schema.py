"""The columns of the three tables, and one value as one cell of text.

A cell is empty where a value is missing: never 0, "None" or NaN. Fractions lie in 0..1, times
are in seconds, operation counts are per sample (one image, all T steps).
"""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

SCHEMA_VERSION = 2
STATUSES = ("done", "diverged", "halved", "failed", "timeout", "oom")

Kind = Literal["text", "integer", "number", "boolean"]
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name, kind, unit, meaning: of its values; the unit is "" where there is none.
        since: version of the tables in which the column came; a file may lack it if above 1.
        absent: of a setting, what the program did before there was such a setting; None: missing.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    since: int = 1
    absent: Value = None


def _text(name: str, meaning: str) -> Column:
    return Column(name, "text", "", meaning)


def _integer(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "integer", unit, meaning)


def _number(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "number", unit, meaning)


def _boolean(name: str, meaning: str) -> Column:
    return Column(name, "boolean", "", meaning)


# The same names, in the same order, as the fields of RunConfig. A setting that has no effect in
# its combination (`beta` of an ANN) is empty.
_SETTINGS = (
    _text("dataset", "name of the data set"),
    _text("data_dir", "folder with the data set's files, where one was given"),
    _text("data_file", "the user's own table, for dataset `table`"),
    _text("target", "column of that table to predict"),
    _number("test_fraction", "fraction", "part of that table kept for testing"),
    _integer("train_samples", "samples", "training samples used"),
    _integer("test_samples", "samples", "test samples used"),
    _number("val_fraction", "fraction", "part of the training set used for validation"),
    _integer("val_samples", "samples", "training samples used for validation"),
    _boolean("standardize", "inputs shifted and scaled by the training set's mean and deviation"),
    _text("encoding", "how a sample becomes T steps of input"),
    _number("encoding_threshold", "", "pixel value from which `threshold` encoding fires"),
    _integer("T", "steps", "time steps a sample"),
    _text("model", "ann or snn"),
    _text("arch", "layers from input to output, as 16c3-p2-64-10"),
    _text("activation", "activation of the hidden layers that do not spike"),
    _boolean("batch_norm", "BatchNorm after every hidden weight layer"),
    _number("dropout", "probability", "chance of a hidden unit to be dropped in training"),
    _text("init", "how the weights are drawn"),
    _boolean("bias", "weight layers have biases"),
    _text("neuron", "if or lif"),
    _number("beta", "", "factor by which the membrane decays in one step"),
    _number("v_th", "", "membrane value at which a neuron fires"),
    _text("reset", "what a spike does to the membrane: subtract, zero or none"),
    _boolean("detach_reset", "no gradient flows through the reset"),
    _text("surrogate", "derivative used in place of the spike's"),
    _number("surrogate_alpha", "", "width parameter of SpikingJelly's surrogates"),
    _number("z", "", "slope of the fast-sigmoid surrogate"),
    _text("readout", "what of the output layer is compared with the label"),
    _text("loss", "mse, ce, mimic-l2 or mimic-kl"),
    _text("teacher", "model whose logits are learned, for the mimic losses"),
    _number("temperature", "", "divisor of the logits in mimic-kl"),
    _text("optimizer", "sgd, adam or adamw"),
    _number("lr", "", "learning rate at the start"),
    _number("momentum", "", "momentum of sgd"),
    _number("weight_decay", "", "L2 factor added to the gradient (adamw: decoupled)"),
    _text("lr_schedule", "learning rates and how many epochs each, as 0.1x10,0.01x10"),
    _integer("batch_size", "samples", "samples a training step"),
    _integer("epochs", "epochs", "most epochs to train"),
    _integer("patience", "epochs", "epochs without a better validation result before stopping"),
    _integer(
        "seed",
        "",
        "runs of one seed share split, data order, encoding draws and initial weights,"
        " so that their differences are paired",
    ),
    _text("device", "cpu or cuda"),
    _text("engine", "which implementation computed the run"),
    _integer("threads", "threads", "CPU threads asked for"),
)

_OPERATIONS = (
    _number("flops_lab", "operations a sample", "operations by seed 002's formula"),
    _number("dense_macs", "MACs a sample", "multiply-accumulates if every input counts"),
    _number("effective_macs", "MACs a sample", "multiply-accumulates on non-zero real inputs"),
    _number("effective_acs", "ACs a sample", "accumulates on spikes"),
    _number("energy_pj_compute45nm", "pJ a sample", "4.6 MACs + 0.9 ACs, compute only, 45 nm"),
)

RUNS = (
    _integer("schema", "", "version of these tables"),
    _text("run_id", "12 hex digits that follow from settings and data"),
    _text("study", "study that asked for the run"),
    _text("variant", "named variant of the study"),
    _text("status", "done, diverged, halved (frozen early), failed, timeout or oom"),
    _text("error", "why the run is not done"),
    *_SETTINGS,
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
    *_OPERATIONS,
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
    Column("path", "text", "", "which implementation computed the run, as events or scan", 2),
    Column("numerics", "integer", "", "version of the numbers this implementation gives", 2),
    Column("plugins", "text", "", "plug-ins the run uses, name and checksum", 2),
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
)

LAYERS = (
    _text("run_id", "the run"),
    _text("layer", "the layer's name: conv1, fc2, ...; rows from input to output"),
    _text("kind", "kind of layer"),
    _text("input_kind", "what the layer receives: spikes, real or constant"),
    _integer("applied_steps", "steps", "times the weights are applied a sample: T, or 1"),
    _integer("inputs", "units", "values in"),
    _integer("outputs", "units", "values out"),
    _integer("params", "parameters", "trainable parameters"),
    _number("input_rate", "fraction", "mean of the layer's input over samples, units and steps"),
    _number("output_rate", "fraction", "mean of the layer's spikes over samples, units and steps"),
    *_OPERATIONS,
)

# The files are "<name>.csv". Written in this order: see tables.py.
TABLES = ("epochs", "layers", "runs")

# A spreadsheet takes a cell that starts so for a formula; blanks before it do not stop all of them.
_FORMULA_STARTS = ("=", "+", "-", "@")
_NEUTRALISED = ("'", "\t")
# A cell in a spreadsheet holds 32,767 characters; a longer error message is a log, not a cell.
LONGEST_TEXT = 32_000
_INTEGER_CHARACTERS = frozenset("-0123456789")
_NUMBER_CHARACTERS = frozenset("+-.0123456789eE")


def columns_of(name: str) -> tuple[Column, ...]:
    """Return the columns of one of `TABLES` as they are now: a plug-in may bring some."""
    return {"epochs": EPOCHS, "layers": LAYERS, "runs": RUNS}[name]


def to_cell(value: object, column: Column) -> str:
    """Return the text of one cell, from which `from_cell` makes the same value again.

    Three things do not come back as they went in: NaN and infinity are written as missing; text
    is made one line and cut at `LONGEST_TEXT` characters; empty text is missing text.

    Raises:
        AssertionError: the value is not of the column's kind: our mistake.
    """
    if value is None:
        return ""
    if column.kind == "text":
        assert isinstance(value, str), f"{column.name}: {value!r} is not text"
        return _neutralised(value)
    if column.kind == "boolean":
        assert isinstance(value, bool), f"{column.name}: {value!r} is not a boolean"
        return "true" if value else "false"
    assert not isinstance(value, bool), f"{column.name}: {value!r} is not a number"
    # `type` first: a plain number need not ask the abstract class, which is slow
    if column.kind == "integer":
        assert type(value) is int or isinstance(value, Integral), f"{column.name}: {value!r}"
        integer = int(value)
        assert -(2**63) <= integer < 2**63, f"{column.name}: {value} does not fit 64 bits"
        return str(integer)
    assert type(value) is float or isinstance(value, Real), f"{column.name}: {value!r}"
    number = float(value)
    return repr(number) if math.isfinite(number) else ""


def from_cell(text: str, column: Column) -> Value:
    """Return the value of one cell; None where it is empty.

    Raises:
        ValueError: the text is not a value of the column's kind, in words for the user.
    """
    if text == "":
        return None
    if column.kind == "text":
        return text.removeprefix("'")
    if column.kind == "boolean":
        if text in {"true", "false"}:
            return text == "true"
        raise ValueError(f"'{text}' is neither true nor false")
    # int() and float() alone would also take "1_0", " 1", "nan" and "inf"
    try:
        if column.kind == "integer" and _INTEGER_CHARACTERS.issuperset(text):
            integer = int(text)
            if -(2**63) <= integer < 2**63:
                return integer
        elif column.kind == "number" and _NUMBER_CHARACTERS.issuperset(text):
            number = float(text)
            if math.isfinite(number):
                return number
    except ValueError:
        pass
    raise ValueError(f"'{text}' is not {'an integer' if column.kind == 'integer' else 'a number'}")


def _neutralised(text: str) -> str:
    if text.isascii() and text.isprintable():
        line = text  # most texts
    else:
        # Lone surrogates (of file names that are not UTF-8) cannot be encoded: \udc.. in letters.
        line = " ".join(text.encode("utf-8", "backslashreplace").decode().splitlines())
    if len(line) > LONGEST_TEXT:
        line = line[: LONGEST_TEXT - 1] + "…"
    # Text that starts with an apostrophe gets one more, so that reading takes off what we added.
    if line.startswith(_NEUTRALISED) or line.lstrip().startswith(_FORMULA_STARTS):
        return "'" + line
    return line
