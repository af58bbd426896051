"""
Ridge towards my previous coefficients
======================================

Ridge regression shrinks coefficients to zero. If you have last year's, shrink to those. The prior is
written by hand here; no collection of datasets is needed.
"""

# %%
# Last year and this year
# -----------------------
# Twelve coefficients, of which two have changed, and fifteen rows of this year.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Lasso, Ridge

from skmeta import GaussianPrior, WarmStartRegressor

rng = np.random.default_rng(0)
last_year = 3 * rng.normal(size=12)
this_year = last_year.copy()
this_year[[3, 8]] += [1.5, -1.5]


def draw_rows(n_rows, noise=0.5):
    X = rng.normal(size=(n_rows, 12))
    return X, X @ this_year + noise * rng.normal(size=n_rows)


X, y = draw_rows(15)

# %%
# The prior says: a slope may be off by about 0.5, the intercept by 1; the noise has a variance of 0.25.
prior = GaussianPrior(mean=np.append(last_year, 0.0), covariance=[0.25] * 12 + [1.0], noise=0.25)

fitted = {
    "ridge towards zero": Ridge().fit(X, y),
    "ridge towards last year": WarmStartRegressor(Ridge(), prior=prior).fit(X, y).estimator_,
    "lasso towards last year": WarmStartRegressor(Lasso(), prior=prior).fit(X, y).estimator_,
}

# %%
# Ridge moves every coefficient a little. Lasso leaves most of them where they were, some of them exactly, and
# so shows what has changed.
place = np.arange(12)
plt.figure(figsize=(8, 4))
plt.plot(place, this_year - last_year, "k_", markersize=18, label="true change")
for offset, (name, model) in zip((-0.25, 0, 0.25), fitted.items(), strict=True):
    plt.bar(place + offset, model.coef_ - last_year, width=0.25, label=name)
plt.xlabel("coefficient")
plt.ylabel("change since last year")
plt.legend(fontsize="small")

# %%
# How much to trust it
# --------------------
# The estimator's own strength says how much the prior is trusted: 1 takes it at its word, more trusts it
# more. Here is the error of the coefficients, over fifty draws of eight rows.
strengths = np.logspace(-3, 3, 19)
warm, cold = np.zeros((2, 50, 19))
for draw in range(50):
    rows = draw_rows(8)
    for position, strength in enumerate(strengths):
        adapted = WarmStartRegressor(Ridge(strength), prior=prior).fit(*rows)
        warm[draw, position] = np.linalg.norm(adapted.coef_ - this_year)
        cold[draw, position] = np.linalg.norm(Ridge(strength).fit(*rows).coef_ - this_year)

plt.figure()
plt.semilogx(strengths, cold.mean(axis=0), label="ridge towards zero")
plt.semilogx(strengths, warm.mean(axis=0), label="ridge towards last year")
plt.axvline(1, color="grey", linestyle=":")
plt.xlabel("alpha")
plt.ylabel("distance to the true coefficients")
plt.ylim(bottom=0)
plt.legend()
