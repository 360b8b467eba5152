"""Where MSE is blind: a shift that no eye sees, and the blur that it earns.

    MSE(x, x shifted by d) = 2 var (1 - rho(d))

with circular shifts; var is the variance of the photograph and rho(d) the
correlation of pixels at distance d. A flat gray image scores var, hence
better than the shifted photograph as soon as rho(d) < 1/2.
"""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_quality.mse import mse

REACH = 2  # the unknown shift lies within this many pixels, both ways


def photographs() -> dict[str, np.ndarray]:
    return {
        "camera": data.camera(),
        "brick": data.brick(),
        "gravel": data.gravel(),
        "grass": data.grass(),
    }


# --8<-- [start:shift]
def shifted(x: np.ndarray, down: int, right: int) -> np.ndarray:
    return np.roll(x, (down, right), axis=(0, 1))  # circular


def correlation(x: np.ndarray, right: int) -> float:
    centered = x.astype(np.float64) - x.mean()
    moved = np.roll(centered, right, axis=1)
    return float(np.mean(centered * moved) / np.mean(centered**2))


# --8<-- [end:shift]
# --8<-- [start:hedge]
def all_shifts(x: np.ndarray, reach: int = REACH) -> np.ndarray:
    steps = range(-reach, reach + 1)
    moved = [shifted(x, down, right) for down in steps for right in steps]
    return np.stack(moved).astype(np.float64)  # ((2 reach + 1)^2, h, w)


def sharp_and_hedged(x: np.ndarray) -> tuple[float, float]:
    """Expected MSE of guessing one of the shifts, and of their mean."""
    steps = range(-2 * REACH, 2 * REACH + 1)
    ways = 2 * REACH + 1 - np.abs(steps)  # pairs that differ by a step
    sharp = sum(
        (ways[i] * ways[j]) * mse(x, shifted(x, down, right))
        for i, down in enumerate(steps)
        for j, right in enumerate(steps)
    )
    possible = all_shifts(x)
    mean = possible.mean(axis=0)
    hedged = np.mean([mse(each, mean) for each in possible])
    return sharp / len(possible) ** 2, float(hedged)


# --8<-- [end:hedge]
def main() -> None:
    print("MSE          shift 1   shift 2   flat gray")
    for name, photo in photographs().items():
        x = photo.astype(np.float64)
        one, two = (mse(x, shifted(x, 0, right)) for right in (1, 2))
        flat = mse(x, np.full_like(x, x.mean()))
        print(f"{name:<10}{one:>10.0f}{two:>10.0f}{flat:>12.0f}")

    print("\nexpected MSE   sharp guess   mean of 25   ratio")
    for name, photo in photographs().items():
        sharp, hedged = sharp_and_hedged(photo)
        ratio = sharp / hedged
        print(f"{name:<10}{sharp:>16.0f}{hedged:>13.0f}{ratio:>8.3f}")


def shift_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    panel = figure.subplots()
    distances = np.arange(17)
    for name, photo in photographs().items():
        x = photo.astype(np.float64)
        ratio = [mse(x, shifted(x, 0, int(d))) / x.var() for d in distances]
        panel.plot(distances, ratio, "o-", ms=3.5, label=name)
    for level, name in ((1, "flat gray image"), (2, "unrelated pixels")):
        panel.axhline(level, color="#757b84", lw=1, ls="--")
        panel.text(16.3, level + 0.04, name, ha="right", fontsize=9)
    panel.set(
        xlabel="shift in pixels",
        ylabel="MSE / variance",
        xlim=(0, 16.4),
        ylim=(0, 2.35),
    )
    panel.legend(ncols=4, loc="upper left", bbox_to_anchor=(0, 1.16))
    return figure


def blind_figure() -> Figure:
    x = data.grass().astype(np.float64)
    panels = {
        "reference": x,
        "shifted by 2 pixels": shifted(x, 0, 2),
        "mean of 25 shifts": all_shifts(x).mean(axis=0),
        "flat gray": np.full_like(x, x.mean()),
    }
    figure = Figure(figsize=(6.4, 6.9), layout="constrained")
    for panel, (name, y) in zip(
        figure.subplots(2, 2).flat, panels.items(), strict=True
    ):
        panel.imshow(y[100:260, 100:260], vmin=0, vmax=255)
        panel.set_title(f"{name}\nMSE {mse(x, y):.0f}", fontsize=13)
        panel.axis("off")
    return figure


if __name__ == "__main__":
    main()
