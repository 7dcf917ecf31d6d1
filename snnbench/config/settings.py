"""Every setting of one run: name, default, bounds, meaning. Vocabulary only: no torch here.

The names are the command line's options, the keys of TOML files, the parameters of a sweep and
the columns of `runs.csv`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from snnbench.config.arch import parse_arch
from snnbench.config.values import (
    parse_schedule,
    read_integer,
    read_number,
    read_text,
    read_truth,
)
from snnbench.errors import UserError, did_you_mean

# Data sets whose values are not pixels in 0..1: they enter a spiking network as they are.
TABULAR = ("tabular-standin", "cifar10-pca128", "table")
# Data sets that need no files of their own.
EMBEDDED = ("digits", "tabular-standin")
SURROGATES = (
    "fast-sigmoid", "atan", "sigmoid", "s2nn", "erf", "piecewise-exp", "piecewise-quadratic",
    "soft-sign", "super-spike", "q-pseudo-spike", "rect",
)  # fmt: skip

Number = Annotated[float, BeforeValidator(lambda v, info: read_number(info.field_name, v))]
Integer = Annotated[int, BeforeValidator(lambda v, info: read_integer(info.field_name, v))]
Truth = Annotated[bool, BeforeValidator(lambda v, info: read_truth(info.field_name, v))]
Text = Annotated[str, BeforeValidator(lambda v, info: read_text(info.field_name, v))]

Positive = Annotated[Number, Field(gt=0, le=1e9)]
Fraction = Annotated[Number, Field(gt=0, lt=1)]
Count = Annotated[Integer, Field(ge=1, le=10_000_000)]


def _setting(default: Any, group: str, meaning: str) -> Any:
    default = {"default_factory": default} if callable(default) else {"default": default}
    return Field(**default, description=meaning, json_schema_extra={"group": group})


def _default_encoding(settings: dict[str, Any]) -> str:
    return "repeat" if settings.get("dataset") in TABULAR else "bernoulli"


def _default_loss(settings: dict[str, Any]) -> str:
    rates = settings.get("model") == "snn" and settings.get("readout") == "rate"
    return "mse" if rates else "ce"


class Settings(BaseModel):
    """All settings, each valid by itself. `RunConfig` adds the rules between them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Literal[
        "digits", "mnist", "fashion-mnist", "cifar10", "cifar10-pca128", "tabular-standin", "table"
    ] = _setting("digits", "data", "data set")
    data_dir: Text | None = _setting(None, "data", "folder that holds the data sets' files")
    data_file: Text | None = _setting(None, "data", "your table: CSV, TSV, Parquet or NPZ")
    target: Text | None = _setting(None, "data", "the table's column with the class")
    test_fraction: Fraction = _setting(0.2, "data", "share of the table kept for testing")
    train_samples: Count | None = _setting(None, "data", "train on this many samples only")
    test_samples: Count | None = _setting(None, "data", "test on this many samples only")
    val_fraction: Fraction | None = _setting(
        None, "data", "share of the training set kept for validation"
    )
    val_samples: Count | None = _setting(
        None, "data", "number of training samples kept for validation"
    )
    standardize: Truth = _setting(
        False, "data", "subtract mean and divide by deviation of the training set, per feature"
    )

    encoding: Literal["repeat", "threshold", "bernoulli", "latency"] = _setting(
        _default_encoding, "input",
        "input over time; default: bernoulli for images, repeat for tables",
    )  # fmt: skip
    encoding_threshold: Annotated[Number, Field(ge=0, le=1)] = _setting(
        0.5, "input", "pixels up to this value are set to 0 (encoding threshold)"
    )
    T: Annotated[Integer, Field(ge=1, le=100_000)] = _setting(10, "input", "time steps a sample")

    model: Literal["ann", "snn"] = _setting("snn", "network", "ordinary or spiking network")
    arch: Text = _setting(
        "100-10", "network", "layers after the input: 64-10, 16c3-p2-64-10, 20:linear-400-10"
    )
    activation: Literal["relu", "sigmoid", "tanh", "linear"] = _setting(
        "relu", "network", "activation of an ANN's hidden layers"
    )
    batch_norm: Truth = _setting(False, "network", "BatchNorm after hidden weight layers")
    dropout: Annotated[Number, Field(ge=0, lt=1)] = _setting(
        0.0, "network", "probability of dropping a hidden unit's input current, while training"
    )
    init: Literal[
        "default", "xavier-normal", "xavier-uniform", "kaiming-normal", "kaiming-uniform"
    ] = _setting("default", "network", "initial weights; default is torch's own")
    bias: Truth = _setting(True, "network", "weight layers have a bias")

    neuron: Literal["if", "lif"] = _setting("lif", "neuron", "integrate-and-fire, or leaky")
    beta: Annotated[Number, Field(ge=0, le=1000)] = _setting(0.5, "neuron", "leak of LIF neurons")
    v_th: Positive = _setting(1.0, "neuron", "threshold V_th")
    reset: Literal["subtract", "zero", "none"] = _setting(
        "subtract", "neuron", "what a spike does to the membrane"
    )
    detach_reset: Truth = _setting(
        True, "neuron", "no gradient through the reset; trains better, and is snnTorch's way"
    )
    surrogate: Literal[SURROGATES] = _setting(  # type: ignore[valid-type]
        "fast-sigmoid", "neuron", "surrogate derivative"
    )
    surrogate_alpha: Positive | None = _setting(
        None, "neuron", "alpha of SpikingJelly's surrogates; default: theirs"
    )
    z: Annotated[Number, Field(ge=0, le=1e6)] = _setting(2.0, "neuron", "slope of fast-sigmoid")

    readout: Literal["rate", "current", "membrane"] = _setting(
        "rate", "readout and loss",
        "rate: mean spikes of the output; current: mean of a non-spiking output; "
        "membrane: loss on the output membrane at every step",
    )  # fmt: skip
    loss: Literal["mse", "ce", "mimic-l2", "mimic-kl"] = _setting(
        _default_loss, "readout and loss", "default: mse for rates, else ce (cross-entropy)"
    )
    teacher: Text | None = _setting(
        None, "readout and loss", "saved model whose logits are learned (mimic losses)"
    )
    temperature: Positive = _setting(1.0, "readout and loss", "softens logits (mimic-kl)")

    optimizer: Literal["sgd", "adam", "adamw"] = _setting("adam", "training", "optimizer")
    lr: Positive = _setting(0.01, "training", "learning rate")
    momentum: Annotated[Number, Field(ge=0, lt=1)] = _setting(0.0, "training", "momentum of SGD")
    weight_decay: Annotated[Number, Field(ge=0, le=1e6)] = _setting(
        0.0, "training", "L2 added to the gradient (sgd, adam), or decoupled (adamw)"
    )
    lr_schedule: Text | None = _setting(
        None, "training", "stepped learning rates instead of lr and epochs: 0.1x10,0.01x10"
    )
    batch_size: Count = _setting(128, "training", "samples a step")
    epochs: Annotated[Integer, Field(ge=1, le=1_000_000)] = _setting(5, "training", "epochs")
    patience: Count | None = _setting(
        None, "training", "stop after this many epochs without better validation accuracy"
    )

    seed: Annotated[Integer, Field(ge=0, lt=2**32)] = _setting(
        0, "machine", "weights, order, split and encoding draws all follow from it"
    )
    device: Literal["auto", "cpu", "cuda"] = _setting("auto", "machine", "where to compute")
    engine: Literal["auto", "reference", "fast", "numpy"] = _setting(
        "auto", "machine",
        "reference: plain torch; fast: kernels that give the same numbers; "
        "numpy: perceptrons without torch",
    )  # fmt: skip
    threads: Annotated[Integer, Field(ge=1, le=1024)] | None = _setting(
        None, "machine", "CPU threads; default: all"
    )

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
            if name not in cls.model_fields:
                raise UserError(f"Unknown setting '{name}'.", did_you_mean(name, cls.model_fields))
            allowed = choices(name)
            if allowed and value is not None and value not in allowed:
                raise UserError(
                    f"{name}: '{value}' is not known.", did_you_mean(str(value), allowed)
                )
        return {name: value for name, value in settings.items() if value is not None}

    @model_validator(mode="after")
    def _notations_parse(self) -> "Settings":
        parse_arch(self.arch)
        if self.lr_schedule is not None:
            parse_schedule(self.lr_schedule)
        return self


@cache
def choices(name: str) -> tuple[str, ...]:
    """Return the values a named setting can take, or () where it is a number or free text."""
    annotation = Settings.model_fields[name].annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _first_problem(error: ValidationError) -> UserError:
    """Turn pydantic's first complaint, always about a bound, into ours."""
    problem = error.errors()[0]
    name, value = problem["loc"][0], problem["input"]
    bound = problem["msg"].removeprefix("Input should be ")
    return UserError(f"{name}: {value} is out of range.", f"{name} must be {bound}.")
