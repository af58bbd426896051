"""Where past trials are read from: a fitted search, its ``cv_results_``, or a table of trials."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier
from sklearn.exceptions import NotFittedError

from skmeta.tuning._studies import rows_of_study, table_of
from skmeta.tuning._table_columns import columns_of_table, tasks_of_rows, tell_of_other_column
from skmeta.tuning._trial import Trial, holds_described, plain_value
from skmeta.tuning._trial_scores import numbers, pick_score, sign_of
from skmeta.tuning._trial_tables import in_sklearns_names
from skmeta.tuning._unmarked_columns import unmarked_params
from skmeta.tuning._written_values import column_as_meant, written_dicts


def read_trials(
    search: Any,
    task: str | int,
    metric: str | None = None,
    shape: tuple[int, int] | None = None,
    greater_is_better: bool | None = None,
) -> list[Trial]:
    """The trials of one search.

    Parameters
    ----------
    search : fitted search, mapping, frame or list of dict
        Where they are.
    task : str or int
        Name of the dataset they were made on, or of the column of a table that has the names.
    metric : str, default=None
        Which of several scores.
    shape : tuple of (n_rows, n_columns), default=None
        Size of the dataset.
    greater_is_better : bool, default=None
        Whether a higher score is better; None is what a study says, else yes.

    Returns
    -------
    list of Trial
        One a candidate.
    """
    if metric is not None and not isinstance(metric, str):
        raise TypeError(f"metric: wanted the name of one score, found {metric!r:.40}; pass metric='name'.")
    size = (None, None) if shape is None else shape
    if not hasattr(search, "get_params") or isinstance(search, type):
        return _read_table(search, task, metric, size, greater_is_better)
    _check_search(search)
    if greater_is_better is not None and not greater_is_better:
        raise ValueError(
            f"greater_is_better: wanted True or None for a {type(search).__name__}, as scorers of scikit-learn turn errors, "
            "found False; leave it out."
        )
    return _read_search(search, task, metric, size)


def _check_search(search: Any) -> None:
    """Raise for an estimator that is no fitted search on one dataset."""
    if hasattr(search, "searches_"):
        raise ValueError(
            f"search: wanted a search on one dataset, found {type(search).__name__} over the tasks "
            f"{list(search.searches_)!r:.60}; it has a history of them all: history + search.history_."
        )
    found = getattr(search, "cv_results_", None)
    if not isinstance(found, Mapping) or "params" not in found:
        raise NotFittedError(
            f"search: wanted a fitted search with cv_results_ of params, found {type(search).__name__} without; "
            "call its fit, if it is one."
        )


def _read_search(search: Any, task: str | int, metric: str | None, shape: tuple[Any, Any]) -> list[Trial]:
    """The trials of a fitted search."""
    rows, columns = shape
    results = dict(search.cv_results_)
    if getattr(search, "multimetric_", False) and metric is None and isinstance(search.refit, str):
        metric = search.refit
    if getattr(search, "resource", None) == "n_samples":  # halving: few rows in the first rounds
        rows = results.get("n_resources", rows)
    candidates = list(results["params"])
    _check_params(candidates)
    _check_trials(results, candidates)
    scoring = scoring_name(search)
    return _trials(
        results,
        candidates,
        [task] * len(candidates),
        pick_score(results, metric, scoring),
        scoring=scoring,
        others=other_params(search.estimator, candidates),
        n_splits=getattr(search, "n_splits_", None),
        n_rows=rows,
        n_columns=getattr(search, "n_features_in_", columns),
    )


def _read_table(
    search: Any, task: str | int, metric: str | None, shape: tuple[Any, Any], greater_is_better: bool | None
) -> list[Trial]:
    """The trials of a study or of a table."""
    study = rows_of_study(search, metric)
    table, says = (table_of(search), None) if study is None else study
    columns = columns_of_table(table, task)
    tell_of_other_column(columns, task)
    results = in_sklearns_names(columns, None if study else metric, task)
    of_one_task = {column: values for column, values in results.items() if column != task}
    candidates = _params(of_one_task)
    tasks = tasks_of_rows(results, task, len(candidates))
    _check_trials(of_one_task, candidates)
    score = pick_score(results, None if study else metric, None)
    sign = sign_of(greater_is_better, says, results, metric)
    scoring = None if study is None else f"{'' if sign > 0 else 'neg_'}{metric or 'value'}"
    n_rows, n_columns = shape
    return _trials(
        results,
        candidates,
        tasks,
        score,
        sign=sign,
        scoring=scoring,
        n_rows=_rows_by_trial(results, candidates) if n_rows is None else n_rows,
        n_columns=n_columns,
    )


def _trials(
    results: dict[str, Any],
    candidates: list[dict[str, Any]],
    tasks: Sequence[str | int],
    score: str,
    *,
    sign: float = 1.0,
    scoring: str | None = None,
    others: list[dict[str, Any]] | None = None,
    n_splits: int | None = None,
    n_rows: Any = None,
    n_columns: int | None = None,
) -> list[Trial]:
    n = len(candidates)
    means, stds, times = (
        numbers(results, name, n) for name in (f"mean_test_{score}", f"std_test_{score}", "mean_fit_time")
    )
    splits = n_splits or sum(bool(re.fullmatch(rf"split\d+_test_{re.escape(score)}", name)) for name in results)
    rows = np.broadcast_to(np.asarray(n_rows, dtype=object), (n,))
    return [
        Trial(
            tasks[i],
            params={key: plain_value(value) for key, value in candidates[i].items()},
            other_params={} if others is None else others[i],
            mean_test_score=sign * means[i],
            std_test_score=stds[i],
            mean_fit_time=times[i],
            n_splits=splits or None,
            scoring=scoring or (None if score == "score" else score if sign > 0 else f"neg_{score}"),
            n_rows=_count(rows[i]),
            n_columns=_count(n_columns),
        )
        for i in range(n)
    ]


def _check_trials(results: dict[str, Any], candidates: list[dict[str, Any]]) -> None:
    """Raise if there are none, or for the results of several datasets: ranks would mix them."""
    if not candidates:
        raise ValueError("search: wanted at least one trial, found none (no rows in its cv_results_ or table).")
    marked = "params" in results or any(name.startswith("param_") for name in results)
    tasks = dict.fromkeys(map(str, results["task"])) if marked and "task" in results else {}
    if len(tasks) > 1:
        raise ValueError(
            f"search: wanted trials on one dataset, found a column 'task' with {list(tasks)!r:.60}; pass task='task', or add "
            "histories: history + search.history_."
        )


def _rows_by_trial(results: dict[str, Any], candidates: list[dict[str, Any]]) -> Any:
    """How many rows each trial of a halving search had, unless its resource is a parameter."""
    if "n_resources" not in results:
        return None
    counts = numbers(results, "n_resources", len(candidates))
    found = [int(count) if isfinite(count) else None for count in counts]
    pairs = list(zip(candidates, found, strict=True))
    names = {name for params in candidates for name in params}
    is_parameter = any(all(plain_value(params.get(name)) == count for params, count in pairs) for name in names)
    return None if is_parameter else found


def _count(value: Any) -> int | None:
    if value is not None and value < 0:
        raise ValueError(f"search: wanted numbers of rows, found {value}; leave the column n_resources out.")
    return None if value is None else int(value)


# Parameters -----------------------------------------------------------------------------------------


def _params(results: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of each trial: ``params``, or else the columns ``param_...``, or else all that are no results."""
    marked = {name: name.removeprefix("param_") for name in results if name.startswith("param_")}
    candidates = list(results.get("params", ()))
    printed = any(isinstance(params, str) for params in candidates)  # a frame that went through CSV
    exact = written_dicts(candidates) if printed else None
    if exact is not None:
        return exact
    if "params" in results and not (printed and marked):
        _check_params(candidates)
        return candidates
    columns = marked or unmarked_params(results)
    if not columns and results:
        raise ValueError(
            f"search: wanted 'params' or a column for each parameter, found only {list(results)}; pass the "
            "cv_results_ of a search over parameters."
        )
    lengths = {len(results[name]) for name in columns}
    if len(lengths) > 1:
        raise ValueError(f"search: wanted columns of one length, found lengths {sorted(lengths)}.")
    meant = {short: column_as_meant(short, results[name]) for name, short in columns.items()}
    return [
        {name: values[i] for name, values in meant.items() if values[i] is not np.ma.masked}
        for i in range(max(lengths, default=0))
    ]


def _check_params(candidates: list[Any]) -> None:
    for params in candidates:
        if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
            raise TypeError(f"search: wanted a dict of names and values in each of params, found {params!r:.60}.")


# What was scored, and the parameters that were not searched ------------------------------------------


def scoring_name(search: Any) -> str | None:
    """What a search with one score was scored by; None for one with several."""
    scoring = getattr(search, "scoring", None)
    if getattr(search, "multimetric_", False):
        return None
    if isinstance(scoring, str):
        return scoring
    if scoring is not None:
        return str(plain_value(scoring))
    estimator = search.estimator
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    method = getattr(type(estimator), "score", None)
    inherited = {ClassifierMixin.score: "accuracy", RegressorMixin.score: "r2"}
    if method in inherited:
        return inherited[method]
    # Of scikit-learn's own, some classifiers say "accuracy" anew; regressors that do mean something else.
    if is_classifier(estimator) and type(estimator).__module__.startswith("sklearn."):
        return "accuracy"
    return f"{type(estimator).__name__}.score"


def other_params(estimator: Any, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parameters that a candidate does not set, as plain values, for each: a step that is chosen brings its own."""
    usual = _plain_params(estimator)
    others = []
    for params in candidates:
        values = dict(usual)
        for name in sorted(params, key=lambda name: name.count("__")):  # outer ones first
            chosen, prefix = params[name], f"{name}__"
            values = {key: value for key, value in values.items() if not key.startswith(prefix)}
            if hasattr(chosen, "get_params") and not isinstance(chosen, type):
                values |= {prefix + key: value for key, value in _plain_params(chosen).items()}
        others.append({name: value for name, value in values.items() if name not in params})
    return others


def _plain_params(estimator: Any) -> dict[str, Any]:
    """All parameters but containers of estimators, such as a Pipeline's steps: these have names of their own."""
    plain = {name: plain_value(value) for name, value in estimator.get_params().items()}
    return {name: value for name, value in plain.items() if not holds_described(value)}
