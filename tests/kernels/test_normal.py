"""The normal distribution function against scipy's, in float64."""

from types import ModuleType

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtr

from kernels import normal as shipped
from tests.mutants import mutate


def errors(module: ModuleType) -> tuple[float, float, float]:
    """Of Φ, of Φ relative to itself on the left, and of the density."""
    u = np.linspace(-12, 12, 40001, dtype=np.float32)
    found, density = map(np.float64, module.normal(jnp.asarray(u)))
    wide = np.float64(u)
    true = ndtr(wide)
    thin = np.exp(-(wide**2) / 2) / np.sqrt(2 * np.pi)
    return (
        np.abs(found - true).max(),
        np.abs(found / true - 1)[u < 0].max(),
        np.abs(density - thin).max(),
    )


def close(module: ModuleType) -> bool:
    of_value, relative, of_density = errors(module)
    return of_value < 1e-7 and relative < 1e-5 and of_density < 1e-7


def test_close_to_the_truth() -> None:
    assert close(shipped)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("u < 0, tail", "u > 0, tail"),
        ("0.105552927", "0.105562927"),
        ("DENSITY * e", "e"),
        ("-0.5 * u * u", "-0.5 * u"),
        ("/ (2 * k + 1)", "/ (2 * k + 2)"),
        ("range(8)", "range(5)"),
        ("jnp.abs(u) < 1", "jnp.abs(u) < 2"),
        ("0.5 + DENSITY", "DENSITY"),
    ],
)
def test_the_comparison_catches(old: str, new: str) -> None:
    assert not close(mutate(shipped, old, new))


def test_ends() -> None:
    u = jnp.asarray([-np.inf, np.inf, np.nan], jnp.float32)
    found, density = shipped.normal(u)
    assert np.array_equal(found, [0, 1, np.nan], equal_nan=True)
    assert np.array_equal(density, [0, 0, np.nan], equal_nan=True)
