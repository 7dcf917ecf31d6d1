"""What one operation of ATen multiplies, whoever called it: products that count, and all there are.

Of a product of two tensors one *enters*, as the input enters a layer, and the other is what it meets.
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
from snnbench.cost.effective import sum_of_outputs, transposed_fan_in
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
    bias: torch.Tensor | None = None
    alone: bool = False
    fused: bool = False


_About = Callable[[torch.Tensor], Operand]


def works(call: Call, given: Any, about: _About, *, measured: bool) -> list[Work]:
    """Return what an operation multiplied; nothing where it has no rule here.

    Args:
        call: before which nothing is known of its results.
        given: its results; operands that it writes over are no longer what they were.
        about: what is known of its tensors.
        measured: values mean something.
    """
    if call.name in _FACTORS:
        a, b = (call[name] for name in _FACTORS[call.name])
        if any(x.layout != torch.strided or x.is_complex() for x in (a, b)):
            return []
        return [_matrices(call, *_batches(call.name, a, b), a, b, about, measured=measured)]
    if call.name == "convolution":
        return [_convolution(call, given, about, measured=measured)]
    if call.name.startswith("_scaled_dot_product"):
        return _attention(call, about, measured=measured)
    return [_norm(call, about, measured=measured)] if call.name in NORMS else []


# Operations that multiply matrices or vectors, and the names of the two.
_FACTORS = {
    "mm": ("self", "mat2"), "bmm": ("self", "mat2"), "mv": ("self", "vec"),
    "dot": ("self", "tensor"), "vdot": ("self", "other"), "addmm": ("mat1", "mat2"),
    "_addmm_activation": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2"),
    "addbmm": ("batch1", "batch2"), "addmv": ("mat", "vec"), "addr": ("vec1", "vec2"),
}  # fmt: skip
_IN_EVALUATION = {"_native_batch_norm_legit_no_training", "_batch_norm_no_update"}
_IN_TRAINING = {"_batch_norm_with_update"}
_OF_ONE_SAMPLE = {"native_layer_norm", "native_group_norm", "_fused_rms_norm"}
_BY_ARGUMENT = {"native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm"}
NORMS = _IN_EVALUATION | _IN_TRAINING | _OF_ONE_SAMPLE | _BY_ARGUMENT


def _batches(name: str, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the factors as batches of matrices, [b, m, k] and [b, k, n]."""
    if name == "addr":
        return a[None, :, None], b[None, None, :]
    a = a[None] if a.dim() == 1 else a
    b = b[:, None] if b.dim() == 1 else b
    return (a, b) if a.dim() == 3 else (a[None], b[None])


def _matrices(
    call: Call,
    left: torch.Tensor,
    right: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    about: _About,
    *,
    measured: bool,
) -> Work:
    """Count the product of `left`, [b, m, k], which is `a`, and `right`, [b, k, n], which is `b`."""
    batch, m, k = left.shape
    n = right.shape[2]
    first, second = about(a), about(b)
    right_enters = _order(second) < _order(first)
    enters, meets = (second, first) if right_enters else (first, second)
    x, other = (right.mT, left.mT) if right_enters else (left, right)  # [b, rows, k], [b, k, out]
    counted = effective = None
    if measured:
        counted = _counted(x, enters.values)
        meeting = (other != 0).sum(2, dtype=torch.float64)
        effective = (counted.sum(1, dtype=torch.float64) * meeting).sum().item()
    bias = call["self"] if call.name.startswith(("add", "_add", "badd")) else None
    return Work(
        kind="linear" if meets.weight else "matmul",
        values=REAL if enters.weight == 2 else enters.values,
        inputs=k * (batch if call.name == "addbmm" else 1),
        outputs=m if right_enters else n,
        rows=(1 if call.name == "addbmm" else batch) * (n if right_enters else m),
        dense=batch * m * k * n,
        effective=effective,
        **_entering(x, enters.values, counted),
        weight=_once(a if right_enters else b) if meets.weight else None,
        bias=_once(bias) if bias is not None and about(bias).weight else None,
        alone=enters.weight > 0,
    )


def _once(weight: torch.Tensor) -> torch.Tensor:
    """Return the weight without the axes along which it is repeated."""
    return weight[tuple(0 if step == 0 else slice(None) for step in weight.stride())]


def _order(operand: Operand) -> tuple[int, int]:
    """Return a key that is least for what enters."""
    values = operand.values
    if values.bounded:
        return operand.weight, 0 if max(-values.low, values.high) <= 1 else 1
    return operand.weight, 2 if values.unknown else 3


def _counted(x: torch.Tensor, values: Values) -> torch.Tensor:
    """Return how many products each value makes: of sums of spikes, one for each spike."""
    return x.abs().round() if values.bounded else x != 0


def _entering(x: torch.Tensor, values: Values, counted: torch.Tensor | None) -> dict[str, Any]:
    if counted is None:
        return {"input_elements": x.numel()}
    total = counted.sum(dtype=torch.float64).item()
    mean = total if values.bounded else x.sum(dtype=torch.float64).item()
    return {"input_sum": mean, "input_nonzero": total, "input_elements": x.numel()}


def _convolution(call: Call, given: torch.Tensor, about: _About, *, measured: bool) -> Work:
    x, weight, bias = call["input"], call["weight"], call["bias"]
    plain, moves = not call["transposed"], ("stride", "padding", "dilation")
    first, second = about(x), about(weight)
    enters = min(first, second, key=_order) if not second.weight else first
    counted = effective = None
    if measured:
        both = enters is first
        counted = _counted(x, first.values) if both else x != 0
        meeting = weight != 0 if both else _counted(weight, second.values)
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
        rows=len(x),
        dense=(given if plain else x).numel() * weight[0].numel(),
        effective=effective,
        **_entering(x, first.values, counted),
        weight=weight if second.weight else None,
        bias=bias if bias is not None and about(bias).weight else None,
        alone=enters.weight > 0,
    )


def _attention(call: Call, about: _About, *, measured: bool) -> list[Work]:
    """Count scaled dot-product attention: queries with keys, then their softmax with values.

    Keys that a mask hides from a query have a softmax of 0. Scale and softmax do not count.
    """
    query, key, value = call["query"], call["key"], call["value"]
    heads = query.shape[-3] // key.shape[-3] if query.dim() > 3 else 1
    if heads > 1:  # queries share keys and values in groups
        key, value = (x.repeat_interleave(heads, -3) for x in (key, value))
    q, k, v = (x.reshape(-1, *x.shape[-2:]) for x in (query, key, value))
    batch, length, _ = q.shape
    scores = _matrices(call, q, k.mT, query, call["key"], about, measured=measured)
    known = about(call["value"])
    spikes = known.values.bounded
    seen = counted = None
    if measured:
        seen = _seen_by(call, query, key).reshape(batch, -1, 1)  # [b, S, 1]
        counted = _counted(v, known.values)
    n, dense = v.shape[2], batch * length * math.prod(v.shape[1:])
    if spikes:
        about_input = _entering(v, known.values, counted)
    else:
        about_input = {"input_elements": batch * length * v.shape[1]}
        if seen is not None:  # every row of the softmax adds up to 1
            about_input |= {"input_sum": batch * length, "input_nonzero": seen.sum().item()}
    weighted = Work(
        kind="matmul",
        values=known.values if spikes else REAL,
        inputs=v.shape[1],
        outputs=length if spikes else n,
        rows=batch * (n if spikes else length),
        dense=dense,
        effective=None if seen is None or counted is None else (seen * counted).sum().item(),
        **about_input,
    )
    return [scores, weighted]


def _seen_by(call: Call, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return for each key how many queries it is not hidden from, [..., S]."""
    length, size = query.shape[-2], key.shape[-2]
    mask = next((call[name] for name in ("attn_mask", "attn_bias") if call[name] is not None), None)
    shape = (*query.shape[:-2], length, size)
    if mask is not None:
        seen: torch.Tensor = mask if mask.dtype == torch.bool else mask > -math.inf
        return seen.expand(shape).sum(-2, dtype=torch.float64)
    counts = torch.full((size,), length, dtype=torch.float64, device=query.device)
    if call["is_causal"]:
        counts = (length - torch.arange(size, device=query.device)).clamp(min=0).double()
    return counts.expand(*shape[:-2], size)


def _norm(call: Call, about: _About, *, measured: bool) -> Work:
    """Count a norm: in evaluation BatchNorm multiplies and adds, 2 an element (1 without weights).

    Others, and BatchNorm in training, take 5 (4), mean and variance included. BatchNorm that
    follows a weight layer in evaluation can be fused with it, and is: nothing of it is effective.
    Source: fvcore's counts; NeuroBench counts no norm.
    """
    x, weight = call["input"], call["weight"]
    training = call["training"] if call.name in _BY_ARGUMENT else call.name not in _IN_EVALUATION
    each = (5 if training else 2) - (weight is None)
    fused = not training and about(x).fresh
    effective = 0.0 if fused else float(each * x.numel())
    return Work(
        kind="norm",
        values=REAL,
        inputs=each,
        outputs=x[0].numel(),
        rows=len(x),
        dense=each * x.numel(),
        effective=effective if measured else None,
        **_entering(x, REAL, x != 0 if measured else None),
        weight=weight,
        bias=call["bias"],
        fused=fused,
    )


def gates(call: Call, given: Any) -> Work | None:
    """Return the products of gates in a step of a recurrent layer: 3 a unit of an LSTM or a GRU.

    Of an LSTM f c + i g and o tanh(c); of a GRU r (W h) and (1 - z) n + z h, of which torch computes
    n + z (h - n). Source: NeuroBench (J. Yik et al., Nature Communications, 2025).
    """
    if call.name == "mul":
        dense, effective = given.numel(), (given != 0).sum().item()
    elif call.name == "sub":
        dense = 2 * given.numel()
        effective = sum((call[name] != 0).sum().item() for name in ("self", "other"))
    elif call.name in ("_thnn_fused_lstm_cell", "_thnn_fused_gru_cell"):
        state = call["cx"] if "lstm" in call.name else call["hx"]
        dense = 3 * state.numel()
        effective = 2 * state.numel() + (state != 0).sum().item()
        given = state
    else:
        return None
    return Work(
        kind="gates", values=REAL, inputs=3, outputs=given[0].numel(),
        rows=0, dense=dense, effective=float(effective), input_elements=given.numel(),
    )  # fmt: skip
