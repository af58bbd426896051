"""Lasso and ElasticNet: squared error, penalties with an l1 part."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import ElasticNet, Lasso, enet_path

from skmeta._inference.units import Units
from skmeta.linear_model._families._base import Array, family
from skmeta.linear_model._families._shifted_solver import ShiftedSolver


@family(ElasticNet)
class ElasticNetFamily(ShiftedSolver):
    r"""An elastic net on a task's deviations from the prior, in units of its spread: they become sparse.

    .. math:: \tfrac{1}{2 \sigma^2} \sum_i (y_i - x_i^\top w)^2 + \alpha c \, (\rho |v|_1 + \tfrac{1 - \rho}{2} |v|^2),
        \quad v = \Sigma^{-1/2} (w - \mu)

    ``l1_ratio`` is :math:`\rho` and :math:`c = 1 + (\sqrt 2 - 1) \rho`, because a Laplace law of variance one costs
    :math:`\sqrt 2 |v|_1`. Where a prior has factors, :math:`v` has a coordinate for each column and each factor. ``alpha``
    is the strength. :math:`\sigma^2` is the task's own noise.

    The class's own solver takes ``max_iter``, ``tol``, ``selection`` and ``random_state``. Refused: ``positive=True``.
    Without effect: ``copy_X``, ``precompute``, ``warm_start``, as its rows are those of the deviations and made anew for
    every fit.
    """

    many_targets = True
    sums_suffice = True

    def l1_share(self, estimator: Any) -> float:
        """The part of the penalty that is l1."""
        return float(estimator.l1_ratio)

    def inner(self, estimator: Any, strength: float, noise: float, total: float, units: Units) -> dict[str, Any]:
        """In scikit-learn's objective, which is noise over n times ours; a Gram matrix given is of other coordinates."""
        factor = 1.0 + (np.sqrt(2.0) - 1.0) * self.l1_share(estimator)
        return {"alpha": strength * noise / total * factor, "precompute": False}

    def solve(self, inner: Any, design: Any, target: Array, weight: Array | None) -> None:
        """Coordinate descent as the class's ``fit`` has it without intercept; its checks would cost five times as much."""
        if inner.fit_intercept or sparse.issparse(design):
            super().solve(inner, design, target, weight)
            return
        if weight is not None:
            root = np.sqrt(weight * (len(weight) / weight.sum()))
            design, target = design * root[:, None], target * root
        params = {name: getattr(inner, name) for name in ("max_iter", "tol", "selection", "random_state")}
        _, coef, gap, n_iter = enet_path(
            np.asfortranarray(design),
            target,
            l1_ratio=self.l1_share(inner),
            alphas=[inner.alpha],
            precompute=False,
            return_n_iter=True,
            check_input=False,
            **params,
        )
        inner.coef_, inner.intercept_ = coef[:, 0], 0.0
        inner.dual_gap_, inner.n_iter_ = gap[0], n_iter[0]


@family(Lasso)
class LassoFamily(ElasticNetFamily):
    r"""An elastic net whose penalty is all l1: :math:`\rho = 1`.

    Refused: ``positive=True``. Without effect: ``copy_X``, ``precompute``, ``warm_start``.
    """

    def l1_share(self, estimator: Any) -> float:
        """All of it."""
        return 1.0
