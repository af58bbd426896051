"""BayesianRidge: squared error, an l2 penalty whose strength the class finds itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import BayesianRidge

from skmeta._inference.units import Units
from skmeta.linear_model._families._base import Array, family
from skmeta.linear_model._families._shifted_solver import ShiftedSolver

_ROWS_OF_NOISE = 1e8  # guard: rows that the noise counts for, where the class would find its own: as good as known


@family(BayesianRidge)
class BayesianRidgeFamily(ShiftedSolver):
    r"""The strength :math:`\lambda` of largest evidence, at the noise of the prior.

    .. math:: \max_\lambda \; \log N(y \mid X \mu, \sigma^2 I + \lambda^{-1} X \Sigma X^\top)

    It has no strength parameter. The noise is given to it: of a few rows its own evidence would make it zero. Where
    ``alpha_1``, ``alpha_2`` or ``alpha_init`` is other than by default, the class finds the noise too, under the law that
    they say, in units of the target. ``lambda_1``, ``lambda_2`` and ``lambda_init`` are about :math:`\lambda`, which is one
    where the prior is as strong as learned. The class's own solver takes ``max_iter``, ``tol`` and ``verbose``. Without
    effect: ``compute_score``, ``copy_X``, as the rows are those of deviations from the prior; there are no ``scores_``.
    """

    def strength(self, estimator: Any) -> float:
        """As learned; the class finds its own."""
        return 1.0

    def inner(self, estimator: Any, strength: float, noise: float, total: float, units: Units) -> dict[str, Any]:
        """A law of the noise that is as good as certain, or that which was asked for."""
        law = {name: getattr(estimator, name) for name in ("alpha_1", "alpha_2", "alpha_init")}
        of_default = vars(BayesianRidge())
        if all(value == of_default[name] for name, value in law.items()):
            return {"alpha_init": 1.0 / noise, "alpha_1": _ROWS_OF_NOISE / 2.0, "alpha_2": _ROWS_OF_NOISE / 2.0 * noise}
        start = None if law["alpha_init"] is None else law["alpha_init"] * units.target_scale**2
        return law | {"alpha_2": law["alpha_2"] / units.target_scale**2, "alpha_init": start}

    def solve(self, inner: Any, design: Any, target: Array, weight: Array | None) -> None:
        """Of dense rows: the class takes no other."""
        super().solve(inner, design.toarray() if sparse.issparse(design) else design, target, weight)

    def fitted(self, inner: Any, slopes: Array, units: Units) -> dict[str, Any]:
        """Precisions and covariance in units of the data."""
        ratio = units.target_scale / units.scale
        return super().fitted(inner, slopes, units) | {
            "alpha_": inner.alpha_ / units.target_scale**2,
            "lambda_": inner.lambda_,
            "sigma_": slopes @ inner.sigma_ @ slopes.T * np.outer(ratio, ratio),
            "X_offset_": np.zeros(len(ratio)),
            "X_scale_": np.ones(len(ratio)),
        }
