"""Searches that the tests of searches share, and how their tables are compared."""

from types import SimpleNamespace

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_iris, make_regression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skmeta import HyperparameterPrior, TrialHistory
from skmeta.tuning import _warm_start_search
from skmeta.tuning._warm_start_search import WarmStartSearchCV

X, y = load_iris(return_X_y=True)
X_REG, Y_REG = make_regression(60, 4, noise=20.0, random_state=0)
TREE = DecisionTreeClassifier(random_state=0)
TREES = {"max_depth": [1, 2, 3, 5], "min_samples_leaf": [1, 5, 20]}
ALPHAS = {"alpha": loguniform(0.01, 100)}


def search_trees(**settings):
    return WarmStartSearchCV(TREE, TREES, **({"n_iter": 4, "cv": 3, "random_state": 0} | settings))


def without_times(results, also=("origin", "expected_score", "expected_std")):
    return {name: column for name, column in results.items() if not name.endswith("_time") and name not in also}


def assert_same_table(ours, theirs):
    """All columns but the seconds: values, masks and kinds."""
    ours, theirs = without_times(ours), without_times(theirs)
    assert ours.keys() == theirs.keys()
    for name, column in theirs.items():
        np.testing.assert_equal(
            np.ma.getmaskarray(np.ma.asarray(ours[name])), np.ma.getmaskarray(np.ma.asarray(column))
        )
        np.testing.assert_equal(np.ma.asarray(ours[name]).tolist(), np.ma.asarray(column).tolist(), err_msg=name)
        assert np.asarray(ours[name]).dtype == np.asarray(column).dtype, name


def same_by_grid(search, rows=(X, y), **params):
    """scikit-learn's search over the trials that `search` made, in their order."""
    settings = {name: getattr(search, name) for name in ("scoring", "refit", "cv", "error_score", "return_train_score")}
    trials = [{name: [value] for name, value in trial.items()} for trial in search.cv_results_["params"]]
    return GridSearchCV(search.estimator, trials, **settings).fit(*rows, **params)


def spread(model, X, y):
    proba = model.predict_proba(X)
    return {"loss": -log_loss(y, proba), "hits": accuracy_score(y, proba.argmax(axis=1))}


def listen(monkeypatch):
    """What the loop tells its suggester, from now on."""
    told = SimpleNamespace(calls=[])
    suggester_for = _warm_start_search.suggester_for

    def listened(space, prior, method, rng, estimator):
        suggester = suggester_for(space, prior, method, rng, estimator)
        told.prior, told.estimator, told.calls = prior, estimator, []

        def suggest(n, scores, errors):
            told.calls.append((n, scores, errors))
            return suggester.suggest(n, scores, errors)

        return SimpleNamespace(suggest=suggest, resume_from=suggester.resume_from)

    monkeypatch.setattr(_warm_start_search, "suggester_for", listened)
    return told


def small_prior():
    history = TrialHistory()
    for task, best in (("a", 1.0), ("b", 2.0), ("c", 0.5)):
        alphas = np.geomspace(0.05, 20, 8)
        history.add([{"alpha": a, "score": -(np.log(a / best) ** 2)} for a in alphas], task=task)
    return HyperparameterPrior.from_history(history)
