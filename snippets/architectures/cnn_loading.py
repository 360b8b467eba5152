import torch
from torch import nn

torch.manual_seed(0)
trained = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
saved = {f"module.{k}": v for k, v in trained.state_dict().items()}

model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
before = model[0].weight.clone()
report = model.load_state_dict(saved, strict=False)
print("no error; weights changed:", not before.equal(model[0].weight))
print("missing:", len(report.missing_keys))
print("unexpected:", len(report.unexpected_keys))

renamed = {k.removeprefix("module."): v for k, v in saved.items()}
model.load_state_dict(renamed)  # strict: all or an error
print("strict, after renaming:", trained[0].weight.equal(model[0].weight))
