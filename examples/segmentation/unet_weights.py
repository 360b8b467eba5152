"""The weights of U-Net's loss: where two cells nearly touch, look closely.

    w(x) = w_c(x) + w_0 exp(-(d_1(x) + d_2(x))^2 / (2 sigma^2))

d_1 and d_2 are the distances to the nearest and the second nearest cell,
w_0 = 10 and sigma about 5 pixels; w_c balances the two classes. The second
term is only for the background, where cells are kept apart.

Shapes: cells (h, w) integer, 0 for background and a number for each cell;
weights (h, w) float64. Raises ValueError for cells without two dimensions
and for a sigma that is not positive.
"""

import cv2
import numpy as np


# --8<-- [start:weights]
def distance_to(cell: np.ndarray) -> np.ndarray:
    """Of every pixel to the nearest pixel of the cell."""
    outside = (~cell).astype(np.uint8)
    exact = cv2.DIST_MASK_PRECISE
    return cv2.distanceTransform(outside, cv2.DIST_L2, exact)


def border_weights(
    cells: np.ndarray, w0: float = 10.0, sigma: float = 5.0
) -> np.ndarray:
    if cells.ndim != 2 or sigma <= 0:
        raise ValueError(
            f"cells are {cells.shape} and sigma {sigma}; must be (h, w) "
            "and above 0"
        )
    numbers = np.unique(cells[cells > 0])
    if len(numbers) < 2:
        return np.zeros(cells.shape)  # nothing to keep apart
    far = np.stack([distance_to(cells == n) for n in numbers])
    first, second = np.sort(far, axis=0)[:2].astype(np.float64)
    near = np.exp(-((first + second) ** 2) / (2 * sigma**2))
    return np.where(cells == 0, w0 * near, 0)


def weight_map(cells: np.ndarray) -> np.ndarray:
    """Both classes weigh the same in total, and the borders more."""
    inside = cells > 0
    share = inside.mean().clip(1 / cells.size, 1 - 1 / cells.size)
    balance = np.where(inside, 0.5 / share, 0.5 / (1 - share))
    return balance + border_weights(cells)


# --8<-- [end:weights]
