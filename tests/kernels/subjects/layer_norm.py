"""Layer normalization of (n, d)."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernels.layer_norm import layer_norm
from tests.kernels.subject import Benchmark, Size, Subject, bytes_of


def exact(x: Any, weight: Any, bias: Any, eps: float = 1e-5) -> np.ndarray:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps) * weight + bias


def in_torch(x: Any, weight: Any, bias: Any, eps: float = 1e-5) -> Any:
    from torch.nn import functional

    return functional.layer_norm(x, weight.shape, weight, bias, eps)


def shapes(size: Size) -> list[Size]:
    return [size, size[-1:], size[-1:]]


def benchmark(rows: int, features: int, dtype: str) -> Benchmark:
    size, vector = (rows, features), (features,)
    return Benchmark(
        size,
        dtype,
        {},
        forward_bytes=bytes_of(dtype, size, size, vector, vector),
        backward_bytes=bytes_of(dtype, size, size, size, *[vector] * 3),
    )


SUBJECT = Subject(
    call=layer_norm,
    exact=exact,
    torch=in_torch,
    reference="torch.nn.functional.layer_norm",
    shapes=shapes,
    sizes=[(1, 7), (3, 2, 300), (70, 33), (2, 5000), (9, 1500)],
    draw=st.tuples(st.integers(1, 40), st.integers(3, 600)),
    settings=[{}, {"eps": 1e-2}],
    benchmarks=[
        benchmark(16384, 4096, "bfloat16"),
        benchmark(65536, 768, "float32"),
    ],
)
