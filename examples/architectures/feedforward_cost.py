"""What a feed-forward network costs: multiplications and memory.

    forward   n sum of d_(l-1) d_l              one product a layer
    backward  twice that, less n d_0 d_1        dW and dx; no dx for data
    kept      n (d_0 + ... + d_(L-1) + d_L)     read again going backward

Only matrix products are counted; the rest grows with d, not with d^2. Kept
are the inputs of every layer and the probabilities of the loss, and also
z_1 to z_(L-1) where f' cannot be had from f: for GELU, not for ReLU.

Raises ValueError for fewer than two widths and widths below 1.
"""

from itertools import pairwise

from examples.modules.linear import flops, parameters


# --8<-- [start:cost]
def multiplications(
    rows: int, widths: list[int], dx: bool = False
) -> tuple[int, int]:
    """Forward and backward; ``dx`` if the gradient of x is wanted, too."""
    check_widths(widths)
    products = [flops(rows, d, k) // 2 for d, k in pairwise(widths)]
    backward = 2 * sum(products) - (0 if dx else products[0])
    return sum(products), backward


def kept(rows: int, widths: list[int], sums: bool = False) -> int:
    """Numbers that must wait for the way back; ``sums``: z as well."""
    check_widths(widths)
    hidden = widths[1:-1]
    return rows * (sum(widths) + (sum(hidden) if sums else 0))


# --8<-- [end:cost]
def check_widths(widths: list[int]) -> None:
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"widths is {widths}; two or more, all above 0")


def main() -> None:
    networks = {
        "digits, 64-100-10": [64, 100, 10],
        "784-512-512-10": [784, 512, 512, 10],
        "8 layers of 1024": [1024] * 9,
        "64 layers of 1024": [1024] * 65,
    }
    print(" " * 35 + "backward    kept a row     rows kept")
    print("network              parameters  / forward", end="")
    print("    ReLU    GELU  = parameters")
    for name, widths in networks.items():
        size = sum(parameters(d, k) for d, k in pairwise(widths))
        there, back = multiplications(1, widths)
        relu, gelu = kept(1, widths), kept(1, widths, sums=True)
        print(
            f"{name:<18} {size:>12,} {back / there:>11.2f}"
            f" {relu:>8,} {gelu:>7,} {size // relu:>12,}"
        )


if __name__ == "__main__":
    main()
