"""WarmStartRegressor: a regressor that starts from what earlier fits taught."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skmeta.base import Prior
from skmeta.steps import last_model
from skmeta.warm_start._base import WarmStartBase
from skmeta.warm_start._partial_fit import add_rows, takes_more_rows


class WarmStartRegressor(RegressorMixin, WarmStartBase):
    """Regression where the next dataset starts from the earlier ones.

    Each task gets a model of its own that starts from a prior: what the tasks of a table have in common, learned, or what
    is given. What comes back is a plain fitted scikit-learn estimator.

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
        Any regressor. The user guide lists those whose class has a learner of its own, such as Ridge, Lasso or
        PoissonRegressor, and says what each does with a prior; any other one has that of `SharedModel`. Alone, as the last
        step of a Pipeline (the steps before are fitted once on the whole collection and travel frozen in the prior), or
        inside a TransformedTargetRegressor. Its own strength parameter means trust: at its default the prior as it was
        learned, ten times that ten times as strong.
    task : str, int or list of them, default=None
        Column of ``X`` that says which task a row belongs to: a name for frames, a position for arrays. For nested tasks a
        list, outermost first: ``["region", "store"]``. Then ids are paths, ``("north", 7)``: store 7 of the north is not store
        7 of the south. `predict` takes an id that is None or NaN as unknown.
    context : list of str or int, default=None
        Columns of ``X`` that describe a task (size, city, date). They are constant within it and are not features. They are
        what ``prior.given(...)`` knows about a task before its first row; a warning names those that the prior does not read.
        None: the columns that ``prior`` was learned with, if the table has them.
    prior : Prior, default=None
        Where to start: another model's ``prior_``, or written by hand. One that reads ids, such as regions or dates, finds
        them in ``X`` by the columns it was learned with: without ``task``, each of them has one value.
    learner : "auto" or learner, default="auto"
        What learns the prior; "auto" is the one registered for the estimator's class, or `SharedModel`, with its defaults.
        Without ``task`` nothing is learned. If a learner is given without ``task`` and ``prior``, a warning says that it has no
        effect.
    n_jobs : int, default=None
        Parallel jobs over tasks; the answer does not depend on it.
    verbose : int, default=0
        Progress that is printed while a prior is learned and tasks are adapted: with 1 a line after each tenth of the work,
        with 2 or more whenever more is done. Callbacks (``set_callbacks``) get the same reports. A plain fit prints what the
        estimator prints.

    Attributes
    ----------
    prior_ : Prior or None
        What is known now, for the next fit to start from. Printed, it says how often a task is like the past ones, and
        whether the past is set aside as its columns explain nothing: squared errors keep the past's levels, and slopes are
        the plain estimator's; classes and counts are the plain estimator's.
    estimator_ : estimator
        Plain fitted estimator of the one task (without ``task``).
    estimators_ : mapping
        Plain fitted estimators by task id, of nested tasks a tuple of ids, made when asked for (with ``task``).
    coef_ : ndarray
        Coefficients of the one task, or ``(n_tasks, n_features)`` in sorted order of the ids, where the estimator has such.
    borrowing_ : float or dict
        Own rows that the prior was worth to the task, or a dict of them by id; 0 for a plain fit. From a past that explains
        nothing and is set aside (``prior_.set_aside``), only tasks borrow whose rows hold nothing but noise too.
    learner_ : learner
        The copy of ``learner`` that learned the prior, and what it chose (with ``task``).
    n_features_in_ : int
        Number of columns, the task column included.
    feature_names_in_ : ndarray
        Names of the columns, where they are all strings.

    Raises
    ------
    TypeError
        If the estimator is no regressor, or a search, which belongs around this model; or if ``prior`` is no prior.
    ValueError
        If columns or targets are not those of the prior, or the task column is missing, incomplete or constant.

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
        task: str | int | Sequence[str | int] | None = None,
        context: Sequence[str | int] | None = None,
        prior: Prior | None = None,
        learner: Any = "auto",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        shared = {"task": task, "context": context, "prior": prior, "learner": learner}
        super().__init__(estimator, **shared, n_jobs=n_jobs, verbose=verbose)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags = get_tags(self.estimator).regressor_tags or tags.regressor_tags
        return tags

    @takes_more_rows()
    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Add rows of known tasks, of new ones or of the one task; ``prior_`` stays as it is.

        Tasks that get rows are adapted anew from all the rows that they have then, as `adapt` would from all of them at once;
        others keep their models. Where nothing was fitted yet it is `fit`. To learn on, fit a model with
        ``prior=model.prior_`` to new tasks. Without ``task`` and ``prior`` it is the estimator's own ``partial_fit``.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            New rows alone, with the columns that `fit` had. Rows of `fit` are kept by the model, as they were given: not a
            copy. Of dense rows that come later a model of squared errors (Ridge, Lasso, ElasticNet, LinearRegression)
            keeps sums, as many numbers a task however many calls there are; all others need the rows and keep them.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, in the unit of those that `fit` was given; beside rows without weights 100 is 100 rows.

        Returns
        -------
        self
            With the new rows; as it was before if anything raises.

        Raises
        ------
        ValueError
            If columns, classes or what describes a task are not those of `fit`; or if a task that the prior was learned
            from gets rows and its learner counts these as new (`SharedModel` of a model that has seen its rows, nested
            and drifting tasks): then fit anew with all rows.
        TypeError
            If the model was fitted to a frame in partitions.
        """
        add_rows(self, X, y, sample_weight)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict: known tasks with their own adapted model, unknown ones by the prior.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.
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
