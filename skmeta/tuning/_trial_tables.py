"""Tables of trials as other programs write them, in scikit-learn's names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Columns that say which trial it was, when, where and how it went; in no program are they parameters.
BOOKKEEPING = re.compile(
    r"number|(trial|run|experiment|setup|flow|group|node|sweep)_?(id|number|name|ip|uri)|(data|task)_id|id|uuid|name|state|"
    r"status|date(time)?|datetime_.*|time(stamp)?|time_(total|this|since).*|(start|end|created|updated|finish)(ed)?(_(at|time))?|"
    r"duration|runtime|user|uploader(_name)?|host(name)?|pid|notes|tags(\..*)?|sweep|artifact_uri|logdir|log_dir|"
    r"checkpoint_dir_name|done|training_iteration|iterations_since_restore|(user|system)_attrs.*|_(timestamp|step|runtime|wandb)",
    re.IGNORECASE,
)
RUNNING = ("RUNNING", "WAITING", "SCHEDULED", "PENDING", "QUEUED", "STARTED", "NEW")
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


# Optuna's Study.trials_dataframe, MLflow's search_runs, Ray Tune's ResultGrid.get_dataframe, Weights & Biases' runs.
LAYOUTS = (
    Layout("params_", "values_", score="value", seconds="duration"),
    Layout("params.", "metrics."),
    Layout("config/", "", seconds="time_total_s"),
    Layout("config.", "summary."),
)
NESTED = ("params", "parameters", "config", "configuration")  # columns that hold dicts of parameters


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
    """
    table, failed = _done(dict(columns))
    layout = next((each for each in LAYOUTS if any(name.startswith(each.params) for name in table)), None)
    if layout is not None:
        table = _from(layout, table, metric, task)
    nested = next((name for name in NESTED[1:] if name in table and _holds_dicts(table[name])), None)
    if nested is not None and "params" not in table:
        table["params"] = [_without_owner(params) for params in table.pop(nested)]
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
    scores = {n for n in table if layout.scores and n.startswith(layout.scores)}
    wanted = next((name for name in (metric, f"{layout.scores}{metric}") if name in table), None)
    if wanted is None:
        wanted = layout.score if layout.score in table else next(iter(scores)) if len(scores) == 1 else None
    rest = {
        n: v
        for n, v in table.items()
        if n in ("task", task) or n.startswith(("mean_test_", "std_test_", "mean_fit_time"))
    }
    if wanted is None:
        return params | rest | {f"mean_test_{name.removeprefix(layout.scores)}": table[name] for name in scores}
    named = metric or ("score" if wanted == layout.score else wanted.removeprefix(layout.scores))
    seconds = {"mean_fit_time": _seconds(table[layout.seconds])} if layout.seconds in table else {}
    return params | rest | seconds | {f"mean_test_{named}": table[wanted]}


def _seconds(values: Sequence[Any]) -> list[Any]:
    return [value.total_seconds() if hasattr(value, "total_seconds") else value for value in values]


def _done(table: dict[str, Any]) -> tuple[dict[str, Any], list[bool]]:
    """Return the rows of trials that are over, and which of them failed."""
    states = next(
        (table[name] for name in ("state", "status", "State") if name in table and _are_states(table[name])), None
    )
    if states is None:
        return table, []
    words = [str(getattr(state, "name", state)).rsplit(".", 1)[-1].upper() for state in states]
    over = [at for at, word in enumerate(words) if word not in RUNNING]
    kept = {name: [values[at] for at in over] for name, values in table.items()}
    return kept, [words[at] not in COMPLETE for at in over]


def _are_states(values: Sequence[Any]) -> bool:
    """Whether a column says how trials went; a parameter may be called state too."""
    words = {str(getattr(value, "name", value)).rsplit(".", 1)[-1].upper() for value in values}
    return bool(words & {*RUNNING, *FAILED, *COMPLETE})


def _holds_dicts(values: Sequence[Any]) -> bool:
    return any(isinstance(value, Mapping) for value in values)


def _without_owner(params: Any) -> Any:
    """Parameters of OpenML's setups, such as ``sklearn.svm.SVC(3)_C``, by the name that the estimator gives them."""
    owned = re.compile(r"^.*\(\d+\)_")
    pairs = {str(name): value for name, value in dict(params).items()}
    return {owned.sub("", name): _from_json(value) if owned.match(name) else value for name, value in pairs.items()}


def _from_json(text: Any) -> Any:
    """A value that OpenML keeps as JSON."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
