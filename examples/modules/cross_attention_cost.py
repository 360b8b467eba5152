"""Cross-attention against self-attention: cost and masks, counted.

For n queries and m keys the mixing costs 4 n m d FLOPs and the weights
h n m numbers: linear in the image when the text is fixed.
"""

import torch
from matplotlib.figure import Figure

from examples.modules.self_attention import causal_mask, padding_mask
from examples.modules.self_attention_cost import (
    mixing_flops,
    projection_flops,
    stored_weights,
)

WORDS, WIDTH = 77, 768  # a caption of the usual text encoder


# --8<-- [start:demo]
def main() -> None:
    d, heads = 320, 8
    print(f"d = {d}, {heads} heads, a caption of {WORDS} words of {WIDTH}")
    print("side    pixels   mixing, self   cross   weights, self   cross")
    for side in (16, 32, 64, 128):
        n = side * side
        own, text = mixing_flops(n, n, d), mixing_flops(n, WORDS, d)
        kept = [4 * stored_weights(n, m, heads) / 1e6 for m in (n, WORDS)]
        print(
            f"{side:>4}{n:>10,}{own / 1e9:>8.1f} GFLOPs{text / 1e9:>8.1f}"
            f"{kept[0]:>13,.0f} MB{kept[1]:>8,.0f}"
        )
    every = projection_flops(4096, WORDS, d, WIDTH, WIDTH)
    queries = every - 2 * WORDS * d * 2 * WIDTH
    print("keys and values remembered over 50 steps save", end=" ")
    print(f"{49 * (every - queries) / 1e9:.1f} GFLOPs a layer")


# --8<-- [end:demo]
def masks_figure() -> Figure:
    figure = Figure(figsize=(6.4, 2.7), layout="constrained")
    everything = torch.ones(6, 6, dtype=torch.bool)
    text = padding_mask(torch.tensor([3]), 4)[0, 0].expand(6, 4)
    panels = (
        ("self", everything, "tokens", "tokens"),
        ("self, causal", causal_mask(6), "tokens", "tokens"),
        ("cross, padded", text, "pixels", "words"),
    )
    axes = figure.subplots(1, 3, width_ratios=[6, 6, 4])
    for panel, (title, allowed, rows, columns) in zip(
        axes, panels, strict=True
    ):
        panel.pcolormesh(
            allowed.flip(0).float(),
            cmap="Blues",
            vmin=-0.15,
            vmax=1.4,
            edgecolors="#757b84",
            linewidth=0.8,
        )
        n, m = allowed.shape
        for i in range(n):
            for j in range(m):
                mark = "" if allowed[i, j] else "-∞"
                style = {"ha": "center", "va": "center", "color": "#333"}
                panel.text(j + 0.5, n - 0.5 - i, mark, size=8, **style)
        panel.set_aspect("equal")
        panel.set(title=title, xlabel=f"keys: {columns}")
        panel.set_ylabel(f"queries: {rows}")
        panel.set_xticks([])
        panel.set_yticks([])
    return figure


if __name__ == "__main__":
    main()
