"""What a search is given, checked before anything is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from math import isnan
from numbers import Integral, Real
from typing import Any

from sklearn.base import clone
from sklearn.utils import get_tags

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed, shown
from skmeta.tuning._space import Space


def check_settings(search: Any, y: Any) -> None:
    """Raise if how much is to be tried makes no sense, or if there is no target although one is needed."""
    if y is None and get_tags(search.estimator).target_tags.required:
        name = type(search.estimator).__name__
        raise ValueError(f"y: {name} requires y to be passed, but the target y is None; call fit(X, y).")
    for name in ("n_iter", "batch_size"):
        value = getattr(search, name)
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name}: wanted a whole number of trials, found {shown(value)}; pass {name}=10, say.")
        if value < 1:
            raise ValueError(f"{name}: wanted at least 1 trial, found {shown(value)}; pass {name}=10, say.")
    seconds = search.max_time
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, Real):
        raise TypeError(f"max_time: wanted a number of seconds, found {shown(seconds)}; pass None for no limit.")
    if isnan(seconds) or seconds <= 0:
        raise ValueError(f"max_time: wanted more than 0 seconds, found {shown(seconds)}; pass None for no limit.")


def checked_count(name: str, value: Any) -> int:
    """A positive whole number, or an error that names the parameter."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name}: wanted a whole number of at least 1, found {value!r}; pass {name}=10, say.")
    return int(value)


def check_scored_alike(prior: Any, names: set[str | int], scored_by: str | None) -> None:
    """Raise for a task that the prior knows by another score: its trials then and now could not be told apart."""
    for trial in () if prior is None else prior.history:
        if trial.task in names and trial.scoring not in (None, scored_by):
            raise ValueError(
                f"prior: wanted trials of task {trial.task!r} scored by {scored_by!r} as now, found some scored by "
                f"{trial.scoring!r}; pass that as scoring, or rename the tasks."
            )


def check_names(estimator: Any, space: Space) -> None:
    """Raise for a name that cannot be set on the estimator, or on a step that the space chooses."""
    for branch in space.branches:
        for name in branch:
            outer = next((o for o in _outer_names(name) if o in branch), None)
            if outer is None:
                _check_name(name, name, estimator)
            elif branch[outer].is_finite:  # what a distribution will draw is not known
                for choice in branch[outer].values:
                    _check_name(name, name.removeprefix(f"{outer}__"), choice)


def _outer_names(name: str) -> Iterator[str]:
    """``a__b`` and ``a`` of ``a__b__c``."""
    while "__" in name:
        name = name.rpartition("__")[0]
        yield name


def _check_name(name: str, inner: str, estimator: Any) -> None:
    known = list(estimator.get_params()) if hasattr(estimator, "get_params") else []
    if inner in known or _takes(estimator, inner):
        return
    prefix = name.removesuffix(inner)
    close = [prefix + each for each in get_close_matches(inner, known)]
    mend = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {listed(known, 20) or 'none'}."
    choice = f" chosen as {prefix[:-2]!r}; give each choice its own dict in a list, if they differ" if prefix else ""
    raise ValueError(
        f"param_distributions: wanted parameters of the estimator, found {name!r}, which is none of {estimator!r:.200}"
        f"{choice}; {mend}"
    )


def _takes(estimator: Any, name: str) -> bool:
    """Whether it can be set although it is not listed: some libraries pass on whatever they are given."""
    try:
        clone(estimator).set_params(**{name: None})
    except (AttributeError, TypeError, ValueError):
        return False
    return True


def count_trials(space: Space, n_iter: int) -> int:
    """``n_iter``, or all that there is."""
    if space.size >= n_iter:
        return n_iter
    warn_caller(
        f"The total space of parameters {space.size} is smaller than n_iter={n_iter}. All of it is tried, in "
        f"{space.size} trials, as GridSearchCV does."
    )
    return int(space.size)
