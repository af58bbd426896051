"""What past tuning taught of hyperparameters, as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skmeta.base import FrozenValue
from skmeta.base._html import html_table
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._candidates import CandidateEncoder
from skmeta.tuning._history import TrialHistory
from skmeta.tuning._methods import METHODS
from skmeta.tuning._past_tasks import PastTasks, learn_past
from skmeta.tuning._pool import Pool
from skmeta.tuning._search_checks import checked_count
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import suggester_for
from skmeta.tuning._surrogates.portfolio import greedy_portfolio
from skmeta.tuning._trial import Described, Trial, holds_described
from skmeta.tuning._trial_sources import read_trials

_MAX_PORTFOLIO_PAST = 1000  # past candidates looked at for a portfolio; of more, the best of each task
_MAX_ADOPTED = 250  # likewise, for a search, which has candidates of its own


@dataclass(frozen=True, eq=False, repr=False)
class HyperparameterPrior(FrozenValue):
    r"""Which hyperparameters tend to win, learned from the trials of past searches.

    Each past task has a model of its scores, a Gaussian process on their normal scores, all with one kernel:

    .. math:: z_t(x) = f_t(x) + e, \quad f_t \sim GP(0, k)

    A new task's scores are, up to mean and scale, a draw around the mean of the past tasks' models, with their
    covariance and something specific to it. How much of its variance is specific, and how often a task has nothing to do with
    the others, is learned from past tasks held out.

    It is made by `from_history`, and like every prior shared by ``clone`` and never changed. Two are equal if they
    were made from the same trials.

    Parameters
    ----------
    record : str
        The trials it was made from, as JSON.
    past : PastTasks
        The models of past tasks.

    Attributes
    ----------
    history : TrialHistory
        The trials it was made from; a copy.
    tasks : tuple
        Names of the past tasks.
    searched : tuple of str
        Names of the parameters that any past trial searched.

    References
    ----------
    A. Schwaighofer, V. Tresp and K. Yu (2005), Learning Gaussian process kernels via hierarchical Bayes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris, load_wine
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from skmeta import HyperparameterPrior, TrialHistory
    >>> model, history = make_pipeline(StandardScaler(), SVC()), TrialHistory()
    >>> for load in (load_iris, load_wine):
    ...     search = GridSearchCV(model, {"svc__C": [0.01, 1.0, 100.0]}).fit(*load(return_X_y=True))
    ...     history = history.add(search, task=load.__name__)
    >>> prior = HyperparameterPrior.from_history(history)
    >>> prior
    HyperparameterPrior(n_tasks=2, n_trials=6, searched=['svc__C'])
    >>> prior.default()
    {'svc__C': 1.0}
    >>> prior.portfolio(2)
    [{'svc__C': [1.0]}, {'svc__C': [100.0]}]
    """

    record: str
    past: PastTasks

    @classmethod
    def from_history(cls, history: TrialHistory) -> HyperparameterPrior:
        """Learn from past trials.

        Parameters
        ----------
        history : TrialHistory
            The trials; failed ones, whose score is nan, teach nothing.

        Returns
        -------
        HyperparameterPrior
            The prior.

        Raises
        ------
        TypeError
            If it is no history.
        ValueError
            If it has no trials, or none with a score.
        """
        if not isinstance(history, TrialHistory):
            raise TypeError(
                f"history: wanted a TrialHistory, found {type(history).__name__}; add searches to one: "
                "TrialHistory().add(search, task='name')."
            )
        if not history:
            raise ValueError(
                "history: wanted past trials, found none; add a fitted search to it, or search without: "
                "prior=history or None."
            )
        prior = cls(history.as_text(), learn_past(list(history)))
        vars(prior)["_history"] = TrialHistory() + history  # else it would be read from the text
        return prior

    @property
    def history(self) -> TrialHistory:
        """The trials it was made from; a copy."""
        return TrialHistory.from_text(self.record)

    @cached_property
    def _history(self) -> TrialHistory:
        return self.history

    def to_frame(self) -> Any:
        """Give the trials it was made from as a table, see `TrialHistory.to_frame`."""
        return self._history.to_frame()

    @property
    def tasks(self) -> tuple[str | int, ...]:
        """Names of the past tasks."""
        return tuple(dict.fromkeys(self.past.names))

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """Names of the parameters that any past trial searched, sorted."""
        return tuple(sorted({name for trial in self._history for name in trial.params}))

    def portfolio(self, k: int, param_distributions: Any = None) -> list[dict[str, list[Any]]]:
        """Give few candidates of which one is good on every past task.

        Parameters
        ----------
        k : int
            How many, at most: there are no more than candidates tried in the past.
        param_distributions : dict, list of dict or ConfigurationSpace, default=None
            Space that they are to be from, with past values that no longer are possible left out; needed where
            past values are no plain data, such as estimators. By default all that was tried.

        Returns
        -------
        list of dict
            ``GridSearchCV(estimator, prior.portfolio(6))`` tries them: names, with a list of one value each.

        Raises
        ------
        ValueError
            If ``k`` is no positive number, if no past candidate can be given, or if the prior knows none of the
            space's parameters.
        """
        k = checked_count("k", k)
        if param_distributions is None:
            candidates = self._given
            expected = self.past.means(self.past.encoder.encode(candidates))
        else:
            space = Space.of(param_distributions)
            if not set(self.searched) & set(space.names):
                raise ValueError(
                    f"param_distributions: wanted a parameter that past tasks searched, one of {list(self.searched)}, "
                    f"found {list(space.names)}: nothing was learned of these."
                )
            pool = Pool(space, CandidateEncoder(space, self.past), np.random.default_rng(0), self.adopted(space))
            candidates, expected = pool.candidates.params, pool.candidates.past_means
        return [{n: [value] for n, value in _copied(candidates[i]).items()} for i in greedy_portfolio(expected, k)]

    def default(self, param_distributions: Any = None) -> dict[str, Any]:
        """Give the one candidate that is best on the whole: a default that knows your data.

        Parameters
        ----------
        param_distributions : dict, list of dict or ConfigurationSpace, default=None
            As for `portfolio`.

        Returns
        -------
        dict
            For ``estimator.set_params(**prior.default())``.
        """
        (candidate,) = self.portfolio(1, param_distributions)
        return {name: value for name, (value,) in candidate.items()}

    def suggest(
        self,
        param_distributions: Any,
        trials: Any = None,
        *,
        n_suggestions: int = 1,
        candidates: list[dict[str, Any]] | None = None,
        method: str = "auto",
        metric: str | None = None,
        greater_is_better: bool | None = None,
        random_state: Any = None,
    ) -> list[dict[str, Any]]:
        """Say what to try next on a new task.

        Parameters
        ----------
        param_distributions : dict, list of dict or ConfigurationSpace
            The space, as for `WarmStartSearchCV`.
        trials : TrialHistory, fitted search, mapping, frame or list of dict, default=None
            Trials on the new task so far, as `TrialHistory.add` takes them or as a history; it may be empty.
        n_suggestions : int, default=1
            How many to try at once.
        candidates : list of dict, default=None
            The only ones to choose from, if not all of the space.
        method : {"auto", "task_gp", "rgpe", "portfolio", "gp"}, default="auto"
            As for `WarmStartSearchCV`.
        metric, greater_is_better
            Of the trials, as for `TrialHistory.add`.
        random_state : int, RandomState or None, default=None
            Draws of candidates.

        Returns
        -------
        list of dict
            Candidates not yet tried; fewer than asked for where a finite space has no more.

        Warns
        -----
        UserWarning
            If past trials know none of the parameters that are searched.
        """
        check_method(method)
        space = Space.of(param_distributions)
        rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
        suggester = suggester_for(space, self, method, rng, None, candidates)
        listed = isinstance(trials, TrialHistory) or trials is None or (isinstance(trials, list) and not trials)
        tried = list(trials or ()) if listed else read_trials(trials, "now", metric, None, greater_is_better)
        suggester.update(tried)
        errors = [t.standard_error for t in tried]
        suggestions = suggester.suggest(
            checked_count("n_suggestions", n_suggestions), [t.mean_test_score for t in tried], errors
        )
        return [_copied(suggestion.params) for suggestion in suggestions]

    def update(
        self,
        search: Any,
        *,
        task: str | int | None = None,
        metric: str | None = None,
        greater_is_better: bool | None = None,
    ) -> HyperparameterPrior:
        """Give the prior that knows one search more.

        Parameters
        ----------
        search : TrialHistory, fitted WarmStartSearchCV, or what `TrialHistory.add` takes
            Its trials.
        task : str or int, default=None
            Name of the dataset, where the search does not bring it.
        metric, greater_is_better
            As for `TrialHistory.add`.

        Returns
        -------
        HyperparameterPrior
            A new prior; this one stays as it is.
        """
        history = search if isinstance(search, TrialHistory) else getattr(search, "history_", None)
        if history is None or task is not None:
            if task is None:
                raise ValueError(
                    f"task: wanted the name of the dataset that {type(search).__name__} searched on, found none; "
                    "pass task='name'."
                )
            history = TrialHistory().add(search, task=task, metric=metric, greater_is_better=greater_is_better)
        return HyperparameterPrior.from_history(self._history + history)

    def adopted(self, space: Space) -> list[dict[str, Any]]:
        """Past candidates, the best of each task first, as candidates of a space; for the search.

        Parameters
        ----------
        space : Space
            Today's.

        Returns
        -------
        list of dict
            Each once, with values as the space has them; those that it does not have are left out.
        """
        found = space.adopt_all(self._adoptable)
        return list({space.key(each): each for each in found if each is not None}.values())

    def __eq__(self, other: object) -> bool:
        return self._history == other._history if isinstance(other, HyperparameterPrior) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.tasks))

    def __repr__(self) -> str:
        shown = [*self.searched[:5], *(["..."] if len(self.searched) > 5 else [])]
        return f"HyperparameterPrior(n_tasks={len(self.tasks)}, n_trials={len(self._history)}, searched={shown})"

    def _repr_html_(self) -> str:
        learned = f"{len(self.tasks)} tasks, {len(self._history)} trials"
        return html_table(type(self).__name__, {"learned from": learned, "parameters": ", ".join(self.searched)})

    @cached_property
    def _adoptable(self) -> list[dict[str, Any]]:
        """All parameters of the best trials."""
        return [trial.all_params for trial in self._best_trials(_MAX_ADOPTED)]

    @cached_property
    def _given(self) -> list[dict[str, Any]]:
        """What was searched in the best trials, each candidate once."""
        searched = set(self.searched)
        found: dict = {}
        for trial in self._best_trials(_MAX_PORTFOLIO_PAST):
            params = {name: value for name, value in trial.all_params.items() if name in searched}
            found.setdefault(repr(sorted(params.items(), key=lambda item: item[0])), params)
        plain = [params for params in found.values() if not any(map(_is_described, params.values()))]
        if not plain:
            raise ValueError(
                "param_distributions: wanted the space, as past values are no plain data (estimators, functions) "
                "that could be given back, found None; pass the param_distributions of the search."
            )
        return plain

    def _best_trials(self, most: int) -> list[Trial]:
        """About so many past trials, the best of each task first."""
        n_each = max(1, most // len(self.tasks))
        of_tasks: dict = {}
        for trial in self._history:
            if trial.is_scored:
                of_tasks.setdefault(trial.task, []).append(trial)
        ranked = (sorted(trials, key=lambda trial: -trial.mean_test_score) for trials in of_tasks.values())
        return [trial for trials in ranked for trial in trials[:n_each]]


def _copied(params: dict[str, Any]) -> dict[str, Any]:
    """A candidate whose values may be changed: what is done to them is done neither to space nor to past."""
    return {name: clone(value, safe=False) for name, value in params.items()}


def _is_described(value: Any) -> bool:
    return isinstance(value, Described) or holds_described(value)


def check_method(method: str) -> None:
    """Raise if there is no such method."""
    if method not in METHODS:
        raise ValueError(f"method: wanted one of {list(METHODS)}, found {method!r}; leave it at 'auto'.")


def read_prior(prior: Any) -> HyperparameterPrior | None:
    """The prior that a user passed: a value, a history to learn from, or none.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if prior is None or isinstance(prior, HyperparameterPrior):
        return prior
    if isinstance(prior, TrialHistory):
        if len(prior) and not any(trial.is_scored for trial in prior):
            warn_caller(f"prior: none of the {len(prior)} trials has a score, so the search starts cold.")
            return None
        return HyperparameterPrior.from_history(prior)
    found = "a dict" if isinstance(prior, Mapping) else type(prior).__name__
    raise TypeError(f"prior: wanted a HyperparameterPrior or a TrialHistory, found {found}; see TrialHistory.add.")


def updated_prior(prior: HyperparameterPrior | None, history: TrialHistory) -> HyperparameterPrior | None:
    """What was known, and what the trials of a history add to it, if any has a score."""
    if not any(trial.is_scored for trial in history):
        return prior
    return HyperparameterPrior.from_history(history) if prior is None else prior.update(history)
