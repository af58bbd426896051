"""
Ridge towards my previous coefficients
======================================

Ridge regression shrinks coefficients to zero. If you have last year's, shrink to those. The prior is
written by hand here; no collection of datasets is needed.
"""

# %%
# Last year and this year
# -----------------------
# Twelve coefficients, of which two have changed. There are fifteen rows of this year.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Lasso, Ridge

from skmeta import GaussianPrior, WarmStartRegressor

rng = np.random.default_rng(0)
last_year = rng.normal(size=12)
this_year = last_year.copy()
this_year[[3, 8]] += [1.5, -1.5]

X = rng.normal(size=(15, 12))
y = X @ this_year + 0.5 * rng.normal(size=15)

# %%
# The prior says: a slope may be off by about 0.5, the intercept by 1.
prior = GaussianPrior(mean=np.append(last_year, 0.0), covariance=[0.25] * 12 + [1.0], noise=0.25)

cold = Ridge().fit(X, y)
ridge = WarmStartRegressor(Ridge(), prior=prior).fit(X, y).estimator_
lasso = WarmStartRegressor(Lasso(), prior=prior).fit(X, y).estimator_

# %%
# ``Ridge`` moves every coefficient a little. ``Lasso`` leaves most of them exactly where they were and shows
# what has changed.
place = np.arange(12)
plt.figure(figsize=(8, 4))
plt.plot(place, this_year - last_year, "k_", markersize=18, label="true change")
for offset, (name, fitted) in zip(
    (-0.2, 0, 0.2), {"cold": cold, "ridge": ridge, "lasso": lasso}.items(), strict=True
):
    plt.bar(place + offset, fitted.coef_ - last_year, width=0.2, label=name)
plt.xlabel("coefficient")
plt.ylabel("change since last year")
plt.legend()

# %%
# How much to trust it
# --------------------
# The estimator's own strength says how much the prior is trusted: 1 takes it at its word, more trusts it
# more. On new rows:
X_new = rng.normal(size=(1000, 12))
y_new = X_new @ this_year
strengths = np.logspace(-4, 3, 30)


def error(model):
    return np.sqrt(np.mean((model.fit(X, y).predict(X_new) - y_new) ** 2))


plt.figure()
plt.semilogx(
    strengths,
    [error(WarmStartRegressor(Ridge(a), prior=prior)) for a in strengths],
    label="towards last year",
)
plt.semilogx(strengths, [error(Ridge(a)) for a in strengths], label="towards zero")
plt.axvline(1, color="grey", linestyle=":")
plt.xlabel("alpha")
plt.ylabel("RMSE on new rows")
plt.legend()
