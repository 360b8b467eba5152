"""Transforms as 3 × 3 matrices: built, composed, solved for from points.

A point (x, y) stands as (x, y, 1), and (x, y, w) means (x / w, y / w).
An affine transform is fixed by three pairs of points, six equations in six
unknowns; a perspective transform by four pairs, eight equations in eight.
``B @ A`` does A first. cv2's conventions: y points down, the center of the
first pixel is (0, 0), positive angles turn counterclockwise on the screen.

Shapes: points (n, 2) as (x, y); matrices (3, 3). Angles are in degrees.
Raises ValueError for points of another shape, too few or too many of them,
three on one line.
"""

from itertools import combinations

import numpy as np


# --8<-- [start:build]
def translation(dx: float, dy: float) -> np.ndarray:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], float)


def scaling(sx: float, sy: float) -> np.ndarray:
    return np.diag([sx, sy, 1.0])


def rotation(degrees: float) -> np.ndarray:
    """Counterclockwise on the screen, where y points down."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def rotation_about(
    center: tuple[float, float], degrees: float, scale: float = 1
) -> np.ndarray:
    """Bring the center to the origin, turn, bring it back."""
    x, y = center
    turn = rotation(degrees) @ scaling(scale, scale)
    return translation(x, y) @ turn @ translation(-x, -y)


# --8<-- [end:build]
def transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 2) points to where the matrix sends them."""
    points = np.asarray(points, float)
    lifted = np.column_stack([points, np.ones(len(points))])  # (x, y, 1)
    x, y, w = matrix @ lifted.T
    return np.column_stack([x / w, y / w])


def check_points(points: np.ndarray, count: int, name: str) -> np.ndarray:
    points = np.asarray(points, float)
    if points.shape != (count, 2):
        raise ValueError(
            f"{name} is {points.shape}; it must be ({count}, 2), as (x, y)"
        )
    extent = np.ptp(points, axis=0).max()
    for a, b, c in combinations(points, 3):
        doubled = np.linalg.det(np.array([b - a, c - a]))  # of the triangle
        if abs(doubled) <= 1e-9 * extent**2:
            raise ValueError(
                f"{name} is {points.tolist()}; three points are on one line"
            )
    return points


# --8<-- [start:affine]
def affine_from_points(
    source: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    """Three pairs: [x y 1] · A^T = [u v], solved for both columns."""
    source = check_points(source, 3, "source")
    target = check_points(target, 3, "target")
    rows = np.column_stack([source, np.ones(3)])  # (3, 3)
    return np.vstack([np.linalg.solve(rows, target).T, [0, 0, 1]])


# --8<-- [end:affine]
# --8<-- [start:perspective]
def perspective_from_points(
    source: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Four pairs: two equations each for the eight numbers a ... h."""
    source = check_points(source, 4, "source")
    target = check_points(target, 4, "target")
    rows, right = np.zeros((8, 8)), np.zeros(8)
    for i, ((x, y), (u, v)) in enumerate(zip(source, target, strict=True)):
        rows[2 * i] = x, y, 1, 0, 0, 0, -u * x, -u * y
        rows[2 * i + 1] = 0, 0, 0, x, y, 1, -v * x, -v * y
        right[2 * i : 2 * i + 2] = u, v
    return np.append(np.linalg.solve(rows, right), 1).reshape(3, 3)


# --8<-- [end:perspective]
# --8<-- [start:whole]
def whole(
    matrix: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """The transform moved, and the shape, so that nothing is cut off."""
    right, low = shape[1] - 0.5, shape[0] - 0.5  # pixels reach 0.5 outward
    outline = [[-0.5, -0.5], [right, -0.5], [right, low], [-0.5, low]]
    corners = transform(matrix, outline)
    start = corners.min(axis=0)
    extent = np.ceil(corners.max(axis=0) - start - 1e-6)
    back = translation(*(-0.5 - start))
    return back @ matrix, (int(extent[1]), int(extent[0]))


# --8<-- [end:whole]
def main() -> None:
    def where(matrix: np.ndarray) -> str:
        (x, y), *_ = transform(matrix, [[10, 0]])
        return f"({x + 0.0:.0f}, {y + 0.0:.0f})"

    move, turn = translation(100, 0), rotation(90)
    itself = rotation_about((10, 0), 90)
    print("(10, 0) moved, then turned: ", where(turn @ move))
    print("(10, 0) turned, then moved: ", where(move @ turn))
    print("(10, 0) turned about itself:", where(itself))
    source = [[0, 0], [300, 0], [300, 200], [0, 200]]
    target = [[40, 30], [250, 60], [290, 210], [10, 150]]
    matrix = perspective_from_points(source, target)
    print("\nperspective matrix of four pairs")
    for row in matrix:
        print(*[f"{value:10.6f}" for value in row])
    for degrees in (0, 30, 45, 90):
        _, shape = whole(rotation_about((99.5, 49.5), degrees), (100, 200))
        print(f"100 × 200 turned by {degrees:>2} degrees needs", *shape)


if __name__ == "__main__":
    main()
