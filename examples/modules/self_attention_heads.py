"""Heads: one batched product, the loop it replaces, and shared keys.

    MultiHead(X) = b_O + sum over i of head_i W_O^i,   W_O^i: e rows of W_O

Grouped keys: Ainslie et al., arxiv.org/abs/2305.13245; one pair for all
heads: Shazeer, arxiv.org/abs/1911.02150. Shapes: x (b, n, d); q
(b, heads, n, e), k and v (b, groups, m, e). Raises ValueError when the
groups of keys do not divide the heads.
"""

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from examples.modules.self_attention import (
    SelfAttention,
    attend,
    causal_mask,
    depends,
    split_heads,
)


# --8<-- [start:one_by_one]
def one_by_one(layer: SelfAttention, x: Tensor) -> Tensor:
    e = x.shape[-1] // layer.heads
    y = layer.to_out.bias
    for i in range(layer.heads):
        rows = slice(i * e, (i + 1) * e)  # the features of head i
        q, k, v = (
            x @ linear.weight[rows].T + linear.bias[rows]
            for linear in (layer.to_q, layer.to_k, layer.to_v)
        )
        head, _ = attend(q, k, v)
        y = y + head @ layer.to_out.weight[:, rows].T
    return y


# --8<-- [end:one_by_one]
# --8<-- [start:grouped]
def attend_grouped(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    heads, groups = q.shape[1], k.shape[1]
    if heads % groups:
        raise ValueError(f"k has {groups} groups; they must divide {heads}")
    q = q.unflatten(1, (groups, -1))  # (b, groups, heads / groups, n, e)
    y, _ = attend(q, k[:, :, None], v[:, :, None])  # broadcast, not copied
    return y.flatten(1, 2)


# --8<-- [end:grouped]
# --8<-- [start:wrong]
def wrong_split(x: Tensor, heads: int) -> Tensor:
    b, n, d = x.shape
    return x.reshape(b, heads, n, d // heads)  # right shape, wrong cells


class WrongSplit(SelfAttention):
    def forward(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        q, k, v = (
            wrong_split(linear(x), self.heads)
            for linear in (self.to_q, self.to_k, self.to_v)
        )
        y, _ = attend(q, k, v, allowed)
        return self.to_out(y.reshape(x.shape))


class WrongMerge(SelfAttention):
    def forward(self, x: Tensor, allowed: Tensor | None = None) -> Tensor:
        q, k, v = (
            split_heads(linear(x), self.heads)
            for linear in (self.to_q, self.to_k, self.to_v)
        )
        y, _ = attend(q, k, v, allowed)
        return self.to_out(y.reshape(x.shape))  # no transpose back


# --8<-- [end:wrong]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    n, d, heads = 4, 6, 2
    x = torch.randn(1, n, d)
    layers = [
        kind(d, heads) for kind in (SelfAttention, WrongSplit, WrongMerge)
    ]
    same = torch.allclose(layers[0](x), one_by_one(layers[0], x), atol=1e-6)
    print("all heads at once = one by one:", same)
    masks = {"no mask": None, "causal mask": causal_mask(n)}
    for name, allowed in masks.items():
        print(f"{name}: output i (row) depends on token j (column)")
        print("right   wrong split   wrong merge")
        grids = [depends(layer, x, allowed) for layer in layers]
        for i in range(n):
            a, b, c = ["".join(".x"[int(j)] for j in g[i]) for g in grids]
            print(f"{a:<8}{b:<14}{c}")


# --8<-- [end:demo]
def layout_figure() -> Figure:
    """Which token every cell of a head comes from."""
    n, d, heads = 4, 6, 2
    token = torch.arange(n)[:, None].expand(n, d)[None]
    feature = torch.arange(d).expand(n, d)[None]
    colors = ["#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0"]
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots(2, 3, width_ratios=[2, 1, 1])
    ways = {"unflatten + transpose": split_heads, "reshape": wrong_split}
    for row, (name, split) in zip(axes, ways.items(), strict=True):
        parts = [(f"x: {n} tokens, {d} features", token[0], feature[0])]
        for i in range(heads):
            tokens, features = split(token, heads), split(feature, heads)
            parts.append((f"head {i}", tokens[0, i], features[0, i]))
        for panel, part in zip(row, parts, strict=True):
            title, tokens, features = part
            height, width = tokens.shape
            for i in range(height):
                for j in range(width):
                    t, f = int(tokens[i, j]), int(features[i, j])
                    cell = {"ec": "white", "lw": 1.5, "fc": colors[t]}
                    corner = (j, height - 1 - i)
                    panel.add_patch(Rectangle(corner, 1, 1, **cell))
                    place = (j + 0.5, height - 0.5 - i)
                    ink = {"color": "white", "ha": "center", "va": "center"}
                    panel.text(*place, f"{t}.{f}", fontsize=9, **ink)
            panel.set(xlim=(0, width), ylim=(0, height), aspect="equal")
            panel.axis("off")
            panel.set_title(title, fontsize=10)
        row[0].set_title(f"{name}\n{parts[0][0]}", fontsize=10)
    return figure


if __name__ == "__main__":
    main()
