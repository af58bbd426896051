"""
Tasks that share nothing
========================

What if the datasets have nothing to do with each other, and we ask for a warm start all the same? A good
answer costs little, and says so.
"""

# %%
# Sixty tasks in two versions. In one their coefficients are near a common centre, in the other they are drawn
# far and wide around zero.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge

from skmeta import WarmStartRegressor, shot_curve
from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import OwnModel, PooledModel


def make_tasks(spread, n_tasks=60, n_rows=40, n_features=5):
    rng = np.random.default_rng(0)
    coef = rng.normal(np.arange(n_features) - 2.0 if spread < 1 else 0.0, spread, size=(n_tasks, n_features))
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.normal(size=(len(task), n_features))
    return np.column_stack([X, task]), (X * coef[task]).sum(axis=1) + rng.normal(size=len(task))


models = {
    "own model only": OwnModel(Ridge(), task=-1),
    "one pooled model": PooledModel(Ridge(), task=-1),
    "warm": WarmStartRegressor(Ridge(), task=-1),
}

fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, title, spread in zip(axes, ("related", "unrelated"), (0.3, 3.0), strict=True):
    X, y = make_tasks(spread)
    curve = shot_curve(models, X, y, task=-1, n_shots=(0, 2, 5, 10, 20), random_state=0)
    ShotCurveDisplay.from_result(curve, ax=ax)
    ax.set_title(title)
    print(title, curve, sep="\n")

# %%
# On the left the warm model starts from what tasks have in common. On the right there is nothing in common
# but the size of coefficients; that much it learns, and so shrinks less than a plain ridge regression does.
#
# One task that is unlike all others
# ----------------------------------
# The harder case: tasks *are* related, and the new one has all signs turned. The prior is confident and
# wrong. With two rows nothing can know that; with a few more, the evidence speaks against the prior and it is
# let go: the vague component, the plain estimator's own prior, takes over, and the curves meet.
X, y = make_tasks(0.3)
prior = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_

rng = np.random.default_rng(1)
turned = -(np.arange(5) - 2.0)
n_rows = np.array([1, 2, 3, 5, 8, 12, 20, 30])
warm, cold = np.zeros((2, 50, len(n_rows)))
for trial in range(50):
    X_new = rng.normal(size=(30, 5))
    y_new = X_new @ turned + rng.normal(size=30)
    for position, n in enumerate(n_rows):
        alone = Ridge().fit(X_new[:n], y_new[:n])
        model = WarmStartRegressor(Ridge(), prior=prior).fit(X_new[:n], y_new[:n]).estimator_
        warm[trial, position] = np.linalg.norm(model.coef_ - turned)
        cold[trial, position] = np.linalg.norm(alone.coef_ - turned)

plt.figure()
plt.plot(n_rows, warm.mean(axis=0), "o-", label="warm, from a prior that is wrong")
plt.plot(n_rows, cold.mean(axis=0), "o-", label="cold")
plt.xlabel("rows of the new task")
plt.ylabel("distance to the true coefficients")
plt.legend()
