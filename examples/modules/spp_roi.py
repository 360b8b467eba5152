"""RoI pooling: one level of the pyramid, on a window of the map.

    roi(x, box) = level_n(x[top:bottom, left:right])

The map is computed once for all windows. SPPnet projects a window of the
image to the map by

    left' = floor(left / S) + 1,    right' = ceil(right / S) - 1

with S the product of the strides, arxiv.org/abs/1406.4729, appendix. Fast
R-CNN keeps the one level, arxiv.org/abs/1504.08083

Shapes: x (1, c, h, w), boxes in pixels of the map, ends exclusive; out
(r, c, n, n) for r boxes. Raises ValueError for x of another shape, a box
outside the map or empty, no boxes, and a stride below 1.
"""

import torch
from torch import Tensor

from examples.modules.pooling_adaptive import AdaptiveMaxPool

Box = tuple[int, int, int, int]  # top, left, bottom, right


# --8<-- [start:roi]
def project(box: Box, stride: int) -> Box:
    """From pixels of the image to pixels of the map, by SPPnet's rule."""
    if stride < 1:
        raise ValueError(f"stride is {stride}; it must be at least 1")
    top, left = (edge // stride + 1 for edge in box[:2])
    bottom, right = (-(-edge // stride) - 1 for edge in box[2:])
    bottom, right = max(bottom, top), max(right, left)  # one pixel at least
    return top, left, bottom + 1, right + 1  # ours is exclusive


def roi_pool(x: Tensor, boxes: list[Box], out: int) -> Tensor:
    if x.dim() != 4 or len(x) != 1:
        raise ValueError(f"x is {tuple(x.shape)}, not (1, c, h, w)")
    if not boxes:
        raise ValueError("boxes is []; it must hold at least one")
    h, w = x.shape[2:]
    level, pooled = AdaptiveMaxPool(out), []
    for top, left, bottom, right in boxes:
        if not (0 <= top < bottom <= h and 0 <= left < right <= w):
            said = f"a box is {(top, left, bottom, right)}"
            raise ValueError(f"{said}; it must lie within {h} × {w}")
        pooled.append(level(x[:, :, top:bottom, left:right]))
    return torch.cat(pooled)  # (r, c, out, out)


# --8<-- [end:roi]
# --8<-- [start:demo]
def main() -> None:
    windows = 2000 * 227**2  # R-CNN convolves every window anew
    ratio = 4 / 3  # of the sides of an image, as the paper assumes
    print("for one image         pixels convolved    R-CNN has")
    print(f"R-CNN, 2000 windows {windows:>18,}")
    for name, scales in {
        "SPPnet, one scale": (688,),
        "SPPnet, five scales": (480, 576, 688, 864, 1200),
    }.items():
        pixels = ratio * sum(s**2 for s in scales)
        times = f"{windows / pixels:.0f} times"
        print(f"{name:<20}{pixels:>18,.0f}{times:>13}")

    moved = [project((40, 40 + d, 200, 200 + d), 16) for d in range(17)]
    print("\na window moved by 0, 1, … 16 pixels, stride 16:")
    widths = sorted({right - left for _, left, _, right in moved})
    print(f"{len(set(moved))} windows of the map, {widths} pixels wide")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
