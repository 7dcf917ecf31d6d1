"""Which runs train side by side, and how many: cohorts that fit into memory. No torch."""

import math
from collections import defaultdict
from collections.abc import Sequence

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError
from snnbench.network.plan import WeightLayer, plan_layers

# The same for every run, so that no result depends on training's batch size.
EVALUATION_BATCH = 128

_FLOAT = 4  # bytes
_COPIES_OF_PARAMETERS = 4  # themselves, gradient, two moments
_COPIES_OF_STEPS = 3  # of what a neuron keeps a step: current, membrane, gradient
_SHARE = 0.6  # of the free memory that a cohort may take: others live on the machine, too


def cohort_key(config: RunConfig) -> tuple[object, ...]:
    """Return what members of one cohort have in common: path, epochs, and what is not free."""
    shared = (value for name, value in config.effective.items() if not SETTINGS[name].free)
    return (*shared, len(config.learning_rates), path_of(config).name)


def plan_cohorts(
    configs: Sequence[RunConfig], input_shape: tuple[int, ...], memory_bytes: float
) -> list[list[int]]:
    """Group runs into cohorts, none of which needs more memory than there is.

    Args:
        configs: resolved configs, all of the same data set.
        input_shape: of one sample.
        memory_bytes: what a cohort may take besides the data.

    Returns:
        Positions in `configs`, one list a cohort, in the order of their first runs.

    Raises:
        UserError: a run alone needs more memory than there is.
    """
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, config in enumerate(configs):
        groups[cohort_key(config)].append(position)
    cohorts = []
    for members in groups.values():
        config = configs[members[0]]
        needed = member_bytes(config, plan_layers(config, input_shape))
        most = math.floor(memory_bytes / needed)
        if most < 1:
            raise UserError(
                f"A run with arch '{config.arch}' needs about {needed / 2**30:.1f} GiB, and "
                f"{memory_bytes / 2**30:.1f} GiB can be had.",
                "Use a smaller --batch-size, -T or --arch.",
            )
        size = math.ceil(len(members) / math.ceil(len(members) / most))
        cohorts += [members[i : i + size] for i in range(0, len(members), size)]
    return cohorts


def member_bytes(config: RunConfig, plan: Sequence[WeightLayer]) -> int:
    """Return the memory that one member of a cohort needs, besides the data.

    Parameters with gradient and moments, and what is kept of every step for the backward pass.
    """
    parameters = sum(e.parameters(bias=config.bias, batch_norm=config.batch_norm) for e in plan)
    steps = config.T if config.model == "snn" else 1
    batch = max(config.batch_size, EVALUATION_BATCH)
    kept = sum(e.units for e in plan) * steps * batch * _COPIES_OF_STEPS
    inputs = math.prod(plan[0].input_shape) * (steps if plan[0].input_kind == "spikes" else 1)
    return _FLOAT * (parameters * _COPIES_OF_PARAMETERS + kept + inputs * batch)


def free_memory(share: float = _SHARE) -> float:
    """Return the bytes that cohorts may take on this machine now: a share of what is free."""
    import psutil

    return float(psutil.virtual_memory().available) * share
