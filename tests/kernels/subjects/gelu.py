"""GELU of (n, d) plus a bias, exact and by tanh."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.special import ndtr

from kernels.gelu import gelu
from tests.kernels.subject import Benchmark, Subject, bytes_of


def exact(x: Any, bias: Any, approximate: str = "none") -> np.ndarray:
    u = x + bias
    if approximate == "none":
        return u * ndtr(u)
    return (u / 2) * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))


def in_torch(x: Any, bias: Any, approximate: str = "none") -> Any:
    from torch.nn import functional

    return functional.gelu(x + bias, approximate=approximate)


def benchmark(rows: int, features: int, dtype: str, how: str) -> Benchmark:
    size, vector = (rows, features), (features,)
    return Benchmark(
        size,
        dtype,
        {"approximate": how},
        forward_bytes=bytes_of(dtype, size, size, vector),
        backward_bytes=bytes_of(dtype, size, size, size, vector, vector),
    )


SUBJECT = Subject(
    call=gelu,
    exact=exact,
    torch=in_torch,
    reference="torch.nn.functional.gelu",
    shapes=lambda size: [size, size[-1:]],
    sizes=[(1, 7), (3, 2, 300), (70, 33), (2, 5000), (9, 1500)],
    draw=st.tuples(st.integers(1, 40), st.integers(1, 600)),
    settings=[{}, {"approximate": "tanh"}],
    benchmarks=[
        benchmark(8192, 14336, "bfloat16", "none"),
        benchmark(16384, 3072, "float32", "tanh"),
    ],
)
