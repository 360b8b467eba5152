"""The card of this machine: what it can do, and what a rival takes on it.

Written without a card, and never run on one: a test rehearses it on a CPU, with
``torch.cuda`` made up, which shows that the parts fit together and no more.

The roofline is measured, not read off a data sheet: the bandwidth of copying a
gigabyte, and the rate of a matrix product of each type (float32 without TF32).
Both are timed in torch by events and in JAX by pairs; the two stand side by
side in the run, which tells how far the two ways of timing agree.
"""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import torch

from kernels.bench_machine import driver
from kernels.bench_rivals import Rival, draw, in_jax, in_torch
from kernels.bench_timing import (
    by_events,
    by_pairs,
    flush_bytes,
    launch_overhead,
    quantiles,
)
from kernels.torch_bridge import to_jax
from tests.kernels.subject import Benchmark, Subject

DEVICE = "cuda"
GIGABYTE = 2**30
SIDE = 8192  # of the square matrices
FLOATS = ("float32", "bfloat16", "float16")


class Card:
    """An NVIDIA card that both JAX and torch see."""

    def __init__(self) -> None:
        torch.backends.cuda.matmul.allow_tf32 = False
        about = torch.cuda.get_device_properties(0)
        self.name = about.name
        self.cache = about.L2_cache_size
        self.about = {
            "driver": driver(),
            "versions": {
                "CUDA of torch": str(torch.version.cuda),
                "cuDNN of torch": str(torch.backends.cudnn.version()),
                "jax": jax.__version__,
                "torch": torch.__version__.partition("+")[0],
            },
        }
        self.allocate(4 * self.cache)

    def allocate(self, size: int) -> None:
        """Buffers to flush the cache with, one for each framework."""
        self.junk = torch.zeros(size, dtype=torch.uint8, device=DEVICE)
        self.jax_junk = jnp.zeros(size, "uint8")
        self.add_one = jax.jit(lambda x: x + 1, donate_argnums=0)

    def flush(self) -> None:
        self.junk.add_(1)

    def flush_jax(self) -> Any:
        self.jax_junk = self.add_one(self.jax_junk)
        return self.jax_junk

    def timed(self, framework: str, call: Any) -> dict[str, float]:
        if framework == "jax":
            seconds = by_pairs(
                call, self.flush_jax, time.perf_counter, jax.block_until_ready
            )
        else:
            event = partial(torch.cuda.Event, enable_timing=True)
            seconds = by_events(call, self.flush, event, torch.cuda.synchronize)
        return quantiles(seconds)

    def peaks(self) -> dict[str, Any]:
        """Bandwidth in bytes a second, rates in operations a second."""
        nothing = partial(jax.jit(jnp.negative), jnp.float32(1))
        launch = launch_overhead(
            nothing, time.perf_counter, jax.block_until_ready
        )
        source = torch.randn(GIGABYTE // 4, device=DEVICE)
        target = torch.empty_like(source)
        copy = partial(target.copy_, source)
        bandwidth = 2 * GIGABYTE / self.seconds("torch", copy)
        self.allocate(flush_bytes(self.cache, launch, bandwidth))
        again = partial(jax.jit(jnp.negative), jnp.ones(GIGABYTE // 4))
        by_jax = 2 * GIGABYTE / self.seconds("jax", again)
        del source, target, copy, again
        rates = {dtype: self.rate("torch", dtype) for dtype in FLOATS}
        return {
            "bandwidth": bandwidth,
            "peak": rates,
            "in JAX": {
                "bandwidth": by_jax,
                "peak": {"bfloat16": self.rate("jax", "bfloat16")},
            },
            "launch": launch,
            "flush": self.junk.numel(),
        }

    def is_usable(self) -> bool:
        """An address out of bounds ends all work of a process on a card."""
        try:
            torch.ones(1, device=DEVICE).item()
            jnp.ones(1).item()
        except Exception:
            return False
        return True

    def seconds(self, framework: str, call: Any) -> float:
        return self.timed(framework, call)["p50"] * 1e-6

    def rate(self, framework: str, dtype: str) -> float:
        kind = getattr(torch, dtype)
        pair = torch.randn((2, SIDE, SIDE), device=DEVICE, dtype=kind)
        call = partial(torch.matmul, *pair)
        if framework == "jax":
            torch.cuda.synchronize()
            call = partial(jax.jit(jnp.matmul), *map(to_jax, pair))
        return 2 * SIDE**3 / self.seconds(framework, call)

    def measure(
        self,
        rival: Rival,
        subject: Subject,
        benchmark: Benchmark,
        direction: str,
    ) -> dict[str, float]:
        """Quantiles in microseconds; ``memory`` in bytes, beyond what the call
        is given: outputs and whatever it needs meanwhile."""
        try:
            tensors = draw(subject, benchmark, DEVICE)
            torch.cuda.synchronize()  # before JAX reads them
            if rival.framework == "jax":
                call, memory = in_jax(rival, tensors, direction)
                return self.timed("jax", call) | {"memory": memory}
            call = in_torch(rival, tensors, direction)
            call()  # compiles
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            call()
            torch.cuda.synchronize()
            memory = torch.cuda.max_memory_allocated() - before
            return self.timed("torch", call) | {"memory": memory}
        finally:
            call = tensors = None
            torch.cuda.empty_cache()
