"""Who is measured, and that all of them compute the same; on a CPU."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest
import torch

from kernels.bench_rivals import (
    Rival,
    best_library,
    cublaslt_epilogue,
    cudnn_attention,
    directions,
    draw,
    forget,
    in_jax,
    in_torch,
    rivals,
)
from tests.kernels.subject import Benchmark, Subject, subjects


def small(name: str, **settings: object) -> tuple[Subject, Benchmark]:
    """A kernel, and its first benchmark at the size of a test."""
    subject = subjects()[name]
    first = subject.benchmarks[0]
    return subject, replace(
        first,
        size=subject.sizes[2],
        dtype="float32",
        settings=dict(first.settings) | settings,
    )


def rival(name: str, *of: object) -> Rival:
    (found,) = (r for r in rivals(*of) if r.name == name)  # type: ignore
    return found


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("name", ["layer_norm", "matmul"])
def test_jax_and_torch_are_given_the_same(name: str, direction: str) -> None:
    subject, benchmark = small(name)
    tensors = draw(subject, benchmark, "cpu")
    theirs, ours = (
        rival(r, subject, benchmark, direction) for r in ("torch", "xla")
    )
    in_theirs = in_torch(theirs, tensors, direction)()
    run, memory = in_jax(ours, tensors, direction)
    in_ours = run()
    if direction == "forward":
        in_theirs, in_ours = (in_theirs,), (in_ours,)
        assert memory >= in_ours[0].nbytes
        for a, b in zip(in_theirs, in_ours, strict=True):
            np.testing.assert_allclose(a.numpy(), b, rtol=1e-3, atol=1e-3)
    shapes = [tuple(x.shape) for x in tensors]
    if direction == "backward":
        assert memory >= sum(x.nbytes for x in in_ours)
        for grads in (in_theirs, in_ours):
            assert [tuple(g.shape) for g in grads] == shapes


def test_backward_can_be_walked_again_and_forward_keeps_no_graph() -> None:
    of = small("gelu")
    tensors = draw(*of, "cpu")
    back = in_torch(rival("torch", *of, "backward"), tensors, "backward")
    first, again = back(), back()
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    ahead = in_torch(rival("torch", *of, "forward"), tensors, "forward")
    assert not ahead().requires_grad


@pytest.mark.parametrize(
    ("name", "direction", "library"),
    [
        ("flash_attention", "forward", cudnn_attention),
        ("flash_attention", "backward", cudnn_attention),
        ("matmul", "forward", cublaslt_epilogue),
        ("matmul", "backward", None),
        ("layer_norm", "forward", None),
    ],
)
def test_the_best_library(name: str, direction: str, library: object) -> None:
    subject, benchmark = small(name)
    assert best_library(subject, direction) is library
    names = [r.name for r in rivals(subject, benchmark, direction)]
    first = ["ours", "xla", "torch", "torch.compile"]
    assert names == first + ["library"] * bool(library)


def test_a_subject_may_name_its_library() -> None:
    def fast(x: object) -> object:
        """Fastest, by hand.

        More words."""
        return x

    subject, benchmark = small("softmax")
    named = replace(subject, library=fast)
    assert rival("library", named, benchmark, "forward").library == (
        "Fastest, by hand"
    )


@pytest.mark.parametrize("epilogue", ["none", "relu"])
def test_the_epilogue_of_cublaslt_is_the_operation(epilogue: str) -> None:
    subject, benchmark = small("matmul", epilogue=epilogue)
    x, weight, bias = draw(subject, benchmark, "cpu")
    wanted = subject.torch(x, weight, bias, epilogue=epilogue)
    found = cublaslt_epilogue(x, weight, bias, epilogue)
    torch.testing.assert_close(found, wanted)


def test_random_numbers_are_normal_and_the_same_again() -> None:
    subject, benchmark = small("layer_norm")
    benchmark = replace(benchmark, size=(100, 400), dtype="bfloat16")
    first, again = (draw(subject, benchmark, "cpu") for _ in range(2))
    assert [x.dtype for x in first] == [torch.bfloat16] * 3
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    x = first[0].float()
    assert abs(x.mean()) < 0.02 and abs(x.std() - 1) < 0.02


def test_whole_numbers_are_the_subjects_own() -> None:
    def indices(size: object, dtype: str, seed: int = 0, scale: float = 1):
        return [np.arange(6), np.ones((3, 2), dtype)]

    subject, benchmark = small("softmax")
    object.__setattr__(subject := replace(subject), "arrays", indices)
    at, table = draw(subject, replace(benchmark, dtype="float16"), "cpu")
    assert at.tolist() == list(range(6)) and table.dtype == torch.float16


def test_without_bytes_there_is_no_gradient() -> None:
    _, benchmark = small("softmax")
    assert directions(benchmark) == ("forward", "backward")
    assert directions(replace(benchmark, backward_bytes=0)) == ("forward",)


def test_ours_is_refused_where_there_is_no_card() -> None:
    of = small("softmax")
    ours = rival("ours", *of, "forward")
    with pytest.raises(ValueError, match="JAX sees only a cpu"):
        in_jax(ours, draw(*of, "cpu"), "forward")


def test_what_is_compiled_may_be_walked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from torch._functorch import config

    monkeypatch.setattr(config, "donated_buffer", True)
    monkeypatch.setattr(torch.compiler, "reset", lambda: None)
    forget()
    assert config.donated_buffer is False


def test_compiled_for_this_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("kernels.bench_rivals.forget", lambda: None)
    monkeypatch.setattr(
        torch, "compile", lambda f, **how: asked.append(how) or f
    )
    of = small("softmax")
    tensors = draw(*of, "cpu")
    for name in ("torch", "torch.compile"):
        in_torch(rival(name, *of, "forward"), tensors, "forward")()
    assert asked == [{"dynamic": False}]


def test_xla_is_the_formula() -> None:
    of = small("softmax")
    xla = rival("xla", *of, "forward").function
    assert isinstance(xla, partial)
    text = str(jax.make_jaxpr(xla)(np.ones((2, 3), np.float32)))
    assert "pallas" not in text
