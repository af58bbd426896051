"""LogisticRegression: the log-loss, an l2 penalty."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from skmeta._inference.likelihoods import BINOMIAL, MULTINOMIAL, Likelihood
from skmeta.linear_model._families._base import Array, Family, family
from skmeta.linear_model._families._posterior_mode import PosteriorMode


class OfLabels(Family):
    """Targets are class labels; two classes have one output, more have one each."""

    kind = "binomial"
    linear = False
    classifies = True

    def likelihood(self, estimator: Any, n_outputs: int = 1) -> Likelihood:
        """The binomial's or the multinomial's."""
        return MULTINOMIAL if n_outputs > 1 else BINOMIAL

    def kind_of(self, estimator: Any, n_outputs: int) -> str:
        """As the likelihood."""
        return self.likelihood(None, n_outputs).name

    def fill(self, plain: Any, slopes: Array, intercept: Array, *, one_target: bool, classes: Any) -> None:
        """Coefficients by class, and the classes."""
        plain.classes_ = classes.copy()
        plain.coef_, plain.intercept_ = slopes, intercept


@family(LogisticRegression)
class LogisticFamily(OfLabels, PosteriorMode):
    r"""Logistic regression, binary or multinomial, towards the prior's mean.

    .. math:: -\sum_i \log p(y_i | x_i, w) + \tfrac{1}{2 C} \sum_k (w_k - \mu_k)^\top \Sigma_k^{-1} (w_k - \mu_k)

    over all classes' coefficients with their intercepts; ``class_weight`` weighs the rows, "balanced" those of each task for
    themselves. ``1 / C`` is the strength; ``C=np.inf`` (``penalty=None``) is a prior without any. Refused: ``l1_ratio``
    above zero (``penalty`` "l1" or "elasticnet"). Without effect: ``dual``, ``intercept_scaling``, ``max_iter``, ``n_jobs``,
    ``random_state``, ``solver``, ``tol``, ``verbose``, ``warm_start``, as the mode is found here, by Newton's method.

    The coefficients of the plain estimator are those of this mode times ``moderation_``, so that its probabilities come as
    near to the integrated ones as one set of coefficients can without changing a label (see `_integrated`); divided by it
    they are the mode's. A prior weaker than learned moderates less, one without strength nothing.
    """

    moderated = True

    def strength(self, estimator: Any) -> float:
        """The inverse of ``C``; none where the class penalises nothing."""
        return 0.0 if _l1_share(estimator) is None else 1.0 / float(estimator.C)

    def check(self, estimator: Any) -> None:
        """The prior replaces an l2 penalty alone."""
        super().check(estimator)
        if _l1_share(estimator):
            name = "penalty" if getattr(estimator, "penalty", None) in ("l1", "elasticnet") else "l1_ratio"
            raise ValueError(
                f"{type(estimator).__name__}({name}={getattr(estimator, name)!r}): wanted an l2 penalty, which the prior "
                "replaces, found one with an l1 part; use l1_ratio=0.0, without penalty."
            )

    def fill(self, plain: Any, slopes: Array, intercept: Array, *, one_target: bool, classes: Any) -> None:
        """No iteration of the class's own."""
        super().fill(plain, slopes, intercept, one_target=one_target, classes=classes)
        plain.n_iter_ = np.array([0], dtype=np.int32)


def _l1_share(estimator: Any) -> float | None:
    """The part of the penalty that is l1; None without any penalty. ``penalty`` is deprecated, and gone from 1.10 on."""
    penalty = getattr(estimator, "penalty", "deprecated")
    if penalty is None or np.isinf(estimator.C):
        return None
    return {"l1": 1.0, "l2": 0.0}.get(penalty, float(estimator.l1_ratio or 0.0))
