"""The prior of tables without any feature, which models read as one column of zeros."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from skmeta.base import Prior
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.steps import PriorWithSteps, fit_steps, take_apart, with_constant_column
from skmeta.tasks import Tasks


def learn_intercepts(
    learner: Any, sums: SufficientStatistics, estimator: Any, prior: Prior | None, n_jobs: Any, progress: Any
) -> PriorWithSteps:
    """What an `EmpiricalBayes` learns of such tables, behind the step that makes the column."""
    no_columns = Tasks(np.zeros((1, 0)), np.zeros(1), np.zeros(1, np.intp), np.zeros(1))
    steps, _ = fit_steps(with_constant_column(take_apart(estimator)), no_columns)
    inner = None if prior is None else prior.split()[1]
    learned = learner._learn_sums(sums.with_constant_column(), estimator, inner, n_jobs, progress)
    return PriorWithSteps(replace(steps, input_names=sums.feature_names), learned)
