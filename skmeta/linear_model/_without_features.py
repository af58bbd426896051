"""Learning from sums of tables without any feature, which models read as one column of zeros."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from skmeta.base import Prior
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.steps import PriorWithSteps, fit_steps, take_apart, with_constant_column
from skmeta.tasks import Tasks

Learn = Callable[[SufficientStatistics, Prior | None], Prior]


def learned_without_features(
    sums: SufficientStatistics, estimator: Any, prior: Prior | None, learn: Learn
) -> PriorWithSteps:
    """What ``learn`` makes of the sums with that column, behind the step that makes it."""
    no_columns = Tasks(np.zeros((1, 0)), np.zeros(1), np.zeros(1, np.intp), np.zeros(1))
    steps, _ = fit_steps(with_constant_column(take_apart(estimator)), no_columns)
    learned = learn(sums.with_constant_column(), None if prior is None else prior.split()[1])
    return PriorWithSteps(replace(steps, input_names=sums.feature_names), learned)
