"""A hyperparameter search that starts from past ones, and is a good ordinary one where there are none."""

from __future__ import annotations

import copy
import time
from math import ceil, inf, nan
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state, get_tags

from skmeta._sklearn import BaseSearchCV
from skmeta.tuning._data_name import name_data, shape_of
from skmeta.tuning._history import TrialHistory
from skmeta.tuning._hyperparameter import HyperparameterPrior, check_method, read_prior, updated_prior
from skmeta.tuning._metric import named_metric, scored_by
from skmeta.tuning._search_checks import check_names, check_settings, count_trials
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import Suggestion, suggester_for
from skmeta.tuning._task_searches import fit_tasks
from skmeta.tuning._trial import Trial
from skmeta.tuning._trial_batches import TrialBatches


class WarmStartSearchCV(BaseSearchCV):
    """Search for hyperparameters, starting from what past searches found.

    Without a prior it is an ordinary Bayesian search: after a few trials a model of the score is fitted to them and says which
    candidate to try next. With a prior, the first trials are those that did well on past datasets, and the model starts from
    the models of these. Everything else is as in `RandomizedSearchCV`.

    Parameters
    ----------
    estimator : estimator object
        What is tuned; it may be a Pipeline.
    param_distributions : dict, list of dict or ConfigurationSpace
        Names of parameters, and for each a list of values or a distribution with ``rvs``, as those of `scipy.stats`. Values may
        be estimators, to choose a step: ``{"clf": [SVC(), LogisticRegression()]}``. In a list of dicts, each dict is a space of
        its own. A space of the package ConfigSpace is used with its conditions and forbidden clauses.
    n_iter : int, default=10
        Number of trials, fewer only if the space is smaller or `max_time` is over.
    task : str or int, default=None
        A column of `X` that says which dataset a row belongs to: a name for frames, a position for arrays. The
        datasets are searched one after the other, in the order of their ids, and each starts from those
        before it. `n_iter` and `max_time` are for each of them. If None, all rows are one dataset.
    prior : HyperparameterPrior or TrialHistory, default=None
        What past searches taught: an earlier search's ``prior_``, or a history of trials.
    method : str, default="auto"
        How the next trial is chosen; see `HyperparameterPrior`. "auto" starts from the past and hands over to
        what this search has seen. It and "gp" also try each branch, and each value of a short list, soon.
    batch_size : int, default=1
        Trials chosen at a time, to keep more processors busy than there are splits. The trials depend on it, but
        not on `n_jobs`.
    max_time : float, default=None
        Seconds after which no further batch is begun. At least one batch runs.
    scoring : str, callable, list, tuple or dict, default=None
        As in `RandomizedSearchCV`. If it gives several scores, the search is guided by the one that `refit`
        names; if `refit` is False or a callable, by the first in the order of `scoring`.
    n_jobs : int, default=None
        Number of fits at a time.
    refit : bool, str or callable, default=True
        Whether, by which score or by which choice the best candidate is refitted on all rows, as in
        `RandomizedSearchCV`.
    cv : int, splitter or iterable, default=None
        As in `RandomizedSearchCV`. The splits are drawn once, so that all trials are scored on the same rows even
        if the splitter has no seed.
    verbose : int, default=0
        The higher, the more is printed.
    pre_dispatch : int or str, default="2*n_jobs"
        Fits that are dispatched ahead.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same trials every time.
    error_score : "raise" or float, default=nan
        Score of a fit that failed. If every fit of a trial failed, the trial failed, and the search goes on; if all trials
        fail, scikit-learn's error is raised at the end. With `task`, a task where all trials fail gets a warning and no search,
        as if it were unknown; the error is raised if all tasks fail.
    return_train_score : bool, default=False
        Whether ``cv_results_`` has scores on the training rows.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        As in `RandomizedSearchCV`, and of each trial where it came from (``origin``: "portfolio", "model",
        "exploration" or "random") and which score was expected (``expected_score``, with the standard deviation
        ``expected_std``, both nan where nothing was). With `task` a column ``task``; ranks are within a task.
    best_estimator_ : estimator
        The best candidate, fitted to all rows. With `task`, a model that predicts each row by the best estimator of
        its task, and rows of other tasks by one fitted to all these tasks' rows with ``prior_.default()``. Only if
        `refit`.
    best_score_ : float, or dict from task to float
        Its mean score on the rows left out. Not if `refit` is a callable.
    best_params_ : dict, or dict from task to dict
        Its parameters.
    best_index_ : int, or dict from task to int
        Its place in ``cv_results_``.
    prior_ : HyperparameterPrior or None
        What this search and those before it taught, for the next. What `prior` was, if every trial failed.
    history_ : TrialHistory
        The finished trials of this search. It is there after an interrupted one too: with ``prior=search.history_``
        a search of the same data goes on, tries the best of them first and none of the others again. The task's
        name is made from the data (and is its id with `task`).
    searches_ : dict
        From task to its own fitted search. Only with `task`.
    scorer_, n_splits_, refit_time_, multimetric_, classes_, n_features_in_, feature_names_in_
        As in `RandomizedSearchCV`; with `task`, ``n_splits_`` and ``refit_time_`` are dicts.

    See Also
    --------
    HyperparameterPrior : What past searches taught.
    TrialHistory : Trials of past searches as plain data.

    Notes
    -----
    Successive halving compares candidates on few rows first. It takes the prior's as its own:
    ``HalvingGridSearchCV(estimator, prior.portfolio(16))``.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris, load_wine
    >>> from sklearn.svm import SVC
    >>> from skmeta import WarmStartSearchCV
    >>> space = {"C": loguniform(0.01, 100), "gamma": loguniform(0.001, 1)}
    >>> past = WarmStartSearchCV(SVC(), space, n_iter=8, random_state=0)
    >>> past = past.fit(*load_wine(return_X_y=True))
    >>> search = WarmStartSearchCV(SVC(), space, n_iter=3, prior=past.prior_, random_state=0)
    >>> search = search.fit(*load_iris(return_X_y=True))
    >>> search.cv_results_["origin"].tolist()
    ['portfolio', 'model', 'model']
    >>> bool(search.best_score_ > 0.97)
    True
    """

    def __init__(  # noqa: PLR0913 - those of RandomizedSearchCV, and what is tried, from what, for how long
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        task: str | int | None = None,
        prior: Any = None,
        method: str = "auto",
        batch_size: int = 1,
        max_time: float | None = None,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = nan,
        return_train_score: bool = False,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.task = task
        self.prior = prior
        self.method = method
        self.batch_size = batch_size
        self.max_time = max_time
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and refit the best candidate.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            The rows of one dataset or, with `task`, of all, the task column included.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets.
        **params : dict
            For ``fit`` of the estimator, the scorer and the splitter, as in `RandomizedSearchCV`; what has one
            value a row is split with the rows.

        Returns
        -------
        self : object
            The fitted search.
        """
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)  # an interrupted fit must not show what an earlier one found
        check_settings(self, y)
        check_method(self.method)
        prior = read_prior(self.prior)
        if self.task is None:
            self._search(X, y, params, prior, name_data(X, y, scored_by(self)))
            self.prior_ = updated_prior(prior, self.history_)
            return self
        return fit_tasks(self, X, y, params, prior)

    def _search(
        self, X: Any, y: Any, params: dict[str, Any], prior: HyperparameterPrior | None, name: str | int
    ) -> None:
        """Search on one dataset of a name, starting from a prior that was read."""
        self.prior_, self._dataset = prior, (name, shape_of(X))
        self.history_: TrialHistory = TrialHistory()
        super().fit(X, y, **params)

    def _run_search(self, evaluate_candidates: Any, *, callback_ctx: Any = None) -> None:
        """Try batch after batch; what each taught decides on the next."""
        deadline = inf if self.max_time is None else time.monotonic() + self.max_time
        space = Space.of(self.param_distributions)
        check_names(self.estimator, space)
        n_trials = count_trials(space, self.n_iter)
        suggester = suggester_for(space, self.prior_, self.method, _generator(self.random_state), self.estimator)
        batches = TrialBatches(evaluate_candidates, self._checked_cv_orig, named_metric(self), self.error_score)
        suggestions = suggester.resume_from(self._earlier())  # at most one, which is a batch by itself
        n_batches = len(suggestions) + ceil((n_trials - len(suggestions)) / self.batch_size)
        search_ctx = callback_ctx.subcontext(task_name="search", max_subtasks=n_batches)
        search_ctx.call_on_fit_task_begin(estimator=self)
        over = False
        while len(batches) < n_trials and not over:
            n_next = min(self.batch_size, n_trials - len(batches))
            suggestions = suggestions or suggester.suggest(n_next, *batches.scores_and_errors(self.n_splits_))
            if not suggestions:
                break
            batch_ctx = search_ctx.subcontext(
                task_name="batch", max_subtasks=len(suggestions) * self.n_splits_, sequential_subtasks=False
            ).call_on_fit_task_begin(estimator=self)
            batches.evaluate([p.params for p in suggestions], _columns_of(suggestions), batch_ctx)
            self._record(batches, len(suggestions))
            suggestions = []
            over = batch_ctx.call_on_fit_task_end(estimator=self) or time.monotonic() >= deadline
        batches.finish()
        search_ctx.call_on_fit_task_end(estimator=self)

    def _earlier(self) -> list[Trial]:
        """Trials that the prior has of this dataset, as large as it is now: a search that was broken off goes on."""
        name, (n_rows, _) = self._dataset
        past = () if self.prior_ is None else self.prior_.history
        return [trial for trial in past if (trial.task, trial.n_rows) == (name, n_rows)]

    def _record(self, batches: TrialBatches, n_new: int) -> None:
        """Add the newest trials to the history, read as those of a search that made no others."""
        newest = copy.copy(self)
        newest.cv_results_ = batches.rows(len(batches) - n_new)
        newest.multimetric_ = named_metric(self) is not None
        name, shape = self._dataset
        self.history_.add(newest, task=name, metric=batches.metric, shape=shape)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "cv_results_")  # the last that a fit leaves: an interrupted one leaves others


def _columns_of(suggestions: list[Suggestion]) -> dict[str, list[Any]]:
    """What is known of suggestions beforehand, as columns."""
    return {
        "origin": [suggestion.origin for suggestion in suggestions],
        "expected_score": [suggestion.mean for suggestion in suggestions],
        "expected_std": [suggestion.sd for suggestion in suggestions],
    }


def _generator(random_state: Any) -> np.random.Generator:
    """NumPy's newer generator, from what scikit-learn takes."""
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))
