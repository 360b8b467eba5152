"""Load weights that use the names of torchvision into our VGG and ResNet.

    ours                            theirs
    stages.1.2.weight               features.7.weight          VGG
    stages.3.0.branch.3.weight      layer4.0.conv2.weight      ResNet
    stages.3.0.shortcut.0.weight    layer4.0.downsample.0.weight

Raises ValueError naming the first key that is missing or left over. Keys of
the classifier may be left over where the model has none.
"""

from collections.abc import Mapping

from torch import Tensor

from examples.architectures.resnet import ResNet
from examples.architectures.vgg import VGG


# --8<-- [start:names]
def vgg_names(model: VGG) -> dict[str, str]:
    """Ours to theirs: their one list counts the pooling layers, too."""
    theirs, start = {}, 0
    for i, stage in enumerate(model.stages):
        for j in range(len(stage)):
            theirs[f"stages.{i}.{j}"] = f"features.{start + j}"
        start += len(stage) + 1
    names = {}
    for key in model.state_dict():
        layer, _, leaf = key.rpartition(".")
        names[key] = f"{theirs.get(layer, layer)}.{leaf}"
    return names


def resnet_names(model: ResNet) -> dict[str, str]:
    """Ours to theirs: conv1, bn1, (ReLU,) conv2, bn2 … in each block."""
    names = {}
    for key in model.state_dict():
        part, *rest = key.split(".")
        if part == "head":
            names[key] = f"fc.{rest[0]}"
        elif part == "stem":
            names[key] = f"{('conv1', 'bn1')[int(rest[0])]}.{rest[1]}"
        else:
            stage, block, side, i, leaf = rest
            kind = "bn" if int(i) % 3 else "conv"
            layer = f"{kind}{int(i) // 3 + 1}"
            if side == "shortcut":
                layer = f"downsample.{i}"
            names[key] = f"layer{int(stage) + 1}.{block}.{layer}.{leaf}"
    return names


# --8<-- [end:names]
# --8<-- [start:load]
def load_public(model: VGG | ResNet, state: Mapping[str, Tensor]) -> None:
    is_vgg = isinstance(model, VGG)
    names = vgg_names(model) if is_vgg else resnet_names(model)
    needed = set(names.values())
    for key in sorted(needed - state.keys()):
        if not key.endswith("num_batches_tracked"):  # old files have none
            raise ValueError(f"state has no {key!r}; the model needs it")
    headless = not any(k.startswith(("fc.", "classifier.")) for k in needed)
    for key in sorted(state.keys() - needed):
        if not (headless and key.startswith(("fc.", "classifier."))):
            raise ValueError(f"state has {key!r}; the model must have it")
    model.load_state_dict(
        {ours: state[name] for ours, name in names.items() if name in state}
    )


# --8<-- [end:load]
