"""
Probabilities that know how little they know
============================================

A classifier for a new site with three labelled rows should not say 99 %. The warm classifier averages its
probabilities over all that is still unknown of the site; the plain estimator it hands back uses the most
likely coefficients alone.
"""

# %%
# Two hundred sites with thirty rows each; fifty more are new.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from skmeta import WarmStartClassifier
from skmeta.datasets import make_related_classification

X, y, _ = make_related_classification(n_tasks=250, n_samples=60, random_state=0)
site = X[:, -1]
X_known, y_known = X[site < 200], y[site < 200]
prior = WarmStartClassifier(LogisticRegression(), task=-1).fit(X_known, y_known).prior_

# %%
# Each new site gives a few rows; we score the others.
n_shots = [2, 3, 5, 10, 20]
losses = {"cold": [], "warm, plain estimator": [], "warm, averaged": []}
for n in n_shots:
    probabilities = {name: [] for name in losses}
    truth = []
    for new in range(200, 250):
        rows = X[site == new, :-1]
        labels = y[site == new]
        warm = WarmStartClassifier(LogisticRegression(), prior=prior).fit(rows[:n], labels[:n])
        both = len(np.unique(labels[:n])) == 2
        cold = LogisticRegression().fit(rows[:n], labels[:n]).predict_proba(rows[20:])[:, 1] if both else None
        probabilities["cold"].append(np.full(40, labels[:n].mean().clip(0.1, 0.9)) if cold is None else cold)
        probabilities["warm, plain estimator"].append(warm.estimator_.predict_proba(rows[20:])[:, 1])
        probabilities["warm, averaged"].append(warm.predict_proba(rows[20:])[:, 1])
        truth.append(labels[20:])
    for name, values in probabilities.items():
        losses[name].append(log_loss(np.concatenate(truth), np.concatenate(values)))

for name, values in losses.items():
    plt.plot(n_shots, values, "o-", label=name)
plt.xlabel("labelled rows of the new site")
plt.ylabel("log-loss on its other rows")
plt.legend()
