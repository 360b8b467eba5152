"""SegFormer against transformers' and, for the authors' eps, against smp's."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file
from segmentation_models_pytorch.encoders.mix_transformer import (
    LayerNorm as TheirNorm,
)
from segmentation_models_pytorch.encoders.mix_transformer import (
    MixVisionTransformer,
)
from torch import Tensor, nn
from transformers import SegformerConfig, SegformerForSemanticSegmentation

from examples.segmentation import segformer, segformer_mit
from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.segformer import SIZES, SegFormer
from examples.segmentation.segformer_checkpoint import (
    authors_names,
    hub_names,
    split_keys_values,
)
from examples.segmentation.segformer_mit import MiT
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, randomize, transplant

SHARE = 1 / 64  # thousands of pixels: gradients of weights stay near one
NARROW, DEPTHS = (8, 16, 20, 16), (2, 1, 2, 1)
CASES = {  # training, rate of dropped paths, x
    "train, no paths dropped": (True, 0.0, (2, 3, 64, 64)),
    "train, half of the paths dropped": (True, 0.5, (4, 3, 32, 64)),
    "eval, not a multiple of 32": (False, 0.3, (1, 3, 75, 97)),
    "eval, one key in every stage": (False, 0.0, (2, 3, 29, 32)),
}


def config(rate: float, classes: int = 5) -> SegformerConfig:
    return SegformerConfig(
        hidden_sizes=list(NARROW),
        depths=list(DEPTHS),
        num_attention_heads=[1, 2, 5, 8],
        decoder_hidden_size=12,
        num_labels=classes,
        drop_path_rate=rate,
    )


def current_names(model: SegFormer) -> dict[str, str]:
    """To the names inside of transformers 5, which its files do not have."""
    renamed = (
        ("segformer.encoder.patch_embeddings.", "segformer.stages."),
        ("segformer.encoder.block.", "segformer.stages."),
        ("segformer.encoder.layer_norm.", "segformer.stages."),
        (
            "attention.self.sr",
            "attention.sequence_reduction.sequence_reduction",
        ),
        (
            "attention.self.layer_norm",
            "attention.sequence_reduction.layer_norm",
        ),
        ("self.query", "q_proj"),
        ("self.key", "k_proj"),
        ("self.value", "v_proj"),
        ("output.dense", "o_proj"),
        ("mlp.dense", "mlp.fc"),
        ("layer_norm_1", "layernorm_before"),
        ("layer_norm_2", "layernorm_after"),
        ("linear_c.", "linear_projections."),
    )
    names = {}
    for ours, name in hub_names(model).items():
        stage = name.split(".")[3] if "encoder" in name else ""
        inner = {"patch_embeddings": "patch_embeddings", "block": "blocks"}
        for part in ("patch_embeddings", "block", "layer_norm"):
            start = f"segformer.encoder.{part}.{stage}."
            if name.startswith(start):
                rest = name.removeprefix(start)
                middle = inner.get(part, part)
                name = f"segformer.stages.{stage}.{middle}.{rest}"
        for old, new in renamed:
            name = name.replace(old, new)
        names[ours] = name
    return names


def compare(mit: ModuleType, head: ModuleType, case: str) -> dict[str, float]:
    training, rate, shape = CASES[case]
    encoder = mit.MiT(NARROW, DEPTHS, drop_path=rate, eps=1e-5)
    ours = head.SegFormer(encoder, 12, 5).train(training)
    theirs = SegformerForSemanticSegmentation(config(rate)).double()
    # The authors drop whole channels before the last layer
    theirs.decode_head.dropout = nn.Dropout2d(0.1)
    theirs.train(training)
    randomize(ours)
    names = current_names(ours)
    transplant(ours, theirs, names)
    other = dict(theirs.named_parameters())
    pairs = [(p, other[names[n]]) for n, p in ours.named_parameters()]

    def mine(x: Tensor) -> Tensor:
        torch.manual_seed(2)
        return ours(x) * SHARE

    def given(x: Tensor) -> Tensor:
        torch.manual_seed(2)
        z = theirs(x).logits
        z = nn.functional.interpolate(
            z, x.shape[2:], mode="bilinear", align_corners=False
        )
        return z * SHARE

    return differences(mine, given, [torch.randn(shape)], pairs)


@pytest.mark.usefixtures("float64")
def test_equals_transformers(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case in CASES:
        found = compare(segformer_mit, segformer, case)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="SegFormer",
        reference="transformers.SegformerForSemanticSegmentation",
        case=f"{len(CASES)} cases, paths dropped",
        **worst,
    )


MUTANTS = {
    "patches do not overlap": (0, "kernel // 2\n", "0\n"),
    "no norm of patches": (
        0,
        "return self.norm(self.project",
        "return (self.project",
    ),
    "another eps of patches": (
        0,
        "self.norm = nn.LayerNorm(features)",
        "self.norm = nn.LayerNorm(features, 1e-6)",
    ),
    "another eps of blocks": (
        0,
        "nn.LayerNorm(features, eps)",
        "nn.LayerNorm(features, 1e-6)",
    ),
    "another eps after stages": (
        0,
        "nn.LayerNorm(c, eps)",
        "nn.LayerNorm(c, 1e-6)",
    ),
    "keys are not normed": (0, "            x = self.norm(x)\n", ""),
    "values of another image": (
        0,
        "self.look(x.flatten(1, 2), few, few)",
        "self.look(x.flatten(1, 2), few, few.flip(1))",
    ),
    "no 3 × 3": (
        0,
        "self.depth(self.widen(x).movedim(3, 1))",
        "self.depth(self.widen(x).movedim(3, 1)) * 0 + self.widen(x).movedim(3, 1)",
    ),
    "3 × 3 wraps around": (
        0,
        "padding=1, groups=hidden",
        'padding=1, groups=hidden, padding_mode="circular"',
    ),
    "approximate GELU": (
        0,
        "F.gelu(z.movedim(1, 3))",
        'F.gelu(z.movedim(1, 3), approximate="tanh")',
    ),
    "ReLU for GELU": (
        0,
        "F.gelu(z.movedim(1, 3))",
        "z.movedim(1, 3).relu()",
    ),
    "no rescaling of kept paths": (0, "/ (1 - self.rate)", "/ 1"),
    "paths dropped by token": (
        0,
        "one = (len(x), *[1] * (x.dim() - 1))",
        "one = (*x.shape[:3], 1)",
    ),
    "post-norm": (
        0,
        "return x + self.drop(self.feed(self.feed_norm(x)))",
        "return self.feed_norm(x + self.drop(self.feed(x)))",
    ),
    "all paths alike": (0, "drop_path * j / last", "drop_path"),
    "no norm after a stage": (
        0,
        "self.stages, self.norms, strict=True)",
        "self.stages, [torch.nn.Identity()] * 4, strict=True)",
    ),
    "finest map first": (1, "same[::-1]", "same"),
    "corners aligned": (
        1,
        'size, mode="bilinear")',
        'size, mode="bilinear", align_corners=True)',
    ),
    "result with corners aligned": (
        1,
        'x.shape[2:], mode="bilinear")',
        'x.shape[2:], mode="bilinear", align_corners=True)',
    ),
    "nearest": (1, 'size, mode="bilinear")', 'size, mode="nearest")'),
    "dropout of single values": (1, "nn.Dropout2d", "nn.Dropout"),
    "no ReLU": (1, "nn.ReLU()", "nn.Identity()"),
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("mutation", MUTANTS)
def test_transformers_notices_the_mutant(mutation: str) -> None:
    which, old, new = MUTANTS[mutation]
    modules = [segformer_mit, segformer]
    modules[which] = mutate(modules[which], old, new)
    worst = 0.0
    for case in CASES:
        try:
            worst = max(worst, *compare(*modules, case).values())
        except (AssertionError, RuntimeError, ValueError):
            worst = float("inf")
    assert worst > 1e-10


@pytest.mark.usefixtures("float64")
def test_encoder_with_the_authors_eps(proof: Callable[..., None]) -> None:
    """smp kept the authors' encoder: 1e-6 in blocks, 1e-5 elsewhere."""

    class Norm(TheirNorm):
        def __init__(self, features: int) -> None:
            super().__init__(features, eps=1e-6)

    ours = MiT(NARROW, DEPTHS, drop_path=0)
    theirs = MixVisionTransformer(
        embed_dims=list(NARROW),
        num_heads=[1, 2, 5, 8],
        qkv_bias=True,
        depths=list(DEPTHS),
        norm_layer=Norm,  # type: ignore[arg-type]
    )
    whole = SegFormer(ours, 4, 3)
    randomize(ours)
    names = {
        k.removeprefix("encoder."): n.removeprefix("backbone.")
        for k, n in authors_names(whole).items()
        if k.startswith("encoder.")
    }
    state = {names[k]: v for k, v in ours.state_dict().items()}
    for name in [n for n in state if ".attn.k." in n]:
        k, v = state.pop(name), state.pop(name.replace(".k.", ".v."))
        state[name.replace(".k.", ".kv.")] = torch.cat([k, v])
    theirs.load_state_dict(state)
    other = dict(theirs.named_parameters())
    pairs = [
        (p, other[names[n]])
        for n, p in ours.named_parameters()
        if names[n] in other
    ]

    def joined(maps: list[Tensor]) -> Tensor:
        return torch.cat([m.flatten(1) for m in maps], 1)

    found = differences(
        lambda x: joined(ours.features(x)),
        lambda x: joined(list(theirs.forward_features(x))),
        [torch.randn(2, 3, 64, 45)],
        pairs,
    )
    assert max(found.values()) < TOLERANCE, found
    again, parted = MiT(NARROW, DEPTHS), split_keys_values(theirs.state_dict())
    load_renamed(again, parted, names)
    own = ours.state_dict()
    assert all(torch.equal(own[k], v) for k, v in again.state_dict().items())
    proof(
        ours="MiT, the authors' eps",
        reference="segmentation_models_pytorch.MixVisionTransformer",
        case="64 × 45, all four maps",
        **found,
    )


@pytest.mark.parametrize("size", SIZES)
def test_parameters_are_those_of_transformers(size: str) -> None:
    channels, depths, hidden = SIZES[size]
    with torch.device("meta"):
        ours = segformer.segformer(size)
        theirs = SegformerForSemanticSegmentation(
            SegformerConfig(
                hidden_sizes=list(channels),
                depths=list(depths),
                decoder_hidden_size=hidden,
                num_labels=150,
            )
        )
    names = current_names(ours)
    mine = {names[k]: v.shape for k, v in ours.state_dict().items()}
    assert mine == {k: v.shape for k, v in theirs.state_dict().items()}


def test_a_file_of_the_hub_loads_on_both_sides(tmp_path: Path) -> None:
    """transformers reads old names from a file; so do we."""
    ours = SegFormer(MiT(NARROW, DEPTHS, eps=1e-5), 12, 5).eval()
    randomize(ours)
    names = hub_names(ours)
    state = {names[k]: v.contiguous() for k, v in ours.state_dict().items()}
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    config(0.1).save_pretrained(tmp_path)
    theirs = SegformerForSemanticSegmentation.from_pretrained(tmp_path).eval()
    again = SegFormer(MiT(NARROW, DEPTHS, eps=1e-5), 12, 5).eval()
    load_renamed(again, state, names)
    x = torch.randn(1, 3, 64, 64)
    z = nn.functional.interpolate(theirs(x).logits, (64, 64), mode="bilinear")
    torch.testing.assert_close(again(x), z, atol=1e-5, rtol=1e-5)
