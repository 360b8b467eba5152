import torch
from torch import nn

torch.manual_seed(0)
answer = torch.randint(1, 10, (512, 6))  # random: nothing can predict it
start = torch.zeros(512, 1, dtype=torch.long)
shifted = torch.cat([start, answer[:, :-1]], dim=1)
ahead = torch.ones(6, 6, dtype=torch.bool).triu(1)
for name, given in {"shifted": shifted, "not shifted": answer}.items():
    embed, out = nn.Embedding(10, 32), nn.Linear(32, 10)
    layer = nn.TransformerEncoderLayer(32, 2, 64, 0.0, batch_first=True)
    parts = nn.ModuleList([embed, layer, out])
    optimizer = torch.optim.Adam(parts.parameters(), lr=0.01)
    losses = []
    for _ in range(40):
        logits = out(layer(embed(given), src_mask=ahead))
        loss = nn.functional.cross_entropy(logits.mT, answer)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    cheats = losses[-1] < 0.1
    said = "too good to be true" if cheats else "that of guessing"
    print(f"{name}: the loss is {said}")
