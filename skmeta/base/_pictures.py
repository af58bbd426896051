"""What a prior offers for a picture or a table: plain arrays of coefficients, the intercept last."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Spread(NamedTuple):
    """Where the coefficients of some tasks lie: those of one kind, or what differs at one level.

    ``mean`` and ``sd`` are of shape (p,) or (n_outputs, p); ``members`` are the means of single ones, ``(..., n, p)``, if they
    are known.
    """

    mean: Array
    sd: Array
    members: Array | None = None

    @classmethod
    def of(cls, mean: Array, covariance: Array, members: Array | None = None) -> Spread:
        """That of a covariance ``(..., p, p)``."""
        return cls(mean, np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1)), members)

    @classmethod
    def of_prior(cls, prior: Any) -> Spread:
        """That of a prior with a mean and a covariance of coefficients, a diagonal where it has the shape of the mean.

        To either kind a factor ``F``, if there is one, adds ``F F'``.
        """
        mean, covariance, factor = prior.mean, prior.covariance, getattr(prior, "factor", None)
        variance = np.diagonal(covariance, axis1=-2, axis2=-1) if covariance.ndim > mean.ndim else covariance
        return cls(mean, np.sqrt(variance if factor is None else variance + (factor**2).sum(axis=-1)))


class Moments(NamedTuple):
    """What coefficients are expected to be: ``mean`` and ``sd`` between tasks ``(n_outputs, p)``, the intercept last.

    ``names (p,)`` and ``outputs`` say what of; ``[""]`` is one output without a name. ``scale (p - 1,)`` are the standard
    deviations of the columns, None where they are not known.
    """

    names: list[str]
    outputs: list[str]
    mean: Array
    sd: Array
    scale: Array | None = None


class Path(NamedTuple):
    """How coefficients move: at each of ``time (n,)``, dates or numbers, their ``mean`` and ``sd`` ``(..., n, p)``."""

    time: NDArray[Any]
    mean: Array
    sd: Array
