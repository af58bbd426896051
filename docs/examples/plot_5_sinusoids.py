"""
Curves from a few points
========================

A standard test of meta-learning: each task is a sine curve with an amplitude and a phase of its own, and a
new one is to be drawn from ten points. Neural networks are usually trained for it. A spline and a ridge
regression with a learned prior will do.
"""

# %%
# Two hundred curves, twenty points each.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skmeta import WarmStartRegressor
from skmeta.datasets import make_sinusoids

X, y, _ = make_sinusoids(random_state=0)
spline = make_pipeline(SplineTransformer(20), Ridge())
model = WarmStartRegressor(spline, task=-1).fit(X, y)

# %%
# The spline alone knows nothing of sines. The prior knows which combinations of its coefficients occur: a
# sine of any amplitude and phase lies in a plane.
x = np.linspace(-5, 5, 200)
rng = np.random.default_rng(3)
fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for ax, n_points in zip(axes, (2, 4, 10), strict=True):
    amplitude, phase = rng.uniform(1, 5), rng.uniform(0, np.pi)
    known = rng.uniform(-5, 5, size=n_points)[:, None]
    seen = amplitude * np.sin(known[:, 0] - phase)
    ax.plot(x, amplitude * np.sin(x - phase), color="grey", label="truth")
    ax.plot(x, model.adapt(known, seen).predict(x[:, None]), label="warm")
    ax.plot(x, spline.fit(known, seen).predict(x[:, None]), ":", label="cold")
    ax.plot(known, seen, "ko", label="known")
    ax.set_title(f"known points: {n_points}")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right")

# %%
# Error on a hundred new curves, ten points each:
X_new, y_new, _ = make_sinusoids(n_tasks=100, n_samples=110, random_state=1)
errors = []
for task in range(100):
    points, values = X_new[X_new[:, -1] == task, :-1], y_new[X_new[:, -1] == task]
    adapted = model.adapt(points[:10], values[:10])
    errors.append(np.mean((adapted.predict(points[10:]) - values[10:]) ** 2))
print(f"mean squared error: {np.mean(errors):.1e}")
