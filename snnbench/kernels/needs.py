"""Which groups of kernels a run needs, from its settings alone. Imports neither torch nor numba."""

from typing import TYPE_CHECKING

from snnbench.config.paths import path_of
from snnbench.words.encodings import ENCODINGS

if TYPE_CHECKING:
    from snnbench.config.run_config import RunConfig

_NARROW, _WIDE = 16, 32  # lanes of a tile


def groups_of(config: "RunConfig") -> frozenset[str]:
    """Return the names of all that a run can come to need, alone or in a cohort."""
    if config.device == "cuda" or config.engine not in ("auto", "fast"):
        return frozenset()
    path = path_of(config).name
    optimizer = {"sgd" if config.optimizer == "sgd" else "adam"}  # adamw shares the kernel of adam
    if path == "events":
        return frozenset(_of_events(config) | optimizer)
    if path == "perceptron":
        return frozenset({"small-layers", "sparse-input", "losses"} | optimizer)
    kinds = {layer.kind for layer in config.layers}
    needed = {"convolution"} if "conv" in kinds else set()
    if path == "scan":
        needed |= {"scan"} | ({"pooled-scan"} if "pool" in kinds else set())
    return frozenset(needed | optimizer)


def _of_events(config: "RunConfig") -> set[str]:
    widths = [layer.width for layer in config.layers]
    others = widths[1:]
    needed = {"layers-32", "counts", "decisions", "losses"}  # a cohort's first layer may be wide
    if config.encoding == "bernoulli":
        needed.add("draws")
    elif ENCODINGS[config.encoding].gives == "spikes":
        needed.add("spikes")
    if min(widths) <= _NARROW:
        needed.add("layers-16")
    if others:
        needed.add("between")
    if any(width > _WIDE for width in others):
        needed.add("many-tiles")
    if max(widths) <= _NARROW and config.encoding == "bernoulli":
        needed.add("narrow-step")
    return needed
