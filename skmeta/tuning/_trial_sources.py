"""Where past trials are read from: a fitted search, its ``cv_results_``, or a table of trials."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier
from sklearn.exceptions import NotFittedError

from skmeta._dataframe import column_lists, is_frame
from skmeta.tasks._words import is_missing
from skmeta.tuning._studies import rows_of_study
from skmeta.tuning._trial import Trial, holds_described, plain_value
from skmeta.tuning._trial_tables import BOOKKEEPING, in_sklearns_names
from skmeta.tuning._written_values import column_as_meant, written_params

# Columns of cv_results_ that are no parameters.
_RESULT = re.compile(r"(mean|std|rank|split\d+)_(fit_time|score_time|(test|train)_.+)|score|iter|n_resources|params")
_ERROR = re.compile(
    r"(.*[^a-z])?(loss|error|rmse|rmsle|mse|mae|mape|deviance|logloss|nll|perplexity|regret)([^a-z].*)?", re.IGNORECASE
)
_KINDS = "a fitted search, its cv_results_, a study of Optuna or hyperopt, a frame or a list of dicts"


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
    rows, columns = (None, None) if shape is None else shape
    if not hasattr(search, "get_params") or isinstance(search, type):
        return _read_table(search, task, metric, (rows, columns), greater_is_better)
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
    results = dict(found)
    if getattr(search, "multimetric_", False) and metric is None and isinstance(search.refit, str):
        metric = search.refit
    if getattr(search, "resource", None) == "n_samples":  # halving: few rows in the first rounds
        rows = results.get("n_resources", rows)
    candidates = _params(results)
    return _trials(
        results,
        candidates,
        task,
        metric,
        scoring=scoring_name(search),
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
    table, says = (search, None) if study is None else study
    name = None if study else metric
    results = _columns(table, name, task)
    sign = _sign(greater_is_better, says, metric or _only_score(results))
    n_rows, n_columns = shape
    scoring = None if study is None else f"{'' if sign > 0 else 'neg_'}{metric or 'value'}"
    found: Any = [
        _trials(part, _params(part), each, name, sign=sign, scoring=scoring, n_rows=n_rows, n_columns=n_columns)
        for each, part in _by_task(results, task).items()
    ]
    return [trial for trials in found for trial in trials]


def _trials(
    results: dict[str, Any],
    candidates: list[dict[str, Any]],
    task: str | int,
    metric: str | None,
    *,
    sign: float = 1.0,
    scoring: str | None = None,
    others: list[dict[str, Any]] | None = None,
    n_splits: int | None = None,
    n_rows: Any = None,
    n_columns: int | None = None,
) -> list[Trial]:
    n = len(candidates)
    if n == 0:
        raise ValueError("search: wanted at least one trial, found none (no rows in its cv_results_ or table).")
    _check_one_task(results)
    metric = _pick_score(results, metric, scoring)
    means, stds, times = (
        _floats(results, name, n) for name in (f"mean_test_{metric}", f"std_test_{metric}", "mean_fit_time")
    )
    splits = n_splits or sum(bool(re.fullmatch(rf"split\d+_test_{re.escape(metric)}", str(name))) for name in results)
    rows = np.broadcast_to(np.asarray(n_rows, dtype=object), (n,))
    return [
        Trial(
            task,
            params={key: plain_value(value) for key, value in candidates[i].items()},
            other_params={} if others is None else others[i],
            mean_test_score=sign * means[i],
            std_test_score=stds[i],
            mean_fit_time=times[i],
            n_splits=_count(splits or None),
            scoring=scoring or (None if metric == "score" else metric if sign > 0 else f"neg_{metric}"),
            n_rows=_count(rows[i]),
            n_columns=_count(n_columns),
        )
        for i in range(n)
    ]


def _check_one_task(results: dict[str, Any]) -> None:
    """Raise for the results of several datasets: ranks would mix them."""
    marked = "params" in results or any(str(name).startswith("param_") for name in results)
    tasks = dict.fromkeys(map(str, results["task"])) if marked and "task" in results else {}
    if len(tasks) > 1:
        raise ValueError(
            f"search: wanted trials on one dataset, found a column 'task' with {list(tasks)!r:.60}; add the rows of each "
            "under its own name, or add histories: history + search.history_."
        )


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


# Tables ---------------------------------------------------------------------------------------------


def _columns(table: Any, metric: str | None, task: Any) -> dict[str, Any]:
    """Names and columns of a mapping or a table, under scikit-learn's names."""
    columns = _raw_columns(table)
    if not all(isinstance(name, str) for name in columns):
        raise TypeError(f"search: wanted columns with names, found {[n for n in columns if not isinstance(n, str)]}.")
    return in_sklearns_names(columns, metric, task)


def _by_task(results: dict[str, Any], task: str | int) -> dict[Any, dict[str, Any]]:
    """The rows of each dataset, where `task` names a column; else all of them."""
    if task not in results:
        return {task: results}
    names = [None if name is np.ma.masked or is_missing(name) else plain_value(name) for name in results[task]]
    if None in names:
        raise ValueError(
            f"task: wanted a name in every row of {task!r}, found {names.count(None)} without; drop these rows."
        )
    rows = {name: [at for at, each in enumerate(names) if each == name] for name in dict.fromkeys(names)}
    others = {column: values for column, values in results.items() if column != task}
    return {
        name: {column: [values[at] for at in places] for column, values in others.items()}
        for name, places in rows.items()
    }


def _only_score(results: dict[str, Any]) -> str:
    """The name of the score, where there is one."""
    names = [name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_")]
    return names[0] if len(names) == 1 else ""


def _sign(greater_is_better: bool | None, says: bool | None, metric: str) -> float:
    """1 where a higher score is better, -1 where a lower one is."""
    if greater_is_better is not None and says is not None and greater_is_better != says:
        raise ValueError(
            f"greater_is_better: wanted what the study says, {says}, found {greater_is_better}; leave it out."
        )
    better = says if greater_is_better is None else greater_is_better
    if better is None and not metric.lower().startswith("neg") and _ERROR.fullmatch(metric):
        warnings.warn(
            f"metric: {metric!r} looks like an error, of which lower is better, and higher is taken to be; pass "
            "greater_is_better=False, or True if it is none.",
            UserWarning,
            stacklevel=4,
        )
    return -1.0 if better is False else 1.0


def _raw_columns(table: Any) -> dict[Any, Any]:
    """Gaps of a frame are parameters that a trial did not have."""
    if isinstance(table, Mapping):
        return dict(table)
    if is_frame(table):
        return {name: _gaps_masked(map(_without_gaps, column)) for name, column in column_lists(table).items()}
    if isinstance(table, Sequence) and not isinstance(table, str | bytes):
        wrong = [type(row).__name__ for row in table if not isinstance(row, Mapping)]
        if wrong:
            raise TypeError(f"search: wanted {_KINDS}, found a list with {wrong[0]}.")
        names = dict.fromkeys(name for row in table for name in row)
        return {name: [row.get(name, np.ma.masked) for row in table] for name in names}
    raise TypeError(f"search: wanted {_KINDS}, found {type(table).__name__}.")


def _gaps_masked(values: Iterable[Any]) -> list[Any]:
    return [np.ma.masked if is_missing(v) and not isinstance(v, np.ndarray) else v for v in values]


def _without_gaps(value: Any) -> Any:
    """A struct of polars has every field in every row."""
    return {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value


def _params(results: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of each trial: ``params``, or else the columns ``param_...``, or else all that are no results."""
    marked = {name: name.removeprefix("param_") for name in results if str(name).startswith("param_")}
    candidates = list(results.get("params", ()))
    printed = any(isinstance(params, str) for params in candidates)  # a frame that went through CSV
    exact = written_params(candidates) if printed else None
    if exact is not None:
        return exact
    if "params" in results and not (printed and marked):
        for params in candidates:
            if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
                raise TypeError(f"search: wanted a dict of names and values in each of params, found {params!r:.60}.")
        return candidates
    columns = marked or {n: n for n in results if not _RESULT.fullmatch(n) and not BOOKKEEPING.fullmatch(n)}
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


# Scores ---------------------------------------------------------------------------------------------


def _pick_score(results: dict[str, Any], metric: str | None, scoring: str | None) -> str:
    """The metric asked for, or the only one."""
    scores = sorted(str(n).removeprefix("mean_test_") for n in results if str(n).startswith("mean_test_"))
    if len(scores) == 1 and (metric is None or (metric == scoring and scores == ["score"])):
        return scores[0]
    if metric not in scores:
        wanted = "the name of one score" if metric is None else f"a score {metric!r}"
        found = f"the scores {scores}" if scores else f"no score among the columns {list(results)}"
        mend = (
            f"pass metric={scores[0]!r} or another of these"
            if scores
            else "pass its column as metric, or name it 'score'"
        )
        raise ValueError(f"metric: wanted {wanted}, found {found}; {mend}.")
    return metric


def _floats(results: dict[str, Any], name: str, n: int) -> list[float]:
    if name not in results:
        return [math.nan] * n
    values = [math.nan if value is np.ma.masked or value is None else value for value in results[name]]
    if len(values) != n:
        raise ValueError(f"search: wanted one of {name} for each of {n} trials, found {len(values)}.")
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"search: wanted numbers in {name}, found {values!r:.60}.") from error
    if name.startswith(("std_", "mean_fit_time")) and min(numbers) < 0:
        raise ValueError(f"search: wanted no negative number in {name}, found {min(numbers)}; leave the column out.")
    return numbers


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


# The parameters that were not searched -------------------------------------------------------------


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
