import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plt

tile = pl.BlockSpec((8,), lambda i: (i,))


def double_kernel(x_ref, y_ref):
    y_ref[...] = 2 * x_ref[...]  # 2 tiles of 8, and 10 elements


def safe_kernel(x_ref, y_ref):
    inside = pl.program_id(0) * 8 + jnp.arange(8) < 10
    x = plt.load(x_ref, mask=inside, other=0)
    plt.store(y_ref, 2 * x, mask=inside)


for kernel in (double_kernel, safe_kernel):
    call = pl.pallas_call(
        kernel,
        grid=(2,),
        in_specs=[tile],
        out_specs=tile,
        out_shape=jax.ShapeDtypeStruct((10,), jnp.float32),
        interpret=True,
    )
    print(kernel.__name__, call(jnp.arange(10.0)))
