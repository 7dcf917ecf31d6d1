"""Which of a model's modules run, one in the other, and what happened in them so far."""

from collections.abc import Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from snnbench.cost.effective import WeightLayer
from snnbench.cost.neurons import is_neuron


@dataclass
class Frame:
    """A module that runs.

    Attributes:
        name, kind: of the module; "" and "the model" outside all modules.
        layer: a weight layer runs, this or around this: what is multiplied is its own.
        own: the parameter that is that layer's weight; None if it is computed.
        neuron: a known neuron runs, this or around this.
        recurrent: an RNN, LSTM or GRU, or a cell of those.
        fired: how often values that weight layers gave became spikes, not counting known neurons.
        multiplied: products with weights within, by ATen's operations; see `Work.dense`.
        weighted: weight layers ran within.
        difference: a GRU has computed z (h - n) up to the difference.
    """

    name: str = ""
    kind: str = "the model"
    layer: bool = False
    own: nn.Parameter | None = None
    neuron: bool = False
    recurrent: bool = False
    fired: int = 0
    multiplied: int = 0
    weighted: bool = False
    difference: bool = False
    module: nn.Module | None = None
    ends: ExitStack = field(default_factory=ExitStack)


class Frames:
    """The stack of modules that run; at its bottom what runs outside all."""

    def __init__(self) -> None:
        self._frames = [Frame()]
        self._failed: Frame | None = None

    @property
    def innermost(self) -> Frame:
        """The innermost module that runs."""
        return self._frames[-1]

    def enter(self, name: str, module: nn.Module) -> None:
        """A module begins to run."""
        self._failed, around = None, self.innermost
        frame = Frame(
            name=name,
            kind=type(module).__name__,
            layer=around.layer or isinstance(module, WeightLayer),
            own=_weight(module) if isinstance(module, WeightLayer) else around.own,
            neuron=around.neuron or is_neuron(module),
            recurrent=isinstance(module, nn.RNNBase | nn.RNNCellBase),
            module=module,
        )
        if frame.recurrent:  # libraries' kernels of whole layers show no products
            frame.ends.enter_context(_without_kernels_of_layers())
        self._frames.append(frame)

    def leave(self, module: nn.Module, *, failed: bool) -> Frame | None:
        """The module has run, or has failed: return its frame; None if it did not begin."""
        if all(frame.module is not module for frame in self._frames):
            return None
        while True:
            frame = self._frames.pop()
            frame.ends.close()
            if frame.module is module:
                break
        self._failed = (self._failed or frame) if failed else None
        around = self.innermost
        if not isinstance(module, WeightLayer):
            around.multiplied += frame.multiplied
        around.weighted |= frame.weighted or frame.layer
        return frame

    def fire(self, layers: frozenset[Hashable]) -> None:
        """Values have become spikes; what no weight layer gave is an encoding of the input."""
        if layers and not self.innermost.neuron:
            self.innermost.fired += 1

    def close(self) -> None:
        """Leave all modules, at the end of a run or after an error."""
        while len(self._frames) > 1:
            self._frames.pop().ends.close()

    def running(self) -> str:
        """Return the innermost module that runs or has just failed; "" if none does."""
        frame = self._failed or self.innermost
        return f"{frame.name} ({frame.kind})" if frame.module is not None else ""

    def expected(self) -> str:
        """Return what that module takes, in a sentence; "" if that is not known."""
        frame = self._failed or self.innermost
        takes = "" if frame.module is None else _taken(frame.module)
        return f"{frame.name} takes {takes}." if takes else ""


def _weight(module: nn.Module) -> nn.Parameter | None:
    return module._parameters.get("weight")


def _taken(module: nn.Module) -> str:
    taken = ""
    match module:
        case nn.Linear():
            taken = f"{module.in_features} values on the last axis"
        case nn.modules.conv._ConvNd():
            axes = len(module.kernel_size)
            taken = f"{module.in_channels} channels, before {axes} axes of space"
        case nn.modules.batchnorm._BatchNorm():
            taken = f"{module.num_features} channels, after the batch axis"
        case nn.LayerNorm():
            taken = f"{'x'.join(map(str, module.normalized_shape))} values on the last axes"
        case nn.RNNBase() | nn.RNNCellBase():
            taken = f"{module.input_size} values on the last axis"
        case nn.MultiheadAttention():
            taken = f"{module.embed_dim} values on the last axis"
        case nn.Embedding() | nn.EmbeddingBag():
            last = module.num_embeddings - 1
            taken = f"indices, whole numbers from 0 to {last} (--input-kind indices)"
    return taken


@contextmanager
def _without_kernels_of_layers() -> Iterator[None]:
    backends: tuple[Any, ...] = torch.backends.mkldnn, torch.backends.cudnn
    before = [backend.enabled for backend in backends]
    try:
        for backend in backends:
            backend.enabled = False
        yield
    finally:
        for backend, enabled in zip(backends, before, strict=True):
            backend.enabled = enabled
