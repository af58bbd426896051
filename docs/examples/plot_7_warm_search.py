"""
A search that starts from past ones
===================================

Ten hand-written digits, each to be told from all others: ten related classification tasks. Seven of them were
tuned last month. This month the other three are, by the same pipeline, and there is no need to start cold.
"""

# %%
# Last month
# ----------
# A grid search for each of seven digits, over a wide grid as nothing was known. What they found is kept: a
# history of trials, which is plain data and can be saved as JSON.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.inspection import SearchTraceDisplay

X, digit = load_digits(return_X_y=True)
rng = np.random.default_rng(0)


def rows_of(number):
    """300 rows, and whether each is this digit."""
    rows = rng.permutation(len(X))[:300]
    return X[rows], digit[rows] == number


model = make_pipeline(StandardScaler(), SVC())
grid = {"svc__C": np.logspace(-3, 4, 5), "svc__gamma": np.logspace(-7, 1, 5)}
settings = {"scoring": "average_precision", "cv": 3}

history = TrialHistory()
for number in range(7):
    history.add(GridSearchCV(model, grid, **settings).fit(*rows_of(number)), task=f"digit {number}")
prior = HyperparameterPrior.from_history(history)
prior

# %%
# This month
# ----------
# Three digits are left. Their searches are over distributions, and wider still. The first trial of a warm one is
# the candidate that past digits make most of; from then on a model of all that is known chooses. Beside it is the
# same search without a prior, and a random one. A marker is hollow if the trial was no better than those before.
space = {"svc__C": loguniform(1e-4, 1e5), "svc__gamma": loguniform(1e-8, 1e2)}
new = {number: rows_of(number) for number in (7, 8, 9)}

fig, axes = plt.subplots(1, 3, figsize=(11, 4), sharey=True, layout="constrained")
for ax, (number, rows) in zip(axes, new.items(), strict=True):
    budget = settings | {"n_iter": 10, "random_state": number}
    searches = {
        "warm": WarmStartSearchCV(model, space, prior=prior, **budget),
        "cold": WarmStartSearchCV(model, space, **budget),
        "random": RandomizedSearchCV(model, space, **budget),
    }
    fitted = {name: search.fit(*rows) for name, search in searches.items()}
    SearchTraceDisplay.from_searches(fitted, ax=ax)
    ax.set(title=f"digit {number}", ylim=(0.65, 1.0))
    ax.label_outer()
    ax.legend().set_visible(ax is axes[-1])

# %%
# Where each trial came from, and what was expected of it, stands in ``cv_results_`` beside its score. These are
# the first trials of the last warm search.
results = searches["warm"].cv_results_
columns = ("origin", "expected_score", "expected_std", "mean_test_score")
for origin, expected, std, score in zip(*(results[name][:6] for name in columns), strict=True):
    print(f"{origin:10} expected {expected:5.3f} ± {std:5.3f}   found {score:5.3f}")

# %%
# Three digits are no proof. ``python benchmarks/tuning_tables.py`` compares methods on many tasks.
#
# No search at all
# ----------------
# The candidate that past digits make most of is a default that knows these data. A portfolio has a few more, such
# that one of them should be good whatever the digit; it goes into scikit-learn's own grid search.
for number, rows in new.items():
    usual = cross_val_score(model, *rows, **settings).mean()
    learned = cross_val_score(clone(model).set_params(**prior.default()), *rows, **settings).mean()
    portfolio = GridSearchCV(model, prior.portfolio(4), **settings).fit(*rows).best_score_
    print(
        f"digit {number}: SVC's default {usual:.3f}, learned default {learned:.3f}, portfolio of four {portfolio:.3f}"
    )

# %%
# For the 8 the learned default is worse than SVC's own, while one of the portfolio is better: what is best on the
# whole need not be best for each.
#
# What comes out goes in
# ----------------------
# The search knows the past and what it found itself; next month's starts from both.
searches["warm"].prior_
