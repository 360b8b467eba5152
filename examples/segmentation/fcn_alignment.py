"""Where the pixels of a feature map sit in the image, and how to crop them.

Pixel i of a map lies at ``start + step * i`` of the image (both axes alike):

    convolution, pooling (k, s, p)    start += step ((k - 1) / 2 - p)
                                      step *= s
    transposed convolution (k, s)     step /= s
                                      start -= step (k - 1) / 2

Two maps of one step lie on each other once both are cut to what they share.
Raises ValueError for maps whose steps differ or whose pixels lie between
each other, and for maps that share nothing.
"""

from typing import NamedTuple

from torch import Tensor


# --8<-- [start:grid]
class Grid(NamedTuple):
    step: float = 1
    start: float = 0

    def convolved(self, kernel: int, stride: int, padding: int) -> "Grid":
        shift = self.step * ((kernel - 1) / 2 - padding)
        return Grid(self.step * stride, self.start + shift)

    def transposed(self, kernel: int, stride: int) -> "Grid":
        step = self.step / stride
        return Grid(step, self.start - step * (kernel - 1) / 2)


def offset(inner: Grid, outer: Grid) -> int:
    """At which pixel of the outer map the inner one begins."""
    pixels = (inner.start - outer.start) / outer.step
    if inner.step != outer.step or pixels != int(pixels):
        raise ValueError(
            f"grids are {inner} and {outer}; must be of one step and whole "
            "pixels apart"
        )
    return int(pixels)


# --8<-- [end:grid]
# --8<-- [start:overlap]
def cut(x: Tensor, start: int, rows: int, columns: int) -> Tensor:
    part = x[..., start : start + rows, start : start + columns]
    fits = start >= 0 and min(rows, columns) > 0
    if not fits or part.shape[2:] != (rows, columns):
        raise ValueError(
            f"x is {tuple(x.shape)}; "  # before it is cut
            f"must hold {rows} × {columns} at {start}"
        )
    return part


def overlap(
    a: Tensor, a_grid: Grid, b: Tensor, b_grid: Grid
) -> tuple[Tensor, Tensor, Grid]:
    """The parts of two maps that lie on the same pixels of the image."""
    ahead = offset(b_grid, a_grid)  # b begins at this pixel of a
    a_from, b_from = max(ahead, 0), max(-ahead, 0)
    rows, columns = (
        min(a.shape[i] - a_from, b.shape[i] - b_from) for i in (2, 3)
    )
    shared = b_grid if ahead > 0 else a_grid
    a, b = cut(a, a_from, rows, columns), cut(b, b_from, rows, columns)
    return a, b, shared


# --8<-- [end:overlap]


# --8<-- [start:demo]
def main() -> None:
    """Every crop that the authors' networks have, from their layers."""
    grid, pools = Grid().convolved(3, 1, 100), []
    for _ in range(5):
        grid = grid.convolved(2, 2, 0)  # 3 × 3 padded by 1 shifts nothing
        pools.append(grid)
    scores = grid.convolved(7, 1, 0)
    print(f"pool5 begins at {grid.start}, the scores at {scores.start}")
    for skips in (0, 1, 2):
        grid = scores
        crops = []
        for pool in pools[3 : 3 - skips : -1]:
            grid = grid.transposed(4, 2)
            crops.append(offset(grid, pool))
        scale = int(grid.step)
        crops.append(offset(Grid(), grid.transposed(2 * scale, scale)))
        print(f"FCN-{scale}s crops at", *crops)


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
