"""Tables and targets as finite numbers; what is none is named by its columns or rows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from skmeta import _dataframe
from skmeta.tasks._column_error import ColumnError
from skmeta.tasks._tables import column_values
from skmeta.tasks._words import is_missing, listed, shown


def column_names(X: Any) -> tuple[str, ...] | None:
    """Names of a frame's columns as a tuple of str, or None."""
    labels = None if isinstance(X, np.ndarray) else _dataframe.column_labels(X)
    return None if labels is None or not all(isinstance(name, str) for name in labels) else tuple(labels)


def check_names_differ(names: tuple[str, ...] | None) -> None:
    """Raise if two columns have the same name: columns are matched by it."""
    twice = sorted(name for name, times in Counter(names or ()).items() if times > 1)
    if twice:
        raise ValueError(
            f"X: wanted a name of its own for each column, found {listed(twice)} more than once; rename or drop."
        )


def numeric_features(X: Any) -> Any:
    """A float array or CSR matrix; missing values pass (a task may lack a column), infinite ones raise."""
    check_rows(X)
    if _is_plain(X) and X.ndim == 2 and X.shape[1] > 0:
        _check_not_infinite(X, None)
        return X
    if X.shape[1] == 0:
        raise ValueError(
            f"X: Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required; a column of zeros leaves "
            "the model its intercept."
        )
    if _dataframe.has_dates(X) if _dataframe.is_frame(X) else X.dtype.kind in "mM":  # they would pass as nanoseconds
        _refuse_columns(X, None)
    options = {"accept_sparse": "csr", "dtype": float, "ensure_min_samples": 0, "input_name": "X"}
    try:
        Z = check_array(X, ensure_all_finite=False, **options)
    except (TypeError, ValueError) as error:
        _refuse_columns(X, error)
        raise
    _check_not_infinite(Z, column_names(X))
    return Z


def _is_plain(values: Any) -> bool:
    """Whether they are floats already, as most often: ``check_array`` takes longer than a small model's whole fit."""
    return type(values) is np.ndarray and values.dtype == np.float64


def check_rows(X: Any, hint: str = "prior.zero_shot(estimator) needs no rows") -> None:
    """Raise where there are no rows; the hint is the way out."""
    if X.shape[0] == 0:
        raise ValueError(f"X: Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required; {hint}.")


def non_numeric_columns(X: Any) -> dict[Any, str]:
    """Column (by name, or position) to what it holds, for the columns of a table that hold no numbers."""
    labels = _dataframe.column_labels(X)
    return {k if labels is None else labels[k]: what for k, what in non_numeric_by_position(X).items()}


def non_numeric_by_position(X: Any) -> dict[int, str]:
    """Position to what a column holds, for the columns of a table that hold no numbers."""
    if sparse.issparse(X):
        return {}
    kinds = ((k, _what_else(column_values(X, k))) for k in range(X.shape[1]))
    return {k: what for k, what in kinds if what}


def _what_else(values: NDArray[Any]) -> str:
    """What a column holds if not numbers, or an empty text."""
    if values.dtype.kind in "mM":
        return "dates"
    if values.dtype.kind not in "OUST":
        return ""
    for value in values:
        try:
            np.float64(np.nan if is_missing(value) else value)
        except (TypeError, ValueError):
            return "dates" if hasattr(value, "isoformat") else f"text such as {shown(str(value)[:20])}"
    return ""


def _refuse_columns(X: Any, error: Exception | None) -> None:
    """Raise for columns that hold no numbers: all are named, as all have to be mended."""
    found = non_numeric_by_position(X)
    if not found:
        return
    text = [k for k, what in found.items() if what != "dates"]
    step = ("OneHotEncoder(handle_unknown='ignore')", text) if text else ("'drop'", list(found))
    described = [part for k, what in found.items() for part in (", ", (k,), f" ({what})")][1:]
    raise ColumnError(
        "X: wanted numbers, found column(s) ",
        *described,
        f". Make numbers of them in a step before the model: make_pipeline(make_column_transformer(({step[0]}, [",
        *[part for column in step[1] for part in (", ", column)][1:],
        "]), remainder='passthrough'), Ridge()).",
        "" if len(text) == len(found) else " Dates can be numbers too: days since one of them.",
        labels=_dataframe.column_labels(X),
    ) from error


def ids_among(X: Any) -> list[Any]:
    """Columns of text that may be ids of tasks: at least two different ones, in two rows each in the mean."""
    names = _dataframe.column_labels(X) if _dataframe.is_frame(X) else None
    texts = {} if names is None else {name: names.index(name) for name in non_numeric_columns(X)}
    different = {name: len(set(map(str, column_values(X, place).tolist()))) for name, place in texts.items()}
    return [name for name, n_ids in different.items() if 2 <= n_ids <= X.shape[0] / 2]


def _check_not_infinite(X: Any, names: tuple[str, ...] | None) -> None:
    values = X.data if sparse.issparse(X) else X
    with np.errstate(over="ignore", invalid="ignore"):
        fine = np.isfinite(values.sum())
    if fine or not np.isinf(values).any():
        return
    columns = X.indices[np.isinf(X.data)] if sparse.issparse(X) else np.flatnonzero(np.isinf(X).any(axis=0))
    raise ColumnError(
        "X: Input X contains infinity in column(s) ",
        tuple(columns),
        "; wanted finite numbers. Clip them, or mark them as missing (NaN) and put a SimpleImputer before the model.",
        labels=names,
    )


def check_complete(X: Any, tasks: Any, names: tuple[str, ...] | None, count: NDArray[np.float64] | None = None) -> None:
    """A column may be missing in all rows of a task (the task lacks it), never in some; rows stand for ``count`` each."""
    if sparse.issparse(X):
        columns = X.indices[np.isnan(X.data)]
        if len(columns):
            of_sparse = " of a sparse matrix; wanted finite numbers."
            raise ColumnError("X: Input X contains NaN in column(s) ", tuple(columns), of_sparse, labels=names)
        return
    if np.isfinite(X.sum()):
        return
    missing = np.isnan(X)
    per_task = np.add.reduceat(missing[tasks.order], tasks.starts[:-1], axis=0)
    partly = (per_task > 0) & (per_task < tasks.counts[:, None])
    if partly.any():
        task, column = np.argwhere(partly)[0]
        n_missing, n_rows = _counted(missing[:, column], tasks.codes == task, count)
        columns = np.flatnonzero(partly.any(axis=0))
        others = () if len(columns) == 1 else (" (with others, in column(s) ", tuple(columns), ")")
        raise ColumnError(
            f"X: Input X contains NaN in {n_missing} of {n_rows} rows of task {shown(tasks.ids[task])}, column ",
            (column,),
            *others,
            "; wanted columns that are complete, or missing for the whole of a task that lacks them. Put a SimpleImputer "
            "before the model.",
            labels=names,
        )


def _counted(which: NDArray[np.bool_], own: NDArray[np.bool_], count: NDArray[np.float64] | None) -> tuple[int, int]:
    """How many of a task's ``own (n_rows,)`` are some ``which (n_rows,)``, and how many there are.

    Where rows were summed up, each stands for several of those that weigh anything.
    """
    count = np.ones(len(own)) if count is None else count
    return round(count[own & which].sum()), round(count[own].sum())


def as_numbers(y: Any, estimator: Any) -> NDArray[np.float64]:
    """Targets as finite floats."""
    y = np.asarray(y)
    if y.dtype.kind in "OUST":
        text = next((value for value in y.ravel() if isinstance(value, str)), None)
        if text is not None:
            raise ValueError(
                f"y: wanted numbers for {type(estimator).__name__}, found {shown(text)}; for labels use "
                "WarmStartClassifier with a classifier."
            )
    if y.dtype.kind in "mM":
        raise ValueError(
            f"y: wanted numbers for {type(estimator).__name__}, found dates; count days since one of them."
        )
    if not (_is_plain(y) and y.ndim in (1, 2)):
        y = check_array(y, ensure_2d=False, dtype=float, ensure_min_samples=0, input_name="y", ensure_all_finite=False)
    check_finite_target(y)
    return y


def check_finite_target(y: NDArray[np.float64]) -> None:
    """Raise unless all targets are finite, and say in which rows they are not."""
    if np.isfinite(y.sum()):
        return
    for what, bad in (("NaN", np.isnan(y)), ("infinity", np.isinf(y))):
        rows = np.flatnonzero(bad.reshape(len(y), -1).any(axis=1))
        if len(rows):
            raise ValueError(
                f"y: Input y contains {what} in {len(rows)} of {len(y)} rows, row(s) {listed(rows)}; wanted finite "
                "numbers. Leave these rows out."
            )


def check_labels_known(y: NDArray[Any]) -> None:
    """Raise if a label is missing, and say in which rows."""
    rows = np.flatnonzero(y.dtype.kind == "O" and [is_missing(label) for label in y])
    if len(rows):
        raise ValueError(
            f"y: Input y contains NaN or None in {len(rows)} of {len(y)} rows, row(s) {listed(rows)}; wanted labels of "
            "one type. Leave these rows out."
        )
