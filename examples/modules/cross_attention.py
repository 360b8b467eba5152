"""Cross-attention: one sequence asks, another one answers.

    CrossAttention(X, C) = MultiHead(Q = X, K = C, V = C)

X is the sequence that is being worked on (pixels of an image, words of the
translation), C the context it is conditioned on (words of a caption, the
sentence to translate). Bahdanau et al., arxiv.org/abs/1409.0473, and the
decoder of Vaswani et al., arxiv.org/abs/1706.03762.

Shapes: x (b, n, d), context (b, m, context_features), weights
(b, heads, n, m). A mask is True where a query may look. Raises ValueError
when widths, heads, batches or masks do not fit.
"""

import torch
from torch import Tensor

from examples.modules.self_attention import (
    MultiHeadAttention,
    attend,
    merge_heads,
    padding_mask,
    split_heads,
)


# --8<-- [start:cross_attention]
class CrossAttention(MultiHeadAttention):
    def __init__(
        self,
        features: int,
        heads: int,
        context_features: int,
        bias: bool = True,
    ) -> None:
        widths = (context_features, context_features)
        super().__init__(features, heads, *widths, bias=bias)

    def forward(
        self, x: Tensor, context: Tensor, allowed: Tensor | None = None
    ) -> Tensor:
        check_context(self, x, context)
        return self.look(x, context, context, allowed)[0]

    # --8<-- [end:cross_attention]
    # --8<-- [start:cache]
    def remember(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values: all that is ever needed of the context."""
        k = split_heads(self.to_k(context), self.heads)
        v = split_heads(self.to_v(context), self.heads)
        return k, v  # (b, heads, m, d / heads) each

    def recall(
        self,
        x: Tensor,
        memory: tuple[Tensor, Tensor],
        allowed: Tensor | None = None,
    ) -> Tensor:
        q = split_heads(self.to_q(x), self.heads)
        y, _ = attend(q, *memory, allowed)
        return self.to_out(merge_heads(y))

    # --8<-- [end:cache]


def check_context(
    layer: CrossAttention,
    x: Tensor,
    context: Tensor,
) -> None:
    d, width = layer.to_q.in_features, layer.to_k.in_features
    if x.dim() != 3 or x.shape[-1] != d:
        raise ValueError(f"x is {tuple(x.shape)}, not (b, n, {d})")
    if context.dim() != 3 or context.shape[-1] != width:
        raise ValueError(
            f"context is {tuple(context.shape)}, not (b, m, {width})"
        )
    if len(context) not in (1, len(x)):
        raise ValueError(
            f"context has {len(context)} sequences; x has {len(x)}, and it "
            "must have as many, or one for all"
        )


# --8<-- [start:demo]
def who_learns(layer: CrossAttention, context: Tensor) -> str:
    """Which of the three projections learns from a random loss."""
    x = torch.randn(len(context), 6, layer.to_q.in_features)
    loss = layer(x, context).square().sum()
    weights = [p.weight for p in (layer.to_q, layer.to_k, layer.to_v)]
    found = torch.autograd.grad(loss, weights)
    told = ["yes" if g.abs().max() > 1e-5 else "no" for g in found]
    q, k, v = (f"{answer:<3}" for answer in told)
    return f"q {q}  k {k}  v {v}"


def main() -> None:
    torch.manual_seed(0)
    layer = CrossAttention(8, heads=2, context_features=5)
    x, words = torch.randn(1, 6, 8), torch.randn(1, 4, 5)
    y, weights = layer.look(x, words, words)
    print("x", tuple(x.shape), "context", tuple(words.shape), end=" ")
    print("weights", tuple(weights.shape), "y", tuple(y.shape))
    again = layer.recall(x, layer.remember(words))
    print("from remembered keys and values:", torch.allclose(y, again))
    shuffled = words[:, [2, 0, 3, 1]]
    same = torch.allclose(y, layer(x, shuffled), atol=1e-6)
    print("words in another order, same output:", same)
    real, other = padding_mask(torch.tensor([3]), 4), words.clone()
    other[:, 3] = 9.0
    same = torch.equal(layer(x, words, real), layer(x, other, real))
    print("a padded word changed, same output:", same)
    for m in (4, 1):
        moved = who_learns(layer, words[:, :m])
        print(f"context of {m}: gradient reaches  {moved}".rstrip())


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
