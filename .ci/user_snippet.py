"""What a user writes: mypy reads the types that skmeta promises, outside of its tree."""

from typing import assert_type

import numpy as np
from sklearn.linear_model import Ridge

from skmeta import GaussianPrior, WarmStartRegressor, stack_tasks

prior = GaussianPrior(mean=[1.0, 0.0], covariance=0.1)
assert_type(prior, GaussianPrior)
X, y = stack_tasks({"a": (np.ones((3, 1)), np.ones(3))})
model = WarmStartRegressor(Ridge(), task=-1)
assert_type(model.fit(X, y), WarmStartRegressor)
WarmStartRegressor(Ridge(), tasks=-1)  # type: ignore[call-arg]
