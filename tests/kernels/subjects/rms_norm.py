"""Root mean square normalization of (n, d)."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernels.rms_norm import rms_norm
from tests.kernels.subject import Benchmark, Size, Subject, bytes_of


def exact(x: Any, weight: Any, eps: float = 1e-6) -> np.ndarray:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) * weight


def in_torch(x: Any, weight: Any, eps: float = 1e-6) -> Any:
    from torch.nn import functional

    return functional.rms_norm(x, weight.shape, weight, eps)


def shapes(size: Size) -> list[Size]:
    return [size, size[-1:]]


def benchmark(rows: int, features: int, dtype: str) -> Benchmark:
    size, vector = (rows, features), (features,)
    return Benchmark(
        size,
        dtype,
        {},
        forward_bytes=bytes_of(dtype, size, size, vector),
        backward_bytes=bytes_of(dtype, size, size, size, vector, vector),
    )


SUBJECT = Subject(
    call=rms_norm,
    exact=exact,
    torch=in_torch,
    reference="torch.nn.functional.rms_norm",
    shapes=shapes,
    sizes=[(1, 7), (3, 2, 300), (70, 33), (2, 5000), (9, 1500)],
    draw=st.tuples(st.integers(1, 40), st.integers(2, 600)),
    settings=[{}, {"eps": 1e-2}],
    benchmarks=[
        benchmark(16384, 4096, "bfloat16"),
        benchmark(65536, 768, "float32"),
    ],
)
