"""Models without an intercept: targets are not centred, so their unit is how far they lie from zero."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.linear_model import HuberRegressor, Lasso, QuantileRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta.linear_model import SufficientStatistics
from skmeta.tasks import Tasks

N_TASKS, N = 12, 8
CODES = np.repeat(np.arange(N_TASKS), N)
SCALES = [1e-9, 1e6]


def design(d, seed=0):
    """Columns far from zero: without an intercept they have the level to tell."""
    rng = np.random.default_rng(seed)
    return 1.0 + 0.2 * rng.normal(size=(len(CODES), d))


TARGETS = {
    "constant": np.ones(len(CODES)),
    "nearly constant": 1.0 + 1e-3 * np.random.default_rng(1).normal(size=len(CODES)),
    "centred": np.random.default_rng(2).normal(size=len(CODES)),
    "zero": np.zeros(len(CODES)),
}


@varied("target", TARGETS)
@varied(
    ("estimator", "d"),
    [(Ridge(), 3), (Ridge(), 20), (Ridge(), 120), (Lasso(), 3), (HuberRegressor(), 3), (QuantileRegressor(), 3)],
    ids=str,
    keep=3,
)
def test_the_unit_of_the_target_changes_nothing_but_the_unit(estimator, d, target):
    X, y = np.c_[design(d), CODES], TARGETS[target]
    estimator.set_params(fit_intercept=False)
    one = WarmStartRegressor(estimator, task=-1).fit(X, y)
    for scale in SCALES if isinstance(estimator, Ridge) else SCALES[:1]:
        other = WarmStartRegressor(estimator, task=-1).fit(X, scale * y)
        assert_allclose(other.predict(X), scale * one.predict(X), rtol=1e-5, atol=1e-7 * scale)


def test_sums_and_sparse_rows_say_the_same():
    X, y = design(4), TARGETS["nearly constant"] * 1e4
    estimator, learner = Ridge(fit_intercept=False), EmpiricalBayes("diagonal")
    dense = learner.learn(estimator, Tasks(X, y, CODES, np.arange(N_TASKS))).components[0]
    in_rows = learner.learn(estimator, Tasks(sparse.csr_array(X), y, CODES, np.arange(N_TASKS))).components[0]
    sums = SufficientStatistics.from_table(np.c_[X, CODES], y, task=-1)
    of_sums = learner.learn_statistics(sums, estimator).components[0]
    for other in (in_rows, of_sums):
        assert_allclose(other.units.target_scale, dense.units.target_scale, rtol=1e-12)
        assert_allclose(other.mean, dense.mean, rtol=1e-7)
