"""What a learned prior prints is a sentence about tasks, not names of the engine's."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from skmeta import SharedModel, WarmStartRegressor


@pytest.mark.parametrize(
    ("level", "how"), [(0.0, "not corrected"), (5.0, "corrected by a linear model of output")], ids=["alike", "levels"]
)
def test_a_prior_says_how_tasks_are_corrected_and_what_else_they_may_be(level, how):
    rng = np.random.default_rng(0)
    task, x = np.repeat(np.arange(6), 10), rng.normal(size=60)
    y = np.sign(x) + level * rng.normal(size=6)[task] + 0.01 * np.tile([-1.0, 1.0], 30)
    learner = SharedModel(None, max_rounds=1, cv=2)
    tree = DecisionTreeRegressor(max_depth=1)
    prior = WarmStartRegressor(tree, task=-1, learner=learner).fit(np.column_stack([x, task]), y).prior_
    first, own = repr(prior).split(", or ")
    assert first == f"SharedModelPrior(DecisionTreeRegressor of all tasks, for each task {how}, n_tasks=6)"
    assert own == f"own model with weight {prior.weights[1]:.2g}"
