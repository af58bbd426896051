"""Every family that takes several outputs: means and deviations of each, also where own models are averaged in."""

from dataclasses import replace

import numpy as np
import pytest
from common import COLUMNS
from families import FAMILIES, in_one_round
from numpy.testing import assert_allclose
from sklearn.base import is_regressor
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import get_tags
from variations import varied

from skmeta import WarmStartRegressor
from skmeta.compose._average import average_estimators
from skmeta.compose._with_own_model import PriorWithOwnModel

UNREGISTERED = [
    RandomForestRegressor(3, max_depth=2, random_state=0),
    ExtraTreesRegressor(3, max_depth=2, random_state=0),
    MLPRegressor((2,), max_iter=3, solver="lbfgs", random_state=0),
]
ESTIMATORS = [case.estimator for case in FAMILIES if is_regressor(case.estimator)] + UNREGISTERED
SEVERAL = [
    each
    for each in ESTIMATORS
    if get_tags(each).target_tags.multi_output and each.get_params().get("criterion") != "poisson"  # counts are of one
]


def own_model_of(prior):
    """The same prior where the task's own model counts nearly alone, if it is one of those that have it beside them."""
    if not isinstance(prior, PriorWithOwnModel):
        return prior
    weights = np.r_[0.05, np.full(len(prior.weights) - 1, 0.95 / (len(prior.weights) - 1))]
    return replace(prior, weights=weights, weights_at_few_rows=None)


@varied("estimator", SEVERAL, ids=lambda each: type(each).__name__, keep=5)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_output_has_a_deviation(estimator):
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(4), 8), rng.normal(size=(32, 2))
    Y = 12.0 + np.column_stack([X[:, 0] + task, X[:, 1] - task]) + 0.1 * rng.normal(size=(32, 2))
    learned = WarmStartRegressor(estimator, task=-1, learner=in_one_round(estimator)).fit(np.column_stack([X, task]), Y)
    for prior in (learned.prior_, own_model_of(learned.prior_)):
        model = WarmStartRegressor(estimator, prior=prior).fit(X[:8], 3.0 * Y[:8])
        mean, std = model.predict(X, return_std=True)
        assert mean.shape == std.shape == Y.shape
        assert (std > 0.0).all()
        assert_allclose(model.estimator_.predict(X), mean)


def test_the_average_of_models_of_several_outputs_is_their_weighted_mean():
    frame = FAMILIES[0].table[COLUMNS]
    Y = np.column_stack([frame["height"] ** 2, frame["width"]])
    trees = [DecisionTreeRegressor(max_depth=depth).fit(frame, Y) for depth in (1, 3)]
    average = average_estimators(trees, np.array([1.0, 3.0]), ["one", "other"], 2)
    assert_allclose(average.predict(frame), (trees[0].predict(frame) + 3.0 * trees[1].predict(frame)) / 4.0)
    assert list(average.feature_names_in_) == COLUMNS
