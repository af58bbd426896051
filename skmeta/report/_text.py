"""The answer in words: a table, what the prior is worth, and one sentence on what to do; or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from textwrap import fill
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skmeta.inspection._role_names import ROLE_NAMES
from skmeta.model_selection import ShotCurve
from skmeta.model_selection._make_baselines import booster, strength_of, takes_any_number, with_strengths
from skmeta.report._collection import Collection
from skmeta.report._compare import MAX_TASKS
from skmeta.report._scores import BESIDE
from skmeta.report._verdict import MATERIAL, Verdict
from skmeta.report._words_of_prior import in_words

WIDTH = 25  # of the labels
LINE = 120
WORTH_A_WORD = 0.5  # rows; fewer are none


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
    parts = [
        _header(collection, model, curve),
        _table(collection, model, curve, verdict),
        fill((_worth(collection, model, verdict, warm) + _set_aside(collection, model, warm)).strip(), LINE),
        fill(" ".join(f"{said[0].upper()}{said[1:]}." for said in in_words(collection, model, warm)), LINE),
        advice(collection, model, verdict),
    ]
    return "\n\n".join(part for part in parts if part)


def _header(collection: Collection, model: Any, curve: ShotCurve) -> str:
    target = collection.names[1]
    n_features = len(collection.numbers) + len(collection.categories)
    kind = f"{len(np.unique(collection.y))} classes" if is_classifier(model) else "numbers"
    lines = [
        f"{collection.name}: {len(collection.y)} rows, {len(collection.counts)} tasks ({_where(collection)}), "
        f"{n_features} features; target {target} ({kind}), {type(model).__name__}.",
        f"Tested on {curve.n_tasks} tasks with more than {count(curve.n_shots[-1])}, each held out but for the "
        f"rows given back.",
        _protocol(collection),
    ]
    if len(collection.counts) > MAX_TASKS:
        lines.append(f"Of the tasks, {MAX_TASKS} drawn at random were compared.")
    if "residual" not in curve.names:
        lines.append(
            f"No {ROLE_NAMES['residual']}: {type(model).__name__} cannot be fitted to residuals, which have a sign."
        )
    return "\n".join(lines + _strengths(model) + list(collection.notes))


def _where(collection: Collection) -> str:
    """Return what tasks are called, and in what they lie, such as "store in region"."""
    levels = collection.task if isinstance(collection.task, list) else [collection.names[0]]
    return " in ".join(levels[::-1])


def _strengths(model: Any) -> list[str]:
    """Return what the others are compared at, unless they find their own strength."""
    name = strength_of(model)
    if name is None:
        return ["Where a model does not take so few rows of a task, the error is that with fewer rows."]
    own, *tried, last = (f"{each.get_params()[name]:.4g}" for each in (model, *with_strengths(model)))
    name = name.rpartition("__")[2]
    scaled = " (on the standardised target)" if takes_any_number(model) else ""
    line = (
        f"Warm has {name}={own}, as it stands. The others, but for boosting, are fitted with {name} of "
        f"{', '.join(tried)} and {last}{scaled}; at each number of rows the best of these is shown, in hindsight, which "
        "favours them."
    )
    return [fill(line, LINE)]


def _protocol(collection: Collection) -> str:
    if collection.drift:
        return f"Tasks are tested in the order of {collection.names[0]}, each from earlier ones alone: a forecast."
    if collection.order_name is not None:
        return f"The first rows by {collection.order_name} are given back, later ones tested: a forecast."
    return (
        "The rows given back are drawn at random: this is interpolation among a task's rows; "
        "--order COLUMN makes it a forecast."
    )


def _table(collection: Collection, model: Any, curve: ShotCurve, verdict: Verdict) -> str:
    title = curve.scoring.removeprefix("neg_").replace("_", " ")
    comments = {"own": f"with 0 rows {_without_rows(model)}"}
    lines = [
        _row(title, curve.n_shots, f"rows known of a new {collection.names[0]}"),
        *(
            _row(ROLE_NAMES[name], map(_number, errors), comments.get(name, ""))
            for name, errors in verdict.errors.items()
        ),
        _row("gain of warm", map(_percent, verdict.gain), "over the best of the others"),
        _row("", (f"±{100 * noise:.0f} %" for noise in verdict.noise), "noise between tasks (95 %)"),
        _row("own rows for the same", (_rows(rows, verdict) for rows in verdict.own_rows), "that an own model needs"),
    ]
    return "\n".join(lines + _beside(curve, verdict))


def _beside(curve: ShotCurve, verdict: Verdict) -> list[str]:
    """Return what other scores say of classifiers, where warm gains most."""
    scores = getattr(curve, "beside", np.empty((0, 0, 0)))
    if not scores.size:
        return []
    at = headline(verdict)
    head = f"with {count(verdict.n_shots[at])}"
    rows = [
        f"{ROLE_NAMES[name]:{WIDTH}}" + "".join(f"{v:>19.4f}" for v in scores[k, at])
        for k, name in enumerate(curve.names)
    ]
    return ["", f"{head:{WIDTH}}" + "".join(f"{name:>19}" for name in BESIDE), *rows]


def _row(label: str, cells: Iterable[Any], comment: str = "") -> str:
    return (f"{label:{WIDTH}}" + "".join(f" {cell:>8}" for cell in cells) + f"   {comment}").rstrip()


def _number(value: float) -> str:
    """Four digits, or all of a larger whole number, in at most eight signs."""
    if value < 1e-3:
        return f"{value:.1e}"
    return f"{value:#.4g}" if value < 1e4 else f"{value:.0f}" if value < 1e8 else f"{value:.2e}"


def _percent(value: float) -> str:
    return f"{100 * value:+.0f} %"


def _rows(rows: float, verdict: Verdict) -> str:
    return f">{verdict.n_shots[-1]}" if np.isinf(rows) else f"{rows:.1f}"


def _without_rows(model: Any) -> str:
    """Return what an own model without rows predicts."""
    return "the frequencies in other tasks" if is_classifier(model) else "the mean of other tasks"


def _worth(collection: Collection, model: Any, verdict: Verdict, warm: Any) -> str:
    task, at = collection.names[0], headline(verdict)
    rows, known = verdict.own_rows[at], count(verdict.n_shots[at])
    if rows == 0:
        return (
            f"With {known} of a new {task}, warm is no better than {_without_rows(model)}, for which a model of its own "
            "needs 0 rows: what the prior knows, be it ever so sure, is worth none."
        )
    as_good = f"With {known} of a new {task}, warm is as good as a model of its own with {rows:.1f}."
    said = "" if np.isinf(rows) else as_good  # more rows than were tried: the table says it
    borrowed = typical_borrowing(warm)
    if np.isnan(borrowed):  # not every family can tell
        return said
    if (borrowed >= WORTH_A_WORD) != (rows - verdict.n_shots[at] >= WORTH_A_WORD):
        return said  # the two say different things of different fits, and the errors are what was seen
    return (
        f"{said} By its own account (borrowing_), in a fit to all rows the prior stands for {borrowed:.3g} further "
        f"{'ones' if said else 'rows'} of a typical {task.removesuffix('.')}."
    ).strip()


def _set_aside(collection: Collection, model: Any, warm: Any) -> str:
    """Return that what was learned is of no use for new tasks, where it is."""
    if not warm.prior_.set_aside:
        return ""
    return (
        f" In a fit to all rows the features explain nothing of any {collection.names[0]} held out, beyond its own level: what "
        f"was learned is set aside (prior_.set_aside). Squared errors keep the past's levels, and slopes are the plain "
        f"{type(model).__name__}'s; classes and counts are the plain estimator's."
    )


def typical_borrowing(warm: Any) -> float:
    """Return the median over tasks of the rows that the prior stood for; nan where the family cannot tell."""
    return float(np.median(list(warm.borrowing_.values())))


def headline(verdict: Verdict) -> int:
    """Return the position of the number of shots, not zero, at which warm is clearly best, or gains most beyond noise."""
    margin = verdict.gain - verdict.noise
    return max(range(1, len(margin)), key=lambda at: (verdict.clear[at], margin[at]))


def count(n: int) -> str:
    """Return so many rows in words."""
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
    shell = f"WarmStart{'Classifier' if is_classifier(model) else 'Regressor'}"
    but = _exceptions(verdict)
    noise = f"gains nothing beyond the noise between tasks{but}"
    sentences = {
        "warm": f"Warm-start each new {task}, by {shell}({model!r}, {_columns(collection)}): {_gains(verdict)}.",
        "pooled": f"Fit one {name} to the rows of all tasks: telling them apart {noise}.",
        "residual": f"Fit one {name} to all rows, and one to what it leaves of each {task}: warm {noise}.",
        "boosted": (
            f"Fit one {type(booster(model)).__name__} to all rows, with the {task} as a category: warm {noise}."
            f"{_warm_boosting(model)}"
        ),
        "nothing": f"Your tasks share nothing worth using{but}: {_alone(task, name, verdict)}.",
        "unclear": (
            f"It is too early to tell whether borrowing helps, as all it gains is within the noise between tasks{but}: "
            f"ask again when there are more of them, and until then use {ROLE_NAMES[_leader(verdict)]}."
        ),
    }
    return sentences[verdict.choice]


def _columns(collection: Collection) -> str:
    """Return the parameters that say which columns are of tasks, as one writes them."""
    if not collection.of_tasks:
        return f"task={collection.names[0]!r}"
    task = collection.task if len(collection.task) > 1 else collection.names[0]  # type: ignore[arg-type]
    described = f", context={collection.context!r}" if collection.context else ""
    return f"task={task!r}{described}{', learner=StateSpace()' if collection.drift else ''}"


def _warm_boosting(model: Any) -> str:
    same = type(model).__name__ == type(booster(model)).__name__
    return "" if same else " Whether it gains from a warm start, --estimator hgb tells."


def _alone(task: str, name: str, verdict: Verdict) -> str:
    own = verdict.errors["own"]
    if own.min() < (1 - MATERIAL) * own[0]:
        return f"give each {task} a {name} of its own"
    return f"nor is a {name} of its own any better for a {task} than the mean of all"


def _leader(verdict: Verdict) -> str:
    return min(verdict.errors, key=lambda name: float(np.log(verdict.errors[name][1:]).sum()))


def _gains(verdict: Verdict) -> str:
    if not verdict.clear[1:].any():
        return "it is as good as the best of the others at every number of rows, and none of them is that"
    at = headline(verdict)
    return (
        f"with {count(verdict.n_shots[at])} its error is {100 * verdict.gain[at]:.0f} % (± "
        f"{100 * verdict.noise[at]:.0f}) below that of the best of the others, {ROLE_NAMES[verdict.rival[at]]}, and its "
        f"gain is more than noise with {_where_clear(verdict)}"
    )


def _where_clear(verdict: Verdict) -> str:
    """Return the numbers of shots at which warm is clearly best, in words."""
    *first, last = [n for n, clear in zip(verdict.n_shots, verdict.clear, strict=True) if clear and n]
    return f"{', '.join(map(str, first))} and {count(last)}" if first else count(last)


def _exceptions(verdict: Verdict) -> str:
    """Return where the table shows a gain all the same, for a sentence that says there is none."""
    return f" (except with {_where_clear(verdict)})" if verdict.clear[1:].any() else ""


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
    borrowed = typical_borrowing(warm)
    answer = {
        "data": collection.name,
        "task": task,
        "target": target,
        "kind": "classification" if is_classifier(model) else "regression",
        "estimator": type(model).__name__,
        "n_tasks": len(collection.counts),
        "n_tasks_tested": curve.n_tasks,
        "n_rows": len(collection.y),
        "order": collection.order_name,
        "notes": list(collection.notes),
        "scoring": curve.scoring.removeprefix("neg_"),
        "n_shots": list(curve.n_shots),
        "errors": {name: errors.tolist() for name, errors in verdict.errors.items()},
        "best_other": verdict.rival,
        "gain": verdict.gain.tolist(),
        "noise": verdict.noise.tolist(),
        "own_rows_for_the_same": [None if np.isinf(rows) else rows for rows in verdict.own_rows.tolist()],
        "borrowing": None if np.isnan(borrowed) else borrowed,
        "in_words": in_words(collection, model, warm),
        "set_aside": warm.prior_.set_aside,
        "beside": _beside_as_json(curve),
        "verdict": verdict.choice,
        "advice": advice(collection, model, verdict),
    }
    return json.dumps(answer, indent=2, allow_nan=False)


def _beside_as_json(curve: ShotCurve) -> dict[str, Any]:
    """Return strategy to score to its values; null where the test rows are of one class."""
    scores = getattr(curve, "beside", np.empty((len(curve.names), 0, 0)))
    return {
        name: {
            score: [None if np.isnan(value) else value for value in scores[k, :, at].tolist()]
            for at, score in enumerate(BESIDE[: scores.shape[-1]])
        }
        for k, name in enumerate(curve.names)
    }
