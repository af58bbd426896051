"""
One model per store that still shares
=====================================

Eighty stores, a few weeks of sales each. What a price does to sales differs from store to store. One model
for all stores is wrong, one model for each is mostly noise, and next month a store opens.

This example fits all stores at once, looks at what they share, and draws how fast the model of a new store
gets good.
"""

# %%
# A table with a store column
# ---------------------------
# The sales are made up, so that we know what is true. Stores differ most in their level, much in what a price
# does, little in what the weather does.
import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_stores, n_weeks = 80, 25
typical = {"price": -3.0, "promotion": 2.0, "temperature": 0.5, "holiday": 1.5}
spread = [1.0, 1.5, 0.1, 0.2]
store = np.repeat([f"store-{number:02d}" for number in range(n_stores)], n_weeks)
effect = np.repeat(rng.normal(list(typical.values()), spread, size=(n_stores, 4)), n_weeks, axis=0)
level = np.repeat(rng.normal(20, 4, size=n_stores), n_weeks)

sales = pd.DataFrame(rng.normal(size=(n_stores * n_weeks, 4)), columns=list(typical))
sold = level + (sales.to_numpy() * effect).sum(axis=1) + rng.normal(0, 3, size=n_stores * n_weeks)
sales["store"] = store
sales.head()

# %%
# Fit all stores at once
# ----------------------
# ``task`` names the column of ids. It is not a feature.
from sklearn.linear_model import Ridge

from skmeta import WarmStartRegressor

model = WarmStartRegressor(Ridge(), task="store").fit(sales, sold)
model.estimators_["store-07"].coef_

# %%
# What stores share
# -----------------
# The prior holds the typical store and how far stores are from it. Points are the typical coefficients, bars
# one standard deviation between stores: the weather does the same everywhere, a promotion does not.
from skmeta.inspection import PriorDisplay

PriorDisplay.from_result(model.prior_)

# %%
# A store opens
# -------------
# After four weeks it has a model, a plain ``Ridge``. The others are left as they are.
weeks = pd.DataFrame(rng.normal(size=(4, 4)), columns=list(typical))
opened = model.adapt(weeks, 17 + weeks.to_numpy() @ [-4.0, 3.0, 0.5, 1.5])
opened.predict(weeks).round(1)

# %%
# Is it any good?
# ---------------
# Stores are held out in turn, given a few of their rows back, and tested on the others. Four ways to model
# them are compared on the same rows.
from skmeta import shot_curve
from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

models = {
    "own model only": OwnModel(Ridge(), task="store"),
    "one pooled model": PooledModel(Ridge(), task="store"),
    "pooled + own residual": ResidualModel(Ridge(), task="store"),
    "warm": WarmStartRegressor(Ridge(), task="store"),
}
curve = shot_curve(models, sales, sold, task="store", n_shots=(0, 1, 2, 5, 10), random_state=0)
print(curve)

# %%
# The noise has a standard deviation of 3: nobody can be better than that.
display = ShotCurveDisplay.from_result(curve)
display.ax_.axhline(3, color="grey", linestyle=":")
