"""Optimizers over a list of arrays, which they change in place; rules and names are torch's."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from snnbench.config import RunConfig
from snnbench.reference_numpy.layers import Array


class Optimizer(Protocol):
    """Changes parameters by their gradients."""

    def step(self, gradients: Sequence[Array], lr: float) -> None:
        """Take one step; gradients in the parameters' order."""

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """What further steps depend on, besides the parameters; changed in place to load it."""


def make_optimizer(config: RunConfig, parameters: Sequence[Array]) -> Optimizer:
    """Return the config's optimizer over these parameters."""
    if config.optimizer == "sgd":
        return Sgd(parameters, momentum=config.momentum, weight_decay=config.weight_decay)
    assert config.optimizer in ("adam", "adamw"), config.optimizer
    decoupled = config.optimizer == "adamw"
    return Adam(parameters, weight_decay=config.weight_decay, decoupled=decoupled)


class Sgd:
    """Stochastic gradient descent with momentum m and L2 factor d.

    g' = g + d w;  v = m v + g';  w = w - lr v.
    """

    def __init__(
        self, parameters: Sequence[Array], *, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        self.momentum, self.weight_decay = momentum, weight_decay
        self.velocities = [np.zeros_like(w) for w in parameters]

    def step(self, gradients: Sequence[Array], lr: float) -> None:
        """See `Optimizer`."""
        for w, g, v in zip(self.parameters, gradients, self.velocities, strict=True):
            v[...] = self.momentum * v + (g + self.weight_decay * w)
            w[...] = w - lr * v

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """See `Optimizer`."""
        return {f"velocity.{i}": v for i, v in enumerate(self.velocities)}


class Adam:
    """Adam (Kingma and Ba, ICLR 2015), and AdamW (Loshchilov and Hutter, ICLR 2019).

    g' = g + d w (AdamW: instead w = w - lr d w, first);
    m = b1 m + (1 - b1) g';  v = b2 v + (1 - b2) g'^2;
    w = w - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps) at step t = 1, 2, ...
    """

    beta1, beta2, eps = 0.9, 0.999, 1e-8

    def __init__(
        self, parameters: Sequence[Array], *, weight_decay: float = 0.0, decoupled: bool = False
    ) -> None:
        self.parameters = list(parameters)
        self.weight_decay, self.decoupled = weight_decay, decoupled
        self.means = [np.zeros_like(w) for w in parameters]
        self.squares = [np.zeros_like(w) for w in parameters]
        self.t = np.zeros((), np.int64)

    def step(self, gradients: Sequence[Array], lr: float) -> None:
        """See `Optimizer`."""
        self.t += 1
        mean_scale = 1 - self.beta1 ** int(self.t)
        square_scale = 1 - self.beta2 ** int(self.t)
        for w, g, m, v in zip(self.parameters, gradients, self.means, self.squares, strict=True):
            if self.decoupled:
                w[...] = w - lr * self.weight_decay * w
            g_l2 = g if self.decoupled else g + self.weight_decay * w
            m[...] = self.beta1 * m + (1 - self.beta1) * g_l2
            v[...] = self.beta2 * v + (1 - self.beta2) * g_l2**2
            w[...] = w - lr * (m / mean_scale) / (np.sqrt(v / square_scale) + self.eps)

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """See `Optimizer`."""
        means = {f"mean.{i}": m for i, m in enumerate(self.means)}
        squares = {f"square.{i}": v for i, v in enumerate(self.squares)}
        return {**means, **squares, "t": self.t}
