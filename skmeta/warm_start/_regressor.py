"""WarmStartRegressor: a regressor that starts from what earlier fits taught."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skmeta.base import Prior
from skmeta.steps import last_model
from skmeta.warm_start._base import WarmStartBase


class WarmStartRegressor(RegressorMixin, WarmStartBase):
    r"""Regression where the next dataset starts from the earlier ones.

    Each task's model minimises its own loss plus a penalty that draws its coefficients towards where those of
    related tasks lie,

    .. math:: \sum_i \ell(y_i, x_i^\top w) + \tfrac{s}{2} (w - \mu)^\top \Sigma^{-1} (w - \mu),

    with :math:`\mu` and :math:`\Sigma` learned from the tasks of a table, or given; :math:`s` is the
    estimator's own strength parameter and 1 means as learned.

    ======  =======  ==================================================================================
    task    prior    ``fit(X, y)``
    ======  =======  ==================================================================================
    None    None     fits a clone of ``estimator``
    None    given    adapts: the one dataset starts from the prior; ``estimator_`` is a plain estimator
    column  None     learns ``prior_`` from all tasks in the table, and adapts to each of them
    column  given    goes on learning from that prior
    ======  =======  ==================================================================================

    Parameters
    ----------
    estimator : estimator
        Ridge, Lasso, ElasticNet, HuberRegressor, QuantileRegressor, BayesianRidge, PoissonRegressor,
        GammaRegressor, TweedieRegressor or SGDRegressor; alone, as the last step of a Pipeline (the steps
        before are fitted once on the whole collection and travel frozen in the prior), or inside a
        TransformedTargetRegressor. Its strength parameter means trust: ``alpha`` of Ridge, Lasso, ElasticNet,
        QuantileRegressor and the generalised linear models at 1 is as learned, 10 ten times as strong; so is
        HuberRegressor's ``alpha`` at its default 1e-4. With l1 penalties a task's deviations from the prior, in
        units of its spread, become sparse. BayesianRidge finds its own strength. SGDRegressor takes its first
        step from the prior's mean and is otherwise itself.
    task : str or int, default=None
        Column of ``X`` that says which task a row belongs to: a name for frames, a position for arrays.
    context : list of str or int, default=None
        Columns of ``X`` that describe a task and are none of its features (size, city, date): constant within it.
    prior : GaussianPrior, default=None
        Where to start: another model's ``prior_``, or written by hand.
    learner : "auto" or learner, default="auto"
        What learns the prior; "auto" is `EmpiricalBayes` with its defaults.
    n_jobs : int, default=None
        Parallel jobs over tasks; the answer does not depend on it.

    Attributes
    ----------
    prior_ : GaussianPrior or None
        What is known now, for the next fit to start from.
    estimator_ : estimator
        Plain fitted estimator of the one task (without ``task``).
    estimators_ : mapping
        Plain fitted estimators by task id, made when asked for (with ``task``).
    coef_ : ndarray
        Coefficients of the one task, or ``(n_tasks, n_features)`` in sorted order of the ids.
    borrowing_ : float or dict
        Own rows that the prior was worth to the task, or a dict of them by id; 0 for a plain fit.
    learner_ : learner
        The copy of ``learner`` that learned the prior, and what it chose (with ``task``).
    n_features_in_ : int
        Number of columns, the task column included.
    feature_names_in_ : ndarray
        Names of the columns, where they are all strings.

    Raises
    ------
    TypeError
        If the estimator has no penalty that a prior could act on, or ``prior`` is no prior.
    ValueError
        If columns, classes or targets are not those of the prior, or the task column is missing, incomplete
        or constant.

    Notes
    -----
    What each class minimises for one task, with its own parameters, the prior's noise :math:`\sigma^2` (where
    tasks differ in noise, the task's own, but no less than their mean) and the deviation from the prior in
    units of its spread, :math:`v = \Sigma^{-1/2} (w - \mu)`:

    * Ridge: :math:`\sum_i (y_i - x_i^\top w)^2 / (2 \sigma^2) + \tfrac{\alpha}{2} |v|^2`;
    * Lasso (:math:`\rho = 1`) and ElasticNet (``l1_ratio`` is :math:`\rho`):
      :math:`\sum_i (y_i - x_i^\top w)^2 / (2 \sigma^2) + \alpha c\, (\rho |v|_1 + \tfrac{1 - \rho}{2} |v|^2)`, with
      :math:`c = 1 + (\sqrt 2 - 1) \rho`, because a Laplace law of variance one costs :math:`\sqrt 2 |v|_1`;
    * HuberRegressor: its own loss, scale included, :math:`+\, (\alpha / 10^{-4})\, \sigma |v|^2`;
    * QuantileRegressor for quantile :math:`q`: the sum of pinball losses :math:`+\, \alpha \sqrt 2\, \sigma\,
      \phi(\Phi^{-1}(q)) |v|_1`, the intercept of :math:`\mu` raised by :math:`\sigma \Phi^{-1}(q)`;
    * BayesianRidge: its own evidence in :math:`v` at the prior's noise, with a strength of its own finding;
    * PoissonRegressor, GammaRegressor and TweedieRegressor: half the deviance over the prior's ``noise``
      :math:`+\, \tfrac{\alpha}{2} |v|^2`;
    * SGDRegressor: its own objective, from ``coef_init`` at :math:`\mu`.

    That is for a task like the past ones. Where a prior was learned, a task may also be odd, in its level or its
    noise only, or a stranger, who gets the plain penalty around zero; the answer is the mean of what the class
    says of each, weighted by the evidence of the task's rows.

    References
    ----------
    D. V. Lindley and A. F. M. Smith (1972), Bayes estimates for the linear model, JRSS B 34, equation 11.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import WarmStartRegressor
    >>> from skmeta.datasets import make_related_regression
    >>> X, y, truth = make_related_regression(n_tasks=40, n_samples=20, n_features=5, random_state=0)
    >>> past, new = X[:, -1] < 39, X[:, -1] == 39
    >>> model = WarmStartRegressor(Ridge(), task=-1).fit(X[past], y[past])
    >>> ridge = model.adapt(X[new][:5, :-1], y[new][:5])
    >>> type(ridge).__name__
    'Ridge'
    >>> ridge.score(X[new][5:, :-1], y[new][5:]) > Ridge().fit(X[new][:5, :-1], y[new][:5]).score(
    ...     X[new][5:, :-1], y[new][5:])
    True
    """

    def __init__(
        self,
        estimator: Any,
        *,
        task: str | int | None = None,
        context: Sequence[str | int] | None = None,
        prior: Prior | None = None,
        learner: Any = "auto",
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(estimator, task=task, context=context, prior=prior, learner=learner, n_jobs=n_jobs)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict: known tasks with their own adapted model, unknown ones by the prior.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the task column if the model was fitted with one.
        return_std : bool, default=False
            Also give the standard deviation of a new observation: what is not known of the task's model, and its
            noise.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Predictions; with ``return_std`` a pair of such arrays.
        """
        check_is_fitted(self)
        if self.prior_ is None:
            return self._ask_plain("predict", X, **self._std_option(return_std))
        if return_std and self._known.adapted.steps.target is not None:
            raise ValueError(
                "return_std: wanted a model of the target itself, found one in a TransformedTargetRegressor; transform y "
                "yourself and fit the regressor alone, whose deviations are those of the transformed target."
            )
        mean = self._answer("predict", X)
        return (mean, self._answer("std", X)) if return_std else mean

    def _std_option(self, return_std: bool) -> dict[str, bool]:
        plain = last_model(self.estimator_)
        if return_std and "return_std" not in signature(plain.predict).parameters:
            raise TypeError(
                "return_std: wanted a model that has learned from tasks or started from a prior, found a "
                f"plain {type(plain).__name__}, which gives no standard deviation."
            )
        return {"return_std": True} if return_std else {}
