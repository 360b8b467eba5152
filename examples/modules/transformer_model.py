"""The whole Transformer: an encoder reads, a decoder writes token by token.

    memory = Encoder(sqrt(d) E[source] + PE)
    logits = Decoder(sqrt(d) E[target] + PE, memory) E^T

One matrix E (k, d) embeds both languages and gives the logits. Target token
i is predicted from the tokens before it, all at once in training, one after
another when generating. Vaswani et al., arxiv.org/abs/1706.03762.

Shapes: source (b, m) and target (b, n) integers, logits (b, n, k), readable
(b, 1, 1, m), True where the source is real. Raises ValueError for tokens of
another shape or type and for sizes below 1.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from examples.modules.self_attention import causal_mask
from examples.modules.transformer import (
    DecoderLayer,
    EncoderLayer,
    PostNorm,
    Residual,
    Stack,
)
from examples.modules.transformer_position import sinusoids


# --8<-- [start:transformer]
class Transformer(nn.Module):
    def __init__(
        self,
        vocabulary: int,
        features: int,
        heads: int,
        hidden: int,
        layers: int,
        residual: Callable[..., Residual] = PostNorm,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if vocabulary < 1:
            raise ValueError(f"vocabulary is {vocabulary}; not positive")
        sizes = features, heads, hidden, partial(residual, dropout=dropout)
        self.embedding = nn.Embedding(vocabulary, features)
        nn.init.normal_(self.embedding.weight, std=features**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.encoder = Stack([EncoderLayer(*sizes) for _ in range(layers)])
        self.decoder = Stack([DecoderLayer(*sizes) for _ in range(layers)])

    def embed(self, tokens: Tensor) -> Tensor:
        check_tokens(tokens)
        x = self.embedding(tokens)  # (b, n, d)
        places = sinusoids(*x.shape[1:]).to(x)
        return self.dropout(x.shape[-1] ** 0.5 * x + places)

    # --8<-- [end:transformer]
    # --8<-- [start:forward]
    def encode(
        self,
        source: Tensor,
        readable: Tensor | None = None,
    ) -> Tensor:
        return self.encoder(self.embed(source), readable)

    def decode(
        self, target: Tensor, memory: Tensor, readable: Tensor | None = None
    ) -> Tensor:
        x = self.embed(target)
        allowed = causal_mask(target.shape[1]).to(target.device)
        x = self.decoder(x, memory, allowed, readable)
        return x @ self.embedding.weight.T  # (b, n, k)

    def forward(
        self,
        source: Tensor,
        target: Tensor,
        readable: Tensor | None = None,
    ) -> Tensor:
        memory = self.encode(source, readable)
        return self.decode(target, memory, readable)


# --8<-- [end:forward]
def check_tokens(tokens: Tensor) -> None:
    if tokens.dim() != 2 or tokens.is_floating_point():
        found = f"{tokens.dtype} of shape {tuple(tokens.shape)}"
        raise ValueError(f"tokens are {found}, not integers (b, n)")


# --8<-- [start:greedy]
@torch.no_grad()
def greedy(
    model: Transformer,
    source: Tensor,
    start: int,
    steps: int,
    readable: Tensor | None = None,
) -> Tensor:
    """(b, steps): always the most probable next token."""
    memory = model.encode(source, readable)  # once
    target = source.new_full((len(source), 1), start)
    for _ in range(steps):  # each step waits for the one before
        logits = model.decode(target, memory, readable)[:, -1]
        target = torch.cat([target, logits.argmax(-1, True)], dim=1)
    return target[:, 1:]


# --8<-- [end:greedy]
def main() -> None:
    torch.manual_seed(0)
    model = Transformer(11, 16, heads=2, hidden=64, layers=2).double()
    source, target = torch.randint(11, (3, 9)), torch.randint(11, (3, 7))
    whole = model(source, target)
    print("target", tuple(target.shape), "logits", tuple(whole.shape))
    steps = [model(source, target[:, :i])[:, -1] for i in range(1, 8)]
    same = torch.allclose(whole, torch.stack(steps, 1))
    print("one pass = seven passes, each a token longer:", same)


if __name__ == "__main__":
    main()
