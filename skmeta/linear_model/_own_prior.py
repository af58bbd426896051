"""What a linear estimator assumes without any past: its own penalty around zero, as a prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import NOISE_DOF, Component, IntegratedNoise, slope_outlier, vague_component
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
    The vague component of a mixture; with a law of the intercept, the slope outliers of one of squared errors.

    Parameters
    ----------
    slopes : float, default=1.0
        Variance of the slopes, in units of the noise for squared errors.
    noise : float or array-like of shape (n_outputs,)
        Variance :math:`\sigma_0^2` that noises lie around (for log-link models, the dispersion).
    noise_dof : float, default=1.0
        How firmly :math:`\nu` the noise is tied there; without use for other likelihoods than squared error's.
    predicted_noise : float or array-like of shape (n_outputs,), default=None
        Variance that the noise of predictions lies around, of a prior with a law of the intercept; None for that of ``noise``.
    predicted_dof : float, default=1.0
        How firmly it is tied there.
    units : Units
        Where columns and targets lie and how far they spread.
    n_outputs : int, default=1
        Number of outputs (classes, targets).
    intercept : array-like of shape (n_outputs,), default=None
        Expected intercept at the centre of the columns; None for that of the collection.
    intercept_variance : array-like of shape (n_outputs,), default=None
        Its variance; None where the intercept is free.
    likelihood, weight_unit, n_tasks, n_rows, feature_names, classes, class_prior, class_weight
        As in `GaussianPrior`.

    References
    ----------
    A. Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section 14.8.
    """

    slopes: float = 1.0
    noise: Array | float = 1.0
    noise_dof: float = NOISE_DOF
    predicted_noise: Array | float | None = None
    predicted_dof: float = NOISE_DOF
    n_outputs: int = 1
    intercept: Array | None = None
    intercept_variance: Array | None = None

    borrows = False  # no slope of the past's; the law of one level is not counted

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise", np.array(self.noise, dtype=float))
        if self.predicted_noise is not None:
            object.__setattr__(self, "predicted_noise", np.array(self.predicted_noise, dtype=float))
        for name in ("intercept", "intercept_variance"):
            known = getattr(self, name)
            object.__setattr__(self, name, None if known is None else np.atleast_1d(np.array(known, dtype=float)))
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
        at = self._units.target_centre if self.intercept is None else self.intercept
        centre = np.broadcast_to(at, (self.n_outputs,))
        return np.column_stack([np.zeros((self.n_outputs, self.n_features)), centre])

    def noise_of(self, k: int) -> float:
        """Variance that the noise of output ``k`` lies around, in units of the data."""
        return float(np.broadcast_to(self.noise, (self.n_outputs,))[k])

    def variance(self, k: int = 0) -> Array:
        """Variances ``(d + 1,)`` at the noise that is expected; the intercept is free, or known."""
        intercept = np.inf if self.intercept_variance is None else self.intercept_variance[k]
        return np.r_[np.full(self.n_features, self.slopes * self.noise_of(k)), intercept]

    def component(self, k: int, units: EngineUnits, likelihood: Likelihood) -> Component:
        """The law of output ``k`` in these units."""
        level = self.noise_of(k) / units.target_scale**2
        given = units.scale, level, float(self.expected()[k, -1])
        own = vague_component(*given, likelihood, self.noise_dof, self.slopes)
        if self.intercept is None:
            return own
        at = (self.intercept[k] - units.target_centre) / units.target_scale
        if self.intercept_variance is None:
            return replace(own, mean=np.r_[own.mean[:-1], at])
        predicted = None
        if self.predicted_noise is not None:
            around = float(np.broadcast_to(self.predicted_noise, (self.n_outputs,))[k]) / units.target_scale**2
            predicted = IntegratedNoise(around, self.predicted_dof)
        return slope_outlier(units.scale, level, at, self.intercept_variance[k] / units.target_scale**2, predicted)

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
