"""What the operations of Triton IR that need no attributes do, in numpy."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.kernels.triton_parsed import UNSIGNED


def unsigned(x: np.ndarray) -> np.ndarray:
    return x if x.dtype == np.bool_ else x.view(UNSIGNED[x.dtype.itemsize])


def truncated(divide: Callable[..., Any]) -> Callable[..., Any]:
    """Division that rounds to zero, as C's does and Python's does not."""

    def by(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        sign = (
            np.sign(a) * np.sign(b)
            if divide is np.floor_divide
            else (np.where(a < 0, -1, 1))
        )
        return (sign * divide(np.abs(a), np.abs(b))).astype(a.dtype)

    return by


def tf32(x: np.ndarray) -> np.ndarray:
    """Ten bits of mantissa, to nearest."""
    bits = x.view(np.uint32)
    return ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)


def erf(x: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


# Of two NaN-or-number arguments, "maximum" gives NaN and "maxnum" the number.
TWO: dict[str, Callable[[Any, Any], Any]] = {
    "arith.addf": np.add,
    "arith.subf": np.subtract,
    "arith.mulf": np.multiply,
    "arith.divf": np.divide,
    "arith.remf": np.fmod,
    "arith.maximumf": np.maximum,
    "arith.minimumf": np.minimum,
    "arith.maxnumf": np.fmax,
    "arith.minnumf": np.fmin,
    "arith.addi": np.add,
    "arith.subi": np.subtract,
    "arith.muli": np.multiply,
    "arith.divsi": truncated(np.floor_divide),
    "arith.remsi": truncated(np.remainder),
    "arith.divui": lambda a, b: (unsigned(a) // unsigned(b)).view(a.dtype),
    "arith.remui": lambda a, b: (unsigned(a) % unsigned(b)).view(a.dtype),
    "arith.maxsi": np.maximum,
    "arith.minsi": np.minimum,
    "arith.maxui": lambda a, b: np.where(unsigned(a) > unsigned(b), a, b),
    "arith.minui": lambda a, b: np.where(unsigned(a) < unsigned(b), a, b),
    "arith.andi": np.bitwise_and,
    "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor,
    "arith.shli": np.left_shift,
    "arith.shrsi": np.right_shift,
    "arith.shrui": lambda a, b: (unsigned(a) >> unsigned(b)).view(a.dtype),
    "math.powf": np.power,
    "math.atan2": np.arctan2,
    "math.copysign": np.copysign,
}
ONE: dict[str, Callable[[Any], Any]] = {
    "arith.negf": np.negative,
    "math.absf": np.abs,
    "math.absi": np.abs,
    "math.exp": np.exp,
    "math.exp2": np.exp2,
    "math.log": np.log,
    "math.log2": np.log2,
    "math.log1p": np.log1p,
    "math.expm1": np.expm1,
    "math.sqrt": np.sqrt,
    "math.rsqrt": lambda x: 1 / np.sqrt(x),
    "math.floor": np.floor,
    "math.ceil": np.ceil,
    "math.sin": np.sin,
    "math.cos": np.cos,
    "math.tan": np.tan,
    "math.tanh": np.tanh,
    "math.erf": erf,
    "tt.precise_sqrt": np.sqrt,
}
# Functions of NVIDIA's libdevice, of float32 and float64.
LIBDEVICE = {
    "rsqrt": ONE["math.rsqrt"],
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "round": lambda x: np.trunc(x + np.copysign(np.float32(0.5), x)),
    "fabs": np.abs,
    "abs": np.abs,
    "pow": np.power,
    "powi": np.power,
    "fmod": np.fmod,
    "erf": erf,
}
FLOAT_ORDER = {
    1: (np.equal, False),
    2: (np.greater, False),
    3: (np.greater_equal, False),
    4: (np.less, False),
    5: (np.less_equal, False),
    6: (np.not_equal, False),
    8: (np.equal, True),
    9: (np.greater, True),
    10: (np.greater_equal, True),
    11: (np.less, True),
    12: (np.less_equal, True),
    13: (np.not_equal, True),
}
WHOLE_ORDER = (
    *(np.equal, np.not_equal),
    *(np.less, np.less_equal, np.greater, np.greater_equal),  # signed
    *(np.less, np.less_equal, np.greater, np.greater_equal),
)
SIGNED = 6
