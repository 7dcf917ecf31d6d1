"""Which of the paths computes a run: what they list, held against its settings. No torch."""

from typing import TYPE_CHECKING

from snnbench.config.effects import spiking_layers, without_effect
from snnbench.words.encodings import ENCODINGS
from snnbench.words.paths import PATHS, Path, cannot

if TYPE_CHECKING:
    from snnbench.config.run_config import RunConfig


def path_of(config: "RunConfig") -> Path:
    """Return the first path of the config's engine that can do all it asks for.

    Of device and engine `auto` stands for the fast one of the CPU.
    """
    useless = without_effect(config)
    engine = "fast" if config.engine == "auto" else config.engine
    device = "cpu" if config.device == "auto" else config.device
    return next(
        path
        for path in PATHS.values()
        if path.engine == engine
        and path.device in ("", device)
        and cannot(path, config, useless) is None
        and (not path.layers_alike or _alike(config))
    )


def _alike(config: "RunConfig") -> bool:
    """Return whether an SNN's layers spike one after another, fed with spikes or a constant.

    The output layer may be without neurons and activation instead.
    """
    *hidden, last = spiking_layers(config)
    output = last or config.layers[-1].activation in (None, "linear")
    spiking = all(hidden) and (last or bool(hidden))
    return spiking and output and ENCODINGS[config.encoding].gives != "real"
