"""The proof that every kernel has to pass: subclass ``KernelTests``.

    class TestLayerNorm(KernelTests):
        subject = SUBJECT
        mutants = {"the mask is dropped": ("old source", "new source")}
        refused = {"a row too long": (lambda call: call(…), "x is of 20000")}

The bar, forward and for every gradient: the error against torch in float64 is
at most twice the error of torch in the same type, plus the type's epsilon. An
error is the largest difference over the largest true value.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels.lowering import lower_for_cuda, triton_calls
from tests.kernels.running import WAYS, run
from tests.kernels.subject import DTYPES, Settings, Size, Subject, rounded

Errors = dict[str, float]
Edit = tuple[str, str]
LARGE = 30.0  # a scale at which exp overflows and a gate saturates
SPARED = (("float16", "interpret"), ("float16", "reference"))
WRITTEN = {"float32": torch.float32, "bfloat16": torch.bfloat16} | {
    "float16": torch.float16,
    "float64": torch.float64,
}


def in_torch(
    subject: Subject,
    arrays: Sequence[np.ndarray],
    dy: np.ndarray,
    dtype: str,
    **how: Any,
) -> list[np.ndarray]:
    """Output and gradients of torch, all computed in one type."""
    leaves = [
        torch.tensor(np.float64(x)).to(WRITTEN[dtype]).requires_grad_()
        for x in arrays
    ]
    y = subject.torch(*leaves, **how)
    upstream = torch.tensor(np.float64(dy)).to(WRITTEN[dtype])
    made = [y.detach(), *torch.autograd.grad(y, leaves, upstream)]
    return [x.double().numpy() for x in made]


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Largest difference over the largest value; infinite for a stray NaN."""
    found = np.asarray(found, np.float64)
    assert found.shape == true.shape, (found.shape, true.shape)
    same = (found == true) | (np.isnan(found) & np.isnan(true))
    finite = np.abs(true[np.isfinite(true)])
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0, np.abs(found - true))
    gap = float(np.nan_to_num(gap, nan=np.inf, posinf=np.inf).max())
    return gap / max(float(finite.max(initial=0)), 1e-30)


def errors(found: Sequence[np.ndarray], true: Sequence[np.ndarray]) -> Errors:
    each = [error(f, t) for f, t in zip(found, true, strict=True)]
    return {"forward": each[0], "gradient": max(each[1:])}


def too_large(
    ours: Errors, theirs: Errors, dtype: str, way: str = "triton_ir"
) -> list[str]:
    """What does not clear the bar. JAX differentiates the reference as it is
    written, and where that subtracts nearly equal values it loses digits."""
    eps = float(jnp.finfo(dtype).eps)
    slack = {"forward": eps, "gradient": eps}
    if way == "reference":
        slack["gradient"] = 16 * eps
    return [
        f"{part}: {ours[part]:.2e} against {theirs[part]:.2e} of torch"
        for part in ours
        if not ours[part] <= 2 * theirs[part] + slack[part]
    ]


def worst(measured: Sequence[Errors]) -> Errors:
    return {part: max(m[part] for m in measured) for part in measured[0]}


def edited(module: ModuleType, edits: Sequence[Edit]) -> ModuleType:
    """The module as it would be if its source said otherwise in some places."""
    path = Path(str(module.__file__))
    source = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in source, f"{path.name} no longer says {old!r}"
        source = source.replace(old, new)
    made = ModuleType(f"{module.__name__}_edited")
    made.__file__ = str(path)
    exec(compile(source, f"edited {path.name}", "exec"), made.__dict__)
    return made


class KernelTests:
    """What every kernel is held to; a subclass names the kernel."""

    subject: ClassVar[Subject]
    mutants: ClassVar[Mapping[str, Edit]]
    # Edits that leave it right and make rare paths happen at small sizes.
    shrunk: ClassVar[Sequence[Edit]] = ()
    refused: ClassVar[
        Mapping[str, tuple[Callable[[Callable[..., Any]], Any], str]]
    ] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        tables = {
            "mutant": self.mutants,
            "refusal": {**self.refused, **self.refused_by_all()},
            "benchmark": {b.title(): b for b in self.subject.benchmarks},
        }
        for name, table in tables.items():
            if name in metafunc.fixturenames:
                rows = list(
                    table.items() if name == "mutant" else table.values()
                )
                metafunc.parametrize(name, rows, ids=list(table))

    @property
    def module(self) -> ModuleType:
        return importlib.import_module(self.subject.call.__module__)

    def version(self, *edits: Edit) -> Callable[..., Any]:
        """The kernel's function in the module as edited."""
        if not edits:
            return self.subject.call
        return getattr(edited(self.module, edits), self.subject.call.__name__)

    def inputs(
        self,
        size: Size,
        dtype: str,
        how: Settings,
        seed: int = 0,
        scale: float = 1,
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Random arrays and an upstream gradient."""
        arrays = self.subject.arrays(size, dtype, seed, scale)
        y = self.subject.exact(*map(np.float64, arrays), **how)
        random = np.random.default_rng(seed + 1000)
        return arrays, rounded(random.standard_normal(y.shape), dtype)

    def compare(
        self,
        call: Callable[..., Any],
        way: str,
        arrays: Sequence[np.ndarray],
        dy: np.ndarray,
        how: Settings,
    ) -> tuple[Errors, Errors]:
        """Errors of ours and of torch in the same type."""
        dtype = str(arrays[0].dtype)
        true = in_torch(self.subject, arrays, dy, "float64", **how)
        theirs = in_torch(self.subject, arrays, dy, dtype, **how)
        ours = run(call, arrays, dy, way, **how)
        return errors(ours, true), errors(theirs, true)

    def trials(
        self, dtype: str, scale: float
    ) -> Iterator[tuple[list[np.ndarray], np.ndarray, Settings]]:
        """Every size, each with one of the settings."""
        for at, size in enumerate(self.subject.sizes):
            how = self.subject.settings[at % len(self.subject.settings)]
            yield *self.inputs(size, dtype, how, at, scale), how

    @pytest.mark.parametrize(
        ("dtype", "way"),
        [pair for pair in product(DTYPES, WAYS) if pair not in SPARED],
    )
    def test_as_close_to_float64_as_torch(
        self, dtype: str, way: str, proof: Callable[..., None]
    ) -> None:
        shrunk, shipped = self.version(*self.shrunk), self.subject.call
        ours, theirs = [], []
        for scale in (1, LARGE) if way == "triton_ir" else (1,):
            trials = list(self.trials(dtype, scale))
            if way != "triton_ir":  # which take a second to compile
                trials = trials[1:2]
            elif scale == LARGE:
                trials = trials[1:4]
            for *inputs, how in trials:
                large = inputs[0][0].shape == self.subject.sizes[-1]
                both = large and self.shrunk and scale == 1
                for call in (shrunk, shipped) if both else (shrunk,):
                    mine, others = self.compare(call, way, *inputs, how)
                    where = f"{inputs[0][0].shape} {how} {scale}"
                    assert not too_large(mine, others, dtype, way), where
                    if scale == 1:
                        ours.append(mine)
                        theirs.append(others)
        limit = worst(theirs)
        proof(
            ours=self.subject.name,
            reference=self.subject.reference,
            dtype=dtype,
            way=way,
            **worst(ours),
            torch_forward=limit["forward"],
            torch_gradient=limit["gradient"],
        )

    @settings(
        suppress_health_check=[
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ]
    )
    @given(st.data())
    def test_any_size_scale_and_stride(self, data: st.DataObject) -> None:
        size = data.draw(self.subject.draw, "size")
        how = data.draw(st.sampled_from(list(self.subject.settings)), "how")
        dtype = data.draw(st.sampled_from(DTYPES), "dtype")
        scale = data.draw(st.sampled_from([1e-3, 1.0, LARGE]), "scale")
        strided = data.draw(st.booleans(), "strided")
        arrays, dy = self.inputs(size, dtype, how, scale=scale)
        if strided:
            arrays, dy = [every_other(x) for x in arrays], every_other(dy)
        call = self.version(*self.shrunk)
        ours, theirs = self.compare(call, "triton_ir", arrays, dy, how)
        assert not too_large(ours, theirs, dtype)

    @pytest.mark.parametrize(
        ("way", "odd"),
        [
            ("interpret", np.nan),
            ("triton_ir", np.nan),
            ("triton_ir", np.inf),
            ("triton_ir", -np.inf),
        ],
    )
    def test_not_a_number_and_infinity_as_in_torch(
        self, way: str, odd: float
    ) -> None:
        how = self.subject.settings[0]
        arrays, dy = self.inputs(self.subject.sizes[1], "float32", how)
        first = arrays[0].reshape(-1)
        first[first.size // 2] = odd
        first[-1] = odd
        ours = run(self.version(*self.shrunk), arrays, dy, way, **how)
        # torch's own float32 differs: GELU of +inf is NaN there on some CPUs
        theirs = in_torch(self.subject, arrays, dy, "float64", **how)
        for found, wanted in zip(ours, theirs, strict=True):
            assert np.array_equal(np.isnan(found), np.isnan(wanted))
            assert np.array_equal(np.isposinf(found), np.isposinf(wanted))
            assert np.array_equal(np.isneginf(found), np.isneginf(wanted))

    def test_the_same_bits_in_any_order(self) -> None:
        """Programs of a launch, the first or the last first, store the same."""
        how = self.subject.settings[0]
        inputs = self.inputs(self.subject.sizes[-1], "bfloat16", how)
        call = self.version(*self.shrunk)
        for first, again in zip(
            run(call, *inputs, "triton_ir", **how),
            run(call, *inputs, "triton_ir, last first", **how),
            strict=True,
        ):
            assert first.tobytes() == again.tobytes()

    def test_lowers_for_cuda(
        self, benchmark: Any, proof: Callable[..., None]
    ) -> None:
        def both(*arrays: Any) -> Any:
            y, pull = jax.vjp(
                lambda *a: self.subject.call(*a, **benchmark.settings),
                *arrays[:-1],
            )
            return y, pull(arrays[-1])

        shapes = list(self.subject.shapes(benchmark.size))
        dtype = jnp.dtype(benchmark.dtype)
        arrays = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
        y = jax.eval_shape(
            lambda *a: self.subject.call(
                *a, backend="interpret", **benchmark.settings
            ),
            *arrays,
        )
        calls = triton_calls(lower_for_cuda(both, *arrays, y))
        assert calls
        proof(
            ours=self.subject.name,
            reference="lowered for CUDA",
            benchmark=benchmark.title(),
            kernels=[
                f"{c.name} {'×'.join(map(str, c.grid))}, {c.num_warps} warps"
                for c in calls
            ],
        )

    def refused_by_all(
        self,
    ) -> dict[str, tuple[Callable[[Callable[..., Any]], Any], str]]:
        """What no kernel takes: another type, nothing, a back end not there."""
        arrays = self.subject.arrays(self.subject.sizes[1], "float32")
        first, *others = map(jnp.asarray, arrays)
        here = {"backend": "interpret"}
        wrong = first.astype(jnp.int32)
        name = r"\w+ is "
        return {
            "a type it has no code for": (
                lambda call: call(wrong, *others, **here),
                name + "int32; it must be",
            ),
            "a list": (
                lambda call: call(first.tolist(), *others, **here),
                name + "a list; it must be an array",
            ),
            "no elements": (
                lambda call: call(first[:0], *others, **here),
                name + r"of shape \(0.*; it must be non-empty",
            ),
            "a back end nobody has": (
                lambda call: call(first, *others, backend="cuda"),
                "backend is 'cuda'; it must be triton or interpret or",
            ),
            "a back end that is not there": (
                lambda call: call(first, *others),
                "backend is 'triton' while JAX sees only a cpu; it must be",
            ),
        }

    def test_refuses(
        self, refusal: tuple[Callable[[Callable[..., Any]], Any], str]
    ) -> None:
        attempt, message = refusal
        with pytest.raises(ValueError, match=message):
            attempt(self.subject.call)

    def test_the_comparison_catches(self, mutant: tuple[str, Edit]) -> None:
        """One wrong edit of the source, and the comparison above fails."""
        _, edit = mutant
        call = self.version(edit, *self.shrunk)
        for scale, dtype in product((1, LARGE), ("float32", "bfloat16")):
            for *inputs, how in self.trials(dtype, scale):
                try:
                    ours, theirs = self.compare(call, "triton_ir", *inputs, how)
                except (AssertionError, ValueError, TypeError):
                    return
                if too_large(ours, theirs, dtype):
                    return
        pytest.fail("nothing noticed")


def every_other(x: np.ndarray) -> np.ndarray:
    """The same values, two elements apart in memory."""
    wide = np.empty((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]
