"""dense_macs: multiply-accumulates as fvcore counts them, with nothing left out silently."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from spikingjelly.activation_based.base import MemoryModule
from torch import nn

# Operators that multiply no weights, so that they have no multiply-accumulates: an explicit
# rule each, where fvcore by itself would list them as unknown.
_WITHOUT_WEIGHTS = (
    "aten::add", "aten::sub", "aten::mul", "aten::div", "aten::mean", "aten::sum",
    "aten::max_pool2d", "aten::sigmoid", "aten::tanh", "aten::unflatten",
)  # fmt: skip


@dataclass(frozen=True)
class DenseCount:
    """Result of tracing a module.

    Attributes:
        macs: name of each submodule -> multiply-accumulates, without biases.
        uncounted: operators without a rule -> how often they occur; empty when all is counted.
            The arithmetic of spiking neurons is not in this convention and not listed.
    """

    macs: dict[str, int]
    uncounted: dict[str, int]


def count_dense(module: nn.Module, x: torch.Tensor) -> DenseCount:
    """Trace the module with fvcore ("one fused multiply-add is one flop": its flops are MACs).

    Args:
        module: left in evaluation mode or not as it was.
        x: an example input; the counts are for exactly this input.
    """
    training = module.training
    module.eval()
    with torch.no_grad(), _without_deprecations():
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(module, x)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        for operator in _WITHOUT_WEIGHTS:
            analysis.set_op_handle(operator, _no_macs)
        macs = {name: round(count) for name, count in analysis.by_module().items()}
        uncounted = dict(analysis.unsupported_ops())
        for name in _neuron_names(module):
            for operator, count in analysis.unsupported_ops(name).items():
                uncounted[operator] -= count
    module.train(training)
    return DenseCount(macs, {name: count for name, count in uncounted.items() if count})


def _no_macs(inputs: list[Any], outputs: list[Any]) -> int:
    return 0


def _neuron_names(module: nn.Module) -> list[str]:
    return [name for name, child in module.named_modules() if isinstance(child, MemoryModule)]


@contextmanager
def _without_deprecations() -> Iterator[None]:
    """Silence what fvcore's use of torch.jit says to fvcore's authors, not to our users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="torch")
        yield
