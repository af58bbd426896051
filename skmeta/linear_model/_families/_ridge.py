"""Ridge: squared error, an l2 penalty."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import Ridge

from skmeta.linear_model._families._base import Array, family
from skmeta.linear_model._families._posterior_mode import PosteriorMode


@family(Ridge)
class RidgeFamily(PosteriorMode):
    r"""Ridge towards the prior's mean, the intercept's law included.

    .. math:: \tfrac{1}{2 \sigma^2} \sum_i (y_i - x_i^\top w)^2 + \tfrac{\alpha}{2} (w - \mu)^\top \Sigma^{-1} (w - \mu)

    ``alpha`` is the strength: one takes the prior as learned. With several targets it may be one for each.
    Refused: ``positive=True``. Without effect: ``copy_X``, ``max_iter``, ``random_state``, ``solver``, ``tol``, as the
    minimum is found here, in closed form.
    """

    many_targets = True
    sums_suffice = True

    def fill(self, plain: Any, slopes: Array, intercept: Array, *, one_target: bool, classes: Any) -> None:
        """As the class's Cholesky solver would leave it."""
        super().fill(plain, slopes, intercept, one_target=one_target, classes=classes)
        plain.n_iter_, plain.solver_ = None, "cholesky"
