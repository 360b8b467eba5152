"""SwiGLU of (n, 2 d) plus a bias."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.special import expit

from kernels.swiglu import swiglu
from tests.kernels.subject import Benchmark, Subject, bytes_of


def exact(x: Any, bias: Any) -> np.ndarray:
    a, b = np.split(x + bias, 2, axis=-1)
    return a * expit(a) * b


def in_torch(x: Any, bias: Any) -> Any:
    from torch.nn import functional

    a, b = (x + bias).chunk(2, -1)
    return functional.silu(a) * b


def benchmark(rows: int, features: int, dtype: str) -> Benchmark:
    size, half = (rows, 2 * features), (rows, features)
    bias = (2 * features,)
    return Benchmark(
        size,
        dtype,
        {},
        forward_bytes=bytes_of(dtype, size, half, bias),
        backward_bytes=bytes_of(dtype, size, size, half, bias, bias),
    )


SUBJECT = Subject(
    call=swiglu,
    exact=exact,
    torch=in_torch,
    reference="torch.nn.functional.silu",
    shapes=lambda size: [size, size[-1:]],
    sizes=[(1, 14), (3, 2, 300), (70, 66), (2, 5000), (9, 3000)],
    draw=st.tuples(st.integers(1, 40), st.integers(1, 400)).map(
        lambda size: (size[0], 2 * size[1])
    ),
    benchmarks=[
        benchmark(8192, 14336, "bfloat16"),
        benchmark(16384, 2048, "float32"),
    ],
)
