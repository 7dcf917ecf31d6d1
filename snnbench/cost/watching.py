"""What goes through a model's layers and neurons while a copy of it runs, added up."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves

from snnbench.cost.call import Call
from snnbench.cost.effective import Shape, WeightLayer, axes, dense_operations
from snnbench.cost.frames import Frame
from snnbench.cost.neurons import Firing, fired, is_encoder, is_neuron, states_of, step_axes
from snnbench.cost.products import Work
from snnbench.cost.tally import Tally
from snnbench.cost.tracking import Tracker
from snnbench.cost.values import NOTHING, REAL, SPIKES, Values, joined
from snnbench.cost.works import gates, works

Key = tuple[str, Shape, Shape]
Part = tuple[int, int]


def part_of_memory(tensor: torch.Tensor) -> Part:
    """Return where a tensor lies and its size, by which a weight is known under all its names."""
    return tensor.data_ptr(), tensor.numel()


@dataclass
class Passed:
    """What went through a weight layer at one size of its input, in however many calls."""

    module: WeightLayer
    tally: Tally = field(default_factory=Tally)
    values: Values = NOTHING


@dataclass
class Worked:
    """What an operation that belongs to no weight layer multiplied, in however many calls."""

    kind: str
    inputs: int
    outputs: int
    kernel: int | None
    fan_out: int | None
    reach: int | None
    weights: dict[Part, torch.Tensor] = field(default_factory=dict)
    biases: dict[Part, torch.Tensor] = field(default_factory=dict)
    values: Values = NOTHING
    rows: int = 0
    dense: float = 0.0
    effective: float | None = 0.0
    input_sum: float | None = 0.0
    input_nonzero: float | None = 0.0
    input_elements: int = 0

    def add(self, work: Work, times: int) -> None:
        """Add what one call multiplied, as often as it is to count."""
        self.values = joined([self.values, work.values])
        self.rows += work.rows * times
        self.dense += work.dense * times
        self.input_elements += work.input_elements * times
        for name in ("effective", "input_sum", "input_nonzero"):
            sums, more = getattr(self, name), getattr(work, name)
            setattr(self, name, None if sums is None or more is None else sums + more * times)


class Watch:
    """Watches a model that runs.

    Args:
        model: gets hooks.
        x: its input.
        samples: that it holds.
        time: its first axis are steps; None if that is not known.
        measured: values mean something; otherwise only what depends on shapes is added up.

    Attributes:
        tracker: follows values; the model runs within.
        layers: weight layers, and operations that multiply, in the order of their first calls.
        firings: what neurons fired, by name, shape and the layer before them.
        fractions: modules that made averages of spikes.
        fused: BatchNorms that are taken as fused with the layer before them.
    """

    def __init__(
        self, model: nn.Module, x: torch.Tensor, samples: int, *, time: bool | None, measured: bool
    ) -> None:
        self.tracker = Tracker(model, self._record)
        self.layers: dict[Key, Passed | Worked] = {}
        self.firings: dict[tuple[str, Shape, Key | None], Firing] = {}
        self.fractions: dict[str, None] = {}
        self.fused: dict[str, None] = {}
        self._samples, self._measured = samples, measured
        self._order, self._calls = count(), dict[Any, int]()
        self._parameters = _by_place(model)
        if time is None:
            time = x.dim() > 1 and x.shape[0] != samples == x.shape[1]
        self._lead = tuple(x.shape[: 2 if time else 1])
        for name, module in model.named_modules():
            if not isinstance(module, torch.jit.ScriptModule):  # it takes no hooks
                module.register_forward_pre_hook(self._beginning(name))
                module.register_forward_hook(self._ending(name), with_kwargs=True, always_call=True)

    @property
    def fires_elsewhere(self) -> bool:
        """Something fires that is no module of neurons."""
        return self.tracker.frames.innermost.fired > 0

    def _beginning(self, name: str) -> Any:
        return lambda module, args: self.tracker.frames.enter(name or "model", module)

    def _ending(self, name: str) -> Any:
        def hook(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            frame = self.tracker.frames.leave(module, failed=output is None)
            if output is None or frame is None:
                return
            if isinstance(module, WeightLayer):
                self._passed(name, module, args[0] if args else kwargs["input"], output, frame)
            elif not self.tracker.frames.innermost.neuron:
                self._fired(name, module, (args, kwargs), output, frame)

        return hook

    def _passed(
        self, name: str, module: WeightLayer, x: torch.Tensor, output: torch.Tensor, frame: Frame
    ) -> None:
        values = self.tracker.of(x)
        with self.tracker.looking():  # a weight may be computed where it is read
            n = axes(module)
            shapes = tuple(x.shape[-n:]), tuple(output.shape[-n:])
            rows = x.reshape(1, -1, *shapes[0])
            dense = dense_operations(module, *shapes) * rows.shape[1]
            layer = self.layers.setdefault(key := (name, *shapes), Passed(module))
            assert isinstance(layer, Passed)
            layer.tally.add_input(rows, sums=values.bounded)
        layer.values = joined([layer.values, values])
        if frame.multiplied > dense:
            self.tracker.uncounted[f"products beside its own in {frame.kind}"] += 1
        self._gave(output, key)

    def _gave(self, output: torch.Tensor, key: Key) -> None:
        self._calls[key] = next(self._order)
        self.tracker.know(output, self.tracker.of(output), [key], fresh=True)

    def _fired(self, name: str, module: nn.Module, given: Any, output: Any, frame: Frame) -> None:
        """Add what a neuron gave: a known one, or a module in which what layers gave has fired."""
        known, spikes = is_neuron(module), fired(output)
        by_hand = frame.fired and not frame.weighted and not is_encoder(module)
        if spikes is not None and known and self.tracker.of(spikes).unknown:
            self.tracker.know(spikes, SPIKES)  # by a kernel, of which torch knows nothing
        values = REAL if spikes is None else self.tracker.of(spikes)
        most = max(-values.low, values.high)
        if spikes is None or not values.bounded or not (known or (by_hand and most <= 1)):
            self.tracker.frames.innermost.fired += frame.fired
            return
        tensors = [v for v in tree_leaves(given) if isinstance(v, torch.Tensor)]
        layers = self.tracker.layers_of(tensors[0]) if tensors else frozenset()
        source: Any = max(layers, key=lambda key: self._calls[key], default=None)
        with self.tracker.looking():
            n = step_axes(module, spikes, self._lead)
            shape = tuple(spikes.shape[n:])
            firing = self.firings.setdefault((name, shape, source), Firing(name or "model"))
            firing.add(spikes, n)
            firing.states = states_of(module, output)
        self.tracker.know(spikes, values)

    def _record(self, call: Call, given: Any, frame: Frame) -> bool:
        """Add what an operation multiplied outside weight layers; return whether all is counted."""
        about = self.tracker.about
        if frame.layer:
            found = works(call, given, about, measured=False)
            dense = sum(w.dense for w in found if w.synapses)
            if not dense or not self._is_beside(found[0], frame):
                frame.multiplied += dense
                return True
        if _averages(call, frame) and about(call["self"]).values.bounded:
            self.fractions[frame.name or "the model"] = None
        found = works(call, given, about, measured=self._measured)
        if call.name == "add":
            self._biased(call, given)
        elif not found and frame.recurrent:
            found = self._gates(call, given, frame)
        parts = ("scores", "values") if len(found) == 2 else ("",)
        keys = [self._add(w, part, frame) for w, part in zip(found, parts, strict=bool(found))]
        if len(keys) == 1 and keys[0] and found[0].synapses:
            frame.weighted = True
            self._gave(given, keys[0])
        return bool(keys) and None not in keys

    def _is_beside(self, work: Work, frame: Frame) -> bool:
        """Return whether another parameter than the layer's own meets what enters, as in LoRA."""
        place = _place(work.weight)
        return frame.own is not None and place in self._parameters and place != _place(frame.own)

    def _biased(self, call: Call, given: Any) -> None:
        """Take what is added to a product with weights for its bias, where it can be one."""
        x, bias = call["self"], call["other"]
        if not isinstance(bias, torch.Tensor) or bias.dim() != 1:
            return
        (product, added), layers = map(self.tracker.about, (x, bias)), self.tracker.layers_of(x)
        if product.fresh and added.weight == 2 and len(layers) == 1:
            (key,) = layers
            layer = self.layers[key]  # type: ignore[index]
            if isinstance(layer, Worked) and layer.outputs == len(bias) and not layer.biases:
                layer.biases[part_of_memory(bias)] = bias
                self.tracker.know(given, self.tracker.of(given), layers, fresh=True)

    def _gates(self, call: Call, given: Any, frame: Frame) -> list[Work]:
        if call.name == "mul" and frame.difference:
            frame.difference = False  # counted with its difference
            return []
        work = gates(call, given) if not isinstance(given, list) else None
        if work is None or (not isinstance(call["other"], torch.Tensor) and call.name == "sub"):
            return []
        frame.difference = call.name == "sub"
        return [work]

    def _add(self, work: Work, part: str, frame: Frame) -> Key | None:
        """Add to the row of an operation; return its key, or None where samples share it."""
        inputs, outputs, rows, times = work.inputs, work.outputs, work.rows, 1
        if rows % self._samples and work.alone:
            times = self._samples  # it is done once, whatever the number of samples
        elif rows % self._samples and work.weight is None:
            if rows * outputs % self._samples:
                return None
            outputs = rows * outputs // self._samples
        key = (self._label(work, part, frame), (inputs,), (outputs,))
        about = (work.kind, inputs, outputs, work.kernel, work.fan_out, work.reach)
        layer = self.layers.setdefault(key, Worked(*about))
        assert isinstance(layer, Worked)
        layer.add(work, times)
        for kept, new in ((layer.weights, work.weight), (layer.biases, work.bias)):
            # Weights that are computed anew at every step would be many.
            if new is not None and (not kept or _place(new) in self._parameters):
                kept[part_of_memory(new)] = new
        if work.fused:
            self.fused[key[0]] = None
        if outputs != work.outputs:
            layer.rows += self._samples - rows
        return key

    def _label(self, work: Work, part: str, frame: Frame) -> str:
        """Return a row's name: the module's, if the operation is all that it does."""
        name = "" if frame.name == "model" else frame.name
        if work.kind == "norm" and "Norm" in frame.kind:
            return name
        parameter = self._parameters.get(_place(work.weight), "").removeprefix(f"{name}.")
        operation = part or work.kind
        label = f"{operation}({parameter})" if parameter else operation
        return f"{name}.{label}" if name else label


def _by_place(model: nn.Module) -> dict[int | None, str]:
    """Return parameters' names by where they lie; of those that lie together the last one's."""
    ready = [(name, p) for name, p in model.named_parameters() if not is_lazy(p)]
    return {_place(p): name for name, p in ready}


def _place(tensor: torch.Tensor | None) -> int | None:
    return None if tensor is None else tensor.untyped_storage().data_ptr()


def _averages(call: Call, frame: Frame) -> bool:
    named = call.name == "mean" and "AvgPool" in frame.kind
    return named or call.name.removeprefix("_").removeprefix("adaptive_").startswith("avg_pool")
