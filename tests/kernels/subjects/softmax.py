"""Softmax along the last axis of (n, d)."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernels.softmax import softmax
from tests.kernels.subject import Benchmark, Subject, bytes_of


def exact(x: Any) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def in_torch(x: Any) -> Any:
    import torch

    return torch.softmax(x, -1)


def benchmark(rows: int, columns: int, dtype: str) -> Benchmark:
    size = (rows, columns)
    return Benchmark(
        size,
        dtype,
        {},
        forward_bytes=bytes_of(dtype, size, size),
        backward_bytes=bytes_of(dtype, size, size, size),
    )


SUBJECT = Subject(
    call=softmax,
    exact=exact,
    torch=in_torch,
    reference="torch.softmax",
    shapes=lambda size: [size],
    sizes=[(1, 7), (3, 2, 300), (70, 33), (2, 5000), (2, 16385)],
    draw=st.tuples(st.integers(1, 40), st.integers(1, 600)),
    benchmarks=[
        benchmark(16384, 8192, "bfloat16"),
        benchmark(4096, 393216, "float32"),
    ],
)
