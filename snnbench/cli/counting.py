"""How `flops` comes to its counts: of settings, of a saved model, or of somebody's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from snnbench.cli.console import say
from snnbench.cli.options import refuse_useless
from snnbench.config.arch import split_input
from snnbench.config.sources import build_config, settings_from_toml
from snnbench.config.values import read_number, read_shape
from snnbench.errors import UserError

if TYPE_CHECKING:
    from snnbench.api import CountResult
    from snnbench.config import RunConfig
    from snnbench.cost.report import NetworkCount


class Beside(NamedTuple):
    """The ANN that an SNN is put beside.

    Attributes:
        wanted: there is to be one.
        saved: its saved model; None: it has initial weights.
    """

    wanted: bool
    saved: Path | None

    @classmethod
    def of(cls, compare: bool, twin: Path | None) -> "Beside":
        """Read --compare and --twin."""
        if twin is not None and not compare:
            raise UserError("--twin is for --compare.", "Add --compare, or leave it out.")
        return cls(compare, twin)

    def refuse_ann(self, described: "RunConfig", remedy: str) -> None:
        """Raise UserError unless what is described is an SNN."""
        if described.model != "snn":
            raise UserError("--compare begins with an SNN; this is an ANN.", remedy)

    def counted(
        self, described: "RunConfig", settings: dict[str, Any], **about: Any
    ) -> "CountResult":
        """Count the ANN of an SNN's widths.

        Args:
            described: the SNN.
            settings: those given.
            about: rate and input_shape, as of `api.count`.
        """
        from snnbench import api

        if self.saved is None:
            return api.count(described.changed(model="ann"), **about)
        ann, _ = _saved(self.saved, {})
        for name, wanted in {"model": "ann", "arch": described.arch,
                             "dataset": described.dataset}.items():  # fmt: skip
            if getattr(ann, name) != wanted:
                raise UserError(
                    f"--twin: {name} is {getattr(ann, name)}, not {wanted}.",
                    "Name a saved ANN of the same widths on the same data.",
                )
        samples = {name: value for name, value in settings.items() if name == "test_samples"}
        return api.count(checkpoint=self.saved, rate=about["rate"], **samples)


def measured(samples: str | None, rate: str | None, input_shape: str | None) -> dict[str, str]:
    """Return the settings by which --samples measures."""
    if samples is None:
        return {}
    if rate is not None or input_shape is not None:
        raise UserError("--samples measures, --rate and --input-shape assume.", "Keep one.")
    return {"test_samples": samples}


def count_ours(
    checkpoint: Path | None,
    input_shape: str | None,
    rate: str | None,
    config: Path | None,
    settings: dict[str, Any],
    *,
    beside: "Beside",
) -> tuple["CountResult", "NetworkCount | None"]:
    """Count a network of settings or of a saved model and, to compare, the ANN of its widths."""
    from snnbench import api

    if checkpoint is not None and input_shape is not None:
        raise UserError("--checkpoint knows its input's shape.", "Leave --input-shape out.")
    share, other = _read_rate(rate), None
    if checkpoint is None:
        described, shape = _described(input_shape, config, settings)
        counted = api.count(described, rate=share, input_shape=shape)
        if beside.wanted:
            beside.refuse_ann(described, "Write --model snn.")
            other = beside.counted(described, settings, rate=share, input_shape=shape)
    else:
        given = (settings_from_toml(config) if config else {}) | settings
        counted = api.count(checkpoint=checkpoint, rate=share, **given)
        if beside.wanted:
            described, shape = _saved(checkpoint, given)
            beside.refuse_ann(described, "Name a saved SNN.")
            shape = None if share is None else shape
            other = beside.counted(described, settings, rate=share, input_shape=shape)
    for notice in counted.notices:
        say(f"Notice: {notice}")
    return counted, None if other is None else other.count


def _saved(
    checkpoint: Path, settings: dict[str, Any]
) -> tuple["RunConfig", tuple[int, ...] | None]:
    """Return a saved network's settings, with those given, and its input's shape."""
    from snnbench.network.checkpoint import load_model

    saved = load_model(checkpoint)
    return saved.config.changed(**settings), saved.network.plan[0].input_shape


def _described(
    input_shape: str | None, config: Path | None, settings: dict[str, Any]
) -> tuple["RunConfig", tuple[int, ...] | None]:
    """Return what the settings describe, and the shape of a sample; None: from the data set."""
    shape: tuple[int, ...] | None = None
    if input_shape == "none":
        file = settings_from_toml(config) if config else {}
        width, arch = split_input(str(settings.get("arch", file.get("arch", ""))))
        shape, settings = (width,), settings | {"arch": arch}
    elif input_shape is not None:
        shape = read_shape(input_shape)
    return build_config(settings, config), shape


def _read_rate(rate: str | None) -> float | None:
    return None if rate is None else read_number("rate", rate)


def count_foreign(
    source: str, shape: str | None, file: Path | None, settings: dict[str, Any], **about: Any
) -> "CountResult":
    """Count a torch module that a function returns."""
    from snnbench import api

    refuse_useless(settings, " on --model-from")
    if (shape is None) == (file is None):  # before torch is imported
        raise UserError(
            "--model-from needs an input: --input-shape or --input, one of them.",
            "Give, for instance, --input-shape 4,1,1,28,28 --layout TB.",
        )
    given = None if shape is None else read_shape(shape)
    return api.count(model_from=source, input=file, input_shape=given, **about)
