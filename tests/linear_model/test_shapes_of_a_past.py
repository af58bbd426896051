"""Learning on under a structure, tasks vary in the shape that was asked for, as at first."""

import numpy as np
import pytest
from described import CONTEXT, make_stores
from drifting import drifting_tasks
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import EmpiricalBayes, StateSpace, WarmStartRegressor

SHAPES = {
    "diagonal": {"covariance": "diagonal"},
    "spherical": {"covariance": "spherical"},
    "rank": {"covariance": "factor", "rank": 1},
    "blocks": {"covariance": "blocks", "blocks": {"slopes": ["x0", "x1"]}},
    "varying": {"varying": ["x1"]},
}


def off_diagonal(covariance):
    return np.abs(covariance - np.diag(np.diag(covariance))).max()


def check(shape, covariance):
    """That a covariance of two slopes and an intercept has a shape, in units in which that is seen."""
    variances = np.diag(covariance)
    if shape in ("diagonal", "spherical"):
        assert off_diagonal(covariance) <= 1e-8 * variances.max()
    elif shape == "blocks":
        assert np.abs(covariance[:2, 2]).max() <= 1e-8 * variances.max()
    elif shape == "varying":
        assert variances[0] == 0.0
        assert np.all(variances[1:] > 0.0)
    else:
        assert off_diagonal(covariance) > 1e-6 * variances.max()


def in_engine(prior, covariance):
    return prior.working_units.of_output(0).covariance_to_engine(covariance)


@pytest.mark.parametrize("context", [(), CONTEXT], ids=["nested", "described"])
@varied("shape", SHAPES)
def test_stores_vary_in_the_shape_asked_for(shape, context):
    task = "store" if context else ["city", "store"]
    model = WarmStartRegressor(Ridge(), task=task, context=context or None, learner=EmpiricalBayes(**SHAPES[shape]))
    drop = [] if context else ["size"]
    X, y, _ = make_stores(24)
    known = model.fit(X.drop(columns=drop), y).prior_
    X, y, _ = make_stores(16, first=100)
    further = model.set_params(prior=known).fit(X.drop(columns=drop), y).prior_
    for prior in (known.learned, further.learned):
        found = prior.inner.covariance[:3, :3] if context else prior.covariances["store"]
        check(shape, in_engine(prior, found))


@varied("shape", ["diagonal", "spherical"])
def test_days_vary_in_the_shape_asked_for(shape):
    tasks, _ = drifting_tasks(0, n_days=40)
    learner = StateSpace(shape)
    known = learner.learn(Ridge(), tasks.take(np.arange(30)))
    further = learner.learn(Ridge(), tasks.take(np.arange(30, 40)), known)
    for prior in (known.learned, further.learned):
        own = in_engine(prior, prior.covariances[prior.levels[-1]])
        assert off_diagonal(own) <= 1e-8 * np.diag(own).max()
