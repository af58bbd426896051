"""What a linear estimator assumes without any past: its own penalty around zero, as a prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import NOISE_DOF, Component, vague_component
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.units import Units as EngineUnits
from skmeta.base._matching import check_names
from skmeta.linear_model._linear_prior import LinearPrior
from skmeta.linear_model._units import Units

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OwnPrior(LinearPrior):
    r"""The prior that a linear estimator with an l2 penalty of strength one has of its own.

    .. math:: w | \sigma^2 \sim N(0, \sigma^2 I), \quad \sigma^2 \sim IG(\tfrac\nu2, \tfrac\nu2 \sigma_0^2)

    for squared errors and unit ``slopes``: in units of the data the penalty of ``Ridge(alpha=1)``, the intercept free,
    the noise integrated out around :math:`\sigma_0^2` under a law of :math:`\nu` degrees of freedom. For other likelihoods
    the variance is in units of the data, and the intercept varies with variance 10 around that of the collection, of
    log-link models with variance 1. These penalise the mean loss of :math:`n` rows, which is a variance of :math:`1 / n`.
    The vague component of a mixture.

    Parameters
    ----------
    slopes : float, default=1.0
        Variance of the slopes, in units of the noise for squared errors.
    noise : float or array-like of shape (n_outputs,)
        Variance :math:`\sigma_0^2` that noises lie around (for log-link models, the dispersion).
    noise_dof : float, default=1.0
        How firmly :math:`\nu` the noise is tied there; without use for other likelihoods than squared error's.
    units : Units
        Where columns and targets lie and how far they spread.
    n_outputs : int, default=1
        Number of outputs (classes, targets).
    likelihood, weight_unit, n_tasks, n_rows, feature_names, classes, class_prior
        As in `GaussianPrior`.

    References
    ----------
    A. Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section 14.8.
    """

    slopes: float = 1.0
    noise: Array | float = 1.0
    noise_dof: float = NOISE_DOF
    n_outputs: int = 1

    borrows = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", np.array(self.noise, dtype=float))
        super().__post_init__()

    def __repr__(self) -> str:
        return f"OwnPrior(n_features={self.n_features})"

    @property
    def _units(self) -> Units:
        assert self.units is not None, "OwnPrior(units=...): wanted Units, found None."
        return self.units

    @property
    def n_features(self) -> int:
        """Number of columns the coefficients belong to."""
        return len(self._units.centre)

    def expected(self) -> Array:
        """Zero slopes, and the intercept of the collection."""
        centre = np.broadcast_to(self._units.target_centre, (self.n_outputs,))
        return np.column_stack([np.zeros((self.n_outputs, self.n_features)), centre])

    def noise_of(self, k: int) -> float:
        """Variance that the noise of output ``k`` lies around, in units of the data."""
        return float(np.broadcast_to(self.noise, (self.n_outputs,))[k])

    def variance(self, k: int = 0) -> Array:
        """Variances ``(d + 1,)`` at the noise that is expected; the intercept is free."""
        return np.r_[np.full(self.n_features, self.slopes * self.noise_of(k)), np.inf]

    def component(self, k: int, units: EngineUnits, likelihood: Likelihood) -> Component:
        """The law of output ``k`` in these units."""
        level = self.noise_of(k) / units.target_scale**2
        given = units.scale, level, float(self.expected()[k, -1])
        return vague_component(*given, likelihood, self.noise_dof, self.slopes)

    def aligned(self, feature_names: Sequence[str]) -> Self:
        """The prior with its columns in another order.

        Parameters
        ----------
        feature_names : sequence of str
            The names in ``feature_names``, in any order.

        Returns
        -------
        OwnPrior
            Whose columns have that order.
        """
        if self.feature_names is None or tuple(feature_names) == self.feature_names:
            return self
        check_names(self.feature_names, feature_names)
        position = {name: i for i, name in enumerate(self.feature_names)}
        order = np.array([position[name] for name in feature_names], dtype=np.intp)
        return self._with(units=self._units.reordered(order), feature_names=tuple(feature_names))

    def through_origin(self) -> Self:
        """The prior of models without an intercept: neither columns nor targets are centred."""
        return self._with(units=self._units.uncentred())
