"""The memory of a card: flat arrays, and what may not be done to them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


class BadAddress(AssertionError):
    """A lane that is switched on reads or writes outside of its array."""


class WrittenTwice(AssertionError):
    """Two lanes store to one element: which of them wins is not defined."""


class NeverWritten(AssertionError):
    """An element of an output keeps whatever was in memory before."""


@dataclass
class Memory:
    """One array, flat, and how often each element was stored."""

    values: np.ndarray
    name: str
    writable: bool
    stores: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.stores = np.zeros(self.values.size, np.int32)


@dataclass
class Pointer:
    """Elements of one array, by their offsets."""

    memory: Memory
    offsets: np.ndarray


def reach(program: Any, x: Pointer, mask: Any, verb: str) -> np.ndarray:
    """Where the mask is on; every address there is in its array."""
    on = np.broadcast_to(True if mask is None else mask, x.offsets.shape)
    outside = on & ((x.offsets < 0) | (x.offsets >= x.memory.values.size))
    if outside.any():
        raise BadAddress(
            f"program {program} {verb} {x.memory.name} of "
            f"{x.memory.values.size} elements at {x.offsets[outside][0]}"
        )
    return on
