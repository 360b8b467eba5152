"""Load public weights into SegNet: of pytorchcv and of the authors' Caffe.

    ours                      pytorchcv                    Caffe
    encoder.stages.1.3.weight down_stage2.unit2.conv.weight  conv2_2.0
    encoder.stages.1.4.weight down_stage2.unit2.bn.weight    conv2_2_bn.0
    decoder.0.0.weight        up_stage1.unit2.conv.weight    conv5_3_D.0
    decoder.4.3.weight        head.weight                    conv1_1_D.0

A Caffe layer has its numbers in blobs 0 and 1. The authors' files for
inference hold BN as a scale and a shift, the statistics already in them;
``load_caffe`` therefore sets the mean to 0 and the variance to 1 - eps.
Raises ValueError for missing, left-over and misshapen blobs.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.segnet import SegNet


# --8<-- [start:names]
def layer_names(model: SegNet) -> Iterator[tuple[str, str, str]]:
    """Each layer of ours, with its names in pytorchcv and in Caffe."""
    for i, stage in enumerate(model.encoder.stages):
        for j in range(len(stage) // 3):  # convolution, BN, ReLU
            theirs = f"down_stage{i + 1}.unit{j + 1}"
            caffe, ours = f"conv{i + 1}_{j + 1}", f"encoder.stages.{i}"
            yield f"{ours}.{3 * j}", f"{theirs}.conv", caffe
            yield f"{ours}.{3 * j + 1}", f"{theirs}.bn", f"{caffe}_bn"
    for i, stage in enumerate(model.decoder):
        count, level = (len(stage) + 2) // 3, len(model.decoder) - i
        for j in range(count):
            theirs = f"up_stage{i + 1}.unit{j + 2}"  # unit 1 unpools
            caffe, ours = f"conv{level}_{count - j}_D", f"decoder.{i}"
            if 3 * j + 1 == len(stage):  # the scores: no BN behind them
                yield f"{ours}.{3 * j}", "head", caffe
                return
            yield f"{ours}.{3 * j}", f"{theirs}.conv", caffe
            yield f"{ours}.{3 * j + 1}", f"{theirs}.bn", f"{caffe}_bn"


def pytorchcv_names(model: SegNet) -> dict[str, str]:
    layers = {ours: theirs for ours, theirs, _ in layer_names(model)}
    names = {}
    for key in model.state_dict():
        layer, _, leaf = key.rpartition(".")
        names[key] = f"{layers[layer]}.{leaf}"
    return names


# --8<-- [end:names]
# --8<-- [start:caffe]
def caffe_names(model: SegNet) -> dict[str, str]:
    layers = {ours: caffe for ours, _, caffe in layer_names(model)}
    names = {}
    for key in dict(model.named_parameters()):
        layer, _, leaf = key.rpartition(".")
        names[key] = f"{layers[layer]}.{0 if leaf == 'weight' else 1}"
    return names


def load_caffe(model: SegNet, blobs: Mapping[str, Tensor]) -> None:
    """``blobs["conv1_1.0"]`` is ``net.params["conv1_1"][0].data``."""
    state = {
        name: blob.flatten() if "_bn" in name else blob
        for name, blob in blobs.items()
    }
    names = dict(caffe_names(model))
    for part, norm in model.named_modules():
        if isinstance(norm, nn.BatchNorm2d):
            mean = torch.zeros_like(norm.weight)
            for leaf, value in (
                ("running_mean", mean),
                ("running_var", mean + 1 - norm.eps),
                ("num_batches_tracked", torch.tensor(0)),
            ):
                key = f"{part}.{leaf}"
                names[key], state[key] = key, value.detach()
    load_renamed(model, state, names)


# --8<-- [end:caffe]
