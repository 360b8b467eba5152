"""See what the GPU's compiler would get, on a machine without a GPU.

JAX lowers for a platform that it does not see: ``lower_for_cuda`` traces a
function for a card named by an abstract device, and ``triton_calls`` takes the
Triton IR of every kernel out of the result.

From JAX 0.11 on each kernel that goes through Triton warns that this way will
be removed. ``expected_deprecation`` takes exactly that message, counts it, and
lets every other warning through.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
from jax._src.lib.mlir import ir
from jax._src.lib.triton import dialect
from jax.stages import Lowered

CARD = "NVIDIA H200"
CORES = 132  # streaming multiprocessors
DEPRECATION = (
    "The Pallas Triton backend is deprecated and will be removed in a future "
    "JAX version. To keep using Pallas on GPU, please migrate to the Mosaic "
    "GPU backend. To keep using Triton, switch to the official Triton "
    "bindings and jax_triton."
)


@dataclass(frozen=True)
class TritonCall:
    """One launch: its kernel as Triton IR, and how it is launched."""

    name: str
    bytecode: bytes
    grid: tuple[int, int, int]
    num_warps: int
    num_stages: int

    def module(self) -> ir.Module:
        context = ir.Context()
        dialect.register_dialect(context)
        context.load_all_available_dialects()
        return ir.Module.parse(self.bytecode, context)

    def text(self) -> str:
        return str(self.module().operation.get_asm())


@contextlib.contextmanager
def expected_deprecation() -> Iterator[list[str]]:
    """Gathers the one warning that is expected; others are given again."""
    expected: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield expected
    for warning in caught:
        if str(warning.message) == DEPRECATION:
            expected.append(str(warning.message))
        else:
            warnings.warn(warning.message, stacklevel=2)


# --8<-- [start:lower]
def abstract_gpu() -> Any:
    """A context in which JAX takes the card for given."""
    device = jax.sharding.AbstractDevice(CARD, CORES, "gpu")
    mesh = jax.sharding.AbstractMesh((), (), abstract_device=device)
    return jax.sharding.use_abstract_mesh(mesh)


def lower_for_cuda(function: Callable[..., Any], *arrays: Any) -> Lowered:
    """Arrays may be shapes alone: ``jax.ShapeDtypeStruct``."""
    with abstract_gpu(), expected_deprecation():
        traced = jax.jit(function).trace(*arrays)
        return traced.lower(lowering_platforms=("cuda",))


# --8<-- [end:lower]


def triton_calls(lowered: Lowered) -> list[TritonCall]:
    """Every kernel of a lowered function, in the order of its launches."""
    found = []

    def walk(operation: Any) -> None:
        for region in operation.regions:
            for block in region.blocks:
                for inner in block.operations:
                    if inner.operation.name == "stablehlo.custom_call":
                        found.extend(triton_call(inner.operation))
                    walk(inner.operation)

    module: Any = lowered.compiler_ir("stablehlo")
    walk(module.operation)
    return found


def triton_call(operation: Any) -> list[TritonCall]:
    """The kernel of a custom call, if it is one of Triton's."""
    target = ir.StringAttr(operation.attributes["call_target_name"]).value
    if target != "__gpu$xla.gpu.triton":
        return []
    config = ir.DictAttr(operation.attributes["mhlo.backend_config"])

    def number(name: str) -> int:
        return ir.IntegerAttr(config[name]).value

    return [
        TritonCall(
            ir.StringAttr(config["name"]).value,
            ir.StringAttr(config["ir"]).value_bytes,
            (number("grid_x"), number("grid_y"), number("grid_z")),
            number("num_warps"),
            number("num_stages"),
        )
    ]
