"""A call of an operation of ATen, torch's own layer below Python: its arguments by name."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from snnbench.cost.values import NOTHING, Values, joined, number


class Call:
    """A call of an operation.

    Args:
        operation: of torch.
        args, kwargs: as it is called.
        known: what is known of a tensor's values.

    Attributes:
        name: of the operation, without the "_" of one that writes in place.
        views: its results are views of its arguments.
    """

    def __init__(
        self,
        operation: torch._ops.OpOverload,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        known: Callable[[torch.Tensor], Values],
    ) -> None:
        schema = operation._schema
        self.space, _, name = schema.name.partition("::")
        self.name = name.removesuffix("_")
        self.full_name = schema.name
        self.pointwise = torch.Tag.pointwise in operation.tags
        aliases = [result.alias_info for result in schema.returns]
        self.views = any(alias is not None and not alias.is_write for alias in aliases)
        self.known = known
        self._given = {a.name: a.default_value for a in schema.arguments if a.has_default_value()}
        self._given |= zip((a.name for a in schema.arguments), args, strict=False)
        self._given |= kwargs
        self.written = [
            self._given[a.name]
            for a in schema.arguments
            if a.alias_info is not None and a.alias_info.is_write
        ]

    def __getitem__(self, name: str) -> Any:
        """Return an argument; None if there is none of that name."""
        return self._given.get(name)

    def of(self, *names: str) -> Values:
        """Return what is known of these arguments' values, wherever each of them goes."""
        return joined(v for name in names for v in self._values(self[name]))

    def own(self, name: str) -> Values:
        """Return what is known of the values of one argument, which stay in their places."""
        return next(iter(self._values(self[name])), NOTHING)

    def tensors(self) -> list[torch.Tensor]:
        """Return the tensors among the arguments."""
        lists = [v if isinstance(v, list | tuple) else [v] for v in self._given.values()]
        return [v for values in lists for v in values if isinstance(v, torch.Tensor)]

    def _values(self, argument: Any) -> list[Values]:
        if isinstance(argument, torch.Tensor):
            return [self.known(argument)]
        if isinstance(argument, list | tuple):
            return [v for part in argument for v in self._values(part)]
        return [number(argument)] if isinstance(argument, int | float) else []
