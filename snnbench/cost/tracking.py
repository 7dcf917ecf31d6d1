"""Which tensors are spikes, known from what produced them, in a model that is not ours.

Every operation of torch, whatever Python calls it, is one or more of ATen's. What each of these
does to its tensors' values is followed from storage to storage, so that views share what is known
and what is written in place changes it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import torch
from spikingjelly.activation_based.neuron import BaseNode, SimpleBaseNode
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from snnbench.cost.call import Call
from snnbench.cost.operations import multiplies, results
from snnbench.cost.values import REAL, SPIKES, WHOLE, Values, joined, named, number, unknown

# Where in its storage a tensor's values lie.
_Place = tuple[int, torch.Size, tuple[int, ...]]
_FOREIGN = "values that no operation of torch's made while the model ran"


def is_neuron(module: nn.Module) -> bool:
    """Return whether the module is a spiking neuron of SpikingJelly (ours are, too)."""
    return isinstance(module, BaseNode | SimpleBaseNode)


class _Running(NamedTuple):
    name: str
    kind: str
    aside: bool


class Tracker(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows values through all that is computed while it is active.

    Args:
        model: its parameters are real; what else it holds are constants that are what they are.

    Attributes:
        fires: real values have become spikes.
        fault: an error of ours, not of the model's, that ended its run.
        uncounted: operations outside the modules that are `aside` that may multiply weights, and
            the kind of module they ran in -> how often.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.fires = False
        self.fault: Exception | None = None
        self.uncounted: Counter[str] = Counter()
        # A storage is known by a weak reference, so that another at its address is another.
        self._values: dict[StorageWeakRef, tuple[Values, _Place]] = {}
        self._names = count()
        self._running: list[_Running] = []
        self._looking = False
        for module in model.modules():
            for held in tree_leaves(dict(vars(module))):
                if isinstance(held, torch.Tensor):
                    self.know(held, _constant(held))

    def of(self, tensor: torch.Tensor) -> Values:
        """Return what is known of a tensor's values."""
        if tensor.dtype == torch.bool:
            return SPIKES
        storage = _storage(tensor)
        if storage is None:
            return REAL if isinstance(tensor, nn.Parameter) else unknown("a sparse tensor")
        if isinstance(tensor, nn.Parameter) and storage not in self._values:
            self.know(tensor, REAL)  # so that its views are known, too
        if storage in self._values:
            values, place = self._values[storage]
            # Terms are those of values at the same places; a view elsewhere has a name of its own.
            same = place == _place(tensor)
            return values if same else named(values, (storage, values.terms, _place(tensor)))
        return _constant(tensor) if tensor.numel() == 1 else unknown(_FOREIGN)

    def know(self, tensor: torch.Tensor, values: Values) -> None:
        """Take these for the tensor's values from now on."""
        storage = _storage(tensor)
        if storage is not None:
            values = values if values.terms else named(values, next(self._names))
            self._values[storage] = values, _place(tensor)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Within the context nothing is followed: what runs is not the model's."""
        self._looking = True
        try:
            with self._ours():
                yield
        finally:
            self._looking = False

    def enter(self, name: str, kind: str, *, aside: bool) -> None:
        """A module begins to run; `aside`: what it multiplies is counted or is a neuron's."""
        within = bool(self._running) and self._running[-1].aside
        self._running.append(_Running(name, kind, aside or within))

    def leave(self) -> None:
        """The module that began last has run."""
        self._running.pop()

    @property
    def running(self) -> str:
        """The innermost module that runs; "" if none does."""
        return f"{self._running[-1].name} ({self._running[-1].kind})" if self._running else ""

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
            values = results(call)
            came = [self.of(x) for x in call.tensors() if x.is_floating_point()]
            shared = {_storage(tensor) for tensor in call.tensors()}
        given = func(*args, **kwargs)
        with self._ours():
            self._follow(call, values, came, shared, given)
        return given

    def _follow(
        self, call: Call, values: Values, came: list[Values], shared: set[Any], given: Any
    ) -> None:
        made = [x for x in tree_leaves(given) if isinstance(x, torch.Tensor)]
        for tensor in _tensors(call.written):
            self._write(tensor, values)
        for tensor in made:
            if _storage(tensor) not in shared:
                self.know(tensor, _of_type(values, tensor.dtype))
        floats = any(x.is_floating_point() and _storage(x) not in shared for x in made)
        if floats and multiplies(call):
            self._note(call)
        if floats and _may_be_spikes(values):
            self.fires |= not any(map(_may_be_spikes, came))

    def _write(self, tensor: torch.Tensor, values: Values) -> None:
        """Note what is written into a tensor, which may be a part of what its storage holds."""
        if _storage(tensor) is None:
            return
        whole = tensor.numel() * tensor.element_size() >= tensor.untyped_storage().nbytes()
        values = _of_type(values, tensor.dtype)
        self.know(tensor, values if whole else joined([self.of(tensor), values]))

    def _note(self, call: Call) -> None:
        if not (self._running and self._running[-1].aside):
            kind = self._running[-1].kind if self._running else "the model"
            self.uncounted[f"{call.full_name} in {kind}"] += 1


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
