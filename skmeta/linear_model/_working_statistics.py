"""Rows that never leave their place: what they say at given coefficients, as sufficient statistics of working responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.moments import take_rows, task_batches
from skmeta._inference.sums import read_sums
from skmeta.linear_model._class_weight import row_weights
from skmeta.linear_model._data import check_all_labelled, encode_target
from skmeta.linear_model._families import family_of
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.tasks import Tasks, lookup_tasks
from skmeta.tasks._numbers import check_complete, numeric_features
from skmeta.tasks._read import read_tasks
from skmeta.tasks._told_columns import telling_columns
from skmeta.tasks._words import shown

_Array = NDArray[np.float64]


class WorkingStatistics:
    r"""A part of a collection whose rows stay where they are, for models with other than squared errors.

    Called with coefficients it gives the `SufficientStatistics` of its rows' working responses there, which add up over
    parts as all such statistics do,

    .. math:: z_i = \eta_i + \frac{-\ell'(\eta_i, y_i)}{\ell''(\eta_i, y_i)}, \quad
       \omega_i = w_i \, \ell''(\eta_i, y_i), \quad \eta_i = x_i^\top \beta_t,

    the ingredients of one round of iteratively reweighted least squares.
    `EmpiricalBayes.learn_statistics` takes a list of such parts and asks each of them once a round. Anything that is
    called alike and has ``classes`` will do: a function that asks another machine.

    Parameters
    ----------
    X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
        Rows of the tasks, the task column included; see `SufficientStatistics.from_table`.
    y : array-like of shape (n_rows,)
        Targets, or labels of two classes.
    task : str or int
        Name or position of the task column.
    estimator : linear estimator
        The model that each task is to be solved by; it says what the likelihood is.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights: how precise the rows are against each other.
    classes : array-like of shape (2,), default=None
        Labels, of all parts; None takes those in ``y``.

    Attributes
    ----------
    classes : ndarray of shape (2,) or None
        The labels; None for regressors.

    References
    ----------
    P. J. Green (1984), Iteratively reweighted least squares for maximum likelihood estimation, and some robust and
    resistant alternatives, JRSS B 46(2), section 2.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skmeta import EmpiricalBayes
    >>> from skmeta.linear_model import WorkingStatistics
    >>> from skmeta.datasets import make_related_classification
    >>> X, y, _ = make_related_classification(n_tasks=20, n_samples=15, n_features=2, random_state=0)
    >>> halves = [WorkingStatistics(X[k::2], y[k::2], task=-1, estimator=LogisticRegression()) for k in (0, 1)]
    >>> EmpiricalBayes().learn_statistics(halves, LogisticRegression())
    MixturePrior(learned 0.6, vague 0.4)
    """

    def __init__(
        self, X: Any, y: Any, *, task: str | int, estimator: Any, sample_weight: Any = None, classes: Any = None
    ) -> None:
        if getattr(estimator, "class_weight", None) == "balanced":
            raise ValueError(
                "class_weight: wanted None or a dict for parts of a collection, found 'balanced', which asks for all rows of a "
                "task; give the weights that it stands for as sample_weight."
            )
        tasks = read_tasks(X, y, sample_weight, task=task, labels=family_of(estimator).classifies)
        with telling_columns(tasks.X, X, task):
            self._read(tasks, estimator, classes)

    @classmethod
    def of_tasks(cls, tasks: Tasks, estimator: Any, classes: Any = None) -> Self:
        """A part of tasks that were read, as they are behind the steps of a model.

        Parameters
        ----------
        tasks : Tasks
            Their columns numbers.
        estimator : linear estimator
            The model that each task is to be solved by.
        classes : array-like of shape (2,), default=None
            Labels, of all parts; None takes those of the tasks.

        Returns
        -------
        WorkingStatistics
            Of these tasks.
        """
        part = cls.__new__(cls)
        part._read(tasks, estimator, classes)
        return part

    def _read(self, tasks: Tasks, estimator: Any, classes: Any) -> None:
        family, self._tasks = family_of(estimator), tasks
        check_all_labelled(tasks, estimator)
        self._X = numeric_features(tasks.X)
        check_complete(self._X, tasks, tasks.feature_names)
        known, targets = None if classes is None else np.asarray(classes), np.asarray(self._tasks.y)
        self._Y, _, self.classes = encode_target(targets, estimator, family, known)
        if self._Y.shape[1] > 1:
            raise ValueError(f"y: wanted one target, or labels of two classes, found {self._Y.shape[1]} outputs.")
        self._own = family.likelihood(estimator)
        self._weight = row_weights(self._tasks, estimator, self.classes)

    def __repr__(self) -> str:
        return f"WorkingStatistics(n_tasks={len(self._tasks)}, n_rows={len(self._Y)})"

    def __call__(self, coefficients: Mapping[str, Any] | None = None) -> SufficientStatistics:
        """The statistics of the working responses at some coefficients.

        Parameters
        ----------
        coefficients : mapping, default=None
            Plain arrays: ``ids`` of the tasks, their ``coef`` of shape (n_tasks, n_features) for columns less
            ``centre``, of shape (n_features,), their ``intercept`` of shape (n_tasks,), ``overdispersion`` of counts (zero
            for other targets), ``deviance``, whether the log-likelihood is to be minus half the estimator's own
            deviance, and ``feature_names``, where columns have names. None asks for the targets themselves (of
            labels, whether each is the second one).

        Returns
        -------
        SufficientStatistics
            Of this part's tasks, with their ``log_likelihood``.
        """
        if coefficients is None:
            return self._of(self._Y, self._weight)
        eta = self._linear_predictor(coefficients)
        likelihood = self._own.for_learning.overdispersed(float(coefficients.get("overdispersion", 0.0)))
        curvature = likelihood.working_curvature(eta, self._Y)
        weight = np.ones(len(eta)) if self._weight is None else self._weight
        found = self._of(eta + likelihood.residual(eta, self._Y) / curvature, weight * curvature[:, 0])
        half = coefficients.get("deviance", False)
        each = 0.5 * self._own.deviance(eta, self._Y) if half else likelihood.value(eta, self._Y)
        value = np.bincount(self._tasks.codes, weight * each, len(self._tasks))
        return replace(found, log_likelihood=-np.asarray(value, dtype=float))

    def _of(self, Y: _Array, weight: _Array | None) -> SufficientStatistics:
        sums = read_sums(self._X, Y, self._tasks.order, self._tasks.starts, weight)
        return SufficientStatistics.of_sums(sums, self._tasks.ids, self._tasks.feature_names, one_target=True)

    def _linear_predictor(self, coefficients: Mapping[str, Any]) -> _Array:
        """``(n_rows, 1)``; a missing value (a column its task lacks) sits at the centre."""
        own = lookup_tasks(np.asarray(coefficients["ids"]), self._tasks.ids)
        if (own < 0).any():
            raise ValueError(
                f"ids: wanted coefficients of every task of this part, found none of {shown(self._tasks.ids[own < 0][0])}."
            )
        order = self._in_order_of(coefficients.get("feature_names"))
        centre = np.asarray(coefficients["centre"], dtype=float)[order]
        coef = np.asarray(coefficients["coef"], dtype=float)[own][:, order]
        eta = np.asarray(coefficients["intercept"], dtype=float)[own][self._tasks.codes]
        for tasks in task_batches(self._tasks.counts, len(centre)):
            rows = np.concatenate([self._tasks.order[slice(*self._tasks.starts[t : t + 2])] for t in tasks])
            Z = np.nan_to_num(take_rows(self._X, rows) - centre, nan=0.0)
            eta[rows] += np.einsum("nd,nd->n", Z, coef[self._tasks.codes[rows]])
        return eta[:, None]

    def _in_order_of(self, names: Any) -> NDArray[np.intp]:
        """Where each column of this part stands among ``names``."""
        own = self._tasks.feature_names
        if own is None or names is None:
            return np.arange(self._X.shape[1])
        return np.array([list(names).index(name) for name in own])
