"""Layers with their derivatives, one formula each.

`forward` keeps what `backward` needs; `backward` takes the derivative of the loss by the layer's
output, writes those by its parameters into `gradients` and returns the one by its input. All
values are [B, M]: a batch of B samples, M units.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]


class Layer:
    """What all layers have.

    Attributes:
        parameters: what is trained, by torch's names; changed in place.
        gradients: of the last `backward`, by the same names.
        statistics: what a layer remembers besides; changed in place.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.statistics: dict[str, Array] = {}

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """Return the output.

        Args:
            x: input, [B, M].
            draws: random numbers for training; None while evaluating.
        """
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """Return the loss's derivative by the input, [B, M], given that by the output."""
        raise NotImplementedError


class Dense(Layer):
    """y = x W^T + b, with W [N, M] and b [N] or None."""

    inputs: Array

    def __init__(self, weight: Array, bias: Array | None) -> None:
        super().__init__()
        self.parameters = {"weight": weight} | ({} if bias is None else {"bias": bias})

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """See `Layer`."""
        self.inputs = x
        y: Array = x @ self.parameters["weight"].T
        return y + self.parameters["bias"] if "bias" in self.parameters else y

    def backward(self, gradient: Array) -> Array:
        """dL/dW = g^T x, dL/db = sum of g, dL/dx = g W."""
        self.gradients["weight"] = gradient.T @ self.inputs
        if "bias" in self.parameters:
            self.gradients["bias"] = gradient.sum(0)
        before: Array = gradient @ self.parameters["weight"]
        return before


class BatchNorm(Layer):
    """y = w (x - mean) / sqrt(var + eps) + b (Ioffe and Szegedy, ICML 2015), a unit at a time.

    Mean and variance are the batch's in training and running ones in evaluation. As in torch, a
    running statistic moves a tenth of the way to the batch's, whose variance is unbiased there
    (divided by B - 1) and biased in the formula (divided by B).
    """

    momentum, eps = 0.1, 1e-5
    normal: Array
    deviation: Array

    def __init__(self, units: int, dtype: npt.DTypeLike) -> None:
        super().__init__()
        self.parameters = {"weight": np.ones(units, dtype), "bias": np.zeros(units, dtype)}
        self.statistics = {
            "running_mean": np.zeros(units, dtype),
            "running_var": np.ones(units, dtype),
        }

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """See `Layer`; training needs at least two samples."""
        mean, var = self.statistics["running_mean"], self.statistics["running_var"]
        if draws is not None:
            samples = len(x)
            mean += self.momentum * (x.mean(0) - mean)
            var += self.momentum * (x.var(0) * (samples / (samples - 1)) - var)
            mean, var = x.mean(0), x.var(0)
        self.deviation = np.sqrt(var + self.eps)
        self.normal = (x - mean) / self.deviation
        y: Array = self.parameters["weight"] * self.normal + self.parameters["bias"]
        return y

    def backward(self, gradient: Array) -> Array:
        """Take the derivative in training, where mean and variance are functions of x, too.

        With n = (x - mean) / deviation and h = w g the derivative by x is
        (h - mean of h - n mean of (n h)) / deviation.
        """
        n = self.normal
        self.gradients = {"weight": (gradient * n).sum(0), "bias": gradient.sum(0)}
        h = gradient * self.parameters["weight"]
        before: Array = (h - h.mean(0) - n * (n * h).mean(0)) / self.deviation
        return before


class Dropout(Layer):
    """y = x mask, a unit of a sample being 0 with probability p and 1 / (1 - p) otherwise.

    The factor keeps the mean, so that evaluation leaves x as it is ("inverted" dropout).
    """

    mask: Array

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """See `Layer`."""
        if draws is None:
            return x
        self.mask = (draws.random(x.shape) >= self.p).astype(x.dtype) / (1 - self.p)
        return x * self.mask

    def backward(self, gradient: Array) -> Array:
        """dL/dx = g mask."""
        return gradient * self.mask


class Relu(Layer):
    """y = max(x, 0); the derivative at 0 is 0."""

    outputs: Array

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """See `Layer`."""
        self.outputs = np.maximum(x, 0)
        return self.outputs

    def backward(self, gradient: Array) -> Array:
        """dL/dx = g where y > 0."""
        return gradient * (self.outputs > 0)


class Sigmoid(Layer):
    """y = 1 / (1 + e^-x), written so that nothing overflows."""

    outputs: Array

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """See `Layer`."""
        self.outputs = np.exp(-np.logaddexp(0, -x))
        return self.outputs

    def backward(self, gradient: Array) -> Array:
        """dL/dx = g y (1 - y)."""
        return gradient * self.outputs * (1 - self.outputs)


class Tanh(Layer):
    """y = tanh x."""

    outputs: Array

    def forward(self, x: Array, draws: np.random.Generator | None) -> Array:
        """See `Layer`."""
        self.outputs = np.tanh(x)
        return self.outputs

    def backward(self, gradient: Array) -> Array:
        """dL/dx = g (1 - y^2)."""
        return gradient * (1 - self.outputs**2)


# A linear activation is no layer at all.
ACTIVATIONS: dict[str, type[Layer]] = {"relu": Relu, "sigmoid": Sigmoid, "tanh": Tanh}
