"""Self-attention: every token asks all tokens and mixes what they answer.

    Attention(Q, K, V) = softmax(Q K^T / sqrt(e)) V
    MultiHead(X)       = [head_1 ... head_h] W_O + b_O
    head_i             = Attention(X W_Q^i, X W_K^i, X W_V^i)

Vaswani et al., "Attention Is All You Need", arxiv.org/abs/1706.03762.

Shapes: queries (b, n, d), keys and values (b, m, .), e = d / heads features
a head, weights (b, heads, n, m). A mask says what is allowed: True means
that the query may look at the key, as in torch's scaled dot product
attention and unlike torch.nn.MultiheadAttention. A query that may look at
nothing gets NaN. Raises ValueError when widths, heads or masks do not fit.
"""

import torch
from torch import Tensor, nn


# --8<-- [start:attend]
def softmax(scores: Tensor) -> Tensor:
    top = scores.detach().amax(-1, keepdim=True)  # exp never overflows
    e = (scores - top).exp()
    return e / e.sum(-1, keepdim=True)


def attend(
    q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The mixed values (..., n, f) and the weights (..., n, m)."""
    check(q, k, v, allowed)
    scores = q @ k.mT / q.shape[-1] ** 0.5  # (..., n, m)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, float("-inf"))
    weights = softmax(scores)  # every row sums to 1
    return weights @ v, weights


# --8<-- [end:attend]
def check(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None) -> None:
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"k has {k.shape[-1]} features, not {q.shape[-1]}")
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(
            f"v has {v.shape[-2]} tokens; it must have one for each of the "
            f"{k.shape[-2]} keys"
        )
    if allowed is None:
        return
    if allowed.dtype != torch.bool:
        raise ValueError(f"allowed is {allowed.dtype}, not torch.bool")
    n, m = q.shape[-2], k.shape[-2]
    if allowed.shape[-1] != m or allowed.shape[-2] not in (1, n):
        raise ValueError(
            f"allowed is {tuple(allowed.shape)}, not (..., {n}, {m})"
        )


# --8<-- [start:masks]
def causal_mask(n: int, m: int | None = None) -> Tensor:
    """(n, m): the last query is also the last key; none looks ahead."""
    m = n if m is None else m
    if m < n:
        raise ValueError(f"m is {m}; it must be {n} queries or more")
    return torch.ones(n, m, dtype=torch.bool).tril(m - n)


def padding_mask(lengths: Tensor, m: int) -> Tensor:
    """(b, 1, 1, m), for every head and query: real keys, no padding."""
    if lengths.min() < 1 or lengths.max() > m:
        raise ValueError(
            f"lengths is {lengths.tolist()}; each must be 1 to {m}"
        )
    real = torch.arange(m, device=lengths.device) < lengths[:, None]
    return real[:, None, None, :]


# --8<-- [end:masks]
# --8<-- [start:multi_head]
def split_heads(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)  # (b, h, n, e)


def merge_heads(x: Tensor) -> Tensor:
    return x.transpose(-2, -3).flatten(-2)  # (b, n, heads * e)


class MultiHeadAttention(nn.Module):
    def __init__(
        self,
        features: int,
        heads: int,
        key_features: int | None = None,
        value_features: int | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if heads < 1 or features % heads:
            raise ValueError(f"heads is {heads}; it must divide {features}")
        self.heads = heads
        self.to_q = nn.Linear(features, features, bias)
        self.to_k = nn.Linear(key_features or features, features, bias)
        self.to_v = nn.Linear(value_features or features, features, bias)
        self.to_out = nn.Linear(features, features, bias)

    def look(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        allowed: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The output (b, n, d), the weights (b, heads, n, m)."""
        q = split_heads(self.to_q(query), self.heads)
        k = split_heads(self.to_k(key), self.heads)
        v = split_heads(self.to_v(value), self.heads)
        y, weights = attend(q, k, v, allowed)  # all heads at once
        return self.to_out(merge_heads(y)), weights


# --8<-- [end:multi_head]
# --8<-- [start:self_attention]
class SelfAttention(MultiHeadAttention):
    def __init__(
        self,
        features: int,
        heads: int,
        bias: bool = True,
    ) -> None:
        super().__init__(features, heads, bias=bias)

    def forward(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        return self.look(x, x, x, allowed)[0]


# --8<-- [end:self_attention]
# --8<-- [start:depends]
def depends(
    layer: SelfAttention, x: Tensor, allowed: Tensor | None = None
) -> Tensor:
    """(n, n): does output token i depend on input token j?"""
    x = x.detach().requires_grad_()
    rows = [
        torch.autograd.grad(layer(x, allowed)[0, i].sum(), x)[0][0]
        for i in range(x.shape[1])
    ]
    return torch.stack(rows).abs().amax(-1) > 0


# --8<-- [end:depends]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    n, d = 5, 8
    layer, x = SelfAttention(d, heads=2), torch.randn(1, n, d)
    y, weights = layer.look(x, x, x)
    print("x", tuple(x.shape), "weights", tuple(weights.shape), end=" ")
    print("y", tuple(y.shape))
    one = torch.ones(1, 2, n)
    print("every row sums to 1:", torch.allclose(weights.sum(-1), one))
    order = torch.randperm(n)
    same = torch.allclose(layer(x[:, order]), y[:, order], atol=1e-6)
    print("tokens permuted, outputs permuted alike:", same)
    masks = {
        "no mask": None,
        "causal": causal_mask(n),
        "3 real tokens": padding_mask(torch.tensor([3]), n),
    }
    print("output i (row) depends on token j (column)")
    print("".join(f"{name:<16}" for name in masks).rstrip())
    grids = [depends(layer, x, allowed) for allowed in masks.values()]
    for i in range(n):
        marks = ["".join("x" if j else "." for j in g[i]) for g in grids]
        print("".join(f"{line:<16}" for line in marks).rstrip())


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
