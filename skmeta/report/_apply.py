"""A saved prior on the next table: predictions for every row, of tasks with some rows known and of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skmeta import _dataframe
from skmeta.base._never_seen import telling_once
from skmeta.base._prior import given_what_is_known
from skmeta.report._columns import Column, decimal_mark, read_column
from skmeta.report._estimators import as_labels
from skmeta.report._known_values import as_known
from skmeta.report._notes import about_slips
from skmeta.report._prior_of_table import PriorOfTable
from skmeta.report._read import read_frame, read_target, without_blanks
from skmeta.report._roles import columns_like
from skmeta.report._written_numbers import is_gap
from skmeta.tasks import index_rows, read_tasks
from skmeta.tasks._words import is_missing, shown


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
    roles = prior.roles
    frame, delimiter, notes = read_frame(Path(path), (*roles.task, *prior.kinds, *roles.context))
    if "prediction" in frame.columns:
        raise ValueError(f"{path}: wanted no column called prediction, which is to be added, found one; rename it.")
    for name in (*roles.task, *roles.context):
        _check_there(name, "says of which task a row is" if name in roles.task else "describes tasks", path, frame)
    named = frame[[]].assign(**{name: without_blanks(frame[name]) for name in roles.task}).notna().all(axis=1)
    if not named.all():
        notes.append(f"{int((~named).sum())} rows without {' or '.join(roles.task)} were left out.")
    frame = frame[named].reset_index(drop=True)
    decimal = decimal_mark([frame[name] for name in frame.columns if name not in roles.task], delimiter)
    X, more = _features(prior, frame, decimal)
    y, about_target = _known_targets(prior, frame, decimal)
    known = np.flatnonzero(y.notna()) if y is not None else np.empty(0, dtype=np.intp)
    codes = index_rows(frame[list(roles.task)], list(roles.task)).codes
    notes += [*more, *about_target, _summary(prior, codes, known)]
    of_tasks = roles.of_tasks(frame, codes, decimal)
    with telling_once():
        return frame.assign(**_predictions(prior, X, of_tasks, codes, known, y)), notes


def _check_there(name: str, what: str, path: str, frame: Any) -> None:
    """Raise where a column is not there by which the prior was told of tasks."""
    if name not in frame.columns:
        raise ValueError(
            f"{path}: wanted a column {name}, which {what}, as in the table that the prior was learned from, found none; add "
            f"it{', of a new task any id' if 'says' in what else ''}. {columns_like(name, list(frame.columns))}"
        )


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
    extra = [name for name in frame.columns if name not in {*columns, *prior.roles.names}]
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
    prior: PriorOfTable,
    X: Any,
    of_tasks: dict[str, Any],
    codes: NDArray[np.intp],
    known: NDArray[np.intp],
    y: Any,
) -> dict[str, NDArray[Any]]:
    """Return the columns to add: predictions, and probabilities of classes."""
    answers = {}
    if len(known):
        shots = X.iloc[known].assign(**{name: np.asarray(column)[known] for name, column in of_tasks.items()})
        tasks = read_tasks(
            shots,
            y.iloc[known].infer_objects().to_numpy(),
            task=prior.task,
            context=prior.context,
            labels=is_classifier(prior.model),
        )
        adapted = prior.adapt_tasks(prior.model, tasks)
        answers = {int(code): adapted.estimator(place) for place, code in enumerate(np.unique(codes[known]))}
    new = ModelsWithoutRows(prior, of_tasks)
    places = [(code, np.flatnonzero(codes == code)) for code in np.unique(codes)]
    models = [(answers[code] if code in answers else new.of_row(rows[0]), rows) for code, rows in places]
    rows = np.concatenate([rows for _, rows in models])
    back = np.argsort(rows)
    columns = {"prediction": np.concatenate([model.predict(X.iloc[rows]) for model, rows in models])[back]}
    if is_classifier(prior.model) and hasattr(models[0][0], "predict_proba"):
        columns |= _probabilities(models, X, back)
    return columns


class ModelsWithoutRows:
    """Models of tasks of which no targets are known, made once for all of which the same is known."""

    def __init__(self, prior: PriorOfTable, of_tasks: dict[str, Any]) -> None:
        self.prior = prior
        self.read = {name: np.asarray(of_tasks[name]) for name in prior.context_names if name in of_tasks}
        self.models: dict[Any, Any] = {}

    def of_row(self, row: int) -> Any:
        """The model of the task of a row."""
        known = {name: values[row] for name, values in self.read.items() if not is_missing(values[row])}
        key = tuple(known.items())
        if key not in self.models:
            self.models[key] = given_what_is_known(self.prior, known).zero_shot(self.prior.model)
        return self.models[key]


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
    name = " in ".join(prior.roles.task[::-1])
    return (
        f"{len(codes)} rows of {n_tasks} tasks ({name}) predicted: {n_adapted} tasks by what {len(known)} known rows of "
        f"their own tell, {n_tasks - n_adapted} by the prior alone."
    )
