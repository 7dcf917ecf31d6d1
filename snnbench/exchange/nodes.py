"""A node of NIR -> its torch module, and the shapes of a sample that it takes and gives."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from snnbench.config.values import MOST_VALUES
from snnbench.errors import UserError, shortened
from snnbench.exchange.dynamics import (
    CurrentSpiking,
    Decay,
    Delay,
    Integrator,
    Spiking,
    TooShortError,
    steps_of,
)
from snnbench.exchange.graph import Node, Shape
from snnbench.exchange.layers import AvgPool2d, Reshape, Scale, SumPool2d, Threshold

_MOST_STEPS = 1e9


class Made(NamedTuple):
    """A node's module, for batches [B, ...].

    Attributes:
        module: a linear or convolutional layer of torch's, a neuron of SpikingJelly's kind, ...
        takes, gives: shape of a sample before and after.
        notices: what is to be known of it, a sentence each.
    """

    module: nn.Module
    takes: Shape
    gives: Shape
    notices: tuple[str, ...] = ()


def make(node: Node, shape: Shape, dt: float) -> Made:
    """Return a node's module.

    Args:
        node: any but a nested graph.
        shape: of what enters; a parameter of one value stands for all of them.
        dt: seconds of a step.

    Raises:
        UserError: its fields contradict each other, or what enters; dt is too long.
    """
    try:
        made = _MAKERS[node.kind](node, shape, dt)
    except TooShortError as error:
        raise UserError(
            f"{node}: {error} is shorter than a step of {dt:g} s, which would overshoot.",
            f"Give --dt {error.shortest:g} or less." if error.shortest > 0 else
            "Let time constants be above 0.",
        ) from None  # fmt: skip
    if shape == (1, *made.takes):
        raise UserError(
            f"{node}: it takes {_text(made.takes)}, and {_text(shape)} enters.",
            "If the 1 is a batch axis, export the graph with a sample that has none.",
        )
    if made.takes != shape:
        raise node.refused(f"it takes {_text(made.takes)}, and {_text(shape)} enters")
    if math.prod(made.gives) > MOST_VALUES:
        raise node.refused(f"{_text(made.gives)} are too many values")
    return made


def _text(shape: Shape) -> str:
    return shortened(str(list(shape)))


def _end(node: Node, shape: Shape, dt: float) -> Made:
    declared = node.integers("shape", least=1)
    return Made(nn.Identity(), declared, declared)


def _linear(node: Node, shape: Shape, dt: float) -> Made:
    weight = node.array("weight")
    if weight.ndim != 2:
        raise node.refused(f"a weight of shape {list(weight.shape)} is no matrix")
    module = nn.Linear(weight.shape[1], weight.shape[0], node.kind == "Affine", device="meta")
    _load(node, module, weight)
    return Made(module, weight.shape[1:], weight.shape[:1])


def _convolution(node: Node, shape: Shape, dt: float) -> Made:
    weight, n = node.array("weight"), int(node.kind[4])
    (groups,) = node.integers("groups", 1, least=1)
    if weight.ndim != n + 2 or weight.shape[0] % groups:
        raise node.refused(f"a weight of shape {list(weight.shape)} in {groups} groups fits no "
                           f"{node.kind}")  # fmt: skip
    stride, dilation = (node.integers(name, n, least=1) for name in ("stride", "dilation"))
    channels = weight.shape[1] * groups
    if node.fields.get("input_shape") is not None:
        takes: Shape = (channels, *node.integers("input_shape", n, least=1))
    elif len(shape) == n + 1:
        takes = (channels, *shape[1:])
    else:
        raise node.refused(f"it takes channels and {n} sides, and {_text(shape)} enters")
    padding: Any = node.fields["padding"]
    if isinstance(padding, str):
        if padding not in ("same", "valid") or (padding == "same" and stride != (1,) * n):
            raise node.refused(f"padding '{shortened(padding)}' with stride {list(stride)} is not "
                               "known")  # fmt: skip
        sides = [d * (k - 1) * (padding == "same")
                 for d, k in zip(dilation, weight.shape[2:], strict=True)]  # fmt: skip
    else:
        padding = node.integers("padding", n)
        sides = [2 * p for p in padding]
    kernel = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    gives = (weight.shape[0], *_windows(node, takes[1:], kernel, stride, sides))
    kind: Any = (nn.Conv1d, nn.Conv2d)[n - 1]
    module = kind(channels, weight.shape[0], weight.shape[2:], stride, padding, dilation, groups,
                  device="meta")  # fmt: skip
    _load(node, module, weight)
    return Made(module, takes, gives)


def _load(node: Node, module: Any, weight: np.ndarray) -> None:
    module.weight = nn.Parameter(torch.from_numpy(weight).float())
    if module.bias is not None:
        bias = node.array("bias")
        if bias.shape != weight.shape[:1]:
            raise node.refused(f"a bias of shape {list(bias.shape)} does not fit a weight of "
                               f"{list(weight.shape)}")  # fmt: skip
        module.bias = nn.Parameter(torch.from_numpy(bias).float())


def _windows(
    node: Node, sides: Shape, kernel: list[int], stride: Shape, padding: list[int]
) -> Shape:
    """Return at how many places a window stands, each way; padding is that of both ends."""
    counts = tuple(
        (side + p - k) // s + 1
        for side, k, s, p in zip(sides, kernel, stride, padding, strict=True)
    )
    if min(counts) < 1:
        raise node.refused(f"a window of {kernel} does not fit into {_text(sides)}")
    return counts


def _pool(kind: type[SumPool2d]) -> Callable[[Node, Shape, float], Made]:
    def maker(node: Node, shape: Shape, dt: float) -> Made:
        if len(shape) != 3:
            raise node.refused(f"it takes [C, H, W], and {_text(shape)} enters")
        kernel, stride = (node.integers(name, 2, least=1) for name in ("kernel_size", "stride"))
        padding = node.integers("padding", 2)
        windows = _windows(node, shape[1:], list(kernel), stride, [2 * p for p in padding])
        pair: Any = (kernel, stride, padding)
        return Made(kind(*pair), shape, (shape[0], *windows))

    return maker


def _flatten(node: Node, shape: Shape, dt: float) -> Made:
    declared = node.fields.get("input_type")
    takes = shape if declared is None else node.integers("input_type", least=1)
    ends = [int(node.array(name).reshape(-1)[0]) for name in ("start_dim", "end_dim")]
    first, last = (end + len(takes) if end < 0 else end for end in ends)
    if not 0 <= first <= last < len(takes):
        raise node.refused(f"axes {ends[0]} to {ends[1]} are not in {_text(takes)}")
    gives = (*takes[:first], math.prod(takes[first : last + 1]), *takes[last + 1 :])
    return Made(Reshape(gives), takes, gives)


def _scale(node: Node, shape: Shape, dt: float) -> Made:
    (scale,), takes = _parameters(node, shape, "scale")
    return Made(Scale(scale), takes, takes)


def _threshold(node: Node, shape: Shape, dt: float) -> Made:
    (threshold,), takes = _parameters(node, shape, "threshold")
    return Made(Threshold(threshold), takes, takes)


def _delay(node: Node, shape: Shape, dt: float) -> Made:
    (delay,), takes = _parameters(node, shape, "delay")
    if (delay < 0).any():
        raise node.refused("a delay below 0 would look ahead")
    steps = np.minimum(np.round(delay / dt), _MOST_STEPS)
    rounded = np.abs(delay / dt - steps) > 1e-3 * np.maximum(steps, 1)
    notice = (f"{node}: a delay that is no whole number of steps is rounded to one.",)
    return Made(Delay(steps.astype(np.int64)), takes, takes, notice if rounded.any() else ())


def _neuron(node: Node, shape: Shape, dt: float) -> Made:
    """Return a neuron or integrator: with a synapse if it has tau_syn, a leak if it has a tau."""
    cuba, spikes = node.kind.startswith("Cuba"), node.kind.endswith("F")
    tau_name = "tau_mem" if cuba else "tau"
    leaks = cuba or node.kind.startswith("L")
    defaults = {"v_reset": 0.0, "w_in": 1.0}
    names = (["r"] + [tau_name, "v_leak"] * leaks + ["tau_syn", "w_in"] * cuba
             + ["v_threshold", "v_reset"] * spikes)  # fmt: skip
    values, takes = _parameters(node, shape, *names, **defaults)
    of = dict(zip(names, values, strict=True))
    if leaks:
        membrane = Decay.leaky(steps_of(tau_name, of[tau_name], dt), of["r"], of["v_leak"])
    else:
        n = np.float64(np.float32(1 / dt))
        membrane = Decay(np.ones(1), of["r"] / n, np.zeros(1))
    synapse = None
    if cuba:
        synapse = Decay.leaky(steps_of("tau_syn", of["tau_syn"], dt), of["w_in"], np.zeros(1))
    module: nn.Module
    if not spikes:
        module = Integrator(membrane, synapse)
    else:
        ends = membrane, of["v_threshold"], of["v_reset"]
        module = Spiking(*ends) if synapse is None else CurrentSpiking(synapse, *ends)
    return Made(module, takes, takes)


def _parameters(
    node: Node, shape: Shape, *names: str, **defaults: float
) -> tuple[list[np.ndarray], Shape]:
    """Return parameters, one a value, and their shape; `shape` where all are a single number."""
    values = [np.atleast_1d(node.array(name, defaults.get(name))) for name in names]
    shapes = {v.shape for v in values if v.size > 1}
    if len(shapes) > 1:
        listed = ", ".join(f"{n} {list(v.shape)}" for n, v in zip(names, values, strict=True))
        raise node.refused(f"its parameters have unequal shapes: {listed}")
    return values, shapes.pop() if shapes else shape


_MAKERS: dict[str, Callable[[Node, Shape, float], Made]] = {
    "Input": _end,
    "Output": _end,
    "Affine": _linear,
    "Linear": _linear,
    "Scale": _scale,
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "SumPool2d": _pool(SumPool2d),
    "AvgPool2d": _pool(AvgPool2d),
    "Flatten": _flatten,
    "Delay": _delay,
    "Threshold": _threshold,
} | dict.fromkeys(("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF"), _neuron)
