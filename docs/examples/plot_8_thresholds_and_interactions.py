"""
Thresholds and interactions: two ways to be warm and not linear
===============================================================

Sales jump where a price falls below that of a rival, and what the weather does depends on the day. A linear model knows
neither. How large the jump is, and how much the weather does, differs from store to store.

There are two ways to start a new store warm all the same: a linear model on features that bend, and any estimator as it
stands, such as boosting, with a linear correction of each store. This example puts them side by side on thirty new stores
with eight rows each.
"""

# %%
# Sixty stores of the past, and thirty that open
# ----------------------------------------------
# The sales are made up, so that we know what is true: a level, a jump of about 3 and an interaction of about 1.5, all three
# a store's own; noise has a standard deviation of 0.5. Columns are on one scale.
import numpy as np
import pandas as pd


def open_stores(names, n_rows, rng):
    store = np.repeat(names, n_rows)
    level, jump, cross = (np.repeat(rng.normal(*law, size=len(names)), n_rows) for law in [(0, 2), (3, 1), (1.5, 0.5)])
    X = pd.DataFrame(rng.uniform(-2, 2, size=(len(store), 3)), columns=["price", "weather", "day"])
    sold = level + jump * (X["price"] < -0.5) + cross * X["weather"] * X["day"] + rng.normal(0, 0.5, size=len(store))
    return X.assign(store=store), sold.to_numpy()


rng = np.random.default_rng(0)
past, sold = open_stores([f"old-{number}" for number in range(60)], 40, rng)
new, sold_new = open_stores([f"new-{number}" for number in range(30)], 108, rng)
known = np.tile(np.arange(108) < 8, 30)  # eight rows of each new store; the other hundred are to be predicted

# %%
# Two warm models
# ---------------
# :class:`~sklearn.kernel_approximation.Nystroem` makes features that bend, once and for all stores; how the coefficients on
# them vary between stores is learned. Boosting is fitted to all stores, and how each store's own linear model deviates from
# its output is learned: :doc:`/guide/any_estimator` tells how.
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skmeta import WarmStartRegressor

warm = {
    "warm linear": WarmStartRegressor(Ridge(), task="store"),
    "warm Nystroem": WarmStartRegressor(make_pipeline(Nystroem(random_state=0), Ridge()), task="store"),
    "warm boosting": WarmStartRegressor(HistGradientBoostingRegressor(random_state=0), task="store"),
}
for model in warm.values():
    model.fit(past, sold)
warm["warm boosting"].prior_

# %%
# They are adapted to each of the new stores, one after the other.
X_new = new.drop(columns="store")
opened = {}
for name in new["store"].unique():
    rows = (new["store"] == name).to_numpy() & known
    opened[name] = {kind: model.adapt(X_new[rows], sold_new[rows]) for kind, model in warm.items()}

# %%
# What comes back predicts without skmeta: a Pipeline with the fitted features and a ``Ridge``, and one with the shared
# booster and a ``Ridge`` on its output.
[list(opened["new-0"][kind].named_steps) for kind in ("warm Nystroem", "warm boosting")]

# %%
# Beside them: boosting that has the store as a category
# ------------------------------------------------------
# It is fitted to all that is known, the eight rows of each new store too.
from skmeta.model_selection import BoostedModel, OwnModel

both, sold_both = pd.concat([past, new[known]]), np.r_[sold, sold_new[known]]
others = {
    "own Ridge": OwnModel(Ridge(), task="store"),
    "boosting, store as category": BoostedModel(HistGradientBoostingRegressor(random_state=0), task="store"),
}
for model in others.values():
    model.fit(both, sold_both)

# %%
# The errors
# ----------
# Root mean squared error on the other hundred rows of each store, its mean over stores and the standard error of that mean.
# The noise alone is 0.5.
errors = {}
for name, models in opened.items():
    rows = (new["store"] == name).to_numpy() & ~known
    predicted = {kind: model.predict(new[rows]) for kind, model in others.items()}
    predicted |= {kind: model.predict(X_new[rows]) for kind, model in models.items()}
    errors[name] = {kind: np.sqrt(np.mean((sold_new[rows] - p) ** 2)) for kind, p in predicted.items()}
table = pd.DataFrame(errors).T
pd.DataFrame({"error": table.mean(), "standard error": table.sem()}).round(2)

# %%
# One store
# ---------
# Sales by price in a store with average weather. The linear model cannot jump. The bent features jump softly: they are
# smooth. Boosting jumps where the stores of the past do, and the correction makes the jump as large as this store's rows say.
import matplotlib.pyplot as plt

price = pd.DataFrame({"price": np.linspace(-2, 2, 200), "weather": 0.0, "day": 0.0})
for kind, model in opened["new-1"].items():
    plt.plot(price["price"], model.predict(price), label=kind)
plt.xlabel("price")
plt.ylabel("sales of a new store, eight rows known")
plt.legend()

# %%
# Which to take? What is smooth, and not too many columns, is for features that bend: they are cheaper, the prior is one of
# coefficients, and intervals come with it. Many columns, thresholds, categories and missing values are for boosting. The
# command line tries both on a table of yours, ``python -m skmeta --estimator hgb`` and ``--estimator models:curved``
# (:doc:`/guide/does_it_transfer`).
