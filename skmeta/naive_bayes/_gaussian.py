"""GaussianNB: a normal-inverse-gamma prior of each column in each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import check_array

from skmeta.naive_bayes._memberships import Memberships
from skmeta.naive_bayes._naive_bayes_prior import NaiveBayesPrior, without_prior
from skmeta.naive_bayes._normal_gamma import NormalGamma, Statistics, learn_normal_gamma, log_evidence, posterior

Array = NDArray[np.float64]

_ROUNDING = 1e-9  # variance of what no digits hold, in that of a column: scikit-learn's default of var_smoothing
_AT_ONCE = 2**22  # speed: numbers made at once


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GaussianNBPrior(NaiveBayesPrior):
    r"""A prior of `GaussianNB`: means and variances of the columns in the classes of the next task.

    .. math:: \sigma^2_{tkj} \sim \mathrm{Inv}\text{-}\chi^2(\nu_{kj}, s^2_{kj}), \qquad
              \mu_{tkj} \mid \sigma^2_{tkj} \sim N(m_{kj}, \sigma^2_{tkj} / \kappa_{kj})

    A task's ``theta_`` are the posterior means, its ``var_`` the squared scales of the posterior predictive density of a new
    row, :math:`s^2_n (1 + 1 / \kappa_n)`: what is not known of the means is in it. ``var_smoothing`` adds its share of
    the largest variance of a column of the past, as it does in scikit-learn; it is no trust.

    Parameters
    ----------
    mean, n_mean, variance, n_variance : ndarray of shape (n_classes, n_features)
        :math:`m, \kappa, s^2, \nu`: guesses, and the rows that each is worth.
    column_mean, column_variance : ndarray of shape (n_features,)
        Of the rows learned from, whatever their task and class.

    References
    ----------
    A. Gelman et al. (2013), Bayesian Data Analysis, section 3.3.
    R. E. Kass and L. Wasserman (1995), A reference Bayesian test for nested hypotheses, JASA 90 (unit information).
    """

    fits: ClassVar[type] = GaussianNB

    mean: Array
    n_mean: Array
    variance: Array
    n_variance: Array
    column_mean: Array
    column_variance: Array

    @property
    def n_features(self) -> int:
        """Number of columns of rows."""
        return int(self.mean.shape[1])

    @staticmethod
    def read(estimator: Any, X: Any) -> Array:
        """Numbers, all finite."""
        return np.asarray(check_array(X, dtype=np.float64, estimator=estimator, input_name="X"))

    @classmethod
    def learned(
        cls, estimator: Any, values: Array, groups: Memberships, weight: Array, past: Any, like: Any
    ) -> dict[str, Any]:
        """The fields that rows teach: in units of each column's spread, which is one for a constant column."""
        spread = np.maximum(values.std(axis=0), np.finfo(float).tiny) if past is None else np.sqrt(past.column_variance)
        spread = np.where(np.ptp(values, axis=0) > 0.0, spread, 1.0) if past is None else spread
        rows = _statistics(values / spread, groups)
        rows = rows._replace(square=rows.square + rows.n * _ROUNDING)
        prior, n_past = None, np.zeros((groups.shape[1], 1))
        if past is not None:
            prior = NormalGamma(past.mean / spread, past.n_mean, past.variance / spread**2, past.n_variance)
            n_past = past.class_tasks[:, None]
        prior = learn_normal_gamma(rows, np.append(weight, 0.0), prior, n_past)
        return {
            "mean": prior.mean * spread,
            "n_mean": prior.n_mean,
            "variance": prior.variance * spread**2,
            "n_variance": prior.n_variance,
            "column_mean": values.mean(axis=0) if past is None else past.column_mean,
            "column_variance": spread**2,
        }

    def statistics(self, values: Any, groups: Memberships) -> Statistics:
        """Numbers of rows, means, and squares around them."""
        return _statistics(values, groups)

    def estimates(self, estimator: Any, statistics: Statistics) -> _Gaussians:
        """Posterior means, and scales of new rows."""
        after = posterior(self._normal_gamma, statistics)
        smoothing = float(estimator.var_smoothing * self.column_variance.max())
        with np.errstate(divide="ignore", invalid="ignore"):
            unsure = np.where(after.n_mean > 0.0, 1.0 / after.n_mean, 0.0)
        return _Gaussians(after.mean, after.variance * (1.0 + unsure) + smoothing, smoothing)

    def evidence(self, statistics: Statistics) -> Array:
        """Sum over classes and columns."""
        return np.asarray(log_evidence(self._normal_gamma, statistics).sum(axis=(1, 2)))

    def vague(self) -> Self:
        """The unit-information prior: mean and variance of a column in all classes, each worth one row."""
        one = np.ones_like(self.mean)
        priors = NormalGamma(one * self.column_mean, one, one * self.column_variance, one)
        found: Self = without_prior(self, **priors._asdict())
        return found

    def rows_known(self, estimator: Any, statistics: Any, totals: Array) -> Array:
        """Over the classes, the mean over their columns."""
        return np.full(len(totals), self.n_mean.mean(axis=1).sum())

    @property
    def _normal_gamma(self) -> NormalGamma:
        return NormalGamma(self.mean, self.n_mean, self.variance, self.n_variance)


def _statistics(values: Array, groups: Memberships) -> Statistics:
    n = groups.totals[..., None]
    centre = values.mean(axis=0) if len(values) else 0.0
    mean = groups.sums(values - centre) / np.where(n > 0.0, n, 1.0) + centre
    return Statistics(n, mean, groups.squares(values, mean))


@dataclass(frozen=True)
class _Gaussians:
    """Means and variances ``(n_tasks, n_classes, n_features)``."""

    theta: Array
    variance: Array
    smoothing: float

    def log_density(self, values: Array, codes: NDArray[np.intp]) -> Array:
        """Of rows in the classes of their tasks ``(n_rows, n_classes)``, as scikit-learn has it."""
        n_classes, n_features = self.theta.shape[1:]
        found = np.empty((len(values), n_classes))
        safe = np.maximum(self.variance, np.finfo(float).tiny)
        constant = -0.5 * np.log(2.0 * np.pi * safe).sum(axis=2)
        size = max(_AT_ONCE // max(n_classes * n_features, 1), 1)
        for start in range(0, len(values), size):
            rows = slice(start, start + size)
            apart = (values[rows, None, :] - self.theta[codes[rows]]) ** 2 / safe[codes[rows]]
            found[rows] = constant[codes[rows]] - 0.5 * apart.sum(axis=2)
        return found

    def fill(self, plain: Any, code: int, counts: Array, log_shares: Array) -> None:
        """Set the fitted attributes of a GaussianNB."""
        plain.theta_, plain.var_ = self.theta[code].copy(), self.variance[code].copy()
        plain.class_count_, plain.class_prior_ = counts.copy(), np.exp(log_shares)
        plain.epsilon_ = self.smoothing
