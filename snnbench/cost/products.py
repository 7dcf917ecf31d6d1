"""Products of matrices and convolutions, whoever calls them: those that count, and all there are.

Of two tensors that are multiplied one *enters*, as its input enters a layer, and meets the other.
Weights never enter. Of two activations the one that is spikes does, or else sums of spikes, or else
the left one: a spike lets a value of the other pass to a sum, whatever that is, so that it is an
accumulate, as spikes times spikes are. Where neither is, it is a multiply-accumulate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from snnbench.cost.call import Call
from snnbench.cost.effective import (
    conv_fan_out,
    conv_reach,
    sum_of_outputs,
    transposed_fan_in,
)
from snnbench.cost.values import REAL, Values


class Operand(NamedTuple):
    """What is known of a tensor that is multiplied.

    Attributes:
        values: its values.
        weight: 0 if it depends on the model's input; 1 if it is a constant that the model holds,
            or follows from such; 2 if from parameters, too.
        fresh: it is what a weight layer gave, as it gave it.
    """

    values: Values
    weight: int
    fresh: bool


@dataclass(frozen=True, kw_only=True)
class Work:
    """Products of one operation: `rows` times `inputs` values with `outputs` columns.

    Attributes:
        kind: linear or conv or transposed-conv, by weights; matmul, of two activations; norm;
            gates, of a recurrent layer.
        values: of what enters.
        dense, effective: products of all rows; effective is None if nothing was measured.
        input_sum, input_nonzero, input_elements: of all that enters; see `Tally`.
        weight, bias: those that there are.
        kernel, fan_out, reach: as a layer's facts of these names.
        alone: nothing of it depends on the model's input.
        fused: it is not done, but another layer's weights are other ones instead.
    """

    kind: str
    values: Values
    inputs: int
    outputs: int
    rows: int
    dense: int
    effective: float | None
    input_sum: float | None = None
    input_nonzero: float | None = None
    input_elements: int = 0
    weight: torch.Tensor | None = None
    kernel: int | None = None
    fan_out: int | None = None
    reach: int | None = None
    bias: torch.Tensor | None = None
    alone: bool = False
    fused: bool = False

    @property
    def synapses(self) -> bool:
        """Activations meet weights, as in a weight layer."""
        return self.kind != "norm" and self.weight is not None and not self.alone


About = Callable[[torch.Tensor], Operand]

# Operations that multiply matrices or vectors, and the names of the two.
FACTORS = {
    "mm": ("self", "mat2"), "bmm": ("self", "mat2"), "mv": ("self", "vec"),
    "dot": ("self", "tensor"), "vdot": ("self", "other"), "addmm": ("mat1", "mat2"),
    "_addmm_activation": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2"),
    "addbmm": ("batch1", "batch2"), "addmv": ("mat", "vec"), "addr": ("vec1", "vec2"),
}  # fmt: skip


def product(call: Call, about: About, *, measured: bool) -> Work:
    """Count an operation of `FACTORS`."""
    a, b = (call[name] for name in FACTORS[call.name])
    left, right = _batches(call.name, a, b)
    return matrices(call, (left, a), (right, b), about, measured=measured)


def _batches(name: str, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the factors as batches of matrices, [b, m, k] and [b, k, n]."""
    if name == "addr":
        return a[None, :, None], b[None, None, :]
    a = a[None] if a.dim() == 1 else a
    b = b[:, None] if b.dim() == 1 else b
    return (a, b) if a.dim() == 3 else (a[None], b[None])


def matrices(
    call: Call,
    factor: tuple[torch.Tensor, torch.Tensor],
    other_factor: tuple[torch.Tensor, torch.Tensor],
    about: About,
    *,
    measured: bool,
) -> Work:
    """Count products of matrices, [b, m, k] and [b, k, n], each with the tensor that it is of."""
    (left, a), (right, b) = factor, other_factor
    batch, m, k = left.shape
    n = right.shape[2]
    first, second = about(a), about(b)
    right_enters = order_of(second) < order_of(first)
    enters, meets = (second, first) if right_enters else (first, second)
    x, other = (right.mT, left.mT) if right_enters else (left, right)  # [b, rows, k], [b, k, out]
    counted = effective = None
    if measured:
        counted = counted_of(x, enters.values)
        meeting = (other != 0).sum(2, dtype=torch.float64)
        effective = (counted.sum(1, dtype=torch.float64) * meeting).sum().item()
    bias = call["self"] if call.name.startswith(("add", "_add", "badd")) else None
    outputs = m if right_enters else n
    return Work(
        kind="linear" if meets.weight else "matmul",
        values=REAL if enters.weight == 2 else enters.values,
        inputs=k * (batch if call.name == "addbmm" else 1),
        outputs=outputs,
        kernel=1,
        fan_out=outputs,
        reach=outputs,
        rows=(1 if call.name == "addbmm" else batch) * (n if right_enters else m),
        dense=batch * m * k * n,
        effective=effective,
        **entering(x, enters.values, counted),
        weight=_once(a if right_enters else b) if meets.weight else None,
        bias=_once(bias) if bias is not None and about(bias).weight else None,
        alone=enters.weight > 0,
    )


def _once(weight: torch.Tensor) -> torch.Tensor:
    """Return the weight without the axes along which it is repeated."""
    return weight[tuple(0 if step == 0 else slice(None) for step in weight.stride())]


def order_of(operand: Operand) -> tuple[int, int]:
    """Return a key that is least for what enters."""
    values = operand.values
    if values.bounded:
        return operand.weight, 0 if max(-values.low, values.high) <= 1 else 1
    return operand.weight, 2 if values.unknown else 3


def counted_of(x: torch.Tensor, values: Values) -> torch.Tensor:
    """Return how many products each value makes: of sums of spikes, one for each spike."""
    return x.abs().round() if values.bounded else x != 0


def entering(x: torch.Tensor, values: Values, counted: torch.Tensor | None) -> dict[str, Any]:
    """Return sums over all that enters, by their names in `Work`."""
    if counted is None:
        return {"input_elements": x.numel()}
    total = counted.sum(dtype=torch.float64).item()
    mean = total if values.bounded else x.sum(dtype=torch.float64).item()
    return {"input_sum": mean, "input_nonzero": total, "input_elements": x.numel()}


def convolution(call: Call, given: torch.Tensor, about: About, *, measured: bool) -> Work:
    """Count a convolution; of a transposed one, see `effective.dense_operations`."""
    x, weight, bias = call["input"], call["weight"], call["bias"]
    plain, moves = not call["transposed"], ("stride", "padding", "dilation")
    first, second = about(x), about(weight)
    enters = min(first, second, key=order_of) if not second.weight else first
    counted = effective = None
    if measured:
        both = enters is first
        counted = counted_of(x, first.values) if both else x != 0
        meeting = weight != 0 if both else counted_of(weight, second.values)
        # The sum over all outputs is linear: samples and channels can be added up before.
        summed = sum_of_outputs(meeting.double(), call["groups"], not plain)
        geometry = [*(call[name] for name in moves), call["transposed"], call["output_padding"]]
        total = torch.ops.aten.convolution(
            counted.sum(0, keepdim=True, dtype=torch.float64), summed, None,
            *geometry, call["groups"],
        )  # fmt: skip
        effective = total.sum().item()
    fan_in = weight[0].numel() if plain else transposed_fan_in(
        weight.shape[0] // call["groups"], weight.shape[2:], call["stride"], call["dilation"]
    )  # fmt: skip
    return Work(
        kind="conv" if plain else "transposed-conv",
        values=enters.values,
        inputs=fan_in,
        outputs=math.prod(given.shape[1:]),
        kernel=math.prod(weight.shape[2:]),
        fan_out=(met := conv_fan_out(weight, call["groups"], not plain)),
        reach=conv_reach(weight, call["groups"], call["stride"]) if plain else met,
        rows=len(x),
        dense=(given if plain else x).numel() * weight[0].numel(),
        effective=effective,
        **entering(x, first.values, counted),
        weight=weight if second.weight else None,
        bias=bias if bias is not None and about(bias).weight else None,
        alone=enters.weight > 0,
    )
