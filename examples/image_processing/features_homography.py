"""A homography from point pairs: DLT, then the least error in pixels.

A homography maps (x, y) to (u, v) by a 3 × 3 matrix known up to scale:

    (u, v, 1) ~ H (x, y, 1),  two equations a pair, so four pairs fix H

The direct linear transform (DLT) solves A h = 0 by the SVD, in coordinates
of mean 0 and mean distance √2 (Hartley 1997, doi.org/10.1109/34.601246).
Gauss-Newton then minimizes the squared distance to the target in pixels.

source, target: (n, 2) points as (x, y). Returns H (3, 3) with h33 = 1.
Raises ValueError for other shapes, for fewer than 4 pairs, and for points
that leave H open, such as points on one line.
"""

import numpy as np


def check_pairs(source: np.ndarray, target: np.ndarray, least: int) -> None:
    for name, points in (("source", source), ("target", target)):
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"{name} is {points.shape}; it must be (n, 2)")
    if len(source) != len(target):
        raise ValueError(f"{len(source)} source but {len(target)} target")
    if len(source) < least:
        raise ValueError(f"{len(source)} pairs; at least {least} needed")


# --8<-- [start:dlt]
def homogeneous(points: np.ndarray) -> np.ndarray:
    return np.column_stack([points, np.ones(len(points))])


def project(h: np.ndarray, points: np.ndarray) -> np.ndarray:
    mapped = homogeneous(points) @ h.T
    return mapped[:, :2] / mapped[:, 2:]


def normalizer(points: np.ndarray) -> np.ndarray:
    mean = points.mean(axis=0)
    distance = np.linalg.norm(points - mean, axis=1).mean()
    if distance == 0:
        raise ValueError("all points coincide; they must be spread out")
    scale = np.sqrt(2) / distance  # mean 0, mean distance √2
    x, y = -scale * mean
    return np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])


def equations(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    p = homogeneous(source)
    zero = np.zeros_like(p)
    u, v = target.T[..., None]  # (n, 1) each
    return np.vstack(
        [np.hstack([p, zero, -u * p]), np.hstack([zero, p, -v * p])]
    )  # (2 n, 9): A h = 0


def dlt(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    check_pairs(source, target, least=4)
    before, after = normalizer(source), normalizer(target)
    a = equations(project(before, source), project(after, target))
    a = np.vstack([a, np.zeros(9)])  # four pairs give 8 rows, V needs 9
    _, singular, directions = np.linalg.svd(a, full_matrices=False)
    h = directions[8].reshape(3, 3)  # the least singular direction
    if singular[7] < 1e-8 * singular[0] or abs(np.linalg.det(h)) < 1e-12:
        raise ValueError("the points leave H open: too many are collinear")
    h = np.linalg.inv(after) @ h @ before
    return h / h[2, 2]


# --8<-- [end:dlt]
# --8<-- [start:refine]
def refine(
    h: np.ndarray, source: np.ndarray, target: np.ndarray, steps: int = 10
) -> np.ndarray:
    p = homogeneous(source)
    for _ in range(steps):
        mapped = project(h, source)
        scaled = p / (p @ h[2])[:, None]  # (n, 3)
        zero = np.zeros_like(scaled)
        u, v = mapped.T[..., None]
        jacobian = np.vstack(
            [
                np.hstack([scaled, zero, -u * scaled[:, :2]]),
                np.hstack([zero, scaled, -v * scaled[:, :2]]),
            ]
        )  # (2 n, 8): h33 stays 1
        residual = (target - mapped).T.ravel()
        step = np.linalg.lstsq(jacobian, residual, rcond=None)[0]
        h = h + np.append(step, 0).reshape(3, 3)
    return h


def fit(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    return refine(dlt(source, target), source, target)


# --8<-- [end:refine]


def main() -> None:
    rng = np.random.default_rng(0)
    true = np.array([[0.9, -0.2, 80], [0.1, 1.1, -20], [1e-4, 2e-4, 1]])
    source = rng.uniform(0, 4000, (50, 2))  # a photograph of 16 megapixels
    target = project(true, source)
    raw = equations(source, target)
    unit = equations(
        project(normalizer(source), source),
        project(normalizer(target), target),
    )
    for name, a in (("raw", raw), ("normalized", unit)):
        values = np.linalg.svd(a, compute_uv=False)
        print(f"{name:<12}condition {values[0] / values[7]:12,.1g}")


if __name__ == "__main__":
    main()
