"""Every setting of one run. Vocabulary only: no torch here.

The names are the command line's options, the keys of TOML files, the parameters of a sweep and
the columns of `runs.csv`.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from snnbench.config import effects
from snnbench.config.arch import parse_arch
from snnbench.config.setting import SETTINGS, Integer, Number, Text, Truth, setting, setting_of
from snnbench.config.values import MOST, MOST_EPOCHS, parse_schedule
from snnbench.errors import UserError, did_you_mean, shortened, shown
from snnbench.words.datasets import DATASETS
from snnbench.words.encodings import ENCODINGS
from snnbench.words.losses import LOSSES
from snnbench.words.machines import DEVICES, ENGINES
from snnbench.words.networks import ACTIVATIONS, INITS, NETWORKS
from snnbench.words.neurons import NEURONS, RESETS
from snnbench.words.optimizers import OPTIMIZERS
from snnbench.words.readouts import READOUTS
from snnbench.words.surrogates import SURROGATES
from snnbench.words.ties import TIES

_MOST_COUNTED = 10_000_000


def _default_encoding(settings: dict[str, Any]) -> str:
    row = DATASETS.get(settings.get("dataset", ""))
    return "repeat" if row is not None and row.features else "bernoulli"


def _default_loss(settings: dict[str, Any]) -> str:
    row = READOUTS.get(settings.get("readout", ""))
    return row.loss if row is not None and settings.get("model") == "snn" else "ce"


class Settings(BaseModel):
    """All settings, each valid by itself. `RunConfig` adds the rules between them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Text = setting("digits", "data", "data set", words=DATASETS)
    data_dir: Text | None = setting(
        None, "data", "folder that holds the data sets' files",
        of="dataset", role="place", identity="nothing", metavar="DIR",
    )  # fmt: skip
    data_file: Text | None = setting(
        None, "data", "your table: CSV, TSV, Parquet or NPZ",
        of="dataset", required=True, role="file", identity="nothing", metavar="FILE",
    )  # fmt: skip
    target: Text | None = setting(
        None, "data", "the table's column with the class; none in NPZ",
        of="dataset", unless=effects.of_target, required=True,
    )  # fmt: skip
    test_fraction: Number = setting(
        0.2, "data", "share of the table kept for testing", gt=0, lt=1, unit="fraction",
        of="dataset", unless=effects.of_test_fraction,
    )  # fmt: skip
    train_samples: Integer | None = setting(
        None, "data", "train on this many samples only", ge=1, le=_MOST_COUNTED, unit="samples"
    )
    test_samples: Integer | None = setting(
        None, "data", "test on this many samples only", ge=1, le=_MOST_COUNTED, unit="samples"
    )
    val_fraction: Number | None = setting(
        None, "data", "share of the training set kept for validation", gt=0, lt=1, unit="fraction"
    )
    val_samples: Integer | None = setting(
        None, "data", "number of training samples kept for validation",
        ge=1, le=_MOST_COUNTED, unit="samples",
    )  # fmt: skip
    standardize: Truth = setting(
        False,
        "data",
        "subtract mean and divide by deviation of the training set, per feature",
        called=("standardized", "not standardized"),
    )

    encoding: Text = setting(
        _default_encoding, "input",
        "input over time; default: bernoulli for images, repeat for tables",
        words=ENCODINGS, of="model", network=True,
    )  # fmt: skip
    encoding_threshold: Number = setting(
        0.5, "input", "pixels up to this value are set to 0 (encoding threshold)",
        ge=0, le=1, of="encoding", network=True,
    )  # fmt: skip
    T: Integer = setting(
        10, "input", "time steps a sample", ge=1, le=100_000, unit="steps", of="model", network=True
    )

    model: Text = setting(
        "snn", "network", "ordinary or spiking network", words=NETWORKS, network=True
    )
    arch: Text = setting(
        "100-10", "network", "layers after the input: 64-10, 16c3-p2-64-10, 20:linear-400-10",
        network=True, metavar="LAYERS",
    )  # fmt: skip
    activation: Text = setting(
        "relu", "network", "activation of an ANN's hidden layers",
        words=ACTIVATIONS, of="model", unless=effects.of_activation, network=True,
    )  # fmt: skip
    batch_norm: Truth = setting(
        False, "network", "BatchNorm after hidden weight layers",
        called=("BatchNorm", "no BatchNorm"),
        unless=effects.of_hidden_layers, network=True,
    )  # fmt: skip
    dropout: Number = setting(
        0.0, "network", "probability of dropping a hidden unit's input current, while training",
        ge=0, lt=1, unit="probability", unless=effects.of_hidden_layers,
    )  # fmt: skip
    init: Text = setting(
        "default", "network", "initial weights; default is torch's own", words=INITS, free=True
    )
    bias: Truth = setting(
        True, "network", "weight layers have a bias", network=True, called=("bias", "no bias")
    )

    neuron: Text = setting(
        "lif", "neuron", "integrate-and-fire, or leaky",
        words=NEURONS, of="model", unless=effects.of_neuron, free=True, network=True,
    )  # fmt: skip
    beta: Number = setting(
        0.5, "neuron", "leak of LIF neurons", ge=0, le=1000, of="neuron", free=True, network=True
    )
    v_th: Number = setting(
        1.0, "neuron", "threshold V_th", gt=0, le=MOST, of="neuron", free=True, network=True
    )
    reset: Text = setting(
        "subtract", "neuron", "what a spike does to the membrane",
        words=RESETS, of="neuron", network=True,
    )  # fmt: skip
    detach_reset: Truth = setting(
        True, "neuron", "no gradient through the reset; trains better, and is snnTorch's way",
        called=("no gradient through the reset", "gradient through the reset"),
        of="reset",
    )  # fmt: skip
    surrogate: Text = setting(
        "fast-sigmoid", "neuron", "surrogate derivative", words=SURROGATES, of="neuron"
    )
    surrogate_alpha: Number | None = setting(
        None, "neuron", "alpha of SpikingJelly's surrogates; default: theirs",
        gt=0, le=MOST, of="surrogate", free=True,
    )  # fmt: skip
    z: Number = setting(
        2.0, "neuron", "slope of fast-sigmoid", ge=0, le=1e6, of="surrogate", free=True
    )

    readout: Text = setting(
        "rate", "readout and loss",
        "rate: mean spikes of the output; current: mean of a non-spiking output; "
        "membrane: loss on the output membrane at every step",
        words=READOUTS, of="model", network=True,
    )  # fmt: skip
    loss: Text = setting(
        _default_loss, "readout and loss", "default: mse for rates, else ce (cross-entropy)",
        words=LOSSES, free=True,
    )  # fmt: skip
    teacher: Text | None = setting(
        None, "readout and loss", "saved model whose logits are learned (mimic losses)",
        of="loss", required=True, free=True, role="file", identity="stem", metavar="FILE",
    )  # fmt: skip
    temperature: Number = setting(
        1.0, "readout and loss", "softens logits (mimic-kl)", gt=0, le=MOST, of="loss", free=True
    )

    ties: Text = setting(
        "share", "readout and loss", "what equal largest scores count",
        words=TIES, free=True, since=3, absent="first",
    )  # fmt: skip

    optimizer: Text = setting("adam", "training", "optimizer", words=OPTIMIZERS)
    lr: Number = setting(
        0.01, "training", "learning rate",
        gt=0, le=MOST, unless=effects.of_schedule, free=True,
    )  # fmt: skip
    momentum: Number = setting(
        0.0, "training", "momentum of SGD", ge=0, lt=1, of="optimizer", free=True
    )
    weight_decay: Number = setting(
        0.0, "training", "L2 added to the gradient (sgd, adam), or decoupled (adamw)",
        ge=0, le=1e6, free=True,
    )  # fmt: skip
    lr_schedule: Text | None = setting(
        None, "training", "stepped learning rates instead of lr and epochs: 0.1x10,0.01x10",
        free=True,
    )  # fmt: skip
    batch_size: Integer = setting(
        128, "training", "samples a step", ge=1, le=_MOST_COUNTED, unit="samples"
    )
    epochs: Integer = setting(
        5, "training", "epochs",
        ge=1, le=MOST_EPOCHS, unit="epochs", unless=effects.of_schedule, free=True,
    )  # fmt: skip
    patience: Integer | None = setting(
        None, "training", "stop after this many epochs without better validation accuracy",
        ge=1, le=_MOST_COUNTED, unit="epochs", unless=effects.of_patience, free=True,
    )  # fmt: skip

    seed: Integer = setting(
        0, "machine", "weights, order, split and encoding draws all follow from it",
        ge=0, lt=2**32, role="repetition",
    )  # fmt: skip
    device: Text = setting("auto", "machine", "where to compute", words=DEVICES, role="machine")
    engine: Text = setting(
        "auto", "machine",
        "reference: plain torch; fast: kernels that give the same numbers; "
        "numpy: perceptrons without torch",
        words=ENGINES, role="machine",
    )  # fmt: skip
    threads: Integer | None = setting(
        None, "machine",
        "CPU threads; default: all of the kernels, 1 of torch, whose bits depend on it",
        ge=1, le=1024, unit="threads", role="speed", identity="nothing",
    )  # fmt: skip

    @property
    def has_validation(self) -> bool:
        """Whether part of the training samples is kept for validation."""
        return self.val_fraction is not None or self.val_samples is not None

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise _first_problem(error) from None

    @model_validator(mode="before")
    @classmethod
    def _known_names_with_values(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in settings.items():
            if name not in SETTINGS:
                problem = f"Unknown setting '{shortened(name)}'."
                raise UserError(problem, did_you_mean(name, SETTINGS))
            words = SETTINGS[name].words
            if words is not None and value is not None:
                words.find(value if isinstance(value, str) else shown(value))
        return {name: value for name, value in settings.items() if value is not None}

    @model_validator(mode="after")
    def _notations_parse(self) -> "Settings":
        parse_arch(self.arch)
        if self.lr_schedule is not None:
            parse_schedule(self.lr_schedule)
        return self


SETTINGS.update({name: setting_of(name, field) for name, field in Settings.model_fields.items()})


def _first_problem(error: ValidationError) -> UserError:
    """Turn pydantic's first complaint, always about a bound, into ours."""
    problem = error.errors()[0]
    name, value = problem["loc"][0], problem["input"]
    value = f"{value:g}" if isinstance(value, float) else value  # -1.0 was typed as -1
    bound = problem["msg"].removeprefix("Input should be ")
    return UserError(f"{name}: {value} is out of range.", f"{name} must be {bound}.")
