"""Which of the paths computes a run: what they list, held against its settings. No torch."""

from collections.abc import Sequence

from snnbench.config import RunConfig
from snnbench.network.plan import WeightLayer
from snnbench.words.paths import PATHS, Path, cannot


def path_of(config: RunConfig, plan: Sequence[WeightLayer]) -> Path:
    """Return the first path of the config's engine that can do all it asks for.

    Args:
        config: its settings; of device and engine `auto` stands for the fast one of the CPU.
        plan: of its network.
    """
    effective = config.effective
    engine = "fast" if config.engine == "auto" else config.engine
    device = "cpu" if config.device == "auto" else config.device
    layers = [layer.kind for layer in config.layers]
    return next(
        path
        for path in PATHS.values()
        if path.engine == engine
        and path.device in ("", device)
        and cannot(path, effective, layers) is None
        and (not path.layers_alike or _alike(plan))
    )


def _alike(plan: Sequence[WeightLayer]) -> bool:
    """Return whether layers spike one after another, fed with spikes or a constant current.

    The output layer may be without neurons and activation instead.
    """
    spiking = [entry.activation == "spike" for entry in plan]
    output = spiking[-1] or plan[-1].activation == "linear"
    return all(spiking[:-1]) and any(spiking) and output and plan[0].input_kind != "real"
