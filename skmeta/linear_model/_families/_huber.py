"""HuberRegressor: a loss that outliers pull less on, an l2 penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import HuberRegressor

from skmeta._inference.outliers import share_of_outliers
from skmeta._inference.units import Units
from skmeta.linear_model._families._base import Array, family
from skmeta.linear_model._families._shifted_solver import ShiftedSolver


@family(HuberRegressor)
class HuberFamily(ShiftedSolver):
    r"""The class's own loss, its scale :math:`s` included, and an l2 penalty on deviations from the prior.

    .. math:: \sum_i \left( s + H_\epsilon\left(\tfrac{y_i - x_i^\top w}{s}\right) s \right)
        + \tfrac{\alpha}{10^{-4}} \, \sigma |v|^2, \quad v = \Sigma^{-1/2} (w - \mu)

    ``alpha`` over its default, 1e-4, is the strength. The prior is learned from rows as far as they are no outliers, and so
    judged is what is known of a task; ``epsilon`` says what share of outliers is expected (see `share_of_outliers`). The
    class's own solver takes ``epsilon``, ``max_iter`` and ``tol``. Without effect: ``warm_start``, as every fit starts at
    the prior.
    """

    def strength(self, estimator: Any) -> float:
        """Of the default, one."""
        return float(estimator.alpha / HuberRegressor().alpha)

    def share_of_outliers(self, estimator: Any) -> float:
        """That for which its loss is the safest."""
        return share_of_outliers(estimator.epsilon)

    def inner(self, estimator: Any, strength: float, noise: float, total: float, units: Units) -> dict[str, Any]:
        """The objective is about ``|r|^2 / s + alpha |v|^2``: ``2 s`` times ``|r|^2 / (2 s^2) + |v|^2 / 2``."""
        return {"alpha": strength * np.sqrt(noise)}

    def fitted(self, inner: Any, slopes: Array, units: Units) -> dict[str, Any]:
        """The scale in units of the target, and the outliers."""
        found = super().fitted(inner, slopes, units)
        return found | {"scale_": inner.scale_ * units.target_scale, "outliers_": inner.outliers_}
