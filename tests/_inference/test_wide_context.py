"""Contextual effects in cells: found where they are, as with few columns; not imagined where they are not."""

from dataclasses import replace

import numpy as np
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartRegressor
from skmeta._inference.likelihoods import GAUSSIAN
from skmeta._inference.moments import Rows
from skmeta._inference.wide_context import WideContext
from skmeta._inference.wide_em import learn_wide
from skmeta._inference.wide_rows import read_batches

WITHIN = BETWEEN = np.sqrt(0.5)


class Truth:
    """Tasks whose intercepts move with the means of their columns by ``size`` times some coefficients."""

    def __init__(self, d=140, size=1.0, seed=0):
        rng = np.random.default_rng(seed)
        scale = 2.0 / np.sqrt(d)
        self.mean, self.spread = scale * rng.normal(size=d), scale * (rng.random(d) < 0.3)
        self.effects, self.d = size * scale * rng.normal(size=d), d

    def draw(self, n_tasks, n, seed=1):
        """Columns ``(n_tasks, n, d)`` and targets ``(n_tasks, n)``."""
        rng = np.random.default_rng(seed)
        centre = BETWEEN * rng.normal(size=(n_tasks, self.d))
        X = centre[:, None] + WITHIN * rng.normal(size=(n_tasks, n, self.d))
        w = self.mean + self.spread * rng.normal(size=(n_tasks, self.d))
        intercept = 1.0 + 0.5 * rng.normal(size=n_tasks) + centre @ self.effects
        y = (X @ w[..., None])[..., 0] + intercept[:, None] + 0.7 * rng.normal(size=(n_tasks, n))
        return X, y


def table(X):
    """Rows with their task as the last column."""
    return np.column_stack([X.reshape(-1, X.shape[2]), np.repeat(np.arange(len(X)), X.shape[1])])


def engine_rows(X, y, d):
    starts = X.shape[1] * np.arange(len(X) + 1)
    return Rows(X.reshape(-1, d), y.reshape(-1, 1), np.arange(y.size), starts, np.zeros(d), np.ones(d))


def error_without_rows(prior, X, y):
    """Root mean squared error at the first row of tasks of which there is no other."""
    found = prior.zero_shot(Ridge())
    return np.sqrt(np.mean((X[:, 0] @ found.coef_ + found.intercept_ - y[:, 0]) ** 2))


def test_effects_are_found_and_predict_new_tasks():
    truth = Truth(size=2.0)
    X, y = truth.draw(200, 20)
    prior = WarmStartRegressor(Ridge(), task=-1).fit(table(X), y.ravel()).prior_
    assert np.corrcoef(prior.components[0].contextual_effects.coef, truth.effects)[0, 1] > 0.6
    assert_allclose(prior.components[0].contextual_effects.variance_ratio.mean(), 1.0, rtol=0.1)
    plain = replace(prior.components[0], contextual_effects=None, mean=np.r_[truth.mean, 1.0])
    new = truth.draw(300, 1, seed=2)
    assert error_without_rows(prior, *new) < 0.95 * error_without_rows(plain, *new), "than the truth within tasks"


def test_effects_that_are_not_there_are_not_kept():
    """Then the prior is to the last digit what it is where they are not looked for: of sparse tables."""
    X, y = Truth(size=0.0).draw(100, 12)
    rows = engine_rows(X, y, 140)
    dense, not_tried = (learn_wide(each, GAUSSIAN) for each in (rows, replace(rows, X=sparse.csr_array(rows.X))))
    assert dense.context is None and not_tried.context is None
    assert_allclose(dense.mean, not_tried.mean, rtol=1e-6, atol=1e-9)
    assert_allclose(dense.variance, not_tried.variance, rtol=1e-6)


def test_what_is_known_of_the_means_is_theirs_whatever_the_rows_weigh_or_how_they_are_turned():
    X, y = Truth(d=6).draw(400, 5)
    rows = engine_rows(X + 3.0, y, 6)
    context = WideContext.read(read_batches(rows))
    assert_allclose(context.centre, rows.X.mean(axis=0))
    assert_allclose(context.ratio, 1.0, rtol=0.25)
    (batch,) = read_batches(rows)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(400, 5, 5)))[0]
    turned = WideContext.read([replace(batch, Z=turn @ batch.Z)])
    twice = WideContext.read([replace(batch, task_weight=np.full(400, 2.0))])
    for name in ("centre", "between", "ratio"):
        assert_allclose(getattr(turned, name), getattr(context, name), rtol=1e-8)
        assert_allclose(getattr(twice, name), getattr(context, name), rtol=0.01)


@varied("store", [np.asarray, sparse.csr_array])
def test_a_past_that_has_effects_keeps_them(store):
    truth = Truth(size=2.0)
    X, y = truth.draw(200, 20)
    first = WarmStartRegressor(Ridge(), task=-1).fit(table(X[:190]), y[:190].ravel()).prior_
    assert first.components[0].contextual_effects is not None
    Z = np.column_stack([X[190:].reshape(-1, 140), np.repeat(np.arange(10), 20)])
    model = WarmStartRegressor(Ridge(), task=-1, prior=first, learner=EmpiricalBayes()).fit(store(Z), y[190:].ravel())
    old, new = (prior.components[0].contextual_effects for prior in (first, model.prior_))
    assert np.corrcoef(old.coef, new.coef)[0, 1] > 0.95
    assert_allclose(new.variance_ratio, old.variance_ratio)
    tasks = truth.draw(300, 1, seed=2)
    assert error_without_rows(model.prior_, *tasks) < 1.05 * error_without_rows(first, *tasks)


def test_effects_are_learned_from_sums_as_from_rows():
    """To 1e-6: what rounding becomes over the iterations, see `test_equivalent_rows`."""
    X, y = Truth(size=2.0, d=120).draw(100, 12)
    rows = WarmStartRegressor(Ridge(), task=-1).fit(table(X), y.ravel()).prior_.components[0]
    parts = [
        SufficientStatistics.from_table(table(X[:, k]), y[:, k].ravel(), task=-1) for k in (slice(5), slice(5, 12))
    ]
    found = EmpiricalBayes().learn_statistics(sum(parts)).components[0]
    assert rows.contextual_effects is not None
    for name in ("coef", "variance_ratio"):
        one, two = (getattr(prior.contextual_effects, name) for prior in (found, rows))
        assert_allclose(one, two, rtol=1e-6, atol=1e-6 * np.abs(two).max(), err_msg=name)
    assert_allclose(found.mean, rows.mean, rtol=1e-6, atol=1e-6 * np.abs(rows.mean).max())
