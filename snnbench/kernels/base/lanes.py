"""Vectors of 16 or 32 float32 values as a numba type, and what can be done with them.

One `Lanes` value is a tile of neighbouring columns (neurons, of one or several members). It
lives in the machine's vector registers: LLVM maps it to AVX-512, AVX2, NEON, whatever there is.
All operations work lane by lane, so a lane's bits do not depend on its neighbours, and there
are no remainder loops whose rounding could differ.

The width is a matter of types: kernels take a tuple `vectors`, (0,) for 16 lanes and (0, 0) for
32; `zeros(vectors)` makes the first value, and the others are like it. Arrays are flat and
contiguous, indices count elements and are not checked.
"""

# ruff: noqa: PLR0917 (the arguments are those of the operations)

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

NARROW: tuple[int, ...] = (0,)
WIDE: tuple[int, ...] = (0, 0)
WIDTH = 16  # lanes of NARROW

_FLOAT, _INT32, _INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_MAGNITUDE = 0x7FFFFFFF  # all bits of a float32 but the sign


class Lanes(types.Type):
    """The numba type of a vector of `count` float32 values."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"Lanes({count})")


class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, _vector(lanes))  # type: ignore[no-untyped-call]


register_model(Lanes)(_LanesModel)


def _vector(lanes: Lanes, element: ir.Type = _FLOAT) -> ir.VectorType:
    return ir.VectorType(element, lanes.count)


def _fill(lanes: Lanes, number: float, element: ir.Type = _FLOAT) -> ir.Constant:
    return ir.Constant(_vector(lanes, element), [number] * lanes.count)


def pointer_to(context: Any, builder: Any, array_type: Any, array: Any, index: Any, to: Any) -> Any:
    """Return the address of an array's element, as that of a value of type `to`."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), to.as_pointer())


def _width(vectors: Any) -> Lanes:
    return Lanes(WIDTH * len(vectors))


# --- values -------------------------------------------------------------------------------


def _zeros(_: Any, vectors: Any) -> Any:
    lanes = _width(vectors)
    return lanes(vectors), lambda context, builder, signature, values: _fill(lanes, 0.0)


def _splat(_: Any, number: Any, like: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        undefined = ir.Constant(_vector(like), ir.Undefined)
        first = builder.insert_element(undefined, values[0], ir.Constant(_INT32, 0))
        return builder.shuffle_vector(first, undefined, _fill(like, 0, _INT32))

    return like(types.float32, like), emit


def _load(_: Any, array: Any, index: Any, like: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = pointer_to(context, builder, array, values[0], values[1], _vector(like))
        return builder.load(pointer, align=4)

    return like(array, types.int64, like), emit


def _store(_: Any, array: Any, index: Any, value: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = pointer_to(context, builder, array, values[0], values[1], _vector(value))
        builder.store(values[2], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.int64, value), emit


def _store_first(_: Any, array: Any, index: Any, value: Any, n: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _, at, lanes, count = values
        copy = cgutils.alloca_once_value(builder, lanes)  # type: ignore[no-untyped-call]
        size = value.count
        while size:  # 32, 16, 8, 4, 2, 1 lanes at once, as the binary digits of n say
            part = ir.VectorType(_FLOAT, size)
            digit = builder.and_(count, ir.Constant(_INT64, size))
            with builder.if_then(builder.icmp_unsigned("!=", digit, ir.Constant(_INT64, 0))):
                done = builder.and_(count, ir.Constant(_INT64, -2 * size))
                source = builder.gep(builder.bitcast(copy, _FLOAT.as_pointer()), [done])
                taken = builder.load(builder.bitcast(source, part.as_pointer()), align=4)
                index = builder.add(at, done)
                target = pointer_to(context, builder, array, values[0], index, part)
                builder.store(taken, target, align=4)
            size //= 2
        return context.get_dummy_value()

    return types.void(array, types.int64, value, types.int64), emit


def _with_lane(_: Any, value: Any, position: Any, number: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.insert_element(values[0], values[2], values[1])

    return value(value, types.int64, types.float32), emit


def _item(_: Any, array: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(array)(context, builder, values[0]).data
        return builder.load(builder.gep(data, [values[1]]))

    return array.dtype(array, types.int64), emit


def _prefetch(_: Any, array: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        shape = ir.FunctionType(ir.VoidType(), [byte, _INT32, _INT32, _INT32])
        name = "llvm.prefetch.p0i8"
        function = builder.module.globals.get(name) or ir.Function(builder.module, shape, name)
        pointer = pointer_to(context, builder, array, values[0], values[1], ir.IntType(8))
        # to read, into all caches, data and not code
        builder.call(function, [pointer, *(ir.Constant(_INT32, n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), emit


prefetch: Any = intrinsic(_prefetch)  # prefetch(array, index): begin to bring what lies there
zeros: Any = intrinsic(_zeros)  # zeros(vectors)
splat: Any = intrinsic(_splat)  # splat(number, like): the number in every lane
load: Any = intrinsic(_load)  # load(array, index, like)
store: Any = intrinsic(_store)  # store(array, index, value)
store_first: Any = intrinsic(_store_first)  # store_first(array, index, value, n): n lanes of it
item: Any = intrinsic(_item)  # item(array, index): a number, without numba's care for index < 0
with_lane: Any = intrinsic(_with_lane)  # with_lane(value, position, number)


# --- arithmetic ---------------------------------------------------------------------------


def _elementwise(operation: Callable[[Any, Lanes, Any], Any]) -> Any:
    """Return an intrinsic of two equal vectors from its code generator (builder, lanes, values)."""

    def typed(_: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return operation(builder, a, values)

        return a(a, b), emit

    return intrinsic(typed)


def _fires(builder: Any, lanes: Lanes, values: Any) -> Any:
    return builder.uitofp(builder.fcmp_ordered(">=", *values), _vector(lanes))


def _smaller(builder: Any, lanes: Lanes, values: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", *values), *values)


add: Any = _elementwise(lambda builder, lanes, values: builder.fadd(*values))
sub: Any = _elementwise(lambda builder, lanes, values: builder.fsub(*values))
mul: Any = _elementwise(lambda builder, lanes, values: builder.fmul(*values))
div: Any = _elementwise(lambda builder, lanes, values: builder.fdiv(*values))
at_least: Any = _elementwise(_fires)  # 1.0 where a >= b, else 0.0
smaller: Any = _elementwise(_smaller)  # the smaller of a and b; b where one is not a number


def _absolute(_: Any, a: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        bits = builder.bitcast(values[0], _vector(a, _INT32))
        return builder.bitcast(builder.and_(bits, _fill(a, _MAGNITUDE, _INT32)), _vector(a))

    return a(a), emit


def _multiply_add(_: Any, a: Any, b: Any, c: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        shape = ir.FunctionType(_vector(a), [_vector(a)] * 3)
        name = f"llvm.fmuladd.v{a.count}f32"
        function = builder.module.globals.get(name) or ir.Function(builder.module, shape, name)
        return builder.call(function, values)

    return a(a, b, c), emit


def _power_of_two(_: Any, a: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        exponent = builder.fptosi(values[0], _vector(a, _INT32))
        biased = builder.add(exponent, _fill(a, 127, _INT32))
        return builder.bitcast(builder.shl(biased, _fill(a, 23, _INT32)), _vector(a))

    return a(a), emit


def _select_at_least(_: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">=", values[0], values[1]), *values[2:])

    return a(a, b, yes, no), emit


absolute: Any = intrinsic(_absolute)
multiply_add: Any = intrinsic(_multiply_add)  # a b + c, rounded once where the machine can
power_of_two: Any = intrinsic(_power_of_two)  # 2^a for whole a in -126..127
select_at_least: Any = intrinsic(_select_at_least)  # yes where a >= b, else no


# --- bits ---------------------------------------------------------------------------------


def _store_bits(_: Any, array: Any, index: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        word = ir.IntType(a.count)
        pointer = pointer_to(context, builder, array, values[0], values[1], word)
        fires = builder.fcmp_ordered(">=", values[2], values[3])
        builder.store(builder.bitcast(fires, word), pointer, align=1)
        return context.get_dummy_value()

    return types.void(array, types.int64, a, b), emit


def _load_word(_: Any, array: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = pointer_to(context, builder, array, values[0], values[1], _INT64)
        return builder.load(pointer, align=1)

    return types.int64(array, types.int64), emit


def _count_ones(_: Any, word: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ctpop(values[0])

    return word(word), emit


count_ones: Any = intrinsic(_count_ones)  # bits that are set in an integer
store_bits: Any = intrinsic(_store_bits)  # the bits [a >= b], from byte `index` of a byte array on
load_word: Any = intrinsic(_load_word)  # the 8 bytes from byte `index` of a byte array on
