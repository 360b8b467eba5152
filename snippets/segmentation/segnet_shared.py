import copy

import torch
from torch import nn


def unit(given, out):
    return [nn.Conv2d(given, out, 3, padding=1), nn.BatchNorm2d(out)]


def numbers(modules):
    return sum(p.numel() for p in modules.parameters())


for name, mirror in (("reversed", list), ("copied", copy.deepcopy)):
    encoder = nn.Sequential(*unit(3, 8), *unit(8, 8))
    conv, norm = mirror(list(encoder)[2:])  # 8 to 8 channels: fits as it is
    decoder = nn.Sequential(conv, norm, nn.Conv2d(8, 2, 3, padding=1))
    model = nn.ModuleList([encoder, decoder])
    print(f"{name}: {numbers(encoder)} + {numbers(decoder)}", end=" ")
    print(f"parameters, the optimizer sees {numbers(model)}")
    before = encoder[2].weight.clone()
    nn.init.kaiming_normal_(decoder[0].weight)  # "only the decoder"
    same = torch.equal(before, encoder[2].weight)
    print(f"  the encoder kept its weights: {same}")
