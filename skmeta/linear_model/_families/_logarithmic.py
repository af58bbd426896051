"""PoissonRegressor, GammaRegressor and TweedieRegressor: deviances with a logarithmic link, an l2 penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor

from skmeta._inference.likelihoods import Likelihood, Tweedie
from skmeta._sklearn import prepare_glm
from skmeta.linear_model._families._base import Array, family
from skmeta.linear_model._families._posterior_mode import PosteriorMode
from skmeta.linear_model._likelihood_names import name_of_power


class LogLinkFamily(PosteriorMode):
    r"""A generalised linear model with a logarithmic link, towards the prior's mean.

    .. math:: \tfrac{1}{2 \phi} \sum_i d(y_i, e^{x_i^\top w}) + \tfrac{\alpha}{2} (w - \mu)^\top \Sigma^{-1} (w - \mu)

    with the unit deviance :math:`d` and the prior's ``noise`` as dispersion :math:`\phi`. ``alpha`` is the strength.
    Refused: ``link="identity"`` and powers whose link it is. Without effect: ``max_iter``, ``solver``, ``tol``, ``verbose``,
    ``warm_start``, as the mode is found here, by Newton's method.
    """

    linear = False

    def power(self, estimator: Any) -> float:
        """The power of the mean that the variance is proportional to."""
        return float(estimator.power)

    def likelihood(self, estimator: Any, n_outputs: int = 1) -> Likelihood:
        """Tweedie's, with that power."""
        return Tweedie(self.power(estimator))

    def check_target(self, Y: Array, estimator: Any) -> None:
        """From power two on a target must be positive, between that and zero not negative; no power takes any size."""
        if not Y.size:
            return
        least, most = self.likelihood(estimator).mean(np.array([-np.inf, np.inf]))
        beyond = Y[(most < Y) | ((Y > 0) & (least > Y))]
        if beyond.size:
            raise ValueError(
                f"y: wanted targets between {least:.0e} and {most:.0e} for {type(estimator).__name__}, found {beyond[0]:.3g}; "
                "divide all by one number, which a logarithmic link takes for another intercept."
            )
        if self.power(estimator) <= 0:
            return
        positive = self.power(estimator) >= 2
        if Y.min() < 0 or (positive and Y.min() == 0):
            wanted = "positive" if positive else "non-negative"
            raise ValueError(f"y: wanted {wanted} targets for {type(estimator).__name__}, found {Y.min():.6g}.")

    def fill(self, plain: Any, slopes: Array, intercept: Array, *, one_target: bool, classes: Any) -> None:
        """With what the class's ``predict`` needs."""
        super().fill(plain, slopes, intercept, one_target=one_target, classes=classes)
        prepare_glm(plain).n_iter_ = 0


@family(PoissonRegressor)
class PoissonFamily(LogLinkFamily):
    """Counts: the variance is proportional to the mean."""

    kind = "poisson"

    def power(self, estimator: Any) -> float:
        """One."""
        return 1.0


@family(GammaRegressor)
class GammaFamily(LogLinkFamily):
    """Positive amounts: the standard deviation is proportional to the mean."""

    kind = "gamma"

    def power(self, estimator: Any) -> float:
        """Two."""
        return 2.0


@family(TweedieRegressor)
class TweedieFamily(LogLinkFamily):
    """Any power from one on; with ``link="log"`` those up to zero too, whose targets may be negative."""

    def kind_of(self, estimator: Any, n_outputs: int) -> str:
        """As the power: coefficients for one are not those for another."""
        return name_of_power(self.power(estimator))

    def check(self, estimator: Any) -> None:
        """The link must be the logarithm."""
        super().check(estimator)
        if estimator.link == "identity":
            raise ValueError(
                f"{type(estimator).__name__}(link='identity'): wanted 'log' or 'auto', found 'identity'; for that link use "
                "Ridge."
            )
        if estimator.link == "auto" and estimator.power <= 0:
            raise ValueError(
                f"{type(estimator).__name__}(power={estimator.power}): wanted a power of at least 1, whose link is the "
                f"logarithm, found {estimator.power}; use Ridge."
            )
