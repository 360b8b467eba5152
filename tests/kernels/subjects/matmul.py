"""A linear layer (m, k) → (m, n) with a bias, and ReLU or nothing."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernels.matmul import matmul
from tests.kernels.subject import Benchmark, Size, Subject, bytes_of


def exact(x: Any, weight: Any, bias: Any, epilogue: str = "none") -> np.ndarray:
    y = x @ weight.T + bias
    return np.where(y < 0, 0, y) if epilogue == "relu" else y


def in_torch(x: Any, weight: Any, bias: Any, epilogue: str = "none") -> Any:
    from torch.nn import functional

    y = functional.linear(x, weight, bias)
    return functional.relu(y) if epilogue == "relu" else y


def shapes(size: Size) -> list[Size]:
    m, k, n = size
    return [(m, k), (n, k), (n,)]


def benchmark(m: int, k: int, n: int, epilogue: str) -> Benchmark:
    x, weight, y = (m, k), (n, k), (m, n)
    return Benchmark(
        (m, k, n),
        "bfloat16",
        {"epilogue": epilogue},
        forward_bytes=bytes_of("bfloat16", x, weight, y, (n,)),
        backward_bytes=bytes_of("bfloat16", x, x, weight, weight, y, y, (n,)),
        forward_operations=2 * m * k * n,
        backward_operations=4 * m * k * n,
    )


SUBJECT = Subject(
    call=matmul,
    exact=exact,
    torch=in_torch,
    reference="torch.nn.functional.linear",
    shapes=shapes,
    sizes=[(1, 7, 3), (20, 40, 18), (33, 16, 50), (70, 90, 35)],
    draw=st.tuples(*[st.integers(1, 50)] * 3),
    settings=[{}, {"epilogue": "relu"}],
    benchmarks=[
        benchmark(8192, 8192, 8192, "none"),
        benchmark(8192, 4096, 14336, "relu"),
    ],
)
