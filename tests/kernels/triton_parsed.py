"""A kernel's Triton IR as plain operations, read once for all its programs."""

import functools
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
from jax._src.lib.mlir import ir

from kernels.lowering import TritonCall

TYPES = {
    "i1": np.bool_,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
}
UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}

# Bindings that jaxlib has not, and looks for at every operation it reads.
ABSENT = ("jaxlib.mlir.dialects.tt", "jaxlib.mosaic.python.tt", "jax.jaxlib")
ENDS = ("tt.return", "scf.yield", "scf.condition", "tt.reduce.return")
ENDS += ("tt.scan.return",)


@dataclass
class Operation:
    """One operation, read once and carried out by every program."""

    name: str
    operands: tuple[int, ...]
    results: tuple[int, ...]
    attributes: dict[str, Any]
    dtype: Any
    shape: tuple[int, ...]
    used: bool
    regions: list["Block"]

    def __str__(self) -> str:
        return f"{self.name} {self.attributes} to {self.shape} {self.dtype}"


@dataclass
class Block:
    arguments: tuple[int, ...]
    operations: list[Operation]
    ends: tuple[int, ...]


@functools.lru_cache(64)
def parsed(call: TritonCall) -> Block:
    """The body of a kernel, out of MLIR's hands."""
    numbers: dict[ir.Value, int] = {}

    def number(values: Iterator[ir.Value]) -> tuple[int, ...]:
        return tuple(numbers.setdefault(v, len(numbers)) for v in values)

    def block(given: Any) -> Block:
        arguments, made = number(given.arguments), []
        for view in given.operations:
            op = view.operation
            operands = number(op.operands)
            if op.name in ENDS:
                return Block(arguments, made, operands)
            kind = op.results[0].type if len(op.results) else None
            made.append(
                Operation(
                    op.name,
                    operands,
                    number(op.results),
                    {n: attribute(op.attributes[n]) for n in op.attributes},
                    numpy_type(kind) if kind else None,
                    shape_of(kind) if kind else (),
                    any(True for r in op.results for _ in r.uses),
                    [block(b) for region in op.regions for b in region.blocks],
                )
            )
        raise AssertionError("a block without an end")

    with mock.patch.dict(sys.modules, dict.fromkeys(ABSENT)):
        module = call.module()
        (function,) = module.body.operations
        return block(function.operation.regions[0].blocks[0])


def numpy_type(kind: ir.Type) -> Any:
    """None for a pointer."""
    return TYPES.get(str(kind).rpartition("x")[2].rstrip(">"))


def shape_of(kind: ir.Type) -> tuple[int, ...]:
    ranked = str(kind).startswith("tensor<")
    return tuple(ir.RankedTensorType(kind).shape) if ranked else ()


def attribute(value: ir.Attribute) -> Any:
    """A Python value for what the rules below read."""
    if isinstance(value, ir.DenseElementsAttr):
        assert value.is_splat, f"a constant that is no splat: {value}"
        return attribute(value.get_splat_value())
    if isinstance(value, ir.StringAttr):
        return value.value
    if isinstance(value, ir.DenseI32ArrayAttr):
        return list(value)
    text, _, kind = str(value).rpartition(" : ")
    text = text or kind
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("0x"):  # an infinity or a NaN, by its bits
        width = np.dtype(TYPES[kind]).itemsize
        return np.asarray(int(text, 16), UNSIGNED[width]).view(TYPES[kind])
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?[\d.]+([eE].\d+)?", text) else text
