"""What a convolution costs, counted by formula.

    parameters = o * (c / g) * k * k + o
    FLOPs      = 2 * h' * w' * o * (c / g) * k * k

Two FLOPs a multiply-add, for one image; the bias is not counted, as in
``torch.utils.flop_counter``. Raises ValueError when groups do not divide.
"""

from collections.abc import Iterator

from examples.modules.convolution import output_size


# --8<-- [start:count]
def count(
    channels: int, out: int, kernel: int, groups: int = 1
) -> tuple[int, int]:
    """Parameters with bias, and FLOPs for one output position."""
    if groups < 1 or channels % groups or out % groups:
        raise ValueError(
            f"groups is {groups}; it must divide {channels} and {out}"
        )
    weights = out * (channels // groups) * kernel**2
    return weights + out, 2 * weights


# --8<-- [end:count]
# --8<-- [start:demo]
def layers(c: int, size: int) -> Iterator[tuple[str, int, int, int]]:
    """Name, parameters, FLOPs and the rows that one output sees."""
    n = size * size
    yield "fully connected", (c * n) ** 2 + c * n, 2 * (c * n) ** 2, size
    weights, flops = count(c, c, 3)
    yield "3 × 3, not shared", weights * n, flops * n, 3
    for name, kernel, stride, dilation, groups in (
        ("3 × 3", 3, 1, 1, 1),
        ("3 × 3, stride 2", 3, 2, 1, 1),
        ("3 × 3, dilation 2", 3, 1, 2, 1),
        ("5 × 5", 5, 1, 1, 1),
        ("1 × 1", 1, 1, 1, 1),
        ("3 × 3, 4 groups", 3, 1, 1, 4),
        ("3 × 3, c groups", 3, 1, 1, c),
    ):
        weights, flops = count(c, c, kernel, groups)
        span = dilation * (kernel - 1) + 1
        side = output_size(size, kernel, stride, span // 2, dilation)
        yield name, weights, flops * side**2, span


def main() -> None:
    c, size = 64, 56
    print(f"{c} to {c} channels, {size} × {size}, same padding")
    print(f"{'':<18} {'parameters':>14} {'MFLOPs':>9} {'rows seen':>10}")
    for name, weights, flops, span in layers(c, size):
        mega = f"{flops / 1e6:,.0f}"
        print(f"{name:<18} {weights:>14,} {mega:>9} {span:>10}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
