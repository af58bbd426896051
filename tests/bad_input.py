"""What tests of bad input share: a small collection, priors learned from it, and that an error leaves nothing half-fitted."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from related import quick
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from skmeta import WarmStartClassifier, WarmStartRegressor

NAMES = ["depth", "width", "age"]
rng = np.random.default_rng(0)
N_TASKS, N_ROWS = 6, 8
IDS = np.repeat(np.arange(N_TASKS), N_ROWS)
FEATURES = rng.normal(size=(len(IDS), 3))
COEF = rng.normal(size=(N_TASKS, 3)) + np.array([1.0, -1.0, 0.5])
y = (FEATURES * COEF[IDS]).sum(axis=1) + 0.3 * rng.normal(size=len(IDS))
X = np.column_stack([FEATURES, IDS])
LABELS = np.where(y > 0.5, "tall", "low")
FRAME = pd.DataFrame(FEATURES, columns=NAMES).assign(store=[f"s{i}" for i in IDS])


def regressor(estimator=None, **params):
    return WarmStartRegressor(Ridge() if estimator is None else estimator, **quick(params))


def classifier(estimator=None, **params):
    return WarmStartClassifier(estimator or LogisticRegression(), **quick(params))


def spoilt(array, value, row=3, column=1):
    copy = np.array(array, dtype=float)
    copy[(row, column) if copy.ndim == 2 else row] = value
    return copy


def with_ids(ids):
    return FRAME.assign(store=ids)


PRIOR = regressor(task=-1).fit(X, y).prior_
NAMED = regressor(task="store").fit(FRAME, y).prior_
LABELLED = classifier(task=-1).fit(X, LABELS).prior_
COUNTED = regressor(PoissonRegressor(), task=-1).fit(X, np.floor(np.abs(y))).prior_


def expect(error, words):
    return pytest.raises(error, match="(?s)" + "".join(f"(?=.*{re.escape(word)})" for word in words))


FITTED = {
    WarmStartRegressor: regressor(task="store").fit(FRAME, y),
    WarmStartClassifier: classifier(task="store").fit(FRAME, LABELS),
}


def check_refused(model, table, target, options, error, words):
    """One clear error of these words, without anybody's internals, and nothing is fitted."""
    fresh = clone(model, safe=False)
    with expect(error, words) as caught:
        fresh.fit(table, target, **options)
    assert len(str(caught.value)) < 600
    assert not re.search(r"\bnp\.|array\(|Timestamp\(", str(caught.value))
    assert set(vars(fresh)) == set(fresh.get_params(deep=False))


def check_refit(bad, table, target, options, error, words):
    """A fit that fails leaves what an earlier one found."""
    model = (regressor if isinstance(bad, WarmStartRegressor) else classifier)(task=-1)
    model.__dict__.update(vars(FITTED[type(bad)]))
    model.set_params(**bad.get_params(deep=False))
    before = pickle.dumps({key: value for key, value in vars(model).items() if key not in bad.get_params(deep=False)})
    with pytest.raises(error):
        model.fit(table, target, **options)
    after = {key: value for key, value in vars(model).items() if key not in bad.get_params(deep=False)}
    assert pickle.dumps(after) == before
