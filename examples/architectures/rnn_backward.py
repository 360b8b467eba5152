"""Back-propagation through time by hand, and gradient clipping.

    dh[t] = dL/dy[t] + W_h^T (dh[t+1] * (1 - h[t+1]^2))

Werbos 1990, doi.org/10.1109/5.58337; clipping of the norm: Pascanu et al.
2013, arxiv.org/abs/1211.5063

Shapes: x (b, n, d); states h (b, 1 + n, hidden), the initial one first;
d_outputs (b, n, hidden). Raises ValueError for states of another shape and
for a maximum norm that is not positive.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from examples.architectures.rnn import RNN, RNNCell


# --8<-- [start:bptt]
def bptt(
    cell: RNNCell, x: Tensor, h: Tensor, d_outputs: Tensor
) -> dict[str, Tensor]:
    """Gradients of one layer; h (b, 1 + n, hidden) starts at the state."""
    expected = (len(x), 1 + x.shape[1], cell.w_h.shape[1])
    if h.shape != expected:
        raise ValueError(f"h is {tuple(h.shape)}; it must be {expected}")
    found = {k: torch.zeros_like(p) for k, p in cell.named_parameters()}
    dx, dh = torch.zeros_like(x), torch.zeros_like(h[:, 0])
    for t in reversed(range(x.shape[1])):
        dh = dh + d_outputs[:, t]  # from the loss here, and from t + 1
        dz = dh * (1 - h[:, t + 1] ** 2)  # through tanh
        found["w_x"] += dz.T @ x[:, t]
        found["w_h"] += dz.T @ h[:, t]  # h[:, t] went into step t
        found["b_x"] += dz.sum(dim=0)
        found["b_h"] += dz.sum(dim=0)
        dx[:, t] = dz @ cell.w_x
        dh = dz @ cell.w_h  # on to step t - 1: the factor that repeats
    return found | {"x": dx, "state": dh}


# --8<-- [end:bptt]
# --8<-- [start:clip]
@torch.no_grad()
def clip_gradients(parameters: Iterable[Tensor], maximum: float) -> Tensor:
    if maximum <= 0:
        raise ValueError(f"maximum is {maximum}; it must be positive")
    gradients = [p.grad for p in parameters if p.grad is not None]
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    factor = (maximum / (norm + 1e-6)).clamp(max=1)
    for gradient in gradients:
        gradient *= factor  # one factor for all: the direction stays
    return norm


# --8<-- [end:clip]


# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    start = torch.zeros(1, 2, 4, dtype=torch.float64, requires_grad=True)
    ours = RNN(3, 4).double()
    outputs, _ = ours(x, (start,))
    dy = torch.randn_like(outputs)  # stands for dL/dy of every step
    h = torch.cat([start[0, :, None], outputs], dim=1)
    by_hand = bptt(ours.cells[0], x, h, dy)  # type: ignore[arg-type]
    weights = dict(ours.cells[0].named_parameters())
    wanted = {"x": x, "state": start} | weights
    found = torch.autograd.grad(outputs, [*wanted.values()], dy)
    for name, gradient in zip(wanted, found, strict=True):
        gap = (by_hand[name] - gradient).abs().max().item()
        print(f"{name:<6} {tuple(gradient.shape)!s:<10}", end="")
        print("equal" if gap < 1e-12 else "different")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
