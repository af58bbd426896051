"""WarmStartClassifier: a classifier that starts from what earlier fits taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skmeta.base import Prior
from skmeta.warm_start._base import WarmStartBase
from skmeta.warm_start._given import estimator_has
from skmeta.warm_start._partial_fit import add_rows, takes_more_rows


class WarmStartClassifier(ClassifierMixin, WarmStartBase):
    r"""Classification where the next dataset starts from the earlier ones.

    Each task gets a model of its own that starts from a prior; the cases of ``task`` and ``prior`` are those of
    `WarmStartRegressor`. Tasks may lack some of the labels.

    Parameters
    ----------
    estimator : estimator
        Any classifier with ``predict_proba`` or ``decision_function``. The user guide lists those whose class has a learner
        of its own, such as LogisticRegression (``C = 1``, its default, takes the prior as learned, ``C = 0.1`` ten times as
        strong); any other one has that of `SharedModel`. Alone or as the last step of a Pipeline.
    task : str, int or list of them, default=None
        Column of ``X`` that says which task a row belongs to: a name for frames, a position for arrays. For nested tasks a
        list, outermost first: ``["region", "store"]``. Then ids are paths, ``("north", 7)``: store 7 of the north is not store
        7 of the south. `predict` takes an id that is None or NaN as unknown.
    context : list of str or int, default=None
        Columns of ``X`` that describe a task (size, city, date). They are constant within it and are not features. They are
        what ``prior.given(...)`` knows about a task before its first row; a warning names those that the prior does not read.
        None: the columns that ``prior`` was learned with, if the table has them.
    prior : Prior, default=None
        Where to start: another model's ``prior_``, or written by hand with its ``classes``. One that reads ids, such as
        regions or dates, finds them in ``X`` by the columns it was learned with: without ``task``, each of them has one value.
    learner : "auto" or learner, default="auto"
        What learns the prior; "auto" is the one registered for the estimator's class, or `SharedModel`, with its defaults.
        Without ``task`` nothing is learned. If a learner is given without ``task`` and ``prior``, a warning says that it has no
        effect. Where tasks have labels of their own (those of a task and of the others have less in common than not), "auto" is
        `DiscriminantLearner` for KNeighborsClassifier, GaussianNB and LogisticRegression too. Where each task has classes of
        its own under the same names, such as numbers from 0, write ``learner=DiscriminantLearner(labels="own")``.
    class_prior : {"rows", "past"}, default="rows"
        Where the frequencies of classes in a new task come from. With "rows", the default, they come from its own rows, as far
        as these go; that is right if the rows were drawn at random. Use "past" if rows were drawn by their class, such as five
        of each: classes are then as frequent as in the tasks that the prior was learned from (``prior_.class_prior``), and the
        rows only tell how columns go with classes; they tell nothing about a class without rows. It is about the rows of
        `adapt`, and of `fit` with ``prior``. The rows that a first prior is learned from are the past themselves. Without task
        and prior it has no effect.
    n_jobs : int, default=None
        Parallel jobs over tasks; the answer does not depend on it.
    unlabelled : object, default=None
        What stands in ``y`` in rows without a label, such as -1; NaN and None always do. Families that have a likelihood of
        the columns use such rows (naive Bayes), the fallback leaves them out, linear models refuse them. Without ``task``
        and ``prior`` the estimator is given ``y`` as it is.
    verbose : int, default=0
        Progress that is printed while a prior is learned and tasks are adapted: with 1 a line after each tenth of the work,
        with 2 or more whenever more is done. Callbacks (``set_callbacks``) get the same reports. A plain fit prints what the
        estimator prints.

    Attributes
    ----------
    prior_ : Prior or None
        What is known now, for the next fit to start from. Printed, it says how often a task is like the past ones, and
        whether the past is set aside as its columns explain nothing: classes are the plain estimator's.
    estimator_ : estimator
        Plain fitted estimator of the one task (without ``task``).
    estimators_ : mapping
        Plain fitted estimators by task id, of nested tasks a tuple of ids, made when asked for (with ``task``).
    classes_ : ndarray of shape (n_classes,)
        Labels of the whole collection; tasks may lack some of them.
    coef_ : ndarray
        Coefficients of the one task, or ``(n_tasks, n_rows, n_features)`` in sorted order of the ids.
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
        If the estimator is no classifier, has neither of these methods, or is a search, which belongs around this model; or
        if ``prior`` is no prior.
    ValueError
        If columns, classes or targets are not those of the prior, or the task column is missing, incomplete or constant.

    Notes
    -----
    `predict_proba` averages over what a task's rows have not yet told of its model where the family can do so. The plain
    ``estimator_`` has one set of coefficients: those of the most probable model times its ``moderation_``, a number that
    makes its probabilities as good as they can be on rows like the task's. Both predict the same class.

    With ``class_prior="past"`` rows are taken to be drawn by their class. In them

    .. math:: p(y = c \mid x, \text{drawn}) \propto p(y = c \mid x) \, r_c / \pi_c

    with the share :math:`r_c` of class :math:`c` among the task's rows and :math:`\pi_c` in the past. So linear scores have
    a known offset :math:`\log r_c / \pi_c` while a model is fitted and judged, and none when it predicts; what is fitted
    by its own rules takes the rows with weights :math:`\pi_c / r_c`.

    References
    ----------
    G. King and L. Zeng (2001), Logistic regression in rare events data, Political Analysis 9(2), sections 4.1 (offsets) and
    4.2 (weights).
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

    _example = "LogisticRegression()"

    def __init__(
        self,
        estimator: Any,
        *,
        task: str | int | Sequence[str | int] | None = None,
        context: Sequence[str | int] | None = None,
        prior: Prior | None = None,
        learner: Any = "auto",
        class_prior: str = "rows",
        n_jobs: int | None = None,
        unlabelled: Any = None,
        verbose: int = 0,
    ) -> None:
        shared = {"task": task, "context": context, "prior": prior, "learner": learner}
        super().__init__(estimator, **shared, n_jobs=n_jobs, verbose=verbose)
        self.unlabelled = unlabelled
        self.class_prior = class_prior

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = get_tags(self.estimator).classifier_tags or tags.classifier_tags
        return tags

    @takes_more_rows()
    def partial_fit(
        self, X: Any, y: Any, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Add rows of known tasks, of new ones or of the one task; ``prior_`` stays, see `WarmStartRegressor.partial_fit`.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            New rows alone, with the columns that `fit` had. All rows are kept by the model, as no likelihood of labels is one
            of sums; those of `fit` as they were given: not a copy.
        y : array-like of shape (n_rows,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            Labels that are there or will come: without ``task`` and ``prior`` the estimator's own ``partial_fit`` needs them
            in the first call. Else they are those of the prior, and others raise.
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
            from gets rows and its learner counts these as new: then fit anew with all rows.
        TypeError
            If the model was fitted to a frame in partitions.
        """
        add_rows(self, X, y, sample_weight, classes)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict labels: known tasks with their own adapted model, unknown ones by the prior.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows, with the columns that `fit` had, those of ids among them.

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
            Rows, with the columns that `fit` had, those of ids among them.

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
            Rows, with the columns that `fit` had, those of ids among them.

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
            Rows, with the columns that `fit` had, those of ids among them.

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
