"""Triton IR carried out in numpy, program by program, every address checked.

What Pallas' interpret mode runs is not what a GPU runs: it pads blocks that
overhang an array, so that a forgotten mask reads NaN and a stray store is cut
off, while on a GPU the load reads a neighbour and the store destroys it. Here
the very IR that Triton compiles is executed against flat memory:

- a load or store outside its array raises ``BadAddress``;
- an element stored twice, by one program or two, raises ``WrittenTwice``;
- an element that nobody stored raises ``NeverWritten``;
- lanes that a mask switches off and no ``other`` fills are NaN;
- float32 products of matrices are rounded to TF32 where the IR says so.

An operation without a rule raises ``NotImplementedError`` with its name: add a
line to a table. Sums are folded in halves, as a GPU's threads do.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kernels.lowering import TritonCall
from tests.kernels.triton_arithmetic import ONE, TWO
from tests.kernels.triton_memory import (
    BadAddress,
    Memory,
    NeverWritten,
    Pointer,
    WrittenTwice,
    reach,
)
from tests.kernels.triton_parsed import Block, Operation, parsed
from tests.kernels.triton_rules import WITH_ATTRIBUTES


class Program:
    """One program of a launch: its place in the grid and its values."""

    def __init__(self, at: tuple[int, ...], grid: tuple[int, ...]) -> None:
        self.at, self.grid = at, grid
        self.values: dict[int, Any] = {}

    def block(self, block: Block, given: Sequence[Any]) -> list[Any]:
        """Run a block; what its last operation hands over."""
        values = self.values
        values.update(zip(block.arguments, given, strict=True))
        for op in block.operations:
            made = self.run(op, [values[v] for v in op.operands])
            values.update(zip(op.results, made, strict=True))
        return [values[v] for v in block.ends]

    def run(self, op: Operation, given: list[Any]) -> Sequence[Any]:
        name = op.name
        if name in TWO:
            made = TWO[name](*given)
        elif name in ONE:
            made = ONE[name](*given)
        elif name in WITH_ATTRIBUTES:
            made = WITH_ATTRIBUTES[name](op, *given)
        elif method := getattr(self, name.replace(".", "_"), None):
            return method(op, *given)
        else:
            raise NotImplementedError(str(op))
        if not isinstance(made, Pointer):
            # inside a fold a scalar stands for a whole array
            made = np.asarray(made, op.dtype)
        return [made]

    def tt_get_program_id(self, op: Operation) -> list[Any]:
        return [np.asarray(self.at[op.attributes["axis"]], np.int32)]

    def tt_get_num_programs(self, op: Operation) -> list[Any]:
        return [np.asarray(self.grid[op.attributes["axis"]], np.int32)]

    def tt_load(
        self, op: Operation, x: Pointer, mask: Any = None, other: Any = None
    ) -> list[Any]:
        if not op.used:
            return [None]  # half of a swap; no compiler keeps it
        on = reach(self.at, x, mask, "loads from")
        values = x.memory.values
        if other is None:
            whole = values.dtype.kind in "iub"
            other = values.dtype.type(113 if whole else np.nan)
        return [np.where(on, values[np.where(on, x.offsets, 0)], other)]

    def tt_store(
        self, op: Operation, x: Pointer, value: Any, mask: Any = None
    ) -> list[Any]:
        on = reach(self.at, x, mask, "stores to")
        memory, at = x.memory, x.offsets[on]
        if not memory.writable:
            raise BadAddress(f"{memory.name} is an input and is stored to")
        np.add.at(memory.stores, at, 1)
        if (memory.stores[at] > 1).any():
            twice = at[memory.stores[at] > 1][0]
            raise WrittenTwice(
                f"program {self.at} stores to {memory.name} at {twice}, "
                "which was stored before"
            )
        memory.values[at] = np.broadcast_to(value, on.shape)[on]
        return []

    def tt_reduce(self, op: Operation, *given: Any) -> list[Any]:
        axis = op.attributes["axis"]
        parts = [np.moveaxis(x, axis, 0) for x in given]
        while (size := len(parts[0])) > 1:
            low = [p[: size // 2] for p in parts]
            high = [p[size // 2 :] for p in parts]
            parts = self.block(op.regions[0], low + high)
        return [p[0] for p in parts]

    def tt_scan(self, op: Operation, *given: Any) -> list[Any]:
        axis = op.attributes["axis"]
        parts = [np.moveaxis(x, axis, 0).copy() for x in given]
        order = range(len(parts[0]))
        for before, here in itertools.pairwise(
            order[::-1] if op.attributes["reverse"] else order
        ):
            both = [p[before] for p in parts] + [p[here] for p in parts]
            made = self.block(op.regions[0], both)
            for part, value in zip(parts, made, strict=True):
                part[here] = value
        return [np.moveaxis(p, 0, axis) for p in parts]

    def scf_for(
        self, op: Operation, start: Any, stop: Any, step: Any, *carried: Any
    ) -> Sequence[Any]:
        for i in range(int(start), int(stop), int(step)):
            index = np.asarray(i, start.dtype)
            carried = tuple(self.block(op.regions[0], [index, *carried]))
        return carried

    def scf_if(self, op: Operation, condition: Any) -> Sequence[Any]:
        branch = 0 if condition else 1
        exists = branch < len(op.regions)
        return self.block(op.regions[branch], []) if exists else []

    def scf_while(self, op: Operation, *given: Any) -> Sequence[Any]:
        carried = list(given)
        while True:
            goes_on, *carried = self.block(op.regions[0], carried)
            if not goes_on:
                return carried
            carried = self.block(op.regions[1], carried)


def execute(
    call: TritonCall,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    reverse: bool = False,
) -> list[np.ndarray]:
    """Every program of a launch, one after the other; what they stored.

    A GPU runs them in any order; ``reverse`` starts with the last one.
    ``outputs`` have a ``shape`` and a ``dtype``, as ``jax.ShapeDtypeStruct``.
    """
    memories = [
        Memory(np.array(x).ravel(), f"input {i}", False)
        for i, x in enumerate(inputs)
    ]
    made = [
        Memory(
            np.zeros(math.prod(wanted.shape), wanted.dtype), f"output {i}", True
        )
        for i, wanted in enumerate(outputs)
    ]
    start = np.zeros((), np.int64)
    pointers = [Pointer(memory, start) for memory in memories + made]
    body = parsed(call)
    places = list(itertools.product(*(range(n) for n in call.grid[::-1])))
    with np.errstate(all="ignore"):
        for place in places[::-1] if reverse else places:
            Program(place[::-1], call.grid).block(body, pointers)
    for memory in made:
        if not memory.stores.all():
            raise NeverWritten(
                f"{(memory.stores == 0).sum()} of {memory.values.size} "
                f"elements of {memory.name}"
            )
    return [
        memory.values.reshape(wanted.shape)
        for memory, wanted in zip(made, outputs, strict=True)
    ]
