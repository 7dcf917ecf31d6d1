"""A network of ours -> NIR: graph, file, and what of the network the file does not hold."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from torch import nn

from snnbench import __version__
from snnbench.errors import UserError
from snnbench.network.checkpoint import Checkpoint
from snnbench.network.plan import WeightLayer
from snnbench.neurons.lif import LIF
from snnbench.words.encodings import ENCODINGS

_NEIGHBOURS = 16  # 32-bit numbers on either side of a time constant that are tried
_KEPT = ("T", "encoding", "readout", "dataset", "arch")


@dataclass(frozen=True)
class Exported:
    """A NIR file's bytes.

    Attributes:
        data: the file.
        nodes: name -> kind, in the order in which they run.
        notices: what is to be known of it, a sentence each.
    """

    data: bytes
    nodes: dict[str, str]
    notices: tuple[str, ...]


def export(saved: Checkpoint, dt: float) -> Exported:
    """Return a saved network as a NIR file.

    Our neuron, U[t] = beta V[t-1] + I[t], is NIR's in steps of dt: tau = dt / (1 - beta), or
    integrate-and-fire where beta is 1, r = tau / dt, so that the input has a gain of 1, and as
    threshold the 32-bit number before V_th, for ours fires at V_th, NIR's above. All numbers have
    32 bits.

    Args:
        saved: the network, its settings and its run.
        dt: seconds of a step.

    Raises:
        UserError: NIR cannot hold the network, or the package `nir` is missing.
    """
    try:
        import nir
    except ImportError:
        raise UserError(
            "Writing NIR needs the package nir.", "Install it: pip install 'snnbench[nir]'."
        ) from None
    _check(saved)
    config = saved.config
    nodes: dict[str, Any] = {}
    notices: list[str] = []
    for name, kind, fields in _nodes(saved, dt, notices):
        nodes[name] = getattr(nir, kind)(**fields)
    names = list(nodes)
    about = {name: getattr(config, name) for name in _KEPT} | {
        "dt": dt, "snnbench": __version__, "run_id": saved.run_id,
    }  # fmt: skip
    graph = nir.NIRGraph(nodes, list(pairwise(names)), metadata=about)
    file = io.BytesIO()
    nir.write(file, graph)
    if ENCODINGS[config.encoding].gives == "constant":
        notices.append(
            f"The encoding '{config.encoding}' gives the same input at every step: NIR multiplies "
            "it with the first weights at each, ours once."
        )
    kinds = {name: type(node).__name__ for name, node in nodes.items()}
    return Exported(file.getvalue(), kinds, tuple(notices))


def _check(saved: Checkpoint) -> None:
    """Refuse what NIR cannot hold, with what it can."""
    config, plan = saved.config, saved.network.plan
    if config.model != "snn":
        raise UserError("NIR has no node for an ANN's activations.", "Train with --model snn.")
    for layer in plan:
        if layer.pools:
            raise UserError(
                f"NIR has no max pooling, and {layer.name} is followed by one.",
                "Train an --arch without pooling (p2).",
            )
        if layer.activation not in ("spike", "linear"):
            raise UserError(
                f"NIR has no {layer.activation}, which {layer.name} has.",
                "Leave it out of --arch.",
            )
    for neurons in saved.network.neurons:
        if neurons is None:
            continue
        if type(neurons) is not LIF:
            raise UserError(
                f"NIR has no node for the neuron '{config.neuron}'.", "Train with --neuron lif."
            )
        if neurons.kind_of_reset != "zero":
            raise UserError(
                f"NIR's neurons are set to a value by a spike; this network's have reset "
                f"'{neurons.kind_of_reset}'.",
                "Train with --reset zero.",
            )
        if not 0 <= neurons.beta <= 1:
            raise UserError(
                f"NIR's neurons leak by 1 - dt / tau, within 0..1; beta is {neurons.beta:g}.",
                "Train with a --beta of at most 1.",
            )


def _nodes(
    saved: Checkpoint, dt: float, notices: list[str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, kind and fields of the nodes, from Input to Output."""
    network = saved.network
    found = dict(network.layers.named_children())
    shape = saved.input_shape
    yield "input", "Input", {"input_type": np.array(shape)}
    for layer, neurons in zip(network.plan, network.neurons, strict=True):
        if len(shape) > len(layer.input_shape):
            yield (f"{layer.name}_flatten", "Flatten",
                   {"input_type": np.array(shape), "start_dim": 0, "end_dim": -1})  # fmt: skip
        norm = found.get(f"{layer.name}_norm")
        if norm is not None:
            notices.append(f"The BatchNorm after {layer.name} is part of its weights and biases.")
        yield layer.name, *_weights(layer, found[layer.name], norm)
        shape = layer.output_shape
        if neurons is not None:
            assert isinstance(neurons, LIF)
            kind, fields, notice = _neurons(neurons, shape, dt)
            notices += [n for n in [notice] if n and n not in notices]
            yield f"{layer.name}_neurons", kind, fields
    yield "output", "Output", {"output_type": np.array(shape)}


def _weights(
    layer: WeightLayer, module: nn.Module, norm: nn.Module | None
) -> tuple[str, dict[str, Any]]:
    """Return a weight layer's kind and fields, its BatchNorm folded in."""
    assert isinstance(module, nn.Linear | nn.Conv2d)
    weight = module.weight.detach().cpu().double().numpy()
    bias = None if module.bias is None else module.bias.detach().cpu().double().numpy()
    if norm is not None:
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        mean, variance, scale, shift = (
            v.detach().cpu().double().numpy()
            for v in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
            if v is not None
        )
        factor = scale / np.sqrt(variance + norm.eps)
        weight = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
        bias = shift + ((0 if bias is None else bias) - mean) * factor
    fields: dict[str, Any] = {"weight": weight.astype(np.float32)}
    if isinstance(module, nn.Linear):
        if bias is None:
            return "Linear", fields
        return "Affine", fields | {"bias": bias.astype(np.float32)}
    bias = np.zeros(len(weight)) if bias is None else bias
    return "Conv2d", fields | {
        "bias": bias.astype(np.float32),
        "input_shape": layer.input_shape[1:],
        "stride": module.stride, "padding": module.padding, "dilation": module.dilation,
        "groups": module.groups,
    }  # fmt: skip


def _neurons(neurons: LIF, shape: tuple[int, ...], dt: float) -> tuple[str, dict[str, Any], str]:
    """Return neurons' kind and fields, and what is to be known of their leak."""
    threshold = np.nextafter(np.float32(neurons.v_threshold), np.float32(-np.inf))
    fields, notice = {"v_threshold": threshold, "v_reset": np.float32(0)}, ""
    if neurons.beta == 1:
        fields["r"] = np.float32(1 / dt)
    else:
        tau, beta = time_constant(neurons.beta, dt)
        fields |= {"tau": tau, "r": np.float32(float(tau) / dt), "v_leak": np.float32(0)}
        if beta != np.float32(neurons.beta):
            notice = f"The leak beta = {neurons.beta:g} is held as {float(beta):.9g}, by tau."
    kind = "IF" if neurons.beta == 1 else "LIF"
    return kind, {name: np.full(shape, value) for name, value in fields.items()}, notice


def time_constant(beta: float, dt: float) -> tuple[np.float32, np.float32]:
    """Return tau, and the beta that it gives: 1 - dt / tau, both in 32 bits, as beta is used.

    Of the numbers near dt / (1 - beta) it is one that gives exactly beta, if there is one.

    >>> time_constant(0.5, 2**-10)
    (np.float32(0.001953125), np.float32(0.5))
    """
    wanted = np.float32(beta)
    tau = np.float32(dt / (1 - beta))
    tried = [tau]
    for end in (np.float32(np.inf), np.float32(0)):
        near = tau
        for _ in range(_NEIGHBOURS):
            near = np.nextafter(near, end)
            tried.append(near)
    given = [(t, _leak(t, dt)) for t in tried]
    return min(given, key=lambda pair: abs(float(pair[1]) - float(wanted)))


def _leak(tau: np.float32, dt: float) -> np.float32:
    """Return beta as `dynamics` makes it of tau."""
    return np.float32(1 - 1 / max(float(tau) / dt, 1))
