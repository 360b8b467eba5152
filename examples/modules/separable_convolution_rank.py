"""Spatially separable kernels: a column times a row, and how nearly.

    k = sum over r of s_r u_r v_r^T,   share = s_1^2 / (s_1^2 + s_2^2 + ...)

A k × k kernel of rank 1 is a k × 1 pass and a 1 × k pass. Of any other,
the first term is the closest such pair (Eckart and Young, 1936,
doi.org/10.1007/BF02288367), and the share says how close.

Shapes: kernel (kh, kw), column (kh,), row (kw,). Raises ValueError for a
kernel that is not a matrix or is zero.
"""

import numpy as np
from matplotlib.figure import Figure


# --8<-- [start:kernels]
def kernels(size: int = 9) -> dict[str, np.ndarray]:
    half = size // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    radius = np.hypot(x, y)
    gaussian = np.exp(-(radius**2) / (2 * 1.5**2))
    slanted = (x + y) / np.sqrt(2)
    return {
        "Gaussian": gaussian,
        "Sobel": np.outer([1.0, 2, 1], [-1, 0, 1]),
        "Gabor, 0°": gaussian * np.cos(1.6 * x),
        "Gabor, 45°": gaussian * np.cos(1.6 * slanted),
        "Laplacian": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "disc": (radius <= half).astype(float),
    }


# --8<-- [end:kernels]
# --8<-- [start:separate]
def separate(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The closest column and row, and their share of the energy."""
    if kernel.ndim != 2 or not kernel.any():
        raise ValueError(
            f"kernel has shape {kernel.shape}; must be a matrix, not zero"
        )
    u, s, v = np.linalg.svd(kernel)
    root = np.sqrt(s[0])
    return root * u[:, 0], root * v[0], float(s[0] ** 2 / (s @ s))


# --8<-- [end:separate]
def rank_figure() -> Figure:
    figure = Figure(figsize=(6.4, 7.6), layout="constrained")
    panels = figure.subplots(4, 3)
    for index, (name, kernel) in enumerate(kernels().items()):
        column, row, share = separate(kernel)
        top, place = 2 * (index // 3), index % 3
        limit = np.abs(kernel).max()
        for axes, image in (
            (panels[top, place], kernel),
            (panels[top + 1, place], np.outer(column, row)),
        ):
            axes.imshow(image, cmap="RdBu", vmin=-limit, vmax=limit)
            axes.set(xticks=[], yticks=[])
        panels[top, place].set_title(name)
        panels[top + 1, place].set_xlabel(f"column × row: {share:.0%}")
    for line in (0, 2):
        panels[line, 0].set_ylabel("kernel")
        panels[line + 1, 0].set_ylabel("closest")
    return figure


def main() -> None:
    print("kernel       size   rank  share  multiply-adds a pixel")
    for name, kernel in kernels().items():
        kh, kw = kernel.shape
        rank = int(np.linalg.matrix_rank(kernel))
        share = separate(kernel)[2]
        cost = f"{kh * kw} or {rank} × {kh + kw}"
        print(f"{name:<12} {kh} × {kw}  {rank}     {share:.2f}   {cost}")
    rng = np.random.default_rng(0)
    for size in (3, 5, 7):
        noise = rng.normal(size=(2000, size, size))
        found = [separate(kernel)[2] for kernel in noise]
        print(f"random       {size} × {size}        {np.mean(found):.2f}")


if __name__ == "__main__":
    main()
