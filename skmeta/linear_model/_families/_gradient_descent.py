"""SGDRegressor and SGDClassifier: the class's own loss and penalty, steps of stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.utils import compute_class_weight

from skmeta.linear_model._families._base import Array, family
from skmeta.linear_model._families._learned_start import LearnedStart
from skmeta.linear_model._families._logistic import OfLabels
from skmeta.linear_model._plain import fresh

_EPOCHS = 5  # of a task that lacks classes, where the class's own rule to stop is not at hand


@family(SGDRegressor)
class SGDRegressorFamily(LearnedStart):
    r"""The class's own objective, from ``coef_init`` at :math:`\mu`; it has no strength parameter.

    All parameters are the class's own. Without effect: ``warm_start``, as every fit starts at the prior.
    """


@family(SGDClassifier)
class SGDClassifierFamily(OfLabels, LearnedStart):
    r"""The class's own objective, from ``coef_init`` at :math:`\mu`; it has no strength parameter.

    Its default schedule, ``learning_rate="optimal"``, throws a start away: its first steps are as large as :math:`1 /
    (\alpha t_0)`, 10 at the default ``alpha``. Use "constant" or "invscaling" with a small ``eta0``, such as 0.01. A task
    that lacks classes of the prior takes five epochs at most, without ``early_stopping`` and ``average``.

    All parameters are the class's own. Without effect: ``warm_start``, as every fit starts at the prior.
    """

    def steps(self, estimator: Any, start: Array, X: Any, y: Array, weight: Array | None, classes: Any) -> Any:
        """``fit`` refuses a task that lacks classes; ``partial_fit`` takes their list, one epoch a call."""
        if len(np.unique(y)) == len(classes):
            return super().steps(estimator, start, X, y, weight, classes)
        model = fresh(estimator, early_stopping=False, average=False, class_weight=_as_dict(estimator.class_weight, y))
        model.partial_fit(X[:1], y[:1], classes=classes)
        model.coef_, model.intercept_, model.t_ = start[:, :-1].copy(), start[:, -1].copy(), 1.0
        for _ in range(model.max_iter if model.tol is None else min(model.max_iter, _EPOCHS)):
            model.partial_fit(X, y, sample_weight=weight)
        return model


def _as_dict(class_weight: Any, y: Array) -> Any:
    """``partial_fit`` balances nothing itself."""
    if class_weight != "balanced":
        return class_weight
    present = np.unique(y)
    return dict(zip(present.tolist(), compute_class_weight("balanced", classes=present, y=y).tolist(), strict=True))
