"""Which tensors are spikes, known from what produced them, in a model that is not ours.

Every operation of torch, whatever Python calls it, is one or more of ATen's. What each of these
does to its tensors' values is followed from storage to storage, so that views share what is known
and what is written in place changes it.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from snnbench.cost.call import Call
from snnbench.cost.frames import Frame, Frames
from snnbench.cost.operations import multiplies, results
from snnbench.cost.products import FACTORS, Operand
from snnbench.cost.values import REAL, SPIKES, WHOLE, Values, joined, named, number, unknown

# Where in its storage a tensor's values lie.
_Place = tuple[int, torch.Size, tuple[int, ...]]
Layers = frozenset[Hashable]
_FOREIGN = "values that no operation of torch's made while the model ran"
_CONSTANT, _PARAMETER = 1, 2  # see `Operand.weight`


class _Known(NamedTuple):
    """What is known of a storage: its values, the weight layers they come from, see `Operand`."""

    values: Values
    place: _Place
    layers: Layers = frozenset()
    weight: int = 0
    fresh: bool = False


class _Result(NamedTuple):
    """What is known of an operation's results; see `_Known`."""

    values: Values
    layers: Layers
    weight: int


class Tracker(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows values through all that is computed while it is active.

    Args:
        model: its parameters are real; what else it holds are constants that are what they are.
        record: is told of every operation, its results and the innermost module that runs; says
            whether all that it multiplied is counted.

    Attributes:
        frames: the modules that run.
        fires: real values have become spikes.
        fault: an error of ours, not of the model's, that ended its run.
        uncounted: operations that may multiply weights and have no rule, and the kind of module
            they ran in -> how often; those of neurons are no synapses'.
    """

    def __init__(
        self,
        model: nn.Module,
        record: Callable[[Call, Any, Frame], bool] = lambda call, given, frame: False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.frames = Frames()
        self.fires = False
        self.fault: Exception | None = None
        self.uncounted: Counter[str] = Counter()
        self._record = record
        # A storage is known by a weak reference, so that another at its address is another.
        self._known: dict[StorageWeakRef, _Known] = {}
        self._most = 10_000
        self._names = count()
        self._looking = False
        for module in model.modules():
            for held in tree_leaves(dict(vars(module))):
                if isinstance(held, torch.Tensor):
                    weight = _PARAMETER if isinstance(held, nn.Parameter) else _CONSTANT
                    self.know(held, _constant(held), weight=weight)

    def of(self, tensor: torch.Tensor) -> Values:
        """Return what is known of a tensor's values."""
        if tensor.dtype == torch.bool:
            return SPIKES
        storage = _storage(tensor)
        if storage is None:
            return REAL if isinstance(tensor, nn.Parameter) else unknown("a sparse tensor")
        if isinstance(tensor, nn.Parameter) and storage not in self._known:
            self.know(tensor, REAL, weight=_PARAMETER)  # so that its views are known, too
        if storage in self._known:
            values, place, *_ = self._known[storage]
            # Terms are those of values at the same places; a view elsewhere has a name of its own.
            same = place == _place(tensor)
            return values if same else named(values, (storage, values.terms, _place(tensor)))
        return _constant(tensor) if tensor.numel() == 1 else unknown(_FOREIGN)

    def about(self, tensor: torch.Tensor) -> Operand:
        """Return what is known of a tensor as a factor of a product."""
        values, known = self.of(tensor), self._of_storage(tensor)
        return Operand(values, known.weight if known else 0, bool(known and known.fresh))

    def layers_of(self, tensor: torch.Tensor) -> Layers:
        """Return the weight layers that a tensor comes from, with no neuron in between."""
        known = self._of_storage(tensor)
        return known.layers if known else frozenset()

    def know(
        self,
        tensor: torch.Tensor,
        values: Values,
        layers: Iterable[Hashable] = (),
        *,
        weight: int = 0,
        fresh: bool = False,
    ) -> None:
        """Take this for what is known of the tensor from now on."""
        storage = _storage(tensor)
        if storage is not None:
            values = values if values.terms else named(values, next(self._names))
            self._known[storage] = _Known(values, _place(tensor), frozenset(layers), weight, fresh)
        if len(self._known) > self._most:  # those of tensors that are no more
            gone = [s for s in self._known if s.expired()]  # type: ignore[no-untyped-call]
            for storage in gone:
                del self._known[storage]
            self._most = 10_000 + 2 * len(self._known)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Within the context nothing is followed: what runs is not the model's."""
        self._looking = True
        try:
            with self._ours():
                yield
        finally:
            self._looking = False

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.fault = error
            raise

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operation, and note what its results are."""
        kwargs = kwargs or {}
        if self._looking:
            return func(*args, **kwargs)
        with self._ours():
            call = Call(func, args, kwargs, self.of)
            tensors = call.tensors()
            came = [self.of(x) for x in tensors if x.is_floating_point()]
            shared = {_storage(tensor) for tensor in tensors}
            result = self._result(call, results(call))
        given = func(*args, **kwargs)
        with self._ours():
            made = [x for x in tree_leaves(given) if isinstance(x, torch.Tensor)]
            self._follow(call, result, made, shared)
            self._note(call, given, made, result)
            fresh = [x for x in made if x.is_floating_point() and _storage(x) not in shared]
            if fresh and _fires(call, result.values, came):
                self.fires = True
                self.frames.fire(result.layers)
        return given

    def _note(self, call: Call, given: Any, made: list[torch.Tensor], result: _Result) -> None:
        """Have what an operation multiplies recorded, or list it."""
        frame = self.frames.innermost
        if self._record(call, given, frame) or frame.neuron or frame.layer or result.weight:
            return  # what depends on weights alone can be done before
        real = call.name in FACTORS or any(
            x.is_floating_point() or x.is_complex() or x.is_quantized for x in made
        )
        if real and not call.views and multiplies(call):
            self.uncounted[f"{call.full_name} in {frame.kind}"] += 1

    def _result(self, call: Call, values: Values) -> _Result:
        """Return what an operation gives: weights, if all that it comes from are."""
        tensors = call.tensors()
        many = [x for x in tensors if x.numel() > 1] or tensors  # numbers make no activations
        kinds = [known.weight if known else 0 for known in map(self._of_storage, many)]
        layers = frozenset[Hashable]().union(*map(self.layers_of, tensors))
        return _Result(values, layers, max(kinds, default=0) if all(kinds) else 0)

    def _follow(
        self, call: Call, result: _Result, made: list[torch.Tensor], shared: set[Any]
    ) -> None:
        for tensor in _tensors(call.written):
            if _storage(tensor) is not None:  # may be a part of what its storage holds
                whole = tensor.numel() * tensor.element_size() >= tensor.untyped_storage().nbytes()
                values = _of_type(result.values, tensor.dtype)
                values = values if whole else joined([self.of(tensor), values])
                self.know(tensor, values, result.layers, weight=result.weight)
        for tensor in made:
            if _storage(tensor) not in shared:
                values = _of_type(result.values, tensor.dtype)
                self.know(tensor, values, result.layers, weight=result.weight)

    def _of_storage(self, tensor: torch.Tensor) -> _Known | None:
        storage = _storage(tensor)
        return None if storage is None else self._known.get(storage)


def _fires(call: Call, values: Values, came: list[Values]) -> bool:
    """Return whether an operation makes spikes of what were none; a mask of chance is none."""
    by_chance = call.name == "bernoulli" and isinstance(call["p"], float)
    return _may_be_spikes(values) and not any(map(_may_be_spikes, came)) and not by_chance


def _constant(tensor: torch.Tensor) -> Values:
    """Return what is known of a tensor that a model holds, from its values."""
    if isinstance(tensor, nn.Parameter) or tensor.requires_grad:
        return REAL
    if tensor.layout != torch.strided or tensor.is_complex() or not tensor.numel():
        return REAL if tensor.numel() else joined([])
    values = tensor.detach().double()
    whole = bool((values == values.floor()).all())
    return joined(number(end.item()) for end in values.aminmax()) if whole else REAL


def _may_be_spikes(values: Values) -> bool:
    return values.bounded and not values.constant and max(-values.low, values.high) <= 1


def _of_type(values: Values, dtype: torch.dtype) -> Values:
    """Return values as a type holds them: truth values are 0 or 1, integers are whole."""
    if dtype == torch.bool:
        return SPIKES
    if not dtype.is_floating_point and not dtype.is_complex and not values.known_whole:
        return WHOLE
    return values


def _storage(tensor: torch.Tensor) -> StorageWeakRef | None:
    """Return the identity of a tensor's storage; None where it has no plain one."""
    if tensor.layout != torch.strided or is_lazy(tensor):
        return None
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]


def _place(tensor: torch.Tensor) -> _Place:
    return int(tensor.storage_offset()), tensor.shape, tensor.stride()


def _tensors(values: Any) -> list[torch.Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]
