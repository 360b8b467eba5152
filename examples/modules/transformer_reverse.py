"""A Transformer learns to write digits backwards, or sorted, from examples.

Three to six digits are read; the same digits are to be written in reverse
or in ascending order, then a stop. One encoder and one decoder layer of 40
features train on fresh random digits with cross-entropy at every position;
unknown digits are then written greedily, and a line counts only if all of
it is right.

Shapes: source (b, m), target and answer (b, m + 1), padded with 0. Raises
ValueError for an unknown task.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.self_attention import causal_mask, padding_mask
from examples.modules.transformer import PreNorm
from examples.modules.transformer_model import Transformer, greedy

PAD, START, STOP, ZERO = 0, 1, 2, 3  # the digit 0 is token 3
TOKENS = ZERO + 10
TASKS = ("reverse", "sort")


def examples_of(
    task: str, b: int, low: int, high: int, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Source, answer and the number of digits, low to high of them."""
    if task not in TASKS:
        raise ValueError(f"task is {task!r}; must be one of {TASKS}")
    n = torch.randint(low, high + 1, (b,), generator=random)
    place, end = torch.arange(high + 1), n[:, None]
    digits = torch.randint(ZERO, TOKENS, (b, high + 1), generator=random)
    if task == "reverse":
        answer = digits.gather(1, (end - 1 - place).clamp(min=0))
    else:
        answer = digits.masked_fill(place >= end, TOKENS).sort(1).values
    answer = torch.where(place < end, answer, STOP)
    answer = answer.masked_fill(place > end, PAD)
    return digits.masked_fill(place >= end, PAD)[:, :high], answer, n


# --8<-- [start:train]
def train_writer(model: Transformer, task: str, steps: int = 300) -> None:
    random = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    for step in range(1, steps + 1):
        ramp = min(step / 50, (steps - step) / 90, 1)  # up, level, down
        optimizer.param_groups[0]["lr"] = 8e-3 * ramp
        source, answer, n = examples_of(task, 48, 3, 6, random)
        target = F.pad(answer, (1, -1), value=START)  # one to the right
        logits = model(source, target, padding_mask(n, 6))
        loss = F.cross_entropy(logits.mT, answer, ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# --8<-- [end:train]
def right(model: Transformer, task: str, low: int, high: int) -> float:
    """Share of 400 new lines that are written without a mistake."""
    random = torch.Generator().manual_seed(1)
    source, answer, n = examples_of(task, 400, low, high, random)
    readable = padding_mask(n, high)
    written = greedy(model, source, START, high + 1, readable)
    same = (written == answer) | (answer == PAD)  # also the stop
    return float(same.all(1).double().mean())


class Unplaced(Transformer):
    """Its encoder is not told where a token stands."""

    def encode(
        self,
        source: Tensor,
        readable: Tensor | None = None,
    ) -> Tensor:
        x = self.embedding(source)
        return self.encoder(x.shape[-1] ** 0.5 * x, readable)


def trained(kind: type[Transformer], task: str, seed: int) -> Transformer:
    torch.manual_seed(seed)
    model = kind(TOKENS, 40, 4, 80, layers=1, residual=PreNorm)
    train_writer(model, task)
    return model.eval()


def spell(tokens: Tensor) -> str:
    return "".join(str(t - ZERO) for t in tokens.tolist() if t >= ZERO)


def level(share: float) -> str:
    if share > 0.95:
        return "nearly all"
    return "most" if share > 0.7 else "few" if share > 0.1 else "none"


def main() -> None:
    line = torch.tensor([[6, 4, 7, 4, 8, 12]])
    print("new lines written right     reverse     sort")
    models = {
        (kind, task): trained(kind, task, seed=0)
        for kind in (Transformer, Unplaced)
        for task in TASKS
    }
    for name, kind, low, high in (
        ("3 to 6 digits", Transformer, 3, 6),
        ("encoder without positions", Unplaced, 3, 6),
        ("7 or 8 digits", Transformer, 7, 8),
    ):
        found = [right(models[kind, t], t, low, high) for t in TASKS]
        print(f"{name:<28}{level(found[0]):<12}{level(found[1])}")
    for task in TASKS:
        written = greedy(models[Transformer, task], line, START, 7)
        print(f"{spell(line[0])}, {task}: {spell(written[0])}")


@torch.no_grad()
def reading(model: Transformer, source: Tensor, answer: Tensor) -> Tensor:
    """(n, m): the mean weight of the heads that look at the source."""
    target = F.pad(answer, (1, -1), value=START)
    memory = model.encode(source)
    layer = model.decoder.layers[0]
    x = layer.attention(model.embed(target), causal_mask(target.shape[1]))
    look = layer.cross.branch.look(layer.cross.norm(x), memory, memory)
    return look[1][0].mean(0)


def reading_figure() -> Figure:
    source = torch.tensor([[10, 4, 7, 12, 5, 8]])
    figure = Figure(figsize=(6.4, 3.3), layout="constrained")
    for axes, task in zip(figure.subplots(1, 2), TASKS, strict=True):
        model = trained(Transformer, task, seed=0)
        backwards = source.flip(1)
        written = backwards if task == "reverse" else source.sort().values
        weights = reading(model, source, F.pad(written, (0, 1), value=STOP))
        blue = torch.tensor([0.23, 0.51, 0.96]).expand(7, 6, 3)
        axes.imshow(torch.cat([blue, weights[..., None]], -1))
        axes.set_xticks(range(6), list(spell(source[0])))
        axes.set_yticks(range(7), [*spell(written[0]), "stop"])
        axes.xaxis.tick_top()
        axes.set(title=f"{task}: writing a row, reading a column")
    return figure


if __name__ == "__main__":
    main()
