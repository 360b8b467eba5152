"""Every kernel without torch: against numpy in float64 and its own formula.

This is what ``make test-kernels-newest`` runs on the newest Python and JAX. The
gradient is held against numpy by derivatives along random directions, for which
the forward function is enough.
"""

import jax.numpy as jnp
import numpy as np
import pytest

from tests.kernels.running import run
from tests.kernels.subject import Subject, rounded, subjects

STEP = 1e-5  # of a difference quotient in float64


def along(
    subject: Subject,
    arrays: list[np.ndarray],
    dy: np.ndarray,
    which: int,
    direction: np.ndarray,
    **how: object,
) -> float:
    """The derivative of ``Σ dy y`` when one array moves."""
    ends = []
    for sign in (1, -1):
        moved = [np.float64(x) for x in arrays]
        moved[which] = moved[which] + sign * STEP * direction
        ends.append((np.float64(dy) * subject.exact(*moved, **how)).sum())
    return (ends[0] - ends[1]) / (2 * STEP)


@pytest.mark.parametrize(
    ("way", "dtype"),
    [("interpret", "float32"), ("triton_ir", "bfloat16")],
)
@pytest.mark.parametrize("name", subjects())
def test_against_numpy_and_the_formula(name: str, way: str, dtype: str) -> None:
    subject = subjects()[name]
    size, how = subject.sizes[1], subject.settings[-1]
    arrays = subject.arrays(size, dtype)
    true = subject.exact(*map(np.float64, arrays), **how)
    random = np.random.default_rng(1)
    dy = rounded(random.standard_normal(true.shape), dtype)
    y, *gradients = map(np.float64, run(subject.call, arrays, dy, way, **how))
    eps = float(jnp.finfo(dtype).eps)
    assert np.abs(y - true).max() <= 4 * eps * np.abs(true).max()

    formula = run(subject.call, arrays, dy, "reference", **how)
    for which, gradient in enumerate(gradients):
        theirs = np.float64(formula[1 + which])
        assert np.abs(gradient - theirs).max() <= 16 * eps * (
            np.abs(theirs).max()
        )
        direction = random.standard_normal(gradient.shape)
        found = (gradient * direction).sum()
        wanted = along(subject, arrays, dy, which, direction, **how)
        length = np.linalg.norm(gradient) * np.linalg.norm(direction)
        assert abs(found - wanted) <= 4 * eps * length
