"""Learning without the rows: from sufficient statistics, or from parts that are asked for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmeta.base import Prior
from skmeta.linear_model import _collection
from skmeta.linear_model._copies import statistics_without_copies
from skmeta.linear_model._families import family_of
from skmeta.linear_model._outliers import check_sums_suffice
from skmeta.linear_model._parts import Part, Parts
from skmeta.linear_model._past import checked_past, learned_component
from skmeta.linear_model._private_collection import of_private_sums
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.linear_model._wide_learning import is_wide
from skmeta.steps import PriorWithSteps, fit_steps, take_apart, with_constant_column
from skmeta.tasks import Tasks


@dataclass(frozen=True, eq=False)
class LearningWithoutRows:
    """What a learner learns of an estimator: ``learn(collection, past, prior, wide=...)`` is its way from a collection on."""

    learner: Any
    estimator: Any
    learn: Callable[..., Prior]
    n_jobs: int

    def of(self, statistics: SufficientStatistics | Sequence[Part], prior: Prior | None) -> Prior:
        """The prior of sums, or of parts; of squared errors the sums of all parts say all."""
        estimator, family = self.estimator, family_of(self.estimator)
        check_sums_suffice(estimator, crossed=self.learner.crossed)
        if isinstance(statistics, SufficientStatistics):
            return self._of_sums(statistics, prior) if statistics.n_features else self._of_levels(statistics, prior)
        parts = Parts(statistics)
        if family.likelihood(estimator, parts.first.n_outputs).quadratic:
            return self.of(parts.first, prior)
        past = learned_component(prior, estimator)
        past = checked_past(past, estimator, family, parts.first, parts.first.feature_names)
        return self.learn(_collection.of_parts(parts, estimator, family, past), past, prior, wide=False)

    def _of_levels(self, sums: SufficientStatistics, prior: Prior | None) -> Prior:
        """The prior of tables without any feature."""
        no_columns = Tasks(np.zeros((1, 0)), np.zeros(1), np.zeros(1, np.intp), np.zeros(1))
        steps, _ = fit_steps(with_constant_column(take_apart(self.estimator)), no_columns)
        inner = None if prior is None else prior.split()[1]
        learned = self._of_sums(sums.with_constant_column(), inner)
        return PriorWithSteps(replace(steps, input_names=sums.feature_names), learned)

    def _of_sums(self, sums: SufficientStatistics, prior: Prior | None) -> Prior:
        """The prior of the tasks that there are sums of, by the computation that their rows would take."""
        estimator, family = self.estimator, family_of(self.estimator)
        past = checked_past(learned_component(prior, estimator), estimator, family, sums, sums.feature_names)
        if sums.noise_variance is not None:
            found = of_private_sums(sums, estimator, family, past, self.n_jobs)
            return self.learn(found, past, prior, wide=False)
        sums = statistics_without_copies(sums)
        wide = is_wide(self.learner, sums.n_features, sums.count, past)
        make = _collection.of_wide_sums if wide else _collection.of_sums
        return self.learn(make(sums, estimator, family, past), past, prior, wide=wide)
