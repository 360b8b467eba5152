"""How far back a gradient reaches in a recurrent network, measured.

    dh[T] / dh[T-k] = J[T] J[T-1] … J[T-k+1],   J[t] = diag(f'(z[t])) W_h

Drawn is the spectral norm of that product against the lag k, for a network
of 64 units driven by noise. Every factor is at most max |f'| σ(W_h), with
σ the largest singular value, so k factors are at most its k-th power;
Pascanu et al. 2013, arxiv.org/abs/1211.5063

Shapes: w (h, h), drive (n, h), float64; norms (n,), lag 1 first. Raises
ValueError for an initialization that is not known.
"""

import math

import torch
from matplotlib.figure import Figure
from torch import Tensor

HIDDEN = 64
LAGS = 100
RADII = (0.8, 1.0, 1.2, 1.5)
STARTS = ("torch's uniform", "orthogonal", "identity")


# --8<-- [start:reach]
def reach(w: Tensor, drive: Tensor, activation: str = "tanh") -> Tensor:
    """Spectral norms of dh[T] / dh[T-k] for k = 1 … n."""
    h, factors = torch.zeros_like(drive[0]), []
    for push in drive:
        z = w @ h + push
        if activation == "tanh":
            h = z.tanh()
            slope = 1 - h**2
        elif activation == "relu":
            h = z.relu()
            slope = (z > 0).to(z)
        else:  # linear
            h, slope = z, torch.ones_like(z)
        factors.append(slope[:, None] * w)
    product, norms = torch.eye(len(w), dtype=w.dtype), []
    for factor in reversed(factors):
        product = product @ factor
        norms.append(torch.linalg.matrix_norm(product, 2))
    return torch.stack(norms)


# --8<-- [end:reach]
def noise(*shape: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=random, dtype=torch.float64)


def spectral_radius(w: Tensor) -> float:
    return float(torch.linalg.eigvals(w).abs().max())


def with_radius(radius: float, seed: int = 0) -> Tensor:
    w = noise(HIDDEN, HIDDEN, seed=seed)
    return w * radius / spectral_radius(w)


def initial(name: str, seed: int = 0) -> Tensor:
    if name not in STARTS:
        raise ValueError(f"name is {name!r}; it must be in {STARTS}")
    random = torch.Generator().manual_seed(seed)
    w = torch.rand(HIDDEN, HIDDEN, generator=random, dtype=torch.float64)
    if name == "identity":
        return torch.eye(HIDDEN, dtype=torch.float64)
    if name == "orthogonal":
        return torch.linalg.qr(noise(HIDDEN, HIDDEN, seed=seed))[0]
    return (2 * w - 1) / math.sqrt(HIDDEN)


def reach_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    drive, lags = 0.5 * noise(LAGS, HIDDEN, seed=1), range(1, LAGS + 1)
    for number, radius in enumerate(RADII):
        w, color = with_radius(radius), f"C{number}"
        upper.semilogy(lags, reach(w, drive, "linear"), "--", color=color)
        upper.semilogy(
            lags, reach(w, drive), color=color, label=f"ρ = {radius}"
        )
    for name in STARTS:
        norms = reach(initial(name), drive)
        lower.semilogy(lags, norms, label=f"{name}, tanh")
    kept = reach(initial("identity"), drive, "relu")
    lower.semilogy(lags, kept, label="identity, ReLU")
    upper.set_title("by spectral radius: tanh solid, no activation dashed")
    lower.set_title("by initialization")
    lower.set_xlabel("lag k")
    upper.set_ylim(1e-16, 1e16)
    lower.set_ylim(1e-28, 1e2)
    for axes in (upper, lower):
        axes.set_ylabel("norm of dh[T] / dh[T-k]")
        axes.grid(visible=True)
        axes.legend(ncols=2)
    return figure


def main() -> None:
    drive = 0.5 * noise(LAGS, HIDDEN, seed=1)
    print("powers of ten      radius   largest σ   lag 100   σ^100")
    weights = {f"radius {r}": with_radius(r) for r in RADII}
    weights |= {name: initial(name) for name in STARTS}
    for name, w in weights.items():
        sigma = float(torch.linalg.matrix_norm(w, 2))
        there = math.log10(reach(w, drive)[-1])
        bound = LAGS * math.log10(sigma)
        radius = spectral_radius(w)
        print(f"{name:<16} {radius:>8.2f} {sigma:>11.2f}", end="")
        print(f"{there:>10.0f} {bound + 0.0:>7.0f}")


if __name__ == "__main__":
    main()
