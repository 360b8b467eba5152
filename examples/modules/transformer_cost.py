"""Parameters and FLOPs of a Transformer, counted by formula.

    encoder layer   4 d^2 + 4 d  attention     8 n d^2 + 4 n^2 d
                    2 d f + f + d  FFN         4 n d f
                    4 d  two norms             not counted
    with f = 4 d    12 d^2 + 13 d              24 n d^2 + 4 n^2 d

FLOPs of one sequence of n tokens, two a multiply-add, without softmax,
norms and biases, as in ``torch.utils.flop_counter``; f is the hidden width
of the FFN. A decoder layer has one more attention, over m tokens. Printed
figures: Table 3 of arxiv.org/abs/1706.03762. Raises ValueError below 1.
"""

from matplotlib.figure import Figure

from examples.modules.self_attention_cost import (
    check_sizes,
    mixing_flops,
    projection_flops,
)

WORD_PIECES = 37_000  # "about", says the paper
# row: d, f, layers, printed in millions
TABLE_3 = {
    "base": (512, 2048, 6, 65),
    "2 layers": (512, 2048, 2, 36),
    "4 layers": (512, 2048, 4, 50),
    "8 layers": (512, 2048, 8, 80),
    "d 256": (256, 2048, 6, 28),
    "d 1024": (1024, 2048, 6, 168),
    "f 1024": (512, 1024, 6, 53),
    "f 4096": (512, 4096, 6, 90),
    "big": (1024, 4096, 6, 213),
}


# --8<-- [start:parameters]
def layer_parameters(d: int, f: int, attentions: int = 1) -> int:
    """One attention in an encoder layer, two in a decoder layer."""
    check_sizes(d=d, f=f, attentions=attentions)
    attention = 4 * d * d + 4 * d
    feed = 2 * d * f + f + d
    norms = 2 * d * (attentions + 1)
    return attentions * attention + feed + norms


def transformer_parameters(k: int, d: int, f: int, layers: int) -> int:
    """Post-norm, one matrix (k, d) for both embeddings and the logits."""
    check_sizes(k=k, layers=layers)
    both = layer_parameters(d, f) + layer_parameters(d, f, attentions=2)
    return k * d + layers * both


# --8<-- [end:parameters]
# --8<-- [start:flops]
def encoder_flops(n: int, d: int, f: int) -> int:
    check_sizes(f=f)
    attention = projection_flops(n, n, d, d, d) + mixing_flops(n, n, d)
    return attention + 4 * n * d * f


def decoder_flops(n: int, m: int, d: int, f: int) -> int:
    cross = projection_flops(n, m, d, d, d) + mixing_flops(n, m, d)
    return encoder_flops(n, d, f) + cross


def square_takes_over(d: int, f: int) -> int:
    """From here on 4 n^2 d is more than all the rest of a layer."""
    check_sizes(d=d, f=f)
    return 2 * d + f  # 6 d where f = 4 d


# --8<-- [end:flops]
def main() -> None:
    print("millions of parameters of Table 3")
    print("row        printed   37,000 rows   rows that fit")
    for name, (d, f, layers, printed) in TABLE_3.items():
        ours = transformer_parameters(WORD_PIECES, d, f, layers) / 1e6
        rest = transformer_parameters(1, d, f, layers) - d
        rows = (printed * 1e6 - rest) / d
        print(f"{name:<11}{printed:>7}{ours:>14.1f}{rows:>16,.0f}")
    print("\na layer             n = 512   4,096  32,768   square wins at")
    for d in (512, 12_288):
        shares = [
            mixing_flops(n, n, d) / encoder_flops(n, d, 4 * d)
            for n in (512, 4096, 32_768)
        ]
        row = "".join(f"{share:>8.0%}" for share in shares)
        print(f"square, d = {d:<7,}{row}", end="")
        print(f"{square_takes_over(d, 4 * d):>17,}")
    d, layers = 12_288, 96
    print(f"GPT-3, 12 d^2 a layer: {12 * layers * d * d / 1e9:.0f} billion")


def cost_figure() -> Figure:
    d = 512
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axes = figure.subplots()
    tokens = [2**i for i in range(7, 16)]
    parts = {
        "FFN, 16 n d²": [16 * n * d * d for n in tokens],
        "projections, 8 n d²": [
            projection_flops(n, n, d, d, d) for n in tokens
        ],
        "mixing, 4 n² d": [mixing_flops(n, n, d) for n in tokens],
    }
    whole = [encoder_flops(n, d, 4 * d) for n in tokens]
    shares = [
        [part / total for part, total in zip(row, whole, strict=True)]
        for row in parts.values()
    ]
    colors = ("#1f9d6b", "#3b82f6", "#ea7a17")
    axes.stackplot(tokens, shares, colors=colors, alpha=0.75, labels=parts)
    for n, name in ((2 * d, "n = 2d"), (6 * d, "n = 6d")):
        axes.axvline(n, color="#757b84", ls=":")
        axes.text(n, 1.02, name, ha="center")
    axes.set_xscale("log", base=2)
    axes.set_xticks(tokens, [f"{n:,}" for n in tokens], rotation=30)
    axes.set(ylim=(0, 1), xlim=(tokens[0], tokens[-1]))
    axes.set(xlabel=f"tokens n, d = {d}", ylabel="share of the FLOPs")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    main()
