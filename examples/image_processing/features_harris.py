"""What Harris sees: gradients in three windows, the response of a photo."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from skimage import data

from examples.image_processing.features import (
    box_window,
    eigenvalues,
    gaussian_window,
    gradients,
    harris,
    local_maxima,
    structure_tensor,
)

SIZE = 11
BLUE, ORANGE, RED, GREEN = "#3b82f6", "#ea7a17", "#e5484d", "#1f9d6b"
WINDOWS = {
    "flat": (40, 60, BLUE),
    "edge": (167, 94, GREEN),
    "corner": (207, 298, ORANGE),
}


def scatter(panel: Axes, name: str) -> None:
    x, y, color = WINDOWS[name]
    image, half = data.camera(), SIZE // 2
    window = (slice(y - half, y + half + 1), slice(x - half, x + half + 1))
    ix, iy = (g[window].ravel() for g in gradients(image))
    tensor = structure_tensor(image, box_window(SIZE))
    xx, xy, yy = (m[y, x] for m in tensor)
    values, vectors = np.linalg.eigh([[xx, xy], [xy, yy]])
    width, height = 4 * np.sqrt(np.maximum(values, 0))  # ± 2 σ
    angle = np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0]))
    spread = Ellipse((0, 0), width, height, angle=angle)
    spread.set(fill=False, edgecolor=color, linewidth=2)
    panel.add_patch(spread)
    panel.plot(ix, iy, "o", color=color, ms=3.5, alpha=0.55)
    panel.set(xlim=(-0.4, 0.4), ylim=(-0.4, 0.4), aspect="equal")
    panel.set(xticks=[-0.3, 0, 0.3], yticks=[-0.3, 0, 0.3])
    panel.set(xlabel="$I_x$", ylabel="$I_y$", title=name)
    inset = panel.inset_axes((0.68, 0.03, 0.3, 0.3))
    inset.imshow(image[window], vmin=0, vmax=255)
    inset.set(xticks=[], yticks=[])


def plane(panel: Axes) -> None:
    axis = np.linspace(0, 0.02, 201)
    large, small = np.meshgrid(axis, axis)
    response = large * small - 0.06 * (large + small) ** 2
    regions = ([-1, 0, 1], ["#3b82f640", "#ea7a1726"])
    panel.contourf(large, small, response, regions[0], colors=regions[1])
    panel.contour(large, small, response, [0], colors="#757b84")
    panel.contour(
        large, small, response, [3e-5], colors=RED, linestyles="solid"
    )
    x, y = [0.006, 0.006, 0.02], [0.02, 0.006, 0.006]
    panel.plot(x, y, "--", color=GREEN)
    image = data.camera()
    for x, y, color in WINDOWS.values():
        values = [v[y, x] for v in eigenvalues(image, box_window(SIZE))]
        style = {"color": color, "mec": "white", "ms": 9}
        panel.plot(*values, "o", **style, clip_on=False)
    label = {"fontsize": 9, "ha": "center", "va": "center"}
    panel.text(0.0135, 0.0145, "corner", **label)
    panel.text(0.0115, 0.0023, "↓ edge, $R < 0$", **label, color=BLUE)
    panel.text(0.0165, 0.0068, "Shi–Tomasi", **label, color=GREEN)
    panel.text(0.0165, 0.0047, "Harris", **label, color=RED)
    panel.set(xlabel=r"$\lambda_1$", ylabel=r"$\lambda_2$", aspect="equal")
    panel.set(xticks=[0, 0.02], yticks=[0, 0.02], title="one $R$ a window")


def eigenvalues_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.2), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for panel, name in zip(panels, WINDOWS, strict=False):
        scatter(panel, name)
    plane(figure.axes[3])
    return figure


def response_figure() -> Figure:
    image = data.camera()[60:316, 190:446]
    response = harris(image, gaussian_window(1.5), k=0.05)
    x, y = local_maxima(response, radius=4, count=80).T
    figure = Figure(figsize=(6.4, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    root = np.sign(response) * np.abs(response) ** 0.25  # lifts weak values
    norm = TwoSlopeNorm(0, -np.abs(root).max(), np.abs(root).max())
    left.imshow(root, cmap="RdBu_r", norm=norm)
    left.set_title("response: red corners, blue edges")
    right.imshow(image)
    right.plot(x, y, "o", mfc="none", mec=ORANGE, mew=1.6, ms=6)
    right.set_title("the 80 highest maxima")
    for panel in (left, right):
        panel.axis("off")
    return figure
