"""A learned initialisation: the estimator's own few steps, begun at the prior's mean."""

import numpy as np
from sklearn import config_context
from sklearn.linear_model import SGDClassifier

from skmeta.linear_model._plain import fresh


def solve_from_start(estimator, coef, X, y, weight, classes):
    """A fitted clone of an SGD estimator whose steps start at ``coef (K, d + 1)``, in units of the data."""
    model = fresh(estimator)
    start = {"coef_init": coef[:, :-1].copy(), "intercept_init": coef[:, -1].copy()}
    if len(coef) == 1:
        start["coef_init"] = start["coef_init"][0]
    if not isinstance(model, SGDClassifier) or len(np.unique(y)) == len(classes):
        with config_context(assume_finite=True, skip_parameter_validation=True):  # both were checked as they came in
            return model.fit(X, y, sample_weight=weight, **start)
    return _with_absent_classes(model, coef, X, y, weight, classes)


def _with_absent_classes(model, coef, X, y, weight, classes):
    """``fit`` refuses a task that lacks classes; ``partial_fit`` takes their list, one epoch a call."""
    model.partial_fit(X[:1], y[:1], classes=classes)
    model.coef_, model.intercept_, model.t_ = coef[:, :-1].copy(), coef[:, -1].copy(), 1.0
    for _ in range(model.max_iter if model.tol is None else min(model.max_iter, 5)):
        model.partial_fit(X, y, sample_weight=weight)
    return model
