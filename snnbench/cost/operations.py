"""What each operation of ATen does to whole numbers.

Four groups: operations that move, choose or merge values; those with arithmetic of whole numbers;
those whose results are real; and those of which nothing is known here, which is said.
"""

import math
from collections.abc import Callable

from snnbench.cost.call import Call
from snnbench.cost.values import (
    NOTHING,
    ONE,
    REAL,
    SPIKES,
    WHOLE,
    ZERO,
    Values,
    added,
    clamped,
    joined,
    magnitudes,
    multiplied,
    negated,
    rounded,
    summed,
    unknown,
)


def results(call: Call) -> Values:
    """Return what is known of the values that an operation gives."""
    if call.space not in ("aten", "prims"):
        return unknown(call.full_name)
    if call.name in _RULES:
        return _RULES[call.name](call)
    if call.name in _MOVES or call.name.endswith("_copy"):
        return call.of(*_SOURCES)
    if call.pointwise or call.name in _REAL or call.name.startswith(_PRODUCT_STARTS):
        return REAL
    inputs = [call.known(x) for x in call.tensors() if x.is_floating_point() or x.is_complex()]
    # What is 0 or 1 by comparison has a rule, or is boolean, or is an operation not of torch's.
    return REAL if inputs and not any(v.whole for v in inputs) else unknown(call.full_name)


def multiplies(call: Call) -> bool:
    """Return whether it may multiply weights: a product, a norm, or an operation not known here."""
    if call.name in _MATRICES | _OTHER_PRODUCTS or call.name.startswith(_PRODUCT_STARTS):
        return True
    if call.name.startswith("_embedding_bag"):
        return call["per_sample_weights"] is not None
    known = call.name in _MOVES or call.name in _RULES or call.name in _REAL
    return not (known or call.pointwise or call.views or call.name.endswith("_copy"))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Arguments whose values an operation of _MOVES passes on; not indices, masks and sizes.
_SOURCES = ("self", "input", "tensors", "src", "source", "other", "value", "values", "weight")
_MOVES = _names("""
    cat stack unsafe_split unsafe_split_with_sizes unsafe_chunk lift_fresh lift_fresh_copy repeat
    transpose t squeeze unsqueeze roll flip rot90 index _unsafe_index
    index_select take gather masked_select embedding where masked_fill masked_scatter index_copy
    index_fill scatter select_scatter slice_scatter diagonal_scatter as_strided_scatter resize
    constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d
    replication_pad2d replication_pad3d max_pool1d max_pool2d max_pool3d mkldnn_max_pool2d
    max_pool2d_with_indices max_pool3d_with_indices adaptive_max_pool2d adaptive_max_pool3d
    fractional_max_pool2d fractional_max_pool3d upsample_nearest1d upsample_nearest2d
    upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d
    _upsample_nearest_exact3d pixel_shuffle pixel_unshuffle channel_shuffle
    native_channel_shuffle max min amax amin aminmax maximum minimum fmax fmin median nanmedian
    threshold mode kthvalue sort topk cummax cummin _unsafe_view view_as_real
""")
# Products of matrices that have a rule, and what else may multiply weights.
_MATRICES = _names("mm bmm mv dot addmm baddbmm addmv convolution")
_OTHER_PRODUCTS = _names("""
    vdot addbmm addr _addmm_activation linear _convolution _sparse_mm native_batch_norm
    _native_batch_norm_legit _native_batch_norm_legit_no_training _batch_norm_with_update
    cudnn_batch_norm native_layer_norm native_group_norm _fused_rms_norm _cdist_forward
""")
_PRODUCT_STARTS = ("_scaled_dot_product", "mkldnn_rnn", "lstm", "gru", "rnn_", "_thnn_")
_REAL = _OTHER_PRODUCTS | _names("""
    mean var std var_mean std_mean norm linalg_vector_norm logsumexp avg_pool1d avg_pool2d
    avg_pool3d adaptive_avg_pool1d _adaptive_avg_pool2d _adaptive_avg_pool3d upsample_linear1d
    upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d _softmax _log_softmax _safe_softmax
    _embedding_bag _embedding_bag_forward_only _prelu_kernel hardswish glu log_sigmoid_forward
    rrelu_with_noise native_dropout rand rand_like randn
    randn_like normal uniform exponential log_normal cauchy linspace logspace
""")


def _scaled(call: Call, name: str, by: str) -> Values:
    return multiplied(call.own(by), call.own(name)) if call[by] is not None else call.own(name)


def _count(call: Call) -> int:
    """Return how many values a reduction of `self` takes to one."""
    x, axes = call["self"], call["dim"]
    if axes is None or axes == []:
        return int(x.numel())
    sizes = [x.shape[axis] for axis in (axes if isinstance(axes, list | tuple) else [axes])]
    return math.prod(sizes) if x.dim() else 1


def _divided(call: Call) -> Values:
    divisor = call.own("other")
    if divisor.constant and abs(divisor.low) == 1:
        return multiplied(call.own("self"), divisor)
    return WHOLE if call["rounding_mode"] else REAL


def _sign(call: Call) -> Values:
    return rounded(clamped(call.own("self"), Values(-1, -1), ONE))


def _clamp(low: str, high: str) -> Callable[[Call], Values]:
    def rule(call: Call) -> Values:
        ends = [call.own(name) if call[name] is not None else Values(end, end)
                for name, end in ((low, -math.inf), (high, math.inf))]  # fmt: skip
        return clamped(call.own("self"), *ends)

    return rule


def _power(call: Call) -> Values:
    exponent = call.of("exponent")
    return _multiple(call) if exponent.constant and exponent.low >= 1 else REAL


def _multiple(call: Call) -> Values:
    """Values times themselves: those of 0 and 1 stay."""
    values = call.of("self")
    return values if values.unknown or (values.low >= 0 and values.high <= 1) else REAL


def _rounded(call: Call) -> Values:
    return REAL if call["decimals"] else rounded(call.own("self"))


def _remainder(call: Call) -> Values:
    values, divisor = call.of("self"), call.of("other")
    if values.known_whole and divisor.constant and divisor.low > 0:
        return Values(0, divisor.low - 1)
    return values if values.unknown else REAL


def _product(a: str, b: str, plus: str | None = None) -> Callable[[Call], Values]:
    """Return the rule of a product of matrices, of which each result sums n products."""

    def rule(call: Call) -> Values:
        n = call[a].shape[-1]
        total = summed(multiplied(call.of(a), call.of(b)), n)
        if call["alpha"] is not None:
            total = multiplied(call.of("alpha"), total)
        return total if plus is None else added(_scaled(call, plus, "beta"), total)

    return rule


def _convolution(call: Call) -> Values:
    total = summed(multiplied(call.of("input"), call.of("weight")), call["weight"].numel())
    return total if call["bias"] is None else added(total, call.of("bias"))


def _accumulated(source: str) -> Callable[[Call], Values]:
    """Return the rule of an operation that adds values of `source` to places of `self`."""

    def rule(call: Call) -> Values:
        own, n = call.of("self"), call[source].numel()
        return added(own, joined([ZERO, summed(call.of(source), n)]))

    return rule


def _index_put(call: Call) -> Values:
    return _accumulated("values")(call) if call["accumulate"] else call.of("self", "values")


def _fixed(values: Values) -> Callable[[Call], Values]:
    return lambda call: values


def _in_place(name: str) -> Callable[[Call], Values]:
    return lambda call: call.own(name)


def _argument(name: str) -> Callable[[Call], Values]:
    return lambda call: call.of(name)


def _with_zeros(call: Call) -> Values:
    return joined([ZERO, call.of("self")])


_RULES: dict[str, Callable[[Call], Values]] = {
    "add": lambda call: added(call.own("self"), _scaled(call, "other", "alpha")),
    "sub": lambda call: added(call.own("self"), negated(_scaled(call, "other", "alpha"))),
    "rsub": lambda call: added(call.own("other"), negated(_scaled(call, "self", "alpha"))),
    "mul": lambda call: multiplied(call.own("self"), call.own("other")),
    "addcmul": lambda call: added(
        call.of("self"),
        multiplied(call.of("value"), multiplied(call.of("tensor1"), call.of("tensor2"))),
    ),
    "div": _divided,
    "neg": lambda call: negated(call.own("self")),
    "abs": lambda call: magnitudes(call.of("self")),
    "sign": _sign,
    "sgn": _sign,
    "pow": _power,
    "remainder": _remainder,
    "heaviside": lambda call: joined([SPIKES, call.of("values")]),
    "relu": lambda call: clamped(call.own("self"), ZERO, Values(math.inf, math.inf)),
    "clamp": _clamp("min", "max"),
    "clamp_min": _clamp("min", ""),
    "clamp_max": _clamp("", "max"),
    "hardtanh": _clamp("min_val", "max_val"),
    "bernoulli": _fixed(SPIKES),
    "sum": lambda call: summed(call.of("self"), _count(call)),
    "nansum": lambda call: summed(call.of("self"), _count(call)),
    "cumsum": lambda call: joined([call.of("self"), summed(call.of("self"), _count(call))]),
    "mm": _product("self", "mat2"),
    "bmm": _product("self", "mat2"),
    "mv": _product("self", "vec"),
    "dot": _product("self", "tensor"),
    "addmm": _product("mat1", "mat2", "self"),
    "baddbmm": _product("batch1", "batch2", "self"),
    "addmv": _product("mat", "vec", "self"),
    "convolution": _convolution,
    "clone": _in_place("self"),
    "_to_copy": _in_place("self"),
    "copy": _in_place("src"),
    "fill": _argument("value"),
    "full": _argument("fill_value"),
    "full_like": _argument("fill_value"),
    "new_full": _argument("fill_value"),
    "scalar_tensor": _argument("s"),
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    "scatter_add": _accumulated("src"),
    "index_add": _accumulated("source"),
    "eye": _fixed(SPIKES),
} | {
    name: rule
    for rule, names in {
        _fixed(NOTHING): "empty empty_like new_empty empty_strided new_empty_strided",
        _fixed(ZERO): "zero zeros zeros_like new_zeros",
        _fixed(ONE): "ones ones_like new_ones",
        _fixed(WHOLE): "arange randint randint_like randperm random poisson argsort",
        _rounded: "floor ceil round trunc",
        _multiple: "prod cumprod",
        _with_zeros: "tril triu diag_embed im2col max_unpool2d max_unpool3d",
    }.items()
    for name in names.split()
}  # fmt: skip
