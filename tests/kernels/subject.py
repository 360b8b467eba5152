"""What is to be known of a kernel to prove, lower, compile and measure it.

``tests/kernels/subjects/<operation>.py`` defines one ``SUBJECT``. It imports no
torch at the top, so that it serves where there is none: ``make
test-kernels-newest``.
"""

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from hypothesis.strategies import SearchStrategy

Size = tuple[int, ...]
Settings = Mapping[str, Any]
ROOT = Path(__file__).resolve().parents[2]
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Benchmark:
    """A size worth measuring. Bytes and operations are the floor: what any
    implementation must at least move and do, forward and backward."""

    size: Size
    dtype: str
    settings: Settings
    forward_bytes: int
    backward_bytes: int
    forward_operations: int = 0
    backward_operations: int = 0

    def title(self) -> str:
        said = [f"{k}={v}" for k, v in self.settings.items()]
        return " ".join(["×".join(map(str, self.size)), self.dtype, *said])


@dataclass(frozen=True)
class Subject:
    """A kernel, the truths that it is held against, and its sizes.

    ``call(*arrays, **settings, backend=…)`` is the kernel's function.
    ``exact(*arrays, **settings)`` is the same in numpy, for float64 arrays.
    ``torch(*tensors, **settings)`` is the same in torch, imported inside;
    ``reference`` is its dotted name.
    ``shapes(size)`` are the shapes of the arrays at a size, in their order.
    """

    call: Callable[..., Any]
    exact: Callable[..., Any]
    torch: Callable[..., Any]
    reference: str
    shapes: Callable[[Size], Sequence[Size]]
    sizes: Sequence[Size]  # small and odd: one row, one column, powers of two
    draw: SearchStrategy[Size]
    benchmarks: Sequence[Benchmark]
    settings: Sequence[Settings] = ({},)
    library: Callable[..., Any] | None = None  # the best one on a GPU

    @property
    def name(self) -> str:
        return self.call.__module__.rpartition(".")[2]

    def arrays(
        self, size: Size, dtype: str, seed: int = 0, scale: float = 1
    ) -> list[np.ndarray]:
        """Random inputs whose mean is not 0, rounded to the type."""
        random = np.random.default_rng(seed)
        return [
            rounded(scale * (random.standard_normal(shape) + 0.3), dtype)
            for shape in self.shapes(size)
        ]


def rounded(x: np.ndarray, dtype: str) -> np.ndarray:
    return np.asarray(x).astype(jnp.dtype(dtype))


def bytes_of(dtype: str, *shapes: Size) -> int:
    return jnp.dtype(dtype).itemsize * sum(map(math.prod, shapes))


def subjects() -> dict[str, Subject]:
    """Every kernel that stands, by the name of its file."""
    folder = Path(__file__).parent / "subjects"
    return {
        path.stem: importlib.import_module(
            f"tests.kernels.subjects.{path.stem}"
        ).SUBJECT
        for path in sorted(folder.glob("*.py"))
    }
