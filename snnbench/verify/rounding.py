"""How far equal computations may differ by rounding alone, as on another processor."""

import math

from snnbench.config import RunConfig
from snnbench.network.plan import plan_layers

UNIT_ROUNDOFF = 2.0**-24  # of 32-bit floating point numbers
CONFIDENCE = 4.0  # lambda: fails with probability 2 exp(-lambda^2 / 2) = 0.0007
MOST = 1e-3  # what is more is a difference, however long the training


def rounding_tolerance(operations: float) -> float:
    """Return lambda u sqrt(n), the largest relative difference after n rounded operations.

    Errors of one rounding, at most u, that are independent and of mean 0 add up like that, but
    for a probability of 2 exp(-lambda^2 / 2). At most 0.001.

    Source: N. J. Higham and T. Mary, "A new approach to probabilistic rounding error analysis",
    SIAM Journal on Scientific Computing 41(5), 2019, theorem 2.4 to first order in u.

    >>> round(rounding_tolerance(1e6), 7)
    0.0002384
    """
    return min(CONFIDENCE * UNIT_ROUNDOFF * math.sqrt(operations), MOST)


def tolerance_of(
    config: RunConfig, input_shape: tuple[int, ...], train_samples: int, epochs: int
) -> float:
    """Return the tolerance of a training run.

    n counts the terms of the sums through which a weight's rounding goes on: in every step of the
    optimizer those of all layers, forward (fan-in) and backward (units), at each of T time steps,
    and over the batch.
    """
    steps = epochs * math.ceil(train_samples / config.batch_size)
    terms = sum(
        (layer.fan_in + layer.units) * layer.applied_steps
        for layer in plan_layers(config, input_shape)
    )
    return rounding_tolerance(steps * (terms + config.batch_size))
