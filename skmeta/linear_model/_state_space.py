"""State space: a Gaussian prior on linear coefficients that drift, learned from one model a day."""

from __future__ import annotations

from typing import Any

from skmeta.linear_model._empirical_bayes import EmpiricalBayes
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured import drift_among
from skmeta.tasks import Tasks

_MARGIN = 4.0  # nats


class StateSpace(EmpiricalBayes):
    r"""Learn how linear coefficients drift from one task to the next, by empirical Bayes.

    .. math:: y_t = X_t w_t + e_t, \quad w_t = \mu + s_t + v_t, \quad s_t = f_t s_{t-1} + \eta_t, \quad
        f_t = 2^{-gap_t / h}, \quad \eta_t \sim N(0, (1 - f_t^2) \Sigma_s), \quad v_t \sim N(0, \Sigma_v)
    """

    def _structure_among(self, tasks: Tasks, past: GaussianPrior | None) -> Any:
        """Tasks in time."""
        return drift_among(tasks, past, None, _MARGIN)
