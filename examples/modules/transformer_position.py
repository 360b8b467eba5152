"""Sinusoidal position codes: every pair of features is the hand of a clock.

    PE[p, 2i] = sin(p w_i)    PE[p, 2i + 1] = cos(p w_i)
    w_i = 10000^(-2i / d)

    PE[p + k] = R(k) PE[p]    R(k): each pair turned by the angle k w_i
    PE[p] . PE[q] = sum over i of cos((p - q) w_i)

Vaswani et al., arxiv.org/abs/1706.03762. Shapes: codes (n, d), rotation
(d, d). Raises ValueError where d is odd or not positive.
"""

import torch
from torch import Tensor

LONGEST = 10_000.0  # the slowest hand turns once in 2 pi times that


# --8<-- [start:sinusoids]
def frequencies(features: int, longest: float = LONGEST) -> Tensor:
    if features < 2 or features % 2:
        raise ValueError(f"features is {features}; not positive and even")
    return longest ** -(torch.arange(0, features, 2) / features)


def sinusoids(n: int, features: int) -> Tensor:
    """(n, d): sine and cosine side by side, from fast to slow."""
    angles = torch.arange(n)[:, None] * frequencies(features)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


# --8<-- [end:sinusoids]
# --8<-- [start:rotation]
def rotation(steps: int, features: int) -> Tensor:
    """(d, d): the same matrix moves every position by so many steps."""
    angles = steps * frequencies(features)
    cos, sin = angles.cos(), angles.sin()
    rows = [torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)]
    return torch.block_diag(*torch.stack(rows, -2))


# --8<-- [end:rotation]
def main() -> None:
    d = 64
    codes, turn = sinusoids(200, d), rotation(5, d)
    same = torch.allclose(codes[:-5] @ turn.T, codes[5:], atol=1e-4)
    print("5 positions on is one and the same matrix:", same)
    alike, distances = codes @ codes.T, (0, 1, 2, 5, 20, 100)
    print("distance      " + "".join(f"{k:>7}" for k in distances))
    for p in (0, 90):
        row = "".join(f"{alike[p, p + k]:>7.1f}" for k in distances)
        print(f"dot, from {p:<4}{row}")


if __name__ == "__main__":
    main()
