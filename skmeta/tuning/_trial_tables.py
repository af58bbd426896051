"""Tables of trials as other programs write them, in scikit-learn's names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._written_values import params_as_meant, written_dicts

RUNNING = ("RUNNING", "PAUSED", "WAITING", "SCHEDULED", "PENDING", "QUEUED", "STARTED", "NEW")
FAILED = ("FAIL", "FAILED", "PRUNED", "KILLED", "CRASHED", "ERROR", "CANCELLED")
COMPLETE = ("COMPLETE", "COMPLETED", "FINISHED", "TERMINATED", "SUCCESS", "SUCCEEDED", "OK", "DONE")


@dataclass(frozen=True)
class Layout:
    """How a program names the columns of a table of trials.

    Parameters
    ----------
    params, scores : str
        What the names of parameters and of scores begin with.
    score : str, default=None
        The column of the score, where there is but one.
    seconds : str, default=None
        The column of the time that a trial took.
    """

    params: str
    scores: str
    score: str | None = None
    seconds: str | None = None


# Optuna's Study.trials_dataframe, MLflow's search_runs and OpenML's list_evaluations_setups, Ray Tune's
# ResultGrid.get_dataframe, runs of Weights & Biases through json_normalize.
LAYOUTS = (
    Layout("params_", "values_", score="value", seconds="duration"),
    Layout("params.", "metrics.", score="value"),
    Layout("config/", "", seconds="time_total_s"),
    Layout("config.", "summary."),
)
PARAMS = ("params", "parameters", "config", "configuration", "hyperparameters", "hparams")  # columns of dicts
RESULTS = ("metrics", "summary", "result", "results")
_OWNED = re.compile(r"^.*\(\d+\)_")  # OpenML's names of parameters, such as sklearn.svm.SVC(3)_C
_DURATION = re.compile(r"(?:(-?\d+) days?,? )?(\d+):(\d\d):(\d\d(?:\.\d+)?)")


def in_sklearns_names(columns: Mapping[str, Any], metric: str | None, task: Any = None) -> dict[str, Any]:
    """Return the columns of a table of trials under the names that they have in ``cv_results_``.

    Parameters
    ----------
    columns : mapping of str to sequence
        The table; gaps are masked.
    metric : str, default=None
        The column of the score, with or without what its name begins with.
    task : str, default=None
        A column that names datasets, which is no parameter.

    Returns
    -------
    dict
        ``param_...`` or ``params``, ``mean_test_...``, and all that has no other name; rows of trials that are not
        done yet are left out, and those that failed have no score.

    Raises
    ------
    ValueError
        If all trials still run, or a program's table has no score.

    Warns
    -----
    UserWarning
        If some trials still run, or if a state is none of those that are known: such trials count as failed.
    """
    table, failed = _done(dict(columns))
    table = _unfolded(_by_their_owners(table))
    layout = next((each for each in LAYOUTS if any(name.startswith(each.params) for name in table)), None)
    if layout is not None:
        table = _from(layout, table, metric, task)
    short = metric or "score"
    full = f"mean_test_{short}"
    table = table if full in table else {full if name == short else name: values for name, values in table.items()}
    return {
        name: _masked(values, failed) if name.startswith("mean_test_") else values for name, values in table.items()
    }


def _masked(values: Sequence[Any], failed: list[bool]) -> Any:
    """Scores without those of trials that failed."""
    if not any(failed):
        return values
    return [np.ma.masked if lost else value for value, lost in zip(values, failed, strict=True)]


def _from(layout: Layout, table: dict[str, Any], metric: str | None, task: Any) -> dict[str, Any]:
    """Return parameters and scores of one program's table under scikit-learn's names."""
    params = {
        f"param_{n.removeprefix(layout.params)}": v
        for n, v in table.items()
        if n.startswith(layout.params) and n != task
    }
    prefix = layout.scores
    scores = {n for n in table if prefix and n.startswith(prefix) and not n.startswith(f"{prefix}_")}
    wanted = next(
        (name for name in (metric, f"{layout.scores}{metric}", f"user_attrs_{metric}") if name in table), None
    )
    if wanted is None:
        only = next(iter(scores)) if len(scores) == 1 and metric is None else None
        wanted = layout.score if layout.score in table else only
    rest = {
        n: v
        for n, v in table.items()
        if n in ("task", task) or n.startswith(("mean_test_", "std_test_", "mean_fit_time"))
    }
    if wanted is None:
        _check_scores(layout, table, scores or set(rest) - {"task", task}, metric)
        return params | rest | {f"mean_test_{name.removeprefix(layout.scores)}": table[name] for name in scores}
    named = metric or wanted.removeprefix(layout.scores)
    seconds = {"mean_fit_time": _seconds(table[layout.seconds])} if layout.seconds in table else {}
    return params | rest | seconds | {f"mean_test_{named}": table[wanted]}


def _check_scores(layout: Layout, table: dict[str, Any], scores: set[str], metric: str | None) -> None:
    if not scores:
        wanted = "a score" if metric is None else f"a score {metric!r}"
        raise ValueError(
            f"metric: wanted {wanted}, found none among the columns {list(table)}; pass the name of its column as metric."
        )


def _seconds(values: Sequence[Any]) -> list[Any]:
    return [_seconds_of(value) for value in values]


def _seconds_of(value: Any) -> Any:
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    parts = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None:
        return value
    days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


# Trials that are over ---------------------------------------------------------------------------------


def _done(table: dict[str, Any]) -> tuple[dict[str, Any], list[bool]]:
    """Return the rows of trials that are over, and which of them failed."""
    column = next((name for name, v in table.items() if name.lower() in ("state", "status") and _are_states(v)), None)
    if column is None:
        return table, []
    states = table.pop(column)
    words = list(map(_state, states))
    over = [at for at, word in enumerate(words) if word not in RUNNING]
    if len(over) < len(words):
        _tell_of_running(len(words) - len(over), len(over))
    unknown = [
        "" if states[at] is np.ma.masked else str(states[at]) for at in over if words[at] not in (*COMPLETE, *FAILED)
    ]
    if unknown:
        _tell_of_unknown(column, unknown, len(over))
    kept = {name: [values[at] for at in over] for name, values in table.items()}
    return kept, [words[at] not in COMPLETE for at in over]


def _tell_of_running(n_running: int, n_over: int) -> None:
    if not n_over:
        raise ValueError(
            f"search: wanted trials that are over, found {n_running} that all still run, as their state says; add them when "
            "they are over."
        )
    warn_caller(
        f"search: wanted trials that are over, found {n_running} of {n_running + n_over} that still run, as their state says; "
        "these are left out. Add the search again when they are over: the others count once."
    )


def _tell_of_unknown(column: str, unknown: list[str], n_over: int) -> None:
    warn_caller(
        f"search: wanted states that say whether trials are complete, found {sorted(set(unknown))} in {column!r} for "
        f"{len(unknown)} of {n_over} trials; these count as failed, and their scores are left out. Write COMPLETE for those "
        "whose score is to count, and FAILED for the others."
    )


def _are_states(values: Sequence[Any]) -> bool:
    """Whether a column says how trials went; a parameter may be called state too."""
    return bool(set(map(_state, values)) & {*RUNNING, *FAILED, *COMPLETE})


def _state(value: Any) -> str:
    return str(getattr(value, "name", value)).rsplit(".", 1)[-1].upper()


# Parameters in dicts, and under the names of their owners ---------------------------------------------


def _unfolded(table: dict[str, Any]) -> dict[str, Any]:
    """Dicts of parameters under the name ``params``, what dicts of results hold as scores; of ``cv_results_``, itself."""
    if any(name.startswith(("param_", "mean_test_")) for name in table):
        return table
    dicts = {name: written_dicts(table[name]) for name in (*PARAMS, *RESULTS) if name in table}
    nested = next((name for name in PARAMS if dicts.get(name) is not None), None)
    if nested is None:
        return table
    params = params_as_meant(list(map(_of_owners, dicts[nested] or [])))
    results: dict[str, list[Any]] = {}
    for name in RESULTS:
        for key in dict.fromkeys(key for row in dicts.get(name) or [] for key in row):
            if not key.startswith("_"):  # what Weights & Biases keeps for itself
                results[f"mean_test_{key}"] = [row.get(key, np.ma.masked) for row in dicts[name] or []]
    rest = {name: values for name, values in table.items() if name != nested and dicts.get(name) is None}
    return {**rest, "params": params, **results}


def _by_their_owners(table: dict[str, Any]) -> dict[str, Any]:
    """OpenML's columns of parameters, by the names that their estimators give them."""
    short = _short_names(table)
    return {
        f"params.{short[name]}" if name in short else name: [_from_json(v) for v in values] if name in short else values
        for name, values in table.items()
    }


def _of_owners(params: Any) -> dict[str, Any]:
    """Parameters of one of OpenML's setups, likewise."""
    pairs = {name: value for name, value in dict(params).items() if name != "_wandb"}
    if pairs and all(isinstance(each, Mapping) and {"full_name", "value"} <= each.keys() for each in pairs.values()):
        pairs = {each["full_name"]: each["value"] for each in pairs.values()}  # as list_setups has them
    short = _short_names(pairs)
    return {short.get(name, name): _from_json(value) if name in short else value for name, value in pairs.items()}


def _short_names(names: Mapping[str, Any]) -> dict[str, str]:
    """Names without their owners, where no two are then the same."""
    short = {name: _OWNED.sub("", name) for name in names if isinstance(name, str) and _OWNED.match(name)}
    found = list(short.values())
    return {name: own if found.count(own) == 1 else name for name, own in short.items()}


def _from_json(text: Any) -> Any:
    """A value that OpenML keeps as JSON."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
