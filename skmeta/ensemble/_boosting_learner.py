"""The learner of boosters: a shared model, the correction of each task, and new trees where past tasks gain from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor

from skmeta.base import register
from skmeta.base._registry import check_registered, register_by_name
from skmeta.ensemble._boosting_prior import BoostingPrior
from skmeta.ensemble._held_out import learned_growth
from skmeta.fallback import SharedModel, SharedModelPrior
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@register(GradientBoostingRegressor, HistGradientBoostingRegressor)
@register_by_name("lightgbm.sklearn.LGBMRegressor", "xgboost.sklearn.XGBRegressor", "catboost.core.CatBoostRegressor")
class BoostingLearner(SharedModel):
    r"""Learn one boosted model of all tasks, how each task's own deviates from it, and whether to boost on.

    .. math:: y_{ti} = f(x_{ti}) + z_{ti}^\top b_t + s_n\, g_t(x_{ti}) + e_{ti}

    The first two terms are those of `SharedModel`. On their residuals in a task's :math:`n` rows, less the mean, the booster
    grows a few new trees :math:`g_t`. It starts from the corrected score, as ``init_model`` would, but with a brake. How many
    trees, with which leaves, and their strength :math:`s_n` are learned from two dozen past tasks. In each, some rows grow
    trees (10, 20, 40, 80 or 160, where the task has as many more), and the others say what the trees are worth. The strength is
    found by least squares over the tasks; each task is judged with the strength of the others. New tasks get trees from the
    number of rows on at which past tasks gain, there and at all larger sizes, by a t-test at 5 % with Bonferroni's correction
    over the choices. Where there is no gain, the prior is that of `SharedModel`.

    Models with other losses than squared errors, and of several targets, get no trees.

    Parameters
    ----------
    correction : "auto", None or transformer, default="auto"
        As in `SharedModel`.
    max_rounds : int, default=4
        As in `SharedModel`.
    cv : int, default=5
        As in `SharedModel`.
    n_trees : sequence of int, default=(10, 40)
        Numbers of new trees that past tasks may choose from; no trees at all is always among the choices.

    Attributes
    ----------
    out_of_fold_, n_rounds_, scores_
        As in `SharedModel`.

    References
    ----------
    J. H. Friedman (2001), Greedy function approximation: a gradient boosting machine, Annals of Statistics 29, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skmeta import BoostingLearner, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task = np.repeat(np.arange(10), 60)
    >>> X = rng.uniform(size=(600, 2))
    >>> jumps = X[:, 1] > rng.uniform(0.2, 0.8, size=10)[task]  # each task has a threshold of its own
    >>> y = np.sin(6.0 * X[:, 0]) + 3.0 * jumps + 0.1 * rng.normal(size=600)
    >>> booster = HistGradientBoostingRegressor(max_iter=20)
    >>> learner = BoostingLearner(None, max_rounds=1)
    >>> model = WarmStartRegressor(booster, task=-1, learner=learner).fit(np.column_stack([X, task]), y)
    >>> plain = model.adapt(X[-40:], y[-40:])
    >>> [name for name, _ in plain.estimators]
    ['corrected', 'trees']
    """

    def __init__(
        self, correction: Any = "auto", *, max_rounds: int = 4, cv: int = 5, n_trees: Sequence[int] = (10, 40)
    ) -> None:
        super().__init__(correction, max_rounds=max_rounds, cv=cv)
        self.n_trees = n_trees

    check_takes = check_registered

    def _check_parameters(self) -> None:
        super()._check_parameters()
        _check_n_trees(self.n_trees)

    def _extended(
        self,
        prior: SharedModelPrior,
        link: Any,
        estimator: Any,
        tasks: Tasks,
        Z: Array,
        n_jobs: int | None,
        progress: Any,
    ) -> SharedModelPrior:
        if not link.is_squared or tasks.y is None or tasks.y.ndim > 1:
            return prior
        growth = learned_growth(prior, estimator, tasks, Z, self.n_trees, n_jobs, progress)
        if growth is None:
            return prior
        known = {field.name: getattr(prior, field.name) for field in fields(prior)}
        return BoostingPrior(**known, **vars(growth))


def _check_n_trees(n_trees: Any) -> None:
    values = list(n_trees) if np.iterable(n_trees) and not isinstance(n_trees, str) else []
    if not values or not all(isinstance(n, int | np.integer) and n > 0 for n in values):
        raise ValueError(
            f"n_trees: wanted numbers of new trees to try, such as (10, 40), found {n_trees!r}; pass learner=SharedModel() "
            "for none."
        )
