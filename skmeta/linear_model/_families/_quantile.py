"""QuantileRegressor: the pinball loss, an l1 penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.linear_model import HuberRegressor, QuantileRegressor

from skmeta._inference.outliers import share_of_outliers
from skmeta._inference.units import Units
from skmeta.linear_model._families._base import family
from skmeta.linear_model._families._shifted_solver import ShiftedSolver


@family(QuantileRegressor)
class QuantileFamily(ShiftedSolver):
    r"""The sum of pinball losses and an l1 penalty on deviations from the prior, whose quantile lies off its mean.

    .. math:: \sum_i \ell_q(y_i - x_i^\top w) + \alpha \sqrt 2 \, \sigma \, \phi(\Phi^{-1}(q)) |v|_1, \quad
        v = \Sigma^{-1/2} (w - \mu - \sigma \Phi^{-1}(q) e)

    with :math:`e` the intercept's unit vector. ``alpha`` is the strength. The prior is learned from rows as far as they are
    no outliers, and so judged is what is known of a task. The class's own solver takes ``solver`` and ``solver_options``;
    no parameter is without effect.
    """

    def share_of_outliers(self, estimator: Any) -> float:
        """As many as `HuberRegressor` expects: the class has no word of its own on them."""
        return share_of_outliers(HuberRegressor().epsilon)

    def inner(self, estimator: Any, strength: float, noise: float, total: float, units: Units) -> dict[str, Any]:
        """Asymmetric Laplace noise of the same mean pinball loss as Gaussian noise, against ``sqrt(2) |v|``."""
        scale = np.sqrt(noise / (2.0 * np.pi)) * np.exp(-0.5 * ndtri(estimator.quantile) ** 2)
        return {"alpha": strength * np.sqrt(2.0) * scale / total}

    def intercept_shift(self, estimator: Any, noise: float) -> float:
        """The quantile of the noise."""
        return float(np.sqrt(noise) * ndtri(estimator.quantile)) if estimator.fit_intercept else 0.0
