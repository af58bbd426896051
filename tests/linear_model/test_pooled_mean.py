"""Texts: the prior's mean may be the estimator's own fit to the rows of all past tasks, as held-out tasks say."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from skmeta import WarmStartClassifier

N_TASKS, N_ROWS, N_COLUMNS = 9, 24, 110


def reviews():
    rng = np.random.default_rng(0)
    often = np.where(np.arange(N_COLUMNS) < 90, 0.04, 0.5)
    X = (rng.random((N_TASKS * N_ROWS, N_COLUMNS)) < often).astype(float)
    says = 1.5 * np.where(often > 0.1, rng.normal(size=N_COLUMNS), 0.0)
    return X, np.repeat(np.arange(N_TASKS), N_ROWS), rng.logistic(size=len(X)) < (X - often) @ says


def learn(X, task, y, **options):
    weight = options.pop("sample_weight", None)
    table = sparse.csr_array(np.c_[X, task])
    return WarmStartClassifier(LogisticRegression(**options), task=-1).fit(table, y, sample_weight=weight)


def test_slopes_are_the_estimators_own_fit_times_one_number_whatever_its_strength_and_the_unit_of_weights():
    X, task, y = reviews()
    weight = np.random.default_rng(1).uniform(0.5, 1.5, len(y))
    one, other = learn(X, task, y, sample_weight=weight), learn(X, task, y, sample_weight=1e3 * weight, C=0.1)
    assert one.learner_.structure_ == other.learner_.structure_ == "pooled"
    own = LogisticRegression(solver="newton-cholesky", tol=1e-11).fit(X, y, sample_weight=weight / weight.mean())
    slopes, fitted = one.prior_.mean[:-1], own.coef_[0]
    times = slopes @ fitted / (fitted @ fitted)
    assert_allclose(slopes, times * fitted, atol=1e-8)
    assert times > 0.0
    assert_allclose(one.prior_.covariance[:-1], one.prior_.covariance[0])
    assert_allclose(other.prior_.mean, one.prior_.mean, rtol=1e-6, atol=1e-8)
