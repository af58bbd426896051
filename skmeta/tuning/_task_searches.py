"""Many searches from one table: the tasks in turn, each starting from what those before it taught."""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterator
from copy import deepcopy
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import check_cv
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from skmeta._progress import with_callbacks
from skmeta._sklearn import every_fit_failed, param_columns, routed_params
from skmeta._task_models import BaseTaskModels
from skmeta.tasks import features_without, index_rows, take_rows
from skmeta.tasks._ids import as_list
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import shown
from skmeta.tuning._history import TrialHistory
from skmeta.tuning._hyperparameter import HyperparameterPrior, updated_prior
from skmeta.tuning._metric import scored_by
from skmeta.tuning._search_checks import check_scored_alike


@with_callbacks
def fit_tasks(search: Any, X: Any, y: Any, params: dict[str, Any], prior: HyperparameterPrior | None) -> Any:
    """Fit a search to each task of a table, and put together what they found.

    Parameters
    ----------
    search : WarmStartSearchCV
        With `task`. It is fitted; if that is interrupted, it has the searches of the tasks that are done, and the
        trials of all that were begun.
    X : table
        Rows of all tasks, with the task column.
    y : array-like or None
        Targets.
    params : dict
        Fit parameters; what has one value a row goes with the rows.
    prior : HyperparameterPrior or None
        What the first task starts from.

    Returns
    -------
    WarmStartSearchCV
        The search.
    """
    rows, routed = TaskRows(X, y, search.task), routed_params(search, params)
    check_splits(search, rows, routed.splitter.split)
    check_scored_alike(prior, {history_name(task) for task in as_list(rows.ids)}, scored_by(search))
    search.searches_, search.history_, search.prior_ = {}, TrialHistory(), prior
    failed: dict[Any, BaseException] = {}
    next_lesson = 0.0  # what was learned of many tasks does not change with every one more
    root_ctx = search._init_callback_context(max_subtasks=len(rows)).call_on_fit_task_begin(estimator=search, X=X, y=y)
    for (task, task_X, task_y, task_params), seed in zip(
        rows.with_params(params), _seeds(search, len(rows)), strict=True
    ):
        one = clone(search).set_params(task=None, prior=search.prior_, random_state=seed).set_callbacks()
        task_ctx = root_ctx.subcontext(task_name="task")
        try:
            with task_ctx.propagate_callback_context(one):
                task_ctx.call_on_fit_task_begin(estimator=search, X=task_X, y=task_y)
                one._search(task_X, task_y, task_params, search.prior_, history_name(task))
        except BaseException as error:
            error.add_note(f"This was in task {shown(task)}, after {len(search.searches_)} of {len(rows)} tasks.")
            if not every_fit_failed(error):
                raise
            failed[task] = error
        else:
            search.searches_[task] = one
        finally:
            search.history_ += TrialHistory() if task in failed else getattr(one, "history_", TrialHistory())
        if len(search.searches_) >= next_lesson:
            search.prior_, next_lesson = updated_prior(prior, search.history_), 1.1 * len(search.searches_)
        task_ctx.call_on_fit_task_end(estimator=search, X=task_X, y=task_y)
    _warn_of_failed(failed, len(rows))
    search.prior_ = updated_prior(prior, search.history_)
    _put_together(search, rows)
    if search.refit:
        _refit(search, rows, X, y, routed.estimator.fit)
    root_ctx.call_on_fit_task_end(estimator=search, X=X, y=y)
    return search


def _warn_of_failed(failed: dict[Any, BaseException], n_tasks: int) -> None:
    """Warn of the tasks of which every fit failed, or raise if it is so with all."""
    if not failed:
        return
    first = next(iter(failed.values()))
    if len(failed) == n_tasks:
        raise first
    warn_caller(
        f"Every fit failed in {len(failed)} of {n_tasks} tasks: {', '.join(map(shown, failed))}. They have no search, and "
        f"their rows are predicted as those of a task that is not known. In {shown(next(iter(failed)))}: {first}",
        FitFailedWarning,
    )


class TaskRows:
    """The rows of a table, task by task.

    Parameters
    ----------
    X : table
        Rows of all tasks, with the task column.
    y : array-like or None
        Targets.
    task : str or int
        The column.

    Attributes
    ----------
    X : table
        The features of all rows.
    """

    def __init__(self, X: Any, y: Any, task: Any) -> None:
        check_consistent_length(X, y)
        self._index = index_rows(X, task)
        self.X, self._y = features_without(X, task), y
        if not len(self):
            raise ValueError(
                "X: Found array with 0 sample(s) while a minimum of 1 is required; pass the rows of tasks."
            )
        if not self.X.shape[1]:
            raise ValueError(f"X: wanted at least one feature column beside the task column {task!r}, found none.")

    def __len__(self) -> int:
        return self._index.n_tasks

    @property
    def ids(self) -> NDArray[Any]:
        """Ids of the tasks, sorted."""
        return self._index.ids

    def ids_among(self, tasks: Container[Any]) -> NDArray[Any]:
        """Ids of those that are among some tasks, sorted."""
        return self.ids[self._are_among(tasks)]

    def levels_among(self, tasks: Container[Any]) -> dict[str, NDArray[Any]]:
        """The same by the name of the task column."""
        return {name: ids[self._are_among(tasks)] for name, ids in self._index.levels.items()}

    def _are_among(self, tasks: Container[Any]) -> NDArray[np.bool_]:
        return np.array([task in tasks for task in as_list(self.ids)], dtype=bool)

    @property
    def counts(self) -> dict[Any, int]:
        """Number of rows of each task."""
        return dict(zip(as_list(self.ids), self._index.counts.tolist(), strict=True))

    def of(self, tasks: Container[Any], X: Any, y: Any, params: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        """Table, targets and parameters, without the rows of other tasks."""
        kept = self._are_among(tasks)
        return (X, y, params) if kept.all() else self._cut(np.flatnonzero(kept[self._index.codes]), X, y, params)

    def _cut(self, rows: NDArray[np.intp], X: Any, y: Any, params: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
        """Some rows of a table, of targets, and of those parameters that have one value a row."""
        n_rows = len(self._index.order)
        cut = {name: take_rows(v, rows) if _length(v) == n_rows else v for name, v in params.items()}
        return take_rows(X, rows), None if y is None else take_rows(y, rows), cut

    def with_params(self, params: dict[str, Any]) -> Iterator[tuple[Any, Any, Any, dict[str, Any]]]:
        """For each task its id, features, targets, and those of the parameters that have one value a row cut to it."""
        for task, rows in zip(as_list(self.ids), np.split(self._index.order, self._index.starts[1:-1]), strict=True):
            yield task, *self._cut(rows, self.X, self._y, params)


def _length(value: Any) -> int | None:
    shape = getattr(value, "shape", None)
    if shape is None:
        return len(value) if isinstance(value, list | tuple) else None
    return shape[0] if shape else None


def check_splits(search: Any, rows: TaskRows, split_params: dict[str, Any]) -> None:
    """Raise for a task that `cv` cannot split, before hours are spent on those before it."""
    cv = search.cv
    if cv is not None and not isinstance(cv, Integral) and not hasattr(cv, "split"):
        raise ValueError(
            f"cv: wanted a number of splits or a splitter, as every task is split by itself, found the splits of one "
            f"table, a {type(cv).__name__}; pass cv=5, say."
        )
    for task, X, y, params in rows.with_params(split_params):
        splitter = check_cv(deepcopy(cv), y, classifier=is_classifier(search.estimator))
        try:
            with warnings.catch_warnings(action="ignore"):  # the search itself will say them
                list(splitter.split(X, y, **params))
        except ValueError as error:
            raise ValueError(
                f"cv: wanted splits of the rows of every task, found none for task {shown(task)} with its "
                f"{X.shape[0]} row(s): {error} Pass a smaller cv or leave such tasks out."
            ) from error


def _seeds(search: Any, n_tasks: int) -> list[int]:
    """A seed for each task: streams that have nothing to do with each other."""
    entropy = check_random_state(search.random_state).randint(2**31 - 1, size=4).tolist()
    return [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(entropy).spawn(n_tasks)]


def history_name(task: Any) -> str | int:
    """A task's name in a history, which has text and whole numbers: 3 for the 3.0 of a table of floats."""
    if isinstance(task, float) and task.is_integer():
        return int(task)
    is_name = isinstance(task, int | str) and not isinstance(task, bool) and task != ""
    return task if is_name else shown(task)


def _put_together(search: Any, rows: TaskRows) -> None:
    """The attributes of a search, from those of each task."""
    searches = search.searches_
    search.cv_results_ = stack_results(rows.ids_among(searches), [one.cv_results_ for one in searches.values()])
    for name in ("best_params_", "best_score_", "best_index_", "n_splits_", "refit_time_"):
        if all(hasattr(one, name) for one in searches.values()):
            setattr(search, name, {task: getattr(one, name) for task, one in searches.items()})
    if hasattr(search, "best_index_"):
        first = 0
        for task, one in searches.items():
            search.best_index_[task] += first
            first += len(one.cv_results_["params"])
    last = next(reversed(searches.values()))
    search.scorer_, search.multimetric_ = last.scorer_, last.multimetric_
    for one in searches.values():
        one.prior_ = search.prior_


def stack_results(ids: NDArray[Any], tables: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the ``cv_results_`` of several tasks as one, with a column ``task``.

    Parameters
    ----------
    ids : ndarray of shape (n_tasks,)
        The tasks.
    tables : list of dict
        The ``cv_results_`` of each.

    Returns
    -------
    dict
        All trials; nan in a column that a task does not have, such as a further split.
    """
    lengths = [len(table["params"]) for table in tables]
    params = [candidate for table in tables for candidate in table["params"]]
    stacked = {"task": np.repeat(ids, lengths)}
    for name in dict.fromkeys(name for table in tables for name in table):
        if name != "params" and not name.startswith("param_"):
            parts = [table.get(name, np.full(n, np.nan)) for table, n in zip(tables, lengths, strict=True)]
            stacked[name] = np.concatenate(parts)
    return stacked | param_columns(params) | {"params": params}


def _refit(search: Any, rows: TaskRows, X: Any, y: Any, fit_params: dict[str, Any]) -> None:
    """Each task has its best estimator; other tasks get the learned default, fitted to all rows of these."""
    X, y, fit_params = rows.of(search.searches_, X, y, fit_params)
    default = {} if search.prior_ is None else search.prior_.default(search.param_distributions)
    usual = clone(search.estimator).set_params(**clone(default, safe=False))
    bests = {task: one.best_estimator_ for task, one in search.searches_.items()}
    search.best_estimator_ = TaskBests(usual, bests, task=search.task).fit(X, y, **fit_params)
    if hasattr(search.best_estimator_, "feature_names_in_"):
        search.feature_names_in_ = search.best_estimator_.feature_names_in_


def _usual_has(method: str) -> Any:
    def check(model: Any) -> bool:
        getattr(getattr(model, "estimator_", model.estimator), method)  # so that its own explanation is heard
        return True

    return available_if(check)


class TaskBests(BaseTaskModels):
    """Each task's best estimator, as it was found; for rows of other tasks one that is fitted to all rows.

    Parameters
    ----------
    estimator : estimator object
        For other tasks.
    bests : dict
        From task to its fitted estimator, in the order of the ids.
    task : str or int
        The column.
    """

    def __init__(self, estimator: Any, bests: dict[Any, Any], *, task: str | int) -> None:
        super().__init__(estimator, task=task)
        self.bests = bests

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, **params: Any) -> TaskBests:
        """Fit the estimator for other tasks; those of the tasks are fitted.

        Parameters
        ----------
        X : table
            Rows of all tasks, with the task column.
        y : array-like or None
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of rows.
        **params : dict
            More for ``fit`` of the estimator.

        Returns
        -------
        self : object
            The fitted model.
        """
        validate_data(self, X, skip_check_array=True)
        rows = TaskRows(X, y, self.task)
        self.tasks_, self.n_rows_, self.estimators_ = rows.ids_among(self.bests), rows.counts, self.bests
        self._levels = rows.levels_among(self.bests)
        params |= {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimator_ = clone(self.estimator).fit(rows.X, *(() if y is None else (y,)), **params)
        if is_classifier(self):
            self.classes_ = self.estimator_.classes_
        return self

    @_usual_has("decision_function")
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Decision values: a class that a task's rows did not show is below all that they did.

        Parameters
        ----------
        X : table
            The table, with its task column.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Values, in the order of `classes_`.
        """
        return self._ask(X, "decision_function")

    def _ask_own(self, task: Any, X: Any, method: str, shared: NDArray[Any]) -> NDArray[Any]:
        model = self.estimators_[task]
        if method != "decision_function" or len(model.classes_) == len(self.classes_):
            return super()._ask_own(task, X, method, shared)
        known = model.decision_function(X).reshape(X.shape[0], -1)
        known = np.hstack([-known, known]) if len(model.classes_) == 2 else known
        values = np.repeat(known.min(axis=1, keepdims=True) - 1, len(self.classes_), axis=1)
        values[:, np.isin(self.classes_, model.classes_)] = known
        return values
