"""What attention costs in tokens, features and heads, counted by formula.

    projections  4 n d^2 + 2 m d (d_k + d_v)   self: 8 n d^2
    mixing       4 n m d                       self: 4 n^2 d
    weights      h n m numbers                 self: h n^2
    cache        2 m g e numbers a layer       g groups of keys, e features

FLOPs of one sequence, two a multiply-add; biases and softmax are left out,
as in ``torch.utils.flop_counter``. n queries, m keys of d_k and values of
d_v features, d features inside, h heads. Raises ValueError below 1.
"""

from matplotlib.figure import Figure


def check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be 1 or more")


# --8<-- [start:cost]
def projection_flops(n: int, m: int, d: int, d_k: int, d_v: int) -> int:
    check_sizes(n=n, m=m, d=d, d_k=d_k, d_v=d_v)
    return 4 * n * d * d + 2 * m * d * (d_k + d_v)  # q and out, k and v


def mixing_flops(n: int, m: int, d: int) -> int:
    check_sizes(n=n, m=m, d=d)
    return 4 * n * m * d  # q k^T, then weights times v; heads cancel


def stored_weights(n: int, m: int, heads: int) -> int:
    check_sizes(n=n, m=m, heads=heads)
    return heads * n * m


def cached_numbers(m: int, groups: int, e: int, layers: int = 1) -> int:
    check_sizes(m=m, groups=groups, e=e, layers=layers)
    return 2 * layers * m * groups * e


# --8<-- [end:cost]
def main() -> None:
    d, heads, patch = 768, 12, 16
    print(f"one layer, d = {d}, {heads} heads, patches of {patch} pixels")
    print("side   tokens   projections    mixing   weights in float32")
    for side in (224, 448, 896, 1792):
        n = (side // patch) ** 2
        projections = projection_flops(n, n, d, d, d) / 1e9
        mixing = mixing_flops(n, n, d) / 1e9
        megabytes = 4 * stored_weights(n, n, heads) / 1e6
        print(
            f"{side:>4}{n:>9,}{projections:>9.1f} GFLOPs{mixing:>7.1f}"
            f"{megabytes:>15,.0f} MB"
        )
    print("keys and values of 8192 tokens, 32 layers, e = 128, 16 bit")
    for groups in (32, 8, 1):
        gigabytes = 2 * cached_numbers(8192, groups, 128, 32) / 1e9
        print(f"{groups:>2} groups for 32 heads: {gigabytes:.2f} GB")


def cost_figure() -> Figure:
    d = 512
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    tokens = [2**i for i in range(6, 15)]
    projections = [projection_flops(n, n, d, d, d) / 1e9 for n in tokens]
    mixing = [mixing_flops(n, n, d) / 1e9 for n in tokens]
    left.loglog(tokens, projections, "o-", ms=3, label="projections, 8nd²")
    left.loglog(tokens, mixing, "o-", ms=3, label="mixing, 4n²d")
    left.axvline(2 * d, ymax=0.6, ls=":", color="#757b84")
    left.text(2 * d * 1.15, 0.012, "n = 2d")
    left.set(xlabel=f"tokens n (d = {d})", title="GFLOPs a layer")
    heads = [1, 2, 4, 8, 16]
    flops = [1] * len(heads)  # mixing_flops does not ask for them
    style = {"marker": "o", "ms": 4}
    weights = [stored_weights(1024, 1024, h) / 1024**2 for h in heads]
    right.loglog(heads, flops, c="#ea7a17", label="FLOPs", **style)
    right.loglog(heads, weights, c="#a35fe0", label="weights", **style)
    right.set_xticks(heads, [str(h) for h in heads])
    right.set_yticks(heads, [f"× {h}" for h in heads])
    right.minorticks_off()
    right.set(xlabel="heads h, d kept", title="relative to one head")
    for panel in (left, right):
        panel.legend(loc="upper left")
        panel.grid(True)
    return figure


if __name__ == "__main__":
    main()
