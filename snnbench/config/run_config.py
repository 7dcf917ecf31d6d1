"""RunConfig: the settings of one run, checked against each other, with their identity."""

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from snnbench.config.arch import LayerSpec, parse_arch
from snnbench.config.effects import without_effect
from snnbench.config.identity import run_name
from snnbench.config.paths import path_of
from snnbench.config.setting import SETTINGS
from snnbench.config.settings import Settings
from snnbench.config.values import parse_schedule
from snnbench.errors import UserError
from snnbench.words.datasets import DATASETS
from snnbench.words.encodings import ENCODINGS
from snnbench.words.paths import PATHS, cannot
from snnbench.words.readouts import READOUTS

# Engine -> version of its numbers, raised when equal settings begin to give other bits: such runs
# get other names. 1, which is not hashed, has stood since the Bernoulli draws have 32 bits: no
# table with older ones was kept. 2 of `reference`: its optimizers are torch.optim's own.
NUMERICS = {"reference": 2}


class RunConfig(Settings):
    """The settings of one run; frozen and hashable.

    Settings that can have no effect keep their defaults and are empty in `effective`.

    Raises:
        UserError: an unknown name, a value out of its range, a setting that can have no
            effect but was given, or settings that contradict each other.
    """

    @model_validator(mode="after")
    def _agree(self) -> "RunConfig":
        useless = without_effect(self)
        for name, reason in useless.items():
            if name in self.model_fields_set:
                raise UserError(
                    f"{name} = {getattr(self, name)} has no effect here: {reason}.",
                    f"Leave {name} out.",
                )
        _check_required(self, useless)
        _check_bounds(self, useless)
        _check_encoding(self)
        _check_readout(self)
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
        return {n: None if n in useless else getattr(self, n) for n in SETTINGS}

    @property
    def layers(self) -> tuple[LayerSpec, ...]:
        """The layer list that `arch` describes."""
        return parse_arch(self.arch)

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """The learning rate of every epoch; as many as there are epochs."""
        if self.lr_schedule is None:
            return (self.lr,) * self.epochs
        parts = parse_schedule(self.lr_schedule)
        return tuple(part.lr for part in parts for _ in range(part.epochs))

    def run_id(self, data_sha256: str) -> str:
        """Return 12 hex digits that name this run, as `identity.run_name` does.

        Args:
            data_sha256: checksum of the data, which stands for their place on disk.
        """
        assert "auto" not in (self.device, self.engine), "resolve device and engine first"
        effective = self.effective
        plugins = tuple(plugins_of(effective))
        return run_name(effective, data_sha256, self.numerics, plugins, self.sum_threads)

    @property
    def sum_threads(self) -> int:
        """Threads of torch and BLAS, on which the order of their sums depends, and so all bits.

        1 unless the settings say more: so many a machine has must not change a run.
        """
        if self.threads in (None, 1) or self.device == "cuda" or path_of(self).own_sums:
            return 1
        return self.threads or 1

    @property
    def numerics(self) -> int:
        """Version of the numbers that the engine gives for equal settings."""
        return NUMERICS.get(self.engine, 1)

    @property
    def plugins_text(self) -> str | None:
        """The plug-ins that the run uses, as the tables have them; None without any."""
        return plugins_text(plugins_of(self.effective))


def plugins_of(effective: Mapping[str, Any]) -> dict[str, str]:
    """Return SHA-256 -> name of the plug-ins' files whose words a run uses, sorted."""
    words = (
        table[value]
        for name, value in effective.items()
        if value is not None and (table := SETTINGS[name].words) is not None
    )
    return dict(sorted({w.plugin.sha256: w.plugin.name for w in words if w.plugin}.items()))


def plugins_text(plugins: Mapping[str, str]) -> str | None:
    """Return plug-ins, SHA-256 -> name, as the tables have them; None without any."""
    return ", ".join(f"{name} {sha256[:12]}" for sha256, name in plugins.items()) or None


def _check_required(config: RunConfig, useless: Mapping[str, str]) -> None:
    for name, about in SETTINGS.items():
        if about.required and name not in useless and getattr(config, name) is None:
            raise UserError(
                f"{about.of} '{getattr(config, about.of)}' needs {name}.",
                f"Give {about.option}.",
            )
    if config.val_fraction is not None and config.val_samples is not None:
        raise UserError("val_fraction and val_samples are both given.", "Keep one of them.")


def _check_bounds(config: RunConfig, useless: Mapping[str, str]) -> None:
    """Hold numbers against the formulas of the words that use them."""
    for owner, about in SETTINGS.items():
        if about.words is None or owner in useless:
            continue
        word = about.words[getattr(config, owner)]
        for name, bounds in word.bounds.items():
            value = getattr(config, name)
            if name not in useless and value is not None and not bounds.holds(value):
                raise UserError(
                    f"{name}: {value:g} is out of range for {owner} '{word.name}'.",
                    f"{name} must be {bounds} here.",
                )


def _check_encoding(config: RunConfig) -> None:
    row, data = ENCODINGS[config.encoding], DATASETS[config.dataset]
    if config.model != "snn" or row.gives != "spikes" or not row.unit_range:
        return
    if config.standardize or (data.features and data.shape is not None):
        what = "standardized data" if config.standardize else f"dataset '{config.dataset}'"
        raise UserError(
            f"encoding '{config.encoding}' needs values in 0..1, and {what} leave that range.",
            "Use --encoding repeat.",
        )


def _check_readout(config: RunConfig) -> None:
    output = config.layers[-1]
    if config.model == "snn" and READOUTS[config.readout].spiking and output.activation:
        raise UserError(
            f"readout '{config.readout}' needs a spiking output layer, but arch gives it "
            f"'{output.activation}'.",
            "Use --readout current, or leave the output's activation out.",
        )


def _check_engine(config: RunConfig) -> None:
    if config.engine != "numpy":
        return
    lacking = cannot(PATHS["numpy"], config, without_effect(config))
    if lacking is not None:
        name, value, known = lacking
        instead = SETTINGS[name].option if name in SETTINGS else f"kinds of {name}:"
        raise UserError(
            f"engine 'numpy' cannot do {name} '{value}'.",
            f"Use {instead} {' or '.join(known)}, or another --engine.",
        )
    if config.device == "cuda":
        raise UserError(
            "engine 'numpy' computes on the CPU only, not on device 'cuda'.",
            "Use --device cpu, or another --engine.",
        )
