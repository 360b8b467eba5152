"""The normal distribution function where there is no erf.

Triton's dialect in Pallas has none. Near 0 the series is exact to rounding,

    Φ(u) = 1/2 + φ(0) Σ (-1)ᵏ u²ᵏ⁺¹ / (2ᵏ k! (2k + 1)),   |u| < 1

and beyond it Φ(-t) = exp(-t²/2) p(s), s = 1 / (1 + 0.35 t), with a polynomial
fitted to 4e-8 of the value: the small side has all its digits, which 1 + erf
loses. The exponential is the density as well.
"""

import math

import jax.numpy as jnp
from jax import Array

SPREAD = 0.35
TAIL = (  # factors of s, s², …
    *(0.139621302, 0.139863536, 0.119821183, 0.105552927, -0.023213394),
    *(0.159321249, -0.255840391, 0.144031614, -0.0291580297),
)
DENSITY = 1 / math.sqrt(2 * math.pi)


# --8<-- [start:normal]
def normal(u: Array) -> tuple[Array, Array]:
    """Φ(u) and φ(u) from one exponential."""
    e = jnp.exp(-0.5 * u * u)
    s = 1 / (1 + SPREAD * jnp.abs(u))
    tail = jnp.zeros_like(u)
    for factor in reversed(TAIL):
        tail = (tail + factor) * s
    series = jnp.zeros_like(u)
    for k in reversed(range(8)):
        factor = (-0.5) ** k / math.factorial(k) / (2 * k + 1)
        series = series * (u * u) + factor
    near = 0.5 + DENSITY * u * series
    far = jnp.where(u < 0, tail * e, 1 - tail * e)
    return jnp.where(jnp.abs(u) < 1, near, far), DENSITY * e


# --8<-- [end:normal]
