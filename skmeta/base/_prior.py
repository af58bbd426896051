"""A prior: what is known of the next task before its own rows are seen."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._dataframe import make_frame
from skmeta.base._adapted_estimators import AdaptedEstimators
from skmeta.base._asks_of_rows import AsksOfRows
from skmeta.base._class_prior import checked_class_prior
from skmeta.base._class_weight import ClassWeight, check_class_weight
from skmeta.base._distil import check_kinds, distilled
from skmeta.base._evidence import leave_one_out_scores
from skmeta.base._frozen_value import FrozenValue
from skmeta.base._html import html_of
from skmeta.base._matching import check_is_model, check_names, matched, one_task
from skmeta.base._numbers_of_columns import numbers_of_columns
from skmeta.base._plain import Reader, from_plain, to_plain
from skmeta.tasks import Tasks
from skmeta.tasks._numbers import column_names
from skmeta.tasks._tables import plain_table
from skmeta.tasks._told_columns import telling_columns
from skmeta.tasks._words import shown


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Prior(AsksOfRows, FrozenValue):
    """What is known of the next task before its own rows are seen; a family of models adds fields.

    A subclass is a ``dataclass(frozen=True, eq=False)`` too and must give `adapt_tasks`. It holds no rows of the data.

    Parameters
    ----------
    n_tasks, n_rows : float, default=0
        How many tasks and rows it was learned from; zero where it was written by hand.
    feature_names : sequence of str, default=None
        Columns it was learned from; rows of new tasks are matched to them by name.
    classes : array-like of shape (n_classes,), default=None
        Labels it was learned for, sorted; None takes any.
    class_prior : array-like of shape (n_classes,), default=None
        Share of each of ``classes`` in past tasks, the mean of the tasks' own shares; None where it is not known. A family
        that fills it in honours ``tasks.class_rates`` when it adapts.
    class_weight : "balanced" or sequence of float, default=None
        The estimator's ``class_weight`` by which past rows were weighed, of each of ``classes``; None for no weights. A model
        that is fitted with the prior has to have the same; of one by hand, unless this is given, any.
    """

    _nested: ClassVar[dict[str, Reader]] = {}  # what reads frozen values in fields, by field, for `from_dict`

    n_tasks: float = 0.0
    n_rows: float = 0.0
    feature_names: tuple[str, ...] | None = None
    classes: NDArray[Any] | None = None
    class_prior: NDArray[np.float64] | None = None
    class_weight: ClassWeight = None

    def __post_init__(self) -> None:
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(str(name) for name in self.feature_names))
        if self.classes is not None:
            object.__setattr__(self, "classes", np.array(self.classes))
        if self.class_prior is not None:
            object.__setattr__(self, "class_prior", checked_class_prior(self.class_prior, self.classes))
        super().__post_init__()

    def __repr__(self) -> str:
        learned = f"n_tasks={self.n_tasks:.0f}" if self.n_tasks else "written by hand"
        return f"{type(self).__name__}({learned})"

    def _repr_html_(self) -> str:
        return html_of(self)

    @property
    def in_words(self) -> tuple[str, ...]:
        """What is known of how tasks belong together, a sentence each; none by default."""
        return ()

    @property
    def set_aside(self) -> bool:
        """Whether what was learned of features is of no use for new tasks and has next to no say; never, by default."""
        return False

    @property
    def own_labels(self) -> bool:
        """Whether each task is taken to have labels of its own, by a family that is meant for that; never, by default."""
        return False

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that it is about, where the family knows it without their names."""
        return None if self.feature_names is None else len(self.feature_names)

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks: what a family must give.

        Parameters
        ----------
        estimator : estimator
            The model of one task; never a Pipeline. Its ``class_weight`` is not checked: `adapt` and `zero_shot` do that.
        tasks : Tasks
            The tasks, their columns in the order of ``feature_names``.
        n_jobs : int, default=None
            Parallel jobs over tasks; the answer does not depend on it.

        Returns
        -------
        AdaptedEstimators
            One plain fitted estimator a task, and one for a task without rows.
        """
        raise NotImplementedError(f"{type(self).__name__} should define adapt_tasks(estimator, tasks, *, n_jobs=None)")

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator of another family; a family that can tell overrides it.

        Parameters
        ----------
        estimator : estimator
            The model of one task.

        Raises
        ------
        TypeError
            If the prior is not for estimators like it.
        """

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what `given` reads, whether it moves the prior or not; none by default."""
        return ()

    def given(self, **context: Any) -> Prior:
        """The prior of a task of which ``context`` is known before its first row; by default the same.

        Parameters
        ----------
        **context : dict
            What is known of the task, by the name of the column that says so: those of ``context_names``.

        Returns
        -------
        Prior
            The prior of such a task.
        """
        return self

    def log_evidence(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        r"""Log density of each task's targets under this prior, parameters and noise integrated.

        By default the log score of each row predicted from the task's other rows,

        .. math:: \sum_i \log p(y_i \mid y_{-i}, x).

        Parameters
        ----------
        estimator : estimator
            The model of one task. Its ``class_weight`` is not checked: `adapt` and `zero_shot` do that.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks,)
            In the targets' own units, constants kept, so that priors of different families compare.
        """
        return leave_one_out_scores(self, estimator, tasks)

    def split(self) -> tuple[Any, Prior]:
        """The steps that it was learned behind, None for none, and the prior of the model.

        Returns
        -------
        steps : FrozenSteps or None
            What raw rows pass.
        prior : Prior
            About the columns that the steps make.
        """
        return None, self

    def with_inner(self, prior: Prior) -> Prior:
        """The steps of this prior, if it has any, with another prior of the model behind them.

        Parameters
        ----------
        prior : Prior
            About the columns that the steps make.

        Returns
        -------
        Prior
            Of raw rows.
        """
        return prior

    def aligned(self, feature_names: Sequence[str]) -> Prior:
        """The prior for rows whose columns have these names, in this order if the family can follow it.

        By default the prior itself: then rows are given to it in the order of its own ``feature_names``.

        Parameters
        ----------
        feature_names : sequence of str
            The names in ``feature_names``, in any order.

        Returns
        -------
        Prior
            Its ``feature_names`` say which order it wants.
        """
        return self

    def adapt(self, estimator: Any, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit ``estimator`` to one new task, starting from this prior.

        Parameters
        ----------
        estimator : estimator
            The model; its strength parameter, where it has one, scales the prior: at its default, as learned.
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_features)
            The task's own rows, without a task column; columns of frames are matched by name. No rows are legal.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets; clusterers need none.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, relative to those that the prior was learned with: a row that weighs as much as past
            rows did on average is one row; beside a past without weights 100 is 100 rows.

        Returns
        -------
        estimator
            A plain fitted scikit-learn estimator.
        """
        check_is_model(estimator, self)
        check_class_weight(self, estimator)
        X = plain_table(X)
        if X.shape[0] == 0:
            found = column_names(X)
            if self.feature_names is not None and found is not None:
                check_names(self.feature_names, found)
            return self.zero_shot(estimator)
        prior, tasks = matched(self, one_task(estimator, X, y, sample_weight))
        with telling_columns(tasks.X):
            return prior.adapt_tasks(estimator, tasks).estimator(0)

    def zero_shot(self, estimator: Any) -> Any:
        """The plain fitted ``estimator`` that predicts by the prior alone: a model for a task without rows.

        Parameters
        ----------
        estimator : estimator
            The model to fill.

        Returns
        -------
        estimator
            A plain fitted scikit-learn estimator.
        """
        check_is_model(estimator, self)
        check_class_weight(self, estimator)
        return self.adapt_tasks(estimator, Tasks.none(self.feature_names)).estimator(-1)

    def distil(self, estimator: Any, X: Any, *, teacher: Any) -> Any:
        """Fit one plain ``estimator``, of any class, to what this prior predicts: a small model in place of a mixture.

        What it predicts is the answer of ``zero_shot(teacher)``: numbers, or of classifiers probabilities, which are
        weights of the classes at each row.

        Parameters
        ----------
        estimator : estimator
            The small model: a regressor or classifier as ``teacher`` is one; a classifier, or the last step of a Pipeline,
            whose ``fit`` takes ``sample_weight``.
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_features)
            Rows at which the two are to agree, without a task column. A prior holds no rows, so they have to be given; any
            without targets will do, those of past tasks too, if they lie where predictions will be asked for.
        teacher : estimator
            The model that the prior was learned for.

        Returns
        -------
        estimator
            A plain fitted clone.

        Raises
        ------
        TypeError
            If the two are not of one kind, or the small classifier takes no weights.
        ValueError
            If there are no rows, columns have other names than the prior's, or a class has the probability zero in all rows.

        References
        ----------
        C. Bucila, R. Caruana and A. Niculescu-Mizil (2006), Model compression, KDD.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.tree import DecisionTreeRegressor
        >>> from skmeta import GaussianPrior
        >>> prior = GaussianPrior(mean=[2.0, -1.0], covariance=0.1)
        >>> tree = prior.distil(DecisionTreeRegressor(), [[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]], teacher=Ridge())
        >>> tree.predict([[1.0, 3.0]])
        array([-1.])
        """
        check_kinds(estimator, teacher)
        return distilled(estimator, X, self.zero_shot(teacher), self.feature_names)

    def to_frame(self) -> Any:
        """What was learned, a row a column: fields that have a number for each, or one for each class.

        Returns
        -------
        DataFrame
            Of pandas, which has to be installed: ``feature`` and the fields, of several classes such as ``mean_a``, ``mean_b``.
        """
        n_columns = self.n_features_in or 0
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        names = self.feature_names or [f"x{j}" for j in range(n_columns)]
        numbers = numbers_of_columns(values, n_columns, None if self.classes is None else self.classes.tolist())
        return make_frame({"feature": list(names)} | numbers, "prior.to_frame()")

    def to_dict(self) -> dict[str, Any]:
        """Plain arrays, numbers and texts that `from_dict` reads.

        Returns
        -------
        dict
            Names and values, those that are None left out; `numpy.savez` can write them.

        Raises
        ------
        ValueError
            If it holds what is none of these, such as a fitted estimator.
        """
        return to_plain(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make a prior from what `to_dict` gave.

        Parameters
        ----------
        state : mapping
            Names and values; what `numpy.load` gives will do.

        Returns
        -------
        Prior
            The same prior.

        Raises
        ------
        TypeError
            If ``state`` is no mapping.
        ValueError
            If a name is missing or unknown.
        """
        found: Self = from_plain(cls, state, cls._nested)
        return found


def check_reads(prior: Prior, context: Mapping[str, Any]) -> None:
    """Raise for what is said of a task by names that its prior, which reads some, does not read."""
    known = prior.context_names
    unknown = sorted(set(context) - set(known))
    if unknown:
        raise TypeError(f"given: wanted names among {list(known)}, found {unknown}; leave out what it does not read.")
    several = [name for name, value in context.items() if np.ndim(value) or not isinstance(value, Hashable)]
    if several:
        name = several[0]
        raise TypeError(
            f"given: wanted one value of each name, found {type(context[name]).__name__} {shown(context[name])[:60]} as "
            f"{name}; ask once for each value."
        )


def given_what_is_known(prior: Prior, known: Mapping[str, Any]) -> Prior:
    """The prior of a task, given what is known of it and read by the prior; itself where that is nothing."""
    read = {name: known[name] for name in prior.context_names if name in known}
    return prior.given(**read) if read else prior
