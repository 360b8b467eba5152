"""Products of tiles that lose no digit of float32.

Tensor cores take bfloat16 and float16 as they are, and cut float32 to TF32,
ten bits of mantissa, unless they are asked not to.
"""

import jax
import jax.numpy as jnp
from jax import Array


# --8<-- [start:product]
def product(a: Array, b: Array) -> Array:
    """Sums are float32, and float32 factors are not cut to TF32."""
    whole = jax.lax.Precision.HIGHEST if a.dtype == jnp.float32 else None
    return jnp.dot(
        a, b, precision=whole, preferred_element_type=jnp.float32
    )  # fmt: skip


# --8<-- [end:product]
