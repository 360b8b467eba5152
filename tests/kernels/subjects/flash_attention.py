"""Attention over (b, h, n, d), plain and causal."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from kernels.flash_attention import flash_attention
from tests.kernels.subject import Benchmark, Size, Subject, bytes_of


def exact(q: Any, k: Any, v: Any, causal: bool = False) -> np.ndarray:
    s = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if causal:
        s = np.where(np.tri(*s.shape[-2:], dtype=bool), s, -np.inf)
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


def in_torch(q: Any, k: Any, v: Any, causal: bool = False) -> Any:
    from torch.nn import functional

    return functional.scaled_dot_product_attention(q, k, v, is_causal=causal)


def shapes(size: Size) -> list[Size]:
    """Of q, k and v: (heads, queries, keys, d), or as many keys."""
    heads, queries, keys, d = size
    return [(1, heads, queries, d), (1, heads, keys, d), (1, heads, keys, d)]


def benchmark(heads: int, n: int, d: int, causal: bool) -> Benchmark:
    whole, numbers = (heads, n, d), (heads, n)
    pairs = heads * n * n // (1 + causal)
    return Benchmark(
        (heads, n, n, d),
        "bfloat16",
        {"causal": causal},
        forward_bytes=bytes_of("bfloat16", *[whole] * 4)
        + bytes_of("float32", numbers),
        backward_bytes=bytes_of("bfloat16", *[whole] * 8)
        + bytes_of("float32", numbers),
        forward_operations=4 * pairs * d,
        backward_operations=10 * pairs * d,
    )


class Attention(Subject):
    """Only v is scaled: large scores leave a single weight, whose gradient is
    nothing but rounding. ``test_large_scores`` scales q and k."""

    def arrays(
        self, size: Size, dtype: str, seed: int = 0, scale: float = 1
    ) -> list[np.ndarray]:
        q, k, _ = super().arrays(size, dtype, seed)
        return [q, k, super().arrays(size, dtype, seed, scale)[2]]


SUBJECT = Attention(
    call=flash_attention,
    exact=exact,
    torch=in_torch,
    reference="torch.nn.functional.scaled_dot_product_attention",
    shapes=shapes,
    sizes=[(1, 3, 5, 7), (2, 40, 40, 20), (1, 33, 70, 16), (1, 70, 70, 33)],
    draw=st.tuples(st.integers(2, 40), st.integers(1, 40)).map(
        lambda size: (1, size[0], size[0], size[1])
    ),
    settings=[{}, {"causal": True}],
    benchmarks=[
        benchmark(64, 4096, 128, False),
        benchmark(64, 4096, 128, True),
    ],
)
