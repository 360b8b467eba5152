"""What ASPP costs, by formula: parameters, and FLOPs for each feature.

    parameters   c o + 3 · 9 c o + c o + 5 o²  +  2 o for each of six BN
    separable    9 c + c o in place of each 9 c o, and 2 c for one more BN
    FLOPs        2 h w × weights; image pooling works on one feature only

c channels in, o out, three rates. Two FLOPs a multiply-add, convolutions
alone, as torch.utils.flop_counter counts. Raises ValueError for sizes below
1.
"""

RATE_COUNT = 3


def aspp_cost(
    c: int, o: int, h: int, w: int, separable: bool = False
) -> dict[str, tuple[int, int]]:
    """Parameters with those of BN, and FLOPs of one image, by part."""
    if min(c, o, h, w) < 1:
        raise ValueError(f"sizes are {(c, o, h, w)}; must be at least 1")
    n = h * w
    parts = {
        "1 × 1": (c * o + 2 * o, 2 * n * c * o),
        "3 × 3": (9 * c * o + 2 * o, 2 * n * 9 * c * o),
        "image pooling": (c * o + 2 * o, 2 * c * o),
        "projection": (
            (2 + RATE_COUNT) * o * o + 2 * o,
            2 * n * (2 + RATE_COUNT) * o * o,
        ),
    }
    if separable:
        weights = 9 * c + c * o
        parts["3 × 3"] = (weights + 2 * c + 2 * o, 2 * n * weights)
    return parts


def total(parts: dict[str, tuple[int, int]]) -> tuple[int, int]:
    times = {name: RATE_COUNT if name == "3 × 3" else 1 for name in parts}
    return (
        sum(times[name] * cost[0] for name, cost in parts.items()),
        sum(times[name] * cost[1] for name, cost in parts.items()),
    )


def main() -> None:
    print("2048 to 256      parameters, M      GFLOPs, 33 × 33")
    print("                 full  separable    full  separable")
    kinds = [aspp_cost(2048, 256, 33, 33, s) for s in (False, True)]
    rows = {name: [kind[name] for kind in kinds] for name in kinds[0]}
    rows["all"] = [total(kind) for kind in kinds]
    for name, (full, split) in rows.items():
        mega = [cost[0] / 1e6 for cost in (full, split)]
        giga = [cost[1] / 1e9 for cost in (full, split)]
        print(f"{name:<15}{mega[0]:>6.2f} {mega[1]:>7.2f}", end="")
        print(f" {giga[0]:>12.1f} {giga[1]:>7.1f}")
    _, large = total(aspp_cost(2048, 256, 65, 65))
    print(f"all at 65 × 65, full: {large / 1e9:.0f} GFLOPs")


if __name__ == "__main__":
    main()
