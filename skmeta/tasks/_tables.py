"""What a table is: a frame, a sparse matrix or an array, each kept in its own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta import _dataframe
from skmeta.tasks._words import shown


def check_is_table(X: Any) -> None:
    """Raise for columns, rows or datasets that are yet to be made a table, and for a frame that is not there yet."""
    first = X[0] if isinstance(X, list) and X else None
    if isinstance(X, Mapping) and not sparse.issparse(X):
        raise TypeError(
            f"X: wanted a table, found {type(X).__name__}; pandas.DataFrame(X) makes one of columns by name, and "
            "X, y = stack_tasks(X) one of datasets by task."
        )
    if isinstance(first, Mapping):
        raise TypeError(
            f"X: wanted a table, found a list of rows as {type(first).__name__}s; pandas.DataFrame(X) makes one."
        )
    if isinstance(first, tuple) and any(np.ndim(part) == 2 for part in first):
        raise TypeError("X: wanted a table, found a list of datasets; X, y = stack_tasks(X) makes one of them.")
    _dataframe.check_in_memory(X)


def table_kind(X: Any) -> str:
    """Return "pandas", "polars", "sparse" or "array"; nothing is imported to find out."""
    if isinstance(X, np.ndarray):  # most are
        return "array"
    return _dataframe.library_of(X) or ("sparse" if sparse.issparse(X) else "array")


def as_table(X: Any, name: str = "X") -> tuple[Any, str]:
    """Return X (lists as arrays) with its kind, having checked that it has rows and columns."""
    kind = table_kind(X)
    if kind == "array":
        if not isinstance(X, np.ndarray):
            check_is_table(X)
        X = np.asarray(X)
    elif kind != "sparse":
        _dataframe.check_columns(X)
    if len(X.shape) != 2:
        raise ValueError(
            f"{name}: wanted a table of rows and columns, found {len(X.shape)} dimension(s); array.reshape(-1, 1) has one "
            "column."
        )
    return X, kind


def take_rows(X: Any, rows: NDArray[np.intp] | slice) -> Any:
    """Return the rows of a frame, series, sparse matrix or array, in its own kind.

    Parameters
    ----------
    X : frame, series, sparse matrix or array-like of shape (n_samples, ...)
        The table, or a target.
    rows : ndarray of int, or slice
        Positions, not labels of an index.

    Returns
    -------
    table of the same kind
        The rows asked for, in the order asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import take_rows
    >>> take_rows(["a", "b", "c"], np.array([2, 0]))
    array(['c', 'a'], dtype='<U1')
    """
    kind = table_kind(X)
    if kind == "array":
        return X[rows] if hasattr(X, "shape") else np.asarray(X)[rows]
    return X.tocsr()[rows].asformat(X.format) if kind == "sparse" else _dataframe.rows(X, rows)


def column_values(X: Any, position: int) -> NDArray[Any]:
    """Return one column as a 1-D array."""
    kind = table_kind(X)
    if kind == "array":
        return X[:, position]
    if kind == "sparse":
        return X.tocsc()[:, [position]].toarray().ravel()
    return np.asarray(_dataframe.values(_dataframe.column(X, position)))


def drop_column(X: Any, position: int) -> Any:
    """Return `X` without one column, in its own kind.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    position : int
        The column, 0 to ``n_columns - 1``.

    Returns
    -------
    table of shape (n_samples, n_columns - 1)
        A frame or sparse matrix of the same kind. An array is a view when its first or last column goes. An
        array of objects or strings (it held string ids) becomes one of floats if all that is left can be read
        as numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import drop_column
    >>> drop_column(np.array([[1, 2.5, "north"], [3, 4.5, "south"]], dtype=object), 2)
    array([[1. , 2.5],
           [3. , 4.5]])
    """
    return drop_columns(X, [position])


def drop_columns(X: Any, positions: Sequence[int]) -> Any:
    """Return `X` without some columns, as `drop_column` without one."""
    X, kind = as_table(X)
    dropped = set(positions)
    kept = [k for k in range(X.shape[1]) if k not in dropped]
    keep: Any = slice(kept[0], kept[-1] + 1) if kept and len(kept) == kept[-1] + 1 - kept[0] else kept
    if kind == "array":
        return _as_numbers(X[:, keep]) if X.dtype.kind in "OUT" else X[:, keep]
    return X.tocsr()[:, keep].asformat(X.format) if kind == "sparse" else _dataframe.columns(X, kept)


def _as_numbers(X: NDArray[Any]) -> NDArray[Any]:
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError):
        return X


def concatenate_arrays(arrays: list[Any]) -> Any:
    """Return sparse matrices (as CSR) or arrays of one width below each other."""
    if sparse.issparse(arrays[0]):
        return sparse.vstack(arrays, format="csr")
    if len({array.dtype.kind in "UTS" for array in arrays}) > 1:
        arrays = [array.astype(object) for array in arrays]  # NumPy would write the numbers out as strings
    return np.concatenate(arrays)


def stacked(tables: list[Any]) -> Any:
    """Return tables of one kind below each other; frames by the names of their columns."""
    return _dataframe.concatenate(tables) if _dataframe.is_frame(tables[0]) else concatenate_arrays(tables)


def append_column(X: Any, name: str, values: NDArray[Any]) -> Any:
    """Return `X` with one more column, the last; arrays and sparse matrices have no use for the name.

    An array keeps its dtype if that holds the values, is promoted if not, and becomes one of objects for
    values that are no numbers. Numbers that no promotion holds exactly raise.
    """
    kind = table_kind(X)
    if _dataframe.is_frame(X):
        return _dataframe.with_column(X, name, values.tolist())
    if values.dtype.kind not in "biuf" or X.dtype.kind not in "biuf":
        if kind == "sparse":
            raise TypeError(
                f"{name}: wanted numbers, as a sparse X holds nothing else, found {shown(values[0])}; number them."
            )
        return np.concatenate([X.astype(object), values.astype(object)[:, None]], axis=1)
    column = _exact_column(X, name, values)
    if kind == "sparse":
        return sparse.hstack([X, sparse.coo_matrix(column[:, None])], format="csr")
    return np.concatenate([X, column[:, None]], axis=1)


def _exact_column(X: Any, name: str, values: NDArray[Any]) -> NDArray[Any]:
    for dtype in (np.result_type(X.dtype, np.uint8), np.result_type(X.dtype, values.dtype)):
        column = values.astype(dtype)
        if np.array_equal(column.astype(values.dtype), values):
            return column
    raise ValueError(
        f"{name}: wanted values that the dtype of X holds exactly, found {shown(values.max())}, which {column.dtype} "
        "cannot hold; write them as text."
    )


def plain_table(X: Any) -> Any:
    """Frames and arrays as they are, sparse matrices by rows, lists as arrays, texts as a table of one column."""
    if not isinstance(X, np.ndarray):
        check_is_table(X)
        if _dataframe.is_frame(X):
            _dataframe.check_columns(X)
            return X
        X = X.tocsr() if sparse.issparse(X) else np.asarray(X)
    if X.ndim == 1 and X.dtype.kind in "OUT" and all(isinstance(value, str) for value in X):
        return X[:, None]
    if X.ndim != 2:
        raise ValueError(
            f"X: Expected 2D array, got {X.ndim}D array instead, of shape {X.shape}. Reshape your data: "
            "array.reshape(-1, 1) if it has a single feature, array.reshape(1, -1) if it is a single row."
        )
    return X


def column_or_matrix(y: Any) -> NDArray[Any]:
    """Targets as an array; a column is a vector."""
    if y is None:
        raise ValueError("y: requires y to be passed, but the target y is None.")
    y = np.asarray(y)
    if not y.ndim:
        raise ValueError(f"y: wanted a target a row, found {shown(y)}; give the column itself, such as frame[name].")
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def columns_in_order(X: Any, wanted: Sequence[str] | None) -> Any:
    """A frame with its columns in the order of ``wanted``, which are the names it has; what has no names as it is."""
    names = _dataframe.column_labels(X)
    if names is None or wanted is None or names == list(wanted):
        return X
    position = {name: place for place, name in enumerate(names)}
    return _dataframe.columns(X, [position[name] for name in wanted])
