"""One photograph of 2 x 3 pixels in memory: as OpenCV and as torch hold it.

The boxes are the bytes of the two buffers in the order of their addresses,
read from the arrays themselves, and the lines follow one pixel.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import data

from examples.opencv.tensors import image_to_tensor

INK = "#757b84"
TINT = {"B": "#3b82f6", "G": "#1f9d6b", "R": "#e5484d"}


def buffers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    photo = data.astronaut()[190:312:120, 130:300:75, ::-1]
    image = np.ascontiguousarray(photo[:2, :3])  # (2, 3, 3), BGR
    planes = (image_to_tensor(image) * 255).round()
    bytes_of_image = image.ravel(order="K")  # in the order of addresses
    bytes_of_tensor = planes.numpy().ravel(order="K").astype(np.uint8)
    return image, bytes_of_image, bytes_of_tensor


def strip(
    panel: Axes, values: np.ndarray, letters: str, low: float
) -> list[tuple[float, float]]:
    """Draw one buffer and return the lower left corner of each box."""
    for i, (value, letter) in enumerate(zip(values, letters, strict=True)):
        fill = {"ec": INK, "fc": TINT[letter]}
        panel.add_patch(Rectangle((i, low), 1, 1.5, **fill))
        text = {"ha": "center", "va": "center", "color": "white"}
        panel.text(i + 0.5, low + 1.05, letter, weight="bold", **text)
        panel.text(i + 0.5, low + 0.4, str(value), fontsize=8, **text)
    return [(i, low) for i in range(len(values))]


def layout_figure() -> Figure:
    image, interleaved, planar = buffers()
    h, w, _ = image.shape
    n, pixel = h * w, 4  # pixel 4 is the middle of the lower row
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panel = figure.subplots()
    frame = {"fill": False, "ec": "#ea7a17", "lw": 3, "zorder": 3}
    for i, j in np.ndindex(h, w):
        color = image[i, j, ::-1] / 255
        at = (6.2 + 1.9 * j, 6.9 - 1.5 * i)
        panel.add_patch(Rectangle(at, 1.8, 1.4, fc=color, ec=INK))
        if i * w + j == pixel:
            panel.add_patch(Rectangle(at, 1.8, 1.4, **frame))
    above = strip(panel, interleaved, "BGR" * n, 2.3)
    below = strip(panel, planar, "R" * n + "G" * n + "B" * n, -2.1)
    panel.add_patch(Rectangle(above[3 * pixel], 3, 1.5, **frame))
    for c, letter in enumerate("BGR"):
        x, y = above[3 * pixel + c]
        end, low = below["RGB".index(letter) * n + pixel]
        panel.add_patch(Rectangle((end, low), 1, 1.5, **frame))
        ends = (x + 0.5, end + 0.5), (y, low + 1.5)
        panel.plot(*ends, color=TINT[letter], lw=2)
    panel.text(0, 4.1, "image (h, w, 3): pixel after pixel", color=INK)
    below_text = "tensor (3, h, w), times 255: plane after plane"
    panel.text(0, -2.95, below_text, color=INK)
    panel.set(xlim=(-0.2, 18.2), ylim=(-3.2, 8.5), aspect="equal")
    panel.axis("off")
    return figure
