"""Drawing: how fast the networks of the riddle learn, and what they learn."""

from matplotlib.figure import Figure

from examples.segmentation.index_stored import stored_values
from examples.segmentation.unet_riddle import RIDDLE_STEPS, variants

INK = "#757b84"
SHOWN = {
    "unet_torch": ("#a35fe0", ":"),
    "unet_paper": ("#a35fe0", "-"),
    "unet": ("#3b82f6", "-"),
    "unet_no_top": ("#3b82f6", "--"),
    "unet_supervised": ("#1f9d6b", "-"),
    "fcn": ("#ea7a17", "-"),
}
# On the right: a short name, and where it stands beside its dot
SHORT = {
    "unet_torch": ("PyTorch's start", 6, -3, "left"),
    "unet_paper": ("U-Net, no BN", 6, -3, "left"),
    "unet": ("U-Net", 6, -9, "left"),
    "unet_balanced": ("balanced", 6, -3, "left"),
    "unet_longer": ("3 × steps", -6, -3, "right"),
    "unet_no_top": ("no top skip", 6, -4, "left"),
    "unet_supervised": ("loss below", 6, 2, "left"),
    "fcn_paper": ("FCN, no BN", -6, -3, "right"),
    "fcn": ("FCN-8s", 6, -3, "left"),
}


def curves_figure() -> Figure:
    stored = stored_values("unet_riddle", variants())
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    for row, (color, style) in SHOWN.items():
        values = stored[row]
        name = values["name"].strip()
        label = name if "Net" in name or "FCN" in name else f"… {name}"
        loss = values["loss"]
        steps = [RIDDLE_STEPS * (i + 0.5) / len(loss) for i in range(len(loss))]
        left.plot(steps, loss, color=color, ls=style, label=label)
    for row, values in stored.items():
        color, _ = SHOWN.get(row, (INK, ""))
        x, y = values["background"], values["shapes"]
        right.plot(x, y, "o", color=color, ms=5)
        short, dx, dy, side = SHORT[row]
        right.annotate(
            short,
            (x, y),
            (dx, dy),
            textcoords="offset points",
            color=color,
            ha=side,
            size=8,
        )
    left.set(xlabel="step", ylabel="training loss")
    right.set(xlabel="IoU of background", ylabel="mean IoU of shapes")
    right.set(xlim=(0.66, 1.03), ylim=(-0.02, 0.3))
    figure.legend(loc="outside lower center", ncols=2, handlelength=1.8)
    return figure
