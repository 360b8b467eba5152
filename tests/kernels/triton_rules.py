"""What the operations of Triton IR that read attributes do, in numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.kernels.triton_arithmetic import (
    FLOAT_ORDER,
    LIBDEVICE,
    SIGNED,
    WHOLE_ORDER,
    tf32,
    unsigned,
)
from tests.kernels.triton_memory import Pointer
from tests.kernels.triton_parsed import UNSIGNED, Operation


def convert(op: Operation, x: Any) -> Any:
    return x.astype(op.dtype)


def whole(op: Operation, x: Any) -> Any:
    return np.trunc(x).astype(op.dtype)


def from_unsigned(op: Operation, x: Any) -> Any:
    return unsigned(x).astype(op.dtype)


def shaped(change: Callable[..., np.ndarray]) -> Callable[..., Any]:
    """A rule that holds for pointers too."""

    def rule(op: Operation, x: Any) -> Any:
        if isinstance(x, Pointer):
            return Pointer(x.memory, change(op, x.offsets))
        return change(op, x)

    return rule


def compare_floats(op: Operation, a: Any, b: Any) -> Any:
    compare, unordered = FLOAT_ORDER[op.attributes["predicate"]]
    return np.where(np.isnan(a) | np.isnan(b), unordered, compare(a, b))


def compare_whole(op: Operation, a: Any, b: Any) -> Any:
    predicate = op.attributes["predicate"]
    if predicate >= SIGNED:
        a, b = unsigned(a), unsigned(b)
    return WHOLE_ORDER[predicate](a, b)


def libdevice(op: Operation, *given: Any) -> Any:
    symbol = op.attributes["symbol"]
    name = symbol.removeprefix("__nv_")
    name = name if name in LIBDEVICE else name.removesuffix("f")
    if name not in LIBDEVICE:
        raise NotImplementedError(symbol)
    return LIBDEVICE[name](*given)


def dot(op: Operation, a: Any, b: Any, c: Any) -> Any:
    if a.dtype == np.float32 and not op.attributes["inputPrecision"]:
        a, b = tf32(a), tf32(b)
    return np.matmul(a.astype(np.float32), b.astype(np.float32)) + c


WITH_ATTRIBUTES: dict[str, Callable[..., Any]] = {
    "arith.constant": lambda op: np.full(
        op.shape, op.attributes["value"], op.dtype
    ),
    "arith.select": lambda op, mask, a, b: np.where(mask, a, b),
    "arith.cmpf": compare_floats,
    "arith.cmpi": compare_whole,
    "arith.extf": convert,
    "arith.truncf": convert,
    "arith.extsi": convert,
    "arith.trunci": convert,
    "arith.sitofp": convert,
    "arith.index_cast": convert,
    "arith.extui": from_unsigned,
    "arith.uitofp": from_unsigned,
    "arith.fptosi": whole,
    "arith.fptoui": lambda op, x: (
        np.trunc(x).astype(UNSIGNED[np.dtype(op.dtype).itemsize]).view(op.dtype)
    ),
    "arith.bitcast": lambda op, x: x.view(op.dtype),
    "math.fma": lambda op, a, b, c: a.astype(np.float64) * b + c,
    "tt.fp_to_fp": convert,
    "tt.extern_elementwise": libdevice,
    "tt.make_range": lambda op: np.arange(
        op.attributes["start"], op.attributes["end"], dtype=np.int32
    ),
    "tt.splat": shaped(lambda op, x: np.broadcast_to(x, op.shape)),
    "tt.broadcast": shaped(lambda op, x: np.broadcast_to(x, op.shape)),
    "tt.expand_dims": shaped(lambda op, x: x.reshape(op.shape)),
    "tt.reshape": shaped(lambda op, x: x.reshape(op.shape)),
    "tt.trans": shaped(lambda op, x: x.transpose(op.attributes["order"])),
    "tt.join": lambda op, a, b: np.stack([a, b], -1),
    "tt.addptr": lambda op, x, by: Pointer(
        x.memory, x.offsets + by.astype(np.int64)
    ),
    "tt.dot": dot,
}
