"""RMSNorm: layer normalization that keeps the mean and drops the shift.

    y = gamma * x / sqrt(mean(x^2) + eps),  mean over the feature axis d

Zhang and Sennrich 2019, arxiv.org/abs/1910.07467. Shapes: (..., d) in and
out. Without ``eps`` it is the distance from 1 to the next number of x's
type, as in torch. Raises ValueError when the last axis is not d long.
"""

import torch
from torch import Tensor, nn

from examples.modules.normalization import LayerNorm


# --8<-- [start:rms_norm]
class RMSNorm(nn.Module):
    def __init__(self, features: int, eps: float | None = None) -> None:
        super().__init__()
        self.features, self.eps = features, eps
        self.gamma = nn.Parameter(torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:  # (..., d)
        if x.dim() == 0 or x.shape[-1] != self.features:
            wanted = f"(..., {self.features})"
            raise ValueError(f"x is {tuple(x.shape)}, not {wanted}")
        eps = torch.finfo(x.dtype).eps if self.eps is None else self.eps
        square = x.square().mean(dim=-1, keepdim=True)
        return self.gamma * x / (square + eps).sqrt()


# --8<-- [end:rms_norm]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 64)
    centered = x - x.mean(dim=-1, keepdim=True)
    changes = {"x + 5": x + 5, "x * 5": x * 5}
    for name, norm in {"LN": LayerNorm((64,)), "RMS": RMSNorm(64)}.items():
        for change, other in changes.items():
            same = torch.allclose(norm(x), norm(other), atol=1e-3)
            print(f"{name:<3} of {change} is {name:<3} of x: {same}")
    expected = LayerNorm((64,))(x)
    same = torch.allclose(RMSNorm(64)(centered), expected, atol=1e-3)
    print(f"RMS of x - mean is LN of x: {same}")


if __name__ == "__main__":
    main()
