"""Load weights with the names of milesial/Pytorch-UNet into ours.

    ours                   theirs
    down.0.0.weight        inc.double_conv.0.weight
    down.2.3.weight        down2.maxpool_conv.1.double_conv.3.weight
    upconvs.0.weight       up1.up.weight
    up.0.1.running_mean    up1.conv.double_conv.1.running_mean
    head.weight            outc.conv.weight

Its default is this U-Net with ``padding=1`` and ``norm=True``; what it calls
bilinear is another network. ``load_renamed`` takes the names.
"""

from examples.segmentation.unet import UNet


# --8<-- [start:names]
def milesial_names(model: UNet) -> dict[str, str]:
    names = {}
    for key in model.state_dict():
        part, *rest = key.split(".")
        if part == "head":
            name = f"outc.conv.{rest[0]}"
        elif part == "upconvs":
            name = f"up{int(rest[0]) + 1}.up.{rest[1]}"
        else:
            level, layer = int(rest[0]), ".".join(rest[1:])
            where = f"up{level + 1}.conv"
            if part == "down":
                where = f"down{level}.maxpool_conv.1" if level else "inc"
            name = f"{where}.double_conv.{layer}"
        names[key] = name
    return names


# --8<-- [end:names]
