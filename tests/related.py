"""What tests of the shells share: small related collections, and models that learn from them quickly."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_classification, make_related_regression

QUICK = EmpiricalBayes("diagonal", max_iter=5)
X, y, _ = make_related_regression(n_tasks=9, n_samples=8, n_features=3, random_state=0)
Xc, yc, _ = make_related_classification(n_tasks=9, n_samples=12, n_features=3, n_classes=3, random_state=0)
LABELS = np.array(["ash", "birch", "cedar"])[yc.astype(int)]
COUNTS = np.random.default_rng(0).poisson(np.exp(0.5 * (y - y.mean()) / y.std()))
NAMES = ["depth", "width", "age"]

past, new = X[:, -1] < 7, X[:, -1] == 8
X_new, y_new = X[new][:, :-1], y[new]


def regressor(estimator=None, **params):
    return WarmStartRegressor(estimator or Ridge(), **quick(params))


def classifier(estimator=None, **params):
    return WarmStartClassifier(estimator or LogisticRegression(), **quick(params))


def quick(params):
    """With a quick learner where there is something to learn."""
    return params if params.get("task") is None else {"learner": QUICK, **params}


def frame(rows=slice(None), columns=None):
    table = pd.DataFrame(X[rows, :-1], columns=NAMES).assign(store=[f"s{int(i)}" for i in X[rows, -1]])
    return table if columns is None else table[columns]
