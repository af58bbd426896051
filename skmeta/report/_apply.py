"""A saved prior on the next table: predictions for every row, of tasks with some rows known and of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skmeta import _dataframe
from skmeta.report._columns import Column, decimal_mark, read_column
from skmeta.report._estimators import as_labels
from skmeta.report._known_values import as_known
from skmeta.report._notes import about_slips
from skmeta.report._prior_of_table import PriorOfTable
from skmeta.report._read import check_column, read_frame, read_target, without_blanks
from skmeta.report._written_numbers import is_gap
from skmeta.tasks import index_tasks, read_task_ids, read_tasks
from skmeta.tasks._words import shown


def apply_prior(prior: PriorOfTable, path: str) -> tuple[Any, list[str]]:
    """Return a table with predictions, and what a reader should know of them.

    Parameters
    ----------
    prior : PriorOfTable
        As `load_prior` reads it.
    path : str
        A table like the one that it was learned from. Rows whose target is known teach what is particular to their task;
        the column may be missing.

    Returns
    -------
    frame : DataFrame
        The table, as it is written, with a column ``prediction`` and, of classes, a column ``probability of ...`` each.
    notes : list of str
        How many rows of which tasks were known, and what was left out.

    Raises
    ------
    ValueError
        If a column that the prior uses is missing, or holds something else than it did.
    """
    if prior.feature_names is None:
        raise ValueError(
            "prior: wanted one learned from a table whose columns have names, found one of columns by position."
        )
    frame, delimiter, notes = read_frame(Path(path), (prior.task, *prior.kinds))
    if "prediction" in frame.columns:
        raise ValueError(f"{path}: wanted no column called prediction, which is to be added, found one; rename it.")
    check_column(prior.task, "task", list(frame.columns))
    named = without_blanks(frame[prior.task]).notna()
    if not named.all():
        notes.append(f"{int((~named).sum())} rows without {prior.task} were left out.")
    frame = frame[named].reset_index(drop=True)
    decimal = decimal_mark([frame[name] for name in frame.columns if name != prior.task], delimiter)
    X, more = _features(prior, frame, decimal)
    y, about_target = _known_targets(prior, frame, decimal)
    known = np.flatnonzero(y.notna()) if y is not None else np.empty(0, dtype=np.intp)
    codes = index_tasks(read_task_ids(frame, prior.task)).codes
    notes += [*more, *about_target, _summary(prior, codes, known)]
    return frame.assign(**_predictions(prior, X, codes, known, y)), notes


def _features(prior: PriorOfTable, frame: Any, decimal: str) -> tuple[Any, list[str]]:
    """Return the columns that the prior takes, as it takes them, and notes."""
    missing = [name for name in prior.kinds if name not in frame.columns]
    if missing:
        raise ValueError(
            f"columns: wanted those that the prior was learned from, found none named {', '.join(missing)}; add them, empty "
            "where nothing is known."
        )
    notes, columns = [], dict.fromkeys(prior.feature_names or (), np.nan)
    for name, kind in prior.kinds.items():
        if kind == "category":
            columns[name], unknown = as_known(_dataframe.as_categories(frame[name]), prior.categories[name])
            notes += [_about_unknown(name, unknown)] if unknown else []
        else:
            columns[name], slips = _feature(prior, name, frame[name], decimal)
            notes += [about_slips(name, slips, "are gaps")] if slips else []
    extra = [name for name in frame.columns if name not in {*columns, prior.task, prior.target}]
    notes += [f"Not used, as the prior knows nothing of them: {', '.join(extra)}."] if extra else []
    return frame[[]].assign(**columns), notes


def _about_unknown(name: str, unknown: tuple[Any, ...]) -> str:
    """Return a note on categories that were not there when the prior was learned."""
    return (
        f"{name}: {len(unknown)} cells hold categories that the prior does not know, such as {shown(unknown[0])}, and count as "
        "none of those that it does."
    )


def _feature(prior: PriorOfTable, name: str, series: Any, decimal: str) -> tuple[Any, tuple[str, ...]]:
    """Return numbers or dates as the steps take them, read in the style that they have now, and cells without a value."""
    kind = prior.kinds[name]
    filled = series[series.notna() & ~series.map(is_gap).astype(bool)]
    if not len(filled):
        return np.nan, ()
    column = read_column(series, decimal)
    _check_as_before(prior, name, kind, column, filled.iloc[0])
    return _dataframe.dates_of(column.values) if kind == "date" else column.values, column.slips


def _check_as_before(prior: PriorOfTable, name: str, kind: str, column: Column, cell: Any) -> None:
    """Raise unless a column holds what it did, in the same unit or without any."""
    unit = prior.units.get(name, "")
    if column.kind == kind and column.unit in ("", unit):
        return
    wanted = f"{kind}s{f' in {unit}' if unit else ''}"
    raise ValueError(f"column {name}: wanted {wanted}, as it held before, found {shown((*column.words, cell)[0])}.")


def _known_targets(prior: PriorOfTable, frame: Any, decimal: str) -> tuple[Any, list[str]]:
    """Return the targets, missing where they are not known, and notes; None without such a column."""
    if prior.target not in frame.columns or (frame[prior.target].isna() | frame[prior.target].map(is_gap)).all():
        return None, []
    y, read = read_target(frame[prior.target], decimal)
    notes = [about_slips(prior.target, read.slips, "count as not known")] if read.slips else []
    if is_classifier(prior.model):
        classes = [] if prior.classes is None else prior.classes.tolist()
        return as_known(y.where(y.isna(), as_labels(y)), classes)[0], notes
    _check_as_before(prior, prior.target, "number", read, frame[prior.target][y.notna()].iloc[0])
    return y, notes


def _predictions(
    prior: PriorOfTable, X: Any, codes: NDArray[np.intp], known: NDArray[np.intp], y: Any
) -> dict[str, NDArray[Any]]:
    """Return the columns to add: predictions, and probabilities of classes."""
    answers = {-1: prior.zero_shot(prior.model)}
    if len(known):
        shots = X.iloc[known].assign(**{prior.task: codes[known]})
        tasks = read_tasks(
            shots, y.iloc[known].infer_objects().to_numpy(), task=prior.task, labels=is_classifier(prior.model)
        )
        adapted = prior.adapt_tasks(prior.model, tasks)
        answers |= {int(code): adapted.estimator(place) for place, code in enumerate(np.unique(codes[known]))}
    models = [(answers.get(code, answers[-1]), np.flatnonzero(codes == code)) for code in np.unique(codes)]
    rows = np.concatenate([rows for _, rows in models])
    back = np.argsort(rows)
    columns = {"prediction": np.concatenate([model.predict(X.iloc[rows]) for model, rows in models])[back]}
    if is_classifier(prior.model) and hasattr(answers[-1], "predict_proba"):
        columns |= _probabilities(models, X, back)
    return columns


def _probabilities(
    models: list[tuple[Any, NDArray[np.intp]]], X: Any, back: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    """Return a column a class; 0 for a class that a task cannot have."""
    classes = np.unique(np.concatenate([model.classes_ for model, _ in models]))
    parts = []
    for model, rows in models:
        proba = np.zeros((len(rows), len(classes)))
        proba[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(X.iloc[rows])
        parts.append(proba)
    return {f"probability of {label}": np.concatenate(parts)[back, k] for k, label in enumerate(classes)}


def _summary(prior: PriorOfTable, codes: NDArray[np.intp], known: NDArray[np.intp]) -> str:
    n_tasks, n_adapted = len(np.unique(codes)), len(np.unique(codes[known]))
    return (
        f"{len(codes)} rows of {n_tasks} tasks ({prior.task}) predicted: {n_adapted} tasks by what {len(known)} known rows of "
        f"their own tell, {n_tasks - n_adapted} by the prior alone."
    )
