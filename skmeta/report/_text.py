"""The answer in words: a table, what the prior is worth, and one sentence on what to do; or the same as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from skmeta.model_selection import ShotCurve
from skmeta.priors.linear import family_of
from skmeta.report._read import Collection
from skmeta.report._verdict import Verdict

LABELS = {
    "own": "own model only",
    "pooled": "one pooled model",
    "residual": "pooled + own residual",
    "warm": "warm",
}
WIDTH = 25


def as_text(collection: Collection, model: Any, curve: ShotCurve, verdict: Verdict, warm: Any) -> str:
    """Return the answer for a reader.

    Parameters
    ----------
    collection : Collection
        The table.
    model : estimator
        What solves one task.
    curve : ShotCurve
        The errors.
    verdict : Verdict
        What they say.
    warm : WarmStartRegressor or WarmStartClassifier
        Fitted to the whole table.

    Returns
    -------
    str
        Lines of text.
    """
    parts = [_header(collection, model, curve), _table(collection, curve, verdict), _worth(collection, verdict, warm)]
    return "\n\n".join([*parts, advice(collection, model, verdict)])


def _header(collection: Collection, model: Any, curve: ShotCurve) -> str:
    task, target = collection.names
    n_rows, n_tasks = len(collection.y), len(collection.counts)
    n_features = len(collection.numbers) + len(collection.categories)
    kind = f"{len(np.unique(collection.y))} classes" if family_of(model).classifies else "numbers"
    lines = [
        f"{collection.name}: {n_rows} rows of {n_tasks} tasks ({task}), {n_features} features; "
        f"target {target} ({kind}), {type(model).__name__}.",
        f"Held out: {curve.n_tasks} tasks, in {curve.scores.shape[-1]} folds; up to {curve.n_shots[-1]} of their rows "
        f"are given back, the others tested.",
        _protocol(collection),
    ]
    return "\n".join(lines + list(collection.notes))


def _protocol(collection: Collection) -> str:
    if collection.order_name is not None:
        return f"The first rows by {collection.order_name} are given back, later ones tested: this is a forecast."
    return (
        "The rows given back are drawn at random: this is interpolation between rows of a task, no forecast "
        "(--order COLUMN makes it one)."
    )


def _table(collection: Collection, curve: ShotCurve, verdict: Verdict) -> str:
    title = curve.scoring.removeprefix("neg_").replace("_", " ")
    lines = [_row(title, curve.n_shots), *(_row(LABELS[name], map(_number, e)) for name, e in verdict.errors.items())]
    lines[0] += f"   rows known of a new {collection.names[0]}"
    lines += [
        _row("gain of warm", map(_percent, verdict.gain)) + "   over the best of the others",
        _row("", (f"±{100 * noise:.0f} %" for noise in verdict.noise)) + "   noise between tasks (95 %)",
        _row("own rows for the same", (_rows(rows, verdict) for rows in verdict.own_rows)),
    ]
    return "\n".join(lines)


def _row(label: str, cells: Any) -> str:
    return f"{label:{WIDTH}}" + "".join(f"{cell:>9}" for cell in cells)


def _number(value: float) -> str:
    return f"{value:#.4g}"


def _percent(value: float) -> str:
    return f"{100 * value:+.0f} %"


def _rows(rows: float, verdict: Verdict) -> str:
    return f">{verdict.n_shots[-1]}" if np.isinf(rows) else f"{rows:.1f}"


def _worth(collection: Collection, verdict: Verdict, warm: Any) -> str:
    task = collection.names[0]
    at = headline(verdict)
    extra = verdict.worth[at]
    more = f"more than {verdict.n_shots[-1] - verdict.n_shots[at]}" if np.isinf(extra) else f"{extra:.1f}"
    return (
        f"What was learned is worth {more} further rows to a {task} that has {_count(verdict.n_shots[at])}; alone, "
        f"without any, it stands for {typical_borrowing(warm):.2g} (borrowing_, median)."
    )


def typical_borrowing(warm: Any) -> float:
    """Return the median over tasks of the rows that the prior stood for."""
    return float(np.median(list(warm.borrowing_.values())))


def headline(verdict: Verdict) -> int:
    """Return the position of the number of shots, not zero, at which warm gains most beyond noise."""
    return 1 + int(np.argmax((verdict.gain - verdict.noise)[1:]))


def _count(n: int) -> str:
    return f"{n} row" if n == 1 else f"{n} rows"


def advice(collection: Collection, model: Any, verdict: Verdict) -> str:
    """Return what to do, in one sentence.

    Parameters
    ----------
    collection : Collection
        The table.
    model : estimator
        What solves one task.
    verdict : Verdict
        What the errors say.

    Returns
    -------
    str
        One sentence.
    """
    task, name = collection.names[0], type(model).__name__
    shell = f"WarmStart{'Classifier' if family_of(model).classifies else 'Regressor'}"
    sentences = {
        "warm": f"Warm-start each new {task}, by {shell}({name}(), task={task!r}): {_gains(verdict)}.",
        "pooled": f"Fit one {name} to all rows: tasks ({task}) are so alike that models of their own gain nothing.",
        "residual": f"Fit one {name} to all rows and one to what it leaves of each {task}: warm starts gain no more.",
        "own": f"Give each {task} a {name} of its own: borrowing gains nothing beyond that.",
        "nothing": f"Your tasks share nothing worth using: give each {task} a {name} of its own.",
        "unclear": (
            f"It cannot be told yet whether borrowing helps: what {LABELS[_leader(verdict)]} gains so far is within "
            f"the noise between tasks, so ask again when there are more tasks ({task})."
        ),
    }
    return sentences[verdict.choice]


def _leader(verdict: Verdict) -> str:
    return min(verdict.errors, key=lambda name: float(np.log(verdict.errors[name][1:]).sum()))


def _gains(verdict: Verdict) -> str:
    if not verdict.clear[1:].any():
        return "it is as good as the best of the others at every number of rows, and none of them is that"
    at = headline(verdict)
    return (
        f"with {_count(verdict.n_shots[at])} its error is {100 * verdict.gain[at]:.0f} % (± "
        f"{100 * verdict.noise[at]:.0f}) below that of the best of the others, {LABELS[verdict.rival[at]]}"
    )


def as_json(collection: Collection, model: Any, curve: ShotCurve, verdict: Verdict, warm: Any) -> str:
    """Return the answer for a machine; null is a number of rows larger than was tried.

    Parameters
    ----------
    collection, model, curve, verdict, warm : object
        As for `as_text`.

    Returns
    -------
    str
        One JSON object.
    """
    task, target = collection.names
    folds = {name: (-curve[name]).tolist() for name in curve.names}
    answer = {
        "data": collection.name,
        "task": task,
        "target": target,
        "kind": "classification" if family_of(model).classifies else "regression",
        "estimator": type(model).__name__,
        "n_tasks": len(collection.counts),
        "n_tasks_tested": curve.n_tasks,
        "n_rows": len(collection.y),
        "order": collection.order_name,
        "notes": list(collection.notes),
        "scoring": curve.scoring.removeprefix("neg_"),
        "n_shots": list(curve.n_shots),
        "errors": {name: errors.tolist() for name, errors in verdict.errors.items()},
        "errors_of_folds": folds,
        "best_other": verdict.rival,
        "gain": verdict.gain.tolist(),
        "noise": verdict.noise.tolist(),
        "own_rows_for_the_same": [None if np.isinf(rows) else rows for rows in verdict.own_rows.tolist()],
        "borrowing": typical_borrowing(warm),
        "verdict": verdict.choice,
        "advice": advice(collection, model, verdict),
    }
    return json.dumps(answer, indent=2, allow_nan=False)
