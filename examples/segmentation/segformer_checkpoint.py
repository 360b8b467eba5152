"""Load public weights into SegFormer: the authors' files and transformers'.

    ours                            the authors'
    encoder.patches.0.project       backbone.patch_embed1.proj
    encoder.stages.1.0.attention    backbone.block2.0.attn
    decoder.embed.3                 decode_head.linear_c4.proj

The authors keep keys and values in one layer; ``split_keys_values`` parts
it. Their files also hold a layer ``decode_head.conv_seg`` that no output
depends on: name it in ``unused``. transformers' files have two layers.
"""

from collections.abc import Mapping

from torch import Tensor

from examples.segmentation.segformer import SegFormer

AUTHORS = {
    "project": "proj",
    "attention_norm": "norm1",
    "feed_norm": "norm2",
    "attention": "attn",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out": "proj",
    "reduce": "sr",
    "feed": "mlp",
    "widen": "fc1",
    "depth": "dwconv.dwconv",
    "narrow": "fc2",
}
HUB = {
    "project": "proj",
    "attention_norm": "layer_norm_1",
    "feed_norm": "layer_norm_2",
    "to_q": "self.query",
    "to_k": "self.key",
    "to_v": "self.value",
    "to_out": "output.dense",
    "reduce": "self.sr",
    "norm": "self.layer_norm",
    "feed": "mlp",
    "widen": "dense1",
    "depth": "dwconv.dwconv",
    "narrow": "dense2",
}


# --8<-- [start:names]
def authors_names(model: SegFormer) -> dict[str, str]:
    """Ours to those of NVlabs/SegFormer, keys and values parted."""
    fuse = {"0": "linear_fuse.conv", "1": "linear_fuse.bn"}
    names = {}
    for key in model.state_dict():
        _, part, *rest, leaf = key.split(".")
        if part in ("patches", "stages", "norms"):
            stage, *inner = rest
            whole = {"patches": "patch_embed", "stages": "block"}
            name = f"backbone.{whole.get(part, 'norm')}{int(stage) + 1}"
            path = [name, *(AUTHORS.get(p, p) for p in inner)]
        elif part == "embed":
            path = [f"decode_head.linear_c{int(rest[0]) + 1}.proj"]
        else:
            layer = fuse[rest[0]] if part == "fuse" else "linear_pred"
            path = [f"decode_head.{layer}"]
        names[key] = ".".join([*path, leaf])
    return names


def split_keys_values(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    parted = {}
    for name, value in state.items():
        if ".kv." in name:
            halves = zip("kv", value.chunk(2), strict=True)
            parted |= {name.replace(".kv.", f".{n}."): v for n, v in halves}
        else:
            parted[name] = value
    return parted


# --8<-- [end:names]
# --8<-- [start:hub]
def hub_names(model: SegFormer) -> dict[str, str]:
    """Ours to those of the files that transformers reads."""
    fuse = {"0": "linear_fuse", "1": "batch_norm"}
    names = {}
    for key in model.state_dict():
        _, part, *rest, leaf = key.split(".")
        if part in ("patches", "stages", "norms"):
            stage, *inner = rest
            whole = {"patches": "patch_embeddings", "stages": "block"}
            name = f"encoder.{whole.get(part, 'layer_norm')}.{stage}"
            if part == "patches":
                inner = ["layer_norm" if p == "norm" else p for p in inner]
            path = ["segformer", name, *(HUB.get(p, p) for p in inner)]
        elif part == "embed":
            path = [f"decode_head.linear_c.{rest[0]}.proj"]
        else:
            layer = fuse[rest[0]] if part == "fuse" else "classifier"
            path = [f"decode_head.{layer}"]
        names[key] = ".".join([*path, leaf])
    return names


# --8<-- [end:hub]
