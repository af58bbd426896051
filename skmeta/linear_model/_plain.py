"""Plain fitted scikit-learn estimators from arrays: what is handed back knows nothing of skmeta."""

from copy import deepcopy

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.linear_model import (
    GammaRegressor,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
    TweedieRegressor,
)

from skmeta._sklearn import prepare_glm
from skmeta.linear_model._families import FAMILIES

_PARAMETERS = {kind: tuple(kind().get_params(deep=False)) for kind in FAMILIES}  # names; all have plain values


def fresh(estimator, **changed):
    """An unfitted copy with some parameters changed: `clone`, without asking for the class's signature each time."""
    if get_config()["enable_metadata_routing"]:  # requests travel with a clone too
        return clone(estimator).set_params(**changed)
    kept = {name: deepcopy(getattr(estimator, name)) for name in _PARAMETERS[type(estimator)] if name not in changed}
    return type(estimator)(**kept, **changed)


def plain_estimator(estimator, coef, *, n_targets, classes, feature_names, fitted=None):
    """A fitted clone of ``estimator`` with coefficients ``(K, d + 1)`` in units of the data, intercept last.

    ``fitted`` may hold further fitted attributes (``n_iter_``, ``scale_``, ...) of the class's own solver.
    """
    plain = fresh(estimator)
    slopes, intercept = coef[:, :-1].copy(), coef[:, -1].copy()  # nothing is shared with what made it
    if isinstance(plain, (LogisticRegression, SGDClassifier)):
        plain.classes_ = classes.copy()
        plain.coef_, plain.intercept_ = slopes, intercept
    elif n_targets is None:
        plain.coef_, plain.intercept_ = slopes[0], float(intercept[0])
    else:
        plain.coef_, plain.intercept_ = slopes, intercept
    _complete(plain)
    for name, value in (fitted or {}).items():
        setattr(plain, name, value)
    plain.n_features_in_ = slopes.shape[1]
    if feature_names is not None:
        plain.feature_names_in_ = np.asarray(feature_names, dtype=object)
    return plain


def _complete(plain):
    """Fitted attributes that the class documents beside its coefficients."""
    if isinstance(plain, Ridge):
        plain.n_iter_, plain.solver_ = None, "cholesky"
    elif isinstance(plain, LogisticRegression):
        plain.n_iter_ = np.array([0], dtype=np.int32)
    elif isinstance(plain, (PoissonRegressor, GammaRegressor, TweedieRegressor)):
        prepare_glm(plain).n_iter_ = 0
