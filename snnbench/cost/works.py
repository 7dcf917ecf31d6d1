"""What one operation of ATen multiplies, whatever it is: the rules of all that have one."""

import math
from typing import Any

import torch

from snnbench.cost.call import Call
from snnbench.cost.products import (
    FACTORS,
    About,
    Work,
    convolution,
    counted_of,
    entering,
    matrices,
    product,
)
from snnbench.cost.values import REAL

_IN_EVALUATION = {"_native_batch_norm_legit_no_training", "_batch_norm_no_update"}
_IN_TRAINING = {"_batch_norm_with_update"}
_OF_ONE_SAMPLE = {"native_layer_norm", "native_group_norm", "_fused_rms_norm"}
_BY_ARGUMENT = {"native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm"}
NORMS = _IN_EVALUATION | _IN_TRAINING | _OF_ONE_SAMPLE | _BY_ARGUMENT


def works(call: Call, given: Any, about: About, *, measured: bool) -> list[Work]:
    """Return what an operation multiplied; nothing where it has no rule here.

    Args:
        call: before which nothing is known of its results.
        given: its results; operands that it writes over are no longer what they were.
        about: what is known of its tensors.
        measured: values mean something.
    """
    if any(x.layout != torch.strided or x.is_complex() for x in call.tensors()):
        return []
    if call.name in FACTORS:
        return [product(call, about, measured=measured)]
    if call.name == "convolution":
        return [convolution(call, given, about, measured=measured)]
    if call.name.startswith("_scaled_dot_product"):
        return _attention(call, about, measured=measured)
    return [_norm(call, about, measured=measured)] if call.name in NORMS else []


def _attention(call: Call, about: About, *, measured: bool) -> list[Work]:
    """Count scaled dot-product attention: queries with keys, then their softmax with values.

    Keys that a mask hides from a query have a softmax of 0. Scale and softmax do not count.
    """
    query, key, value = call["query"], call["key"], call["value"]
    heads = query.shape[-3] // key.shape[-3] if query.dim() > 3 else 1
    if heads > 1:  # queries share keys and values in groups
        key, value = (x.repeat_interleave(heads, -3) for x in (key, value))
    q, k, v = (x.reshape(-1, *x.shape[-2:]) for x in (query, key, value))
    batch, length, _ = q.shape
    scores = matrices(call, (q, query), (k.mT, call["key"]), about, measured=measured)
    known = about(call["value"])
    spikes = known.values.bounded
    seen = counted = None
    if measured:
        seen = _seen_by(call, query, key).reshape(batch, -1, 1)  # [b, S, 1]
        counted = counted_of(v, known.values)
    n, dense = v.shape[2], batch * length * math.prod(v.shape[1:])
    if spikes:
        about_input = entering(v, known.values, counted)
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


def _norm(call: Call, about: About, *, measured: bool) -> Work:
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
        **entering(x, REAL, x != 0 if measured else None),
        weight=weight,
        bias=call["bias"],
        fused=fused,
    )


def gates(call: Call, given: Any) -> Work | None:
    """Return the products of gates in a step of a recurrent layer: 3 a unit of an LSTM or a GRU.

    Of an LSTM f c + i g and o tanh(c); of a GRU r (W h) and (1 - z) n + z h, which torch computes
    as n + z (h - n). Source: NeuroBench (J. Yik et al., Nature Communications, 2025).
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
