import numpy as np
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
order = rng.permutation(len(x))
x, y = x[order] / 8 - 1, y[order]
layers = []
for d, k in ((64, 100), (100, 10)):
    w = rng.normal(0, np.sqrt(2 / d), (k, d))
    layers.append([w, np.zeros(k)])

for _ in range(2000):
    rows = rng.integers(0, 1200, 32)
    a, zs = [x[rows]], []
    for w, b in layers:
        zs.append(a[-1] @ w.T + b)
        a.append(np.maximum(zs[-1], 0))  # the last one is not used
    p = np.exp(zs[-1] - zs[-1].max(1, keepdims=True))
    delta = (p / p.sum(1, keepdims=True) - np.eye(10)[y[rows]]) / 32
    for i in (1, 0):
        dw, db = delta.T @ a[i], delta.sum(0)
        if i:
            delta = delta @ layers[i][0] * (zs[i - 1] > 0)
        layers[i] = [layers[i][0] - 0.1 * dw, layers[i][1] - 0.1 * db]

(w, b), (v, c) = layers
right = (np.maximum(x @ w.T + b, 0) @ v.T + c).argmax(1) == y
print("test accuracy above 0.95:", right[1200:].mean() > 0.95)
