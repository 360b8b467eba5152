"""The same operation by each of those that a kernel is measured against.

    ours            the Pallas kernel, through Triton
    xla             the jax.numpy formula under ``jax.jit``
    torch           eager: one call after the other
    torch.compile   in its default mode, for this one shape
    library         the best one there is, named by its docstring's first line;
                    where torch's own kernel is that, there is no such row

All get the same arrays, drawn once on the device of torch and handed to JAX
without a copy. Backward is measured alone, from what its own forward has kept.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from kernels.torch_bridge import to_jax
from tests.kernels.subject import Benchmark, Subject

DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Rival:
    """``function`` takes the arrays of its framework and no settings."""

    name: str
    framework: str  # jax or torch
    function: Callable[..., Any]
    library: str = ""  # in words


def cudnn_attention(
    q: Tensor, k: Tensor, v: Tensor, causal: bool = False
) -> Tensor:
    """cuDNN, by torch's scaled_dot_product_attention."""
    with sdpa_kernel(SDPBackend.CUDNN_ATTENTION):
        return functional.scaled_dot_product_attention(
            q, k, v, is_causal=causal
        )


def cublaslt_epilogue(
    x: Tensor, weight: Tensor, bias: Tensor, epilogue: str = "none"
) -> Tensor:
    """cuBLASLt with its epilogue, by torch.addmm."""
    if epilogue == "none":
        return torch.addmm(bias, x, weight.T)
    return torch._addmm_activation(bias, x, weight.T)


def best_library(
    subject: Subject, direction: str
) -> Callable[..., Tensor] | None:
    """The subject's own, or one of the two above. torch cannot differentiate
    the epilogue, and its backward is cuBLAS already."""
    if subject.library:
        return subject.library
    if subject.name == "flash_attention":
        return cudnn_attention
    if (subject.name, direction) == ("matmul", "forward"):
        return cublaslt_epilogue
    return None


def directions(benchmark: Benchmark) -> tuple[str, ...]:
    """A benchmark without bytes for it has no gradient."""
    return DIRECTIONS if benchmark.backward_bytes else DIRECTIONS[:1]


def rivals(
    subject: Subject, benchmark: Benchmark, direction: str
) -> list[Rival]:
    how = dict(benchmark.settings)
    eager = partial(subject.torch, **how)
    found = [
        Rival("ours", "jax", partial(subject.call, backend="triton", **how)),
        Rival("xla", "jax", partial(subject.call, backend="reference", **how)),
        Rival("torch", "torch", eager),
        Rival("torch.compile", "torch", eager),
    ]
    if library := best_library(subject, direction):
        said = (library.__doc__ or library.__name__).partition("\n")[0]
        function = partial(library, **how)
        found.append(Rival("library", "torch", function, said.rstrip(".")))
    return found


def draw(subject: Subject, benchmark: Benchmark, device: str) -> list[Tensor]:
    """Standard normal numbers of each array's type; where a subject has whole
    numbers, which may be indices, they are the subject's own."""
    small = subject.arrays(subject.sizes[0], benchmark.dtype)
    if any(np.issubdtype(x.dtype, np.integer) for x in small):
        arrays = subject.arrays(benchmark.size, benchmark.dtype)
        return [on_device(x, device) for x in arrays]
    generator = torch.Generator(device).manual_seed(0)
    return [
        torch.randn(
            shape,
            dtype=getattr(torch, str(x.dtype)),
            device=device,
            generator=generator,
        )
        for shape, x in zip(subject.shapes(benchmark.size), small, strict=True)
    ]


def on_device(x: np.ndarray, device: str) -> Tensor:
    if str(x.dtype) == "bfloat16":  # numpy's is not torch's
        return torch.from_numpy(np.float32(x)).to(device, torch.bfloat16)
    return torch.from_numpy(x).to(device)


def in_jax(
    rival: Rival, tensors: Sequence[Tensor], direction: str
) -> tuple[Callable[[], Any], int]:
    """The call, compiled, and how many bytes its outputs and temporaries take
    by XLA's own account."""
    arrays = [to_jax(x) for x in tensors]
    if direction == "backward":
        y, pull = jax.vjp(jax.jit(rival.function), *arrays)
        kind, device = getattr(torch, str(y.dtype)), tensors[0].device
        dy = to_jax(torch.randn(y.shape, dtype=kind, device=device))
        function, arrays = pulled_back, [pull, dy]
    else:
        function = rival.function
    ready = jax.jit(function).lower(*arrays).compile()
    taken: Any = ready.memory_analysis()
    size = taken.output_size_in_bytes + taken.temp_size_in_bytes
    return partial(ready, *arrays), size


def pulled_back(pull: Callable[[Any], Any], dy: Any) -> Any:
    return pull(dy)


def in_torch(
    rival: Rival, tensors: Sequence[Tensor], direction: str
) -> Callable[[], Any]:
    function = rival.function
    if rival.name == "torch.compile":
        forget()
        function = torch.compile(function, dynamic=False)
    if direction == "forward":
        return torch.no_grad()(partial(function, *tensors))
    leaves = [x.detach() for x in tensors]
    wanted = [x.requires_grad_() for x in leaves if x.is_floating_point()]
    y = function(*leaves)
    # The graph is kept, so that it can be walked again.
    return partial(
        torch.autograd.grad, y, wanted, torch.randn_like(y), retain_graph=True
    )


def forget() -> None:
    """What torch.compile holds of shapes that are done, and its promise to
    reuse what is kept for the backward pass: it is walked many times here."""
    import torch._functorch.config as functorch

    functorch.donated_buffer = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.compiler.reset()
