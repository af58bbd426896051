"""Studies of other libraries, recognised by what they have, as rows of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from skmeta.tasks._warn_caller import warn_caller


def rows_of_study(study: Any, metric: str | None) -> tuple[list[dict[str, Any]], bool] | None:
    """Return the trials of a study as rows, and whether higher scores are better; None for anything else.

    Parameters
    ----------
    study : object
        A study of Optuna, or the Trials of hyperopt.
    metric : str, default=None
        Which of several objectives, by its name or, as a text, its number.

    Returns
    -------
    rows : list of dict
        ``params``, ``mean_test_score``, ``state`` and ``mean_fit_time``.
    greater_is_better : bool
        As the study says.
    """
    trials = getattr(study, "trials", None)
    if not isinstance(trials, list):
        return None
    if hasattr(study, "directions"):
        return _of_optuna(study, trials, metric)
    if all(isinstance(trial, Mapping) and {"misc", "result"} <= set(trial) for trial in trials):
        _warn_of_choices(trials)
        return [_of_hyperopt(trial) for trial in trials], False
    return None


def table_of(results: Any) -> Any:
    """Return the table that a grid of results of Ray Tune makes of itself; anything else as it is."""
    return results.get_dataframe() if hasattr(results, "get_dataframe") else results


def _of_optuna(study: Any, trials: list[Any], metric: str | None) -> tuple[list[dict[str, Any]], bool]:
    directions = [direction.name for direction in study.directions]
    names = list(getattr(study, "metric_names", None) or map(str, range(len(directions))))
    metric = metric if metric is None else metric.removeprefix("values_")  # as trials_dataframe calls them
    if len(directions) > 1 and metric not in names:
        raise ValueError(
            f"metric: wanted the name of one objective, found the {len(directions)} objectives {names} and metric={metric!r}; "
            f"pass metric={names[0]!r} or another of these."
        )
    at = names.index(metric) if metric in names else 0
    rows = [
        {
            "params": dict(trial.params),
            "mean_test_score": trial.values[at] if trial.values else np.ma.masked,
            "state": trial.state.name,
            "mean_fit_time": np.ma.masked if trial.duration is None else trial.duration.total_seconds(),
        }
        for trial in trials
    ]
    return rows, directions[at] == "MAXIMIZE"


def _of_hyperopt(trial: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter that was not drawn, as of another branch, has an empty list."""
    drawn = {name: values[0] for name, values in trial["misc"].get("vals", {}).items() if len(values)}
    result = trial["result"]
    return {"params": drawn, "mean_test_score": result.get("loss", np.ma.masked), "state": result.get("status", "new")}


def _warn_of_choices(trials: list[Any]) -> None:
    """Of what ``hp.choice`` chose, hyperopt keeps the place in its list: a whole number, as ``hp.randint`` draws them."""
    vals = [trial["misc"].get("vals", {}) for trial in trials]
    whole = {
        name for each in vals for name, values in each.items() if any(isinstance(v, int | np.integer) for v in values)
    }
    if whole:
        warn_caller(
            f"search: wanted the values of hyperparameters, found whole numbers in {sorted(whole)}; of hp.choice hyperopt "
            "keeps the place of a value alone. If it was that, add rows of hyperopt.space_eval(space, ...) with the score "
            "beside, as a list of dicts."
        )
