"""LinearRegression: squared error, no penalty but the prior."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LinearRegression

from skmeta.linear_model._families._base import family
from skmeta.linear_model._families._posterior_mode import PosteriorMode


@family(LinearRegression)
class LinearRegressionFamily(PosteriorMode):
    r"""Least squares under the prior, the intercept's law included: the posterior mean.

    .. math:: \tfrac{1}{2 \sigma^2} \sum_i (y_i - x_i^\top w)^2 + \tfrac{1}{2} (w - \mu)^\top \Sigma^{-1} (w - \mu)

    It has no strength parameter: the prior is as strong as learned, as of Ridge at ``alpha=1``. With more and more rows the
    answer is that of least squares.
    Refused: ``positive=True``. Without effect: ``copy_X``, ``n_jobs``, ``tol``, as the minimum is found here, in closed form;
    there are no ``rank_`` and ``singular_``, which are about the rows alone.
    """

    many_targets = True
    sums_suffice = True

    def strength(self, estimator: Any) -> float:
        """As learned."""
        return 1.0
