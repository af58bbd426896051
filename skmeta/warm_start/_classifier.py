"""WarmStartClassifier: a classifier that starts from what earlier fits taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skmeta.base import Prior
from skmeta.warm_start._base import WarmStartBase, estimator_has


class WarmStartClassifier(ClassifierMixin, WarmStartBase):
    r"""Classification where the next dataset starts from the earlier ones.

    Each task's model minimises its own log-loss plus a penalty that draws its coefficients towards where
    those of related tasks lie; the cases of ``task`` and ``prior`` are those of `WarmStartRegressor`. With
    few rows ``predict_proba`` integrates over what is not known of the coefficients,

    .. math:: p = \operatorname{sigmoid}\left(m / \sqrt{1 + \pi s^2 / 8}\right),

    where :math:`m` and :math:`s^2` are mean and variance of the row's score, or by a sum over scores where
    :math:`s` is large; the plain ``estimator_`` gives :math:`\operatorname{sigmoid}(m)`. The sign of the score,
    and so the predicted class, is the same for both.

    Parameters
    ----------
    estimator : estimator
        LogisticRegression (``C = 1``, its default, takes the prior as learned, ``C = 0.1`` ten times as
        strong; its penalty gives way to the prior's, the intercept's included) or SGDClassifier (its steps
        start at the prior's mean, and have to be small: see Notes); alone or as the last step of a Pipeline.
    task : str or int, default=None
        Column of ``X`` that says which task a row belongs to: a name for frames, a position for arrays.
    context : list of str or int, default=None
        Columns of ``X`` that describe a task and are none of its features (size, city, date): constant within it.
    prior : GaussianPrior, default=None
        Where to start: another model's ``prior_``, or written by hand with its ``classes``.
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
    classes_ : ndarray of shape (n_classes,)
        Labels of the whole collection; tasks may lack some of them.
    coef_ : ndarray
        Coefficients of the one task, or ``(n_tasks, n_rows, n_features)`` in sorted order of the ids.
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
    LogisticRegression minimises, for one task, :math:`\sum_i \text{log-loss}_i + \tfrac{1}{2 C} (w -
    \mu)^\top \Sigma^{-1} (w - \mu)`, over all classes' coefficients :math:`w` with their intercepts;
    ``class_weight`` weighs the rows. Where a prior was learned, a task may be a stranger, who gets the plain
    penalty around zero; the answer is the mean of both, weighted by the evidence of the task's rows.

    SGDClassifier keeps its own objective and starts from ``coef_init`` at :math:`\mu`. Its default schedule,
    ``learning_rate="optimal"``, throws a start away: its first steps are as large as :math:`1 / (\alpha t_0)`, 10 at
    the default ``alpha``. Use "constant" or "invscaling" with a small ``eta0``, such as 0.01.

    References
    ----------
    D. J. C. MacKay (1992), The evidence framework applied to classification networks, Neural Computation
    4(5), equation 10.
    H. Rue, S. Martino and N. Chopin (2009), Approximate Bayesian inference for latent Gaussian models, JRSS B 71,
    section 3.2.2 (the sum over scores).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmeta import WarmStartClassifier
    >>> from skmeta.datasets import make_related_classification
    >>> X, y, truth = make_related_classification(n_tasks=40, n_samples=20, n_features=4, random_state=0)
    >>> model = WarmStartClassifier(LogisticRegression(), task=-1).fit(X, y)
    >>> model.predict_proba(X[:1]).shape
    (1, 2)
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

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict labels: known tasks with their own adapted model, unknown ones by the prior.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the task column if the model was fitted with one.

        Returns
        -------
        ndarray of shape (n_rows,)
            Class labels.
        """
        return self._ask("predict", X)

    @estimator_has("decision_function")
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Scores of the classes by each row's own model.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the task column if the model was fitted with one.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_classes)
            One score of the second class, or one a class.
        """
        return self._ask("decision_function", X)

    @estimator_has("predict_proba")
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes, where the family can do so integrated over what is not known of each task.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the task column if the model was fitted with one.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities in the order of ``classes_``, 0 for those that a row's task does not have.
        """
        return self._ask("predict_proba", X)

    @estimator_has("predict_log_proba")
    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Logarithms of what `predict_proba` gives.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the task column if the model was fitted with one.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Logarithms of the probabilities, in the order of ``classes_``.
        """
        check_is_fitted(self)
        if self.prior_ is None:
            return self._ask_plain("predict_log_proba", X)
        with np.errstate(divide="ignore"):  # a class that a task does not have
            return np.log(self.predict_proba(X))

    def _ask(self, method: str, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        return self._ask_plain(method, X) if self.prior_ is None else self._answer(method, X)
