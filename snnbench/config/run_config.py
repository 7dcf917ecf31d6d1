"""RunConfig: the settings of one run, checked against each other, with their identity."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import model_validator

from snnbench.config.arch import LayerSpec, parse_arch
from snnbench.config.effects import without_effect
from snnbench.config.settings import TABULAR, Settings
from snnbench.config.values import parse_schedule
from snnbench.errors import UserError

# They say where and how fast, not what: the data's checksum stands for the first two.
_NOT_IDENTITY = ("data_dir", "data_file", "threads")
IDENTITY_VERSION = 1  # of what names a run; another one would give every recorded run a new name


class RunConfig(Settings):
    """The settings of one run; frozen and hashable.

    Settings that can have no effect keep their defaults and are empty in `effective`.

    Raises:
        UserError: an unknown name, a value out of its range, a setting that can have no
            effect but was given, or settings that contradict each other.
    """

    @model_validator(mode="after")
    def _agree(self) -> "RunConfig":
        for name, reason in without_effect(self).items():
            if name in self.model_fields_set:
                raise UserError(
                    f"{name} = {getattr(self, name)} has no effect here: {reason}.",
                    f"Leave {name} out.",
                )
        _check_data(self)
        _check_encoding(self)
        _check_loss(self)
        _check_engine(self)
        return self

    @classmethod
    def from_layers(
        cls, given: Mapping[str, Any], ambient: Mapping[str, Any] | None = None
    ) -> "RunConfig":
        """Build a config from `given` settings over `ambient` ones.

        Ambient settings (the environment, the base of a study) apply where they can have an
        effect and are silently left out where not; given ones must have an effect.
        """
        ambient = {k: v for k, v in (ambient or {}).items() if v is not None and k not in given}
        while True:
            useless = ambient.keys() & without_effect(Settings(**ambient, **given)).keys()
            if not useless:
                return cls(**ambient, **given)
            ambient = {k: v for k, v in ambient.items() if k not in useless}

    def changed(self, **settings: Any) -> "RunConfig":
        """Return a copy with some settings changed; those without effect any more drop out."""
        ambient = {name: getattr(self, name) for name in self.model_fields_set}
        return self.from_layers(settings, ambient)

    @property
    def effective(self) -> dict[str, Any]:
        """All settings in the table's order; None where a setting can have no effect."""
        useless = without_effect(self)
        return {n: None if n in useless else getattr(self, n) for n in type(self).model_fields}

    @property
    def layers(self) -> tuple[LayerSpec, ...]:
        """The layer list that `arch` describes."""
        return parse_arch(self.arch)

    @property
    def leak(self) -> float:
        """The beta of the equations: 1 for IF neurons."""
        return 1.0 if self.neuron == "if" else self.beta

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """The learning rate of every epoch; as many as there are epochs."""
        if self.lr_schedule is None:
            return (self.lr,) * self.epochs
        parts = parse_schedule(self.lr_schedule)
        return tuple(part.lr for part in parts for _ in range(part.epochs))

    def run_id(self, data_sha256: str) -> str:
        """Return 12 hex digits that name this run: what is computed, on which data.

        Args:
            data_sha256: checksum of the data, which stands for their place on disk.
        """
        assert "auto" not in (self.device, self.engine), "resolve device and engine first"
        settings = {k: v for k, v in self.effective.items() if k not in _NOT_IDENTITY}
        if self.teacher is not None:
            settings["teacher"] = Path(self.teacher).stem
        identity = {"settings": settings, "data": data_sha256, "schema": IDENTITY_VERSION}
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _check_data(config: RunConfig) -> None:
    if config.dataset == "table":
        _require(config, ("data_file", "target"), "dataset 'table'")
    if config.val_fraction is not None and config.val_samples is not None:
        raise UserError("val_fraction and val_samples are both given.", "Keep one of them.")


def _check_encoding(config: RunConfig) -> None:
    if config.model != "snn" or config.encoding not in ("bernoulli", "latency"):
        return
    if config.standardize or config.dataset in TABULAR[:2]:
        what = "standardized data" if config.standardize else f"dataset '{config.dataset}'"
        raise UserError(
            f"encoding '{config.encoding}' needs values in 0..1, and {what} leave that range.",
            "Use --encoding repeat.",
        )


def _check_loss(config: RunConfig) -> None:
    if config.loss.startswith("mimic"):
        _require(config, ("teacher",), f"loss '{config.loss}'")
    output = config.layers[-1]
    if config.model == "snn" and config.readout != "current" and output.activation:
        raise UserError(
            f"readout '{config.readout}' needs a spiking output layer, but arch gives it "
            f"'{output.activation}'.",
            "Use --readout current, or leave the output's activation out.",
        )


def _check_engine(config: RunConfig) -> None:
    if config.engine != "numpy":
        return
    if config.model != "ann":
        raise UserError(
            "engine 'numpy' trains ordinary networks only, not SNNs.",
            "Use --model ann, or another --engine.",
        )
    if any(layer.kind != "linear" for layer in config.layers):
        raise UserError(
            f"engine 'numpy' has fully connected layers only, and arch '{config.arch}' has others.",
            "Use an arch such as 64-10, or another --engine.",
        )
    if config.device == "cuda":
        raise UserError(
            "engine 'numpy' computes on the CPU only, not on device 'cuda'.",
            "Use --device cpu, or another --engine.",
        )


def _require(config: RunConfig, names: Iterable[str], what: str) -> None:
    for name in names:
        if getattr(config, name) is None:
            raise UserError(f"{what} needs {name}.", f"Give --{name.replace('_', '-')}.")
