"""Drawing: position codes as a picture, and how alike two of them are."""

from matplotlib.figure import Figure

from examples.modules.transformer_position import sinusoids


def waves_figure() -> Figure:
    n, d = 200, 64
    codes = sinusoids(n, d)
    figure = Figure(figsize=(6.4, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    sines = codes[:100, ::2].T  # (pairs, positions)
    left.imshow(sines, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
    left.set(title="sin(p ω)", xlabel="position p", ylabel="pair i")
    dots = codes @ codes.T
    blue, orange, green = "#3b82f6", "#ea7a17", "#1f9d6b"
    marks = ((0, blue, "-"), (50, orange, "--"), (90, green, ":"))
    for p, ink, dash in marks:
        row = dots[p, p : p + 100]
        right.plot(row, color=ink, ls=dash, label=f"p = {p}", lw=2.4)
    right.set(title="PE[p] · PE[p + k]", xlabel="distance k", ylim=(0, 34))
    right.legend()
    right.grid(visible=True)
    return figure
