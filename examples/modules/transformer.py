"""Transformer: attention mixes tokens, a feed-forward layer works on each.

    post-norm   x <- LN(x + F(x))        pre-norm   x <- x + F(LN(x))

F is multi-head attention or FFN(x) = relu(x W_1 + b_1) W_2 + b_2. An
encoder layer has self-attention and FFN; a decoder layer has masked
self-attention, attention to the encoder's output, and FFN. Vaswani et al.,
arxiv.org/abs/1706.03762; pre-norm: Xiong et al., arxiv.org/abs/2002.04745.

Shapes: x (b, n, d), memory (b, m, d), tokens (b, n), logits (b, n, k). A
mask is True where a query may look. Raises ValueError for sizes below 1,
for tokens and streams of another shape.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from examples.modules.activation import relu
from examples.modules.cross_attention import CrossAttention
from examples.modules.normalization import LayerNorm
from examples.modules.self_attention import SelfAttention, causal_mask

Activation = Callable[[Tensor], Tensor]


# --8<-- [start:feed_forward]
class FeedForward(nn.Module):
    def __init__(
        self, features: int, hidden: int, activation: Activation = relu
    ) -> None:
        super().__init__()
        if hidden < 1:
            raise ValueError(f"hidden is {hidden}; it must be at least 1")
        self.widen = nn.Linear(features, hidden)
        self.activation = activation
        self.narrow = nn.Linear(hidden, features)

    def forward(self, x: Tensor) -> Tensor:  # (b, n, d), token by token
        return self.narrow(self.activation(self.widen(x)))


# --8<-- [end:feed_forward]
# --8<-- [start:residual]
class Residual(nn.Module):
    def __init__(
        self,
        branch: nn.Module,
        features: int,
        dropout: float = 0.0,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.branch, self.norm = branch, LayerNorm((features,), eps)
        self.dropout = nn.Dropout(dropout)

    def last(self) -> nn.Module:
        return nn.Identity()


class PostNorm(Residual):
    def forward(self, x: Tensor, *others: Tensor | None) -> Tensor:
        return self.norm(x + self.dropout(self.branch(x, *others)))


class PreNorm(Residual):
    def forward(self, x: Tensor, *others: Tensor | None) -> Tensor:
        return x + self.dropout(self.branch(self.norm(x), *others))

    def last(self) -> nn.Module:  # nobody has normalized the stream itself
        return LayerNorm(self.norm.shape, self.norm.eps)


# --8<-- [end:residual]
Wrap = Callable[[nn.Module, int], Residual]


def check_stream(name: str, x: Tensor, features: int) -> None:
    if x.dim() != 3 or x.shape[-1] != features:
        shape = tuple(x.shape)
        raise ValueError(f"{name} is {shape}, not (b, n, {features})")


# --8<-- [start:encoder_layer]
class EncoderLayer(nn.Module):
    def __init__(
        self,
        features: int,
        heads: int,
        hidden: int,
        residual: Wrap = PostNorm,
        activation: Activation = relu,
    ) -> None:
        super().__init__()
        self.features = features
        feed = FeedForward(features, hidden, activation)
        self.attention = residual(SelfAttention(features, heads), features)
        self.feed = residual(feed, features)

    def forward(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        check_stream("x", x, self.features)
        return self.feed(self.attention(x, allowed))


# --8<-- [end:encoder_layer]
# --8<-- [start:decoder_layer]
class DecoderLayer(nn.Module):
    def __init__(
        self,
        features: int,
        heads: int,
        hidden: int,
        residual: Wrap = PostNorm,
        activation: Activation = relu,
    ) -> None:
        super().__init__()
        self.features = features
        cross = CrossAttention(features, heads, features)
        feed = FeedForward(features, hidden, activation)
        self.attention = residual(SelfAttention(features, heads), features)
        self.cross = residual(cross, features)
        self.feed = residual(feed, features)

    def forward(
        self,
        x: Tensor,  # (b, n, d), what is being written
        memory: Tensor,  # (b, m, d), what was read
        allowed: Tensor | None = None,  # of x, usually causal
        readable: Tensor | None = None,  # of memory, usually padding
    ) -> Tensor:
        check_stream("x", x, self.features)
        x = self.attention(x, allowed)
        return self.feed(self.cross(x, memory, readable))


# --8<-- [end:decoder_layer]
# --8<-- [start:stack]
class Stack(nn.Module):
    def __init__(self, layers: list[EncoderLayer] | list[DecoderLayer]):
        super().__init__()
        if not layers:
            raise ValueError("layers is empty; a stack needs one or more")
        self.layers = nn.ModuleList(layers)
        self.norm = layers[-1].feed.last()

    def forward(self, x: Tensor, *others: Tensor | None) -> Tensor:
        for layer in self.layers:
            x = layer(x, *others)
        return self.norm(x)


# --8<-- [end:stack]
def count(module: nn.Module) -> str:
    return f"{sum(p.numel() for p in module.parameters()):,}"


def main() -> None:
    torch.manual_seed(0)
    d, heads, hidden = 512, 8, 2048
    reader = EncoderLayer(d, heads, hidden)
    writer = DecoderLayer(d, heads, hidden)
    print(f"d {d}, {heads} heads, {hidden} hidden: parameters")
    for layer in (reader, writer):
        print(f"{type(layer).__name__:<14}{count(layer):>10}")
        for name, part in layer.named_children():
            print(f"  {name:<12}{count(part.branch):>10}", end="")
            print(f"  and a norm of {count(part.norm)}")
    x, memory = torch.randn(1, 6, d), torch.randn(1, 4, d)
    order, causal = torch.randperm(6), causal_mask(6)
    for name, allowed in (("no mask", None), ("causal", causal)):
        y, moved = reader(x, allowed), reader(x[:, order], allowed)
        same = torch.allclose(moved, y[:, order], atol=1e-5)
        print(f"{name}: tokens shuffled, outputs shuffled alike: {same}")
    y, moved = (
        writer(x, memory, causal),
        writer(x, memory[:, [2, 0, 3, 1]], causal),
    )
    same = torch.allclose(moved, y, atol=1e-5)
    print(f"memory shuffled, same output: {same}")


if __name__ == "__main__":
    main()
