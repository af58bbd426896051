"""The units that a prior is worked with in: where the columns and targets of a collection lie and how far they spread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.units import Effects
from skmeta._inference.units import Units as EngineUnits
from skmeta.base import FrozenValue


@dataclass(frozen=True, eq=False, repr=False)
class Units(FrozenValue):
    """Where columns and targets lie and how far they spread over a collection: no part of what a prior says.

    Parameters
    ----------
    centre : array-like of shape (n_features,)
        Means of the columns; zeros where they stay sparse, or where models have no intercept.
    scale : array-like of shape (n_features,), default=None
        Standard deviations of the columns; None for ones.
    target_centre, target_scale : float or array-like of shape (n_outputs,), default=0.0 and 1.0
        Mean and standard deviation of the linear predictor.
    correlation : array-like of shape (n_features, n_features), default=None
        Of the columns, over the rows of the collection; None for none. Plain classifiers are made to predict well on rows
        like these.

    Examples
    --------
    >>> from skmeta.linear_model import GaussianPrior, Units
    >>> GaussianPrior(mean=[2.0, 0.5], covariance=1.0, units=Units(centre=[10.0], scale=[3.0])).units
    Units(n_features=1)
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64] | None = None
    target_centre: NDArray[np.float64] | float = 0.0
    target_scale: NDArray[np.float64] | float = 1.0
    correlation: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        centre = np.array(self.centre, dtype=float)
        object.__setattr__(self, "centre", centre)
        scale = np.ones_like(centre) if self.scale is None else np.array(self.scale, dtype=float)
        object.__setattr__(self, "scale", scale)
        for name in ("target_centre", "target_scale"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=float))
        if self.correlation is not None:
            object.__setattr__(self, "correlation", np.array(self.correlation, dtype=float))
        self._check()
        super().__post_init__()

    def _check(self) -> None:
        for name in ("centre", "scale", "target_centre", "target_scale"):
            value = getattr(self, name)
            if not np.all(np.isfinite(value)) or ("scale" in name and np.any(value <= 0)):
                kind = "positive numbers" if "scale" in name else "finite numbers"
                raise ValueError(f"Units({name}=...): wanted {kind}, found {value.tolist()}.")
        shape = np.shape(np.asarray(self.scale))
        if self.centre.ndim != 1 or shape != self.centre.shape:
            raise ValueError(
                f"Units(scale=...): wanted one number a column as in centre, of shape {self.centre.shape}, found shape "
                f"{shape}."
            )
        if self.correlation is not None and self.correlation.shape != 2 * shape:
            raise ValueError(
                f"Units(correlation=...): wanted a matrix of shape {2 * shape}, found shape {self.correlation.shape}."
            )

    def __repr__(self) -> str:
        return f"Units(n_features={len(self.centre)})"

    def of_output(self, k: int) -> EngineUnits:
        """Between the data and the engine, for one output."""
        at, by = (np.ravel(value) for value in (self.target_centre, self.target_scale))
        scale = np.ones_like(self.centre) if self.scale is None else self.scale
        return EngineUnits(self.centre, scale, float(at[min(k, len(at) - 1)]), float(by[min(k, len(by) - 1)]))

    def reordered(self, order: NDArray[np.intp]) -> Units:
        """The columns in another order."""
        scale = None if self.scale is None else self.scale[order]
        correlation = None if self.correlation is None else self.correlation[np.ix_(order, order)]
        return Units(self.centre[order], scale, self.target_centre, self.target_scale, correlation)

    def uncentred(self) -> Units:
        """The units of models without an intercept: neither columns nor targets are centred."""
        return replace(self, centre=0.0 * self.centre, target_centre=0.0 * np.asarray(self.target_centre))


@dataclass(frozen=True, eq=False, repr=False)
class ContextualEffects(FrozenValue):
    """How the expected intercept of a task moves with the means of its columns, beside what slopes explain.

    Parameters
    ----------
    coef : array-like of shape (n_features,) or (n_outputs, n_features)
        By how much the intercept moves with the mean of each column, in units of the data.
    variance_ratio : array-like of the shape of ``coef``
        Within-task over between-task variance of each column, which says how well few rows tell its mean.
    centre : array-like of shape (n_features,), default=None
        Means of the columns over the tasks, to which those of a task of few rows are drawn; None for zeros.

    References
    ----------
    Y. Mundlak (1978), On the pooling of time series and cross section data, Econometrica 46, equation 2.4.
    """

    coef: NDArray[np.float64]
    variance_ratio: NDArray[np.float64]
    centre: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.centre is None:
            object.__setattr__(self, "centre", np.zeros(np.shape(self.coef)[-1:]))
        for name in ("coef", "variance_ratio", "centre"):
            value = np.array(getattr(self, name), dtype=float)
            if not np.all(np.isfinite(value)) or value.ndim not in (1, 2):
                raise ValueError(
                    f"ContextualEffects({name}=...): wanted finite numbers, one a column, found shape {value.shape}."
                )
            object.__setattr__(self, name, value)
        if self.coef.shape != self.variance_ratio.shape or np.any(self.variance_ratio <= 0):
            raise ValueError(
                f"ContextualEffects(variance_ratio=...): wanted positive numbers of shape {self.coef.shape}, found "
                f"shape {self.variance_ratio.shape}, the smallest {self.variance_ratio.min():.3g}."
            )
        if np.shape(np.asarray(self.centre)) != self.coef.shape[-1:]:
            raise ValueError(
                f"ContextualEffects(centre=...): wanted one number a column, of shape {self.coef.shape[-1:]}, found shape "
                f"{np.shape(np.asarray(self.centre))}."
            )
        super().__post_init__()

    def __repr__(self) -> str:
        return f"ContextualEffects(n_features={self.coef.shape[-1]})"

    def of_output(self, k: int) -> Effects:
        """``(coef, variance_ratio, centre)`` of one output."""
        coef, ratio = np.atleast_2d(self.coef), np.atleast_2d(self.variance_ratio)
        k = min(k, len(coef) - 1)
        return coef[k], ratio[k], np.asarray(self.centre)

    def around(self, variance_ratio: NDArray[np.float64], centre: NDArray[np.float64]) -> ContextualEffects:
        """Those of a task of which more is known of columns' means: they vary less, around a ``centre`` of their own."""
        return ContextualEffects(self.coef, np.broadcast_to(variance_ratio, self.coef.shape), centre)

    def reordered(self, order: NDArray[np.intp]) -> ContextualEffects:
        """The columns in another order."""
        centre = None if self.centre is None else self.centre[order]
        return ContextualEffects(self.coef[..., order], self.variance_ratio[..., order], centre)
