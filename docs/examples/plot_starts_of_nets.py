"""
Where should a net start?
=========================

Ten points of a new sine wave and ten steps of gradient descent: far too little for a net that starts at random
weights. MAML learns, from earlier waves, weights from which a step or ten are enough. What comes back is a plain
fitted `MLPRegressor`.
"""

# %%
# Two hundred past waves of twenty points each, and the net of MAML's paper. scikit-learn's squared loss is half the
# mean square, so that the paper's step of 0.01 is 0.02 here. The paper learns for 70,000 iterations; 2,000 take
# two seconds.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skmeta import ANIL, MAML, WarmStartRegressor
from skmeta.datasets import make_sinusoids

warnings.simplefilter("ignore", ConvergenceWarning)  # ten steps are few, as is meant

X, y, _ = make_sinusoids(random_state=0)
net = MLPRegressor(
    hidden_layer_sizes=(40, 40), solver="sgd", momentum=0.0, learning_rate_init=0.02, max_iter=10, random_state=0
)
learner = MAML(n_iter=2000, n_shots=10, random_state=0)
model = WarmStartRegressor(net, task=-1, learner=learner).fit(X, y)

# %%
# A new wave after 0, 1 and 10 steps, from the learned start and from the weights that the net draws for itself. With
# no step at all the learned start is no wave of the past: it is where all of them are near.
x = np.linspace(-5.0, 5.0, 200)[:, None]
rng = np.random.default_rng(1)
known = rng.uniform(-5.0, 5.0, size=(10, 1))


def wave(x):
    return 3.0 * np.sin(x[:, 0] - 1.0)


def after(steps, start):
    """A net after some steps on the known points."""
    mine = clone(net).set_params(max_iter=max(steps, 1), learning_rate_init=0.02 if steps else 1e-300)
    return start(mine, known, wave(known)).predict(x)


starts = {"from the learned start": model.prior_.adapt, "from scratch": lambda net, X, y: net.fit(X, y)}
fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for ax, steps in zip(axes, (0, 1, 10), strict=True):
    ax.plot(x, wave(x), color="grey", label="truth")
    for (name, start), style in zip(starts.items(), ("-", ":"), strict=True):
        ax.plot(x, after(steps, start), style, label=name)
    ax.plot(known, wave(known), "ko", label="known")
    ax.set_title(f"steps: {steps}")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside right")

# %%
# A small net may learn what all tasks share in its hidden layer, and train its last layer alone: that is ANIL. Here
# past tasks are lines through the origin, and a new one is known at four points. These and ten steps say what it is at
# x = 5, outside of them.
task, x = np.repeat(np.arange(200), 20), rng.uniform(0.0, 5.0, 4000)
slopes = rng.normal(0.0, 2.0, 200)
net = MLPRegressor(
    hidden_layer_sizes=10, solver="sgd", momentum=0.0, learning_rate_init=0.01, max_iter=10, random_state=0
)
learner = ANIL(n_inner_steps=10, n_iter=1000, meta_learning_rate=0.03, early_stopping=False, random_state=0)
model = WarmStartRegressor(net, task=-1, learner=learner).fit(np.column_stack([x, task]), slopes[task] * x)
points = np.array([[1.0], [2.0], [3.0], [4.0]])
for slope in (2.0, -3.0):
    line, cold = (fit(points, slope * points[:, 0]).predict([[5.0]]).item() for fit in (model.adapt, net.fit))
    print(f"wanted {5.0 * slope:.0f}, from the learned start {line:.2f}, from scratch {cold:.2f}")

# %%
# Waves have a closed form: :ref:`sphx_glr_gallery_plot_5_sinusoids.py` learns them to seven digits with a spline and a
# ridge, in less time. See :doc:`/guide/neural_nets` for where a net is needed.
