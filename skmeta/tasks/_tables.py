"""What a table is: a pandas or polars frame, a sparse matrix or an array, each kept in its own kind.

Frames are recognised by their methods, so that neither library is imported before a frame of it is met.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta.tasks._words import shown


def table_kind(X: Any) -> str:
    """Return "pandas", "polars", "sparse" or "array"; nothing is imported to find out."""
    if hasattr(X, "iloc"):
        return "pandas"
    if hasattr(X, "get_column_index"):
        return "polars"
    return "sparse" if sparse.issparse(X) else "array"


def as_table(X: Any, name: str = "X") -> tuple[Any, str]:
    """Return X (lists as arrays) with its kind, having checked that it has rows and columns."""
    kind = table_kind(X)
    if kind == "array":
        X = np.asarray(X)
    if len(X.shape) != 2:
        raise ValueError(f"{name} must be a table of rows and columns, found {len(X.shape)} dimension(s).")
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
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if sparse.issparse(X):
        return X.tocsr()[rows].asformat(X.format)
    return X[rows] if hasattr(X, "shape") else np.asarray(X)[rows]


def column_values(X: Any, position: int) -> NDArray[Any]:
    """Return one column as a 1-D array."""
    kind = table_kind(X)
    if kind == "pandas":
        return X.iloc[:, position].to_numpy()
    if kind == "polars":
        return X.to_series(position).to_numpy()
    if kind == "sparse":
        return X.tocsc()[:, [position]].toarray().ravel()
    return X[:, position]


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
    kept = [k for k in range(X.shape[1]) if k not in set(positions)]
    if kind == "pandas":
        return X.iloc[:, kept]
    if kind == "polars":
        return X.select([X.columns[k] for k in kept])
    keep: Any = slice(kept[0], kept[-1] + 1) if kept and len(kept) == kept[-1] + 1 - kept[0] else kept
    if kind == "sparse":
        return X.tocsr()[:, keep].asformat(X.format)
    return _as_numbers(X[:, keep]) if X.dtype.kind in "OUT" else X[:, keep]


def _as_numbers(X: NDArray[Any]) -> NDArray[Any]:
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError):
        return X


def missing_values(X: Any) -> NDArray[np.bool_]:
    """Return where a frame has no value (null, None or NaN), as an array of its shape."""
    if table_kind(X) == "pandas":
        return X.isna().to_numpy()
    import polars as pl

    return X.fill_nan(None).select(pl.all().is_null()).to_numpy()


def concatenate_frames(frames: list[Any]) -> Any:
    """Return the frames below each other: columns by name, in order of first appearance, gaps missing."""
    if table_kind(frames[0]) == "pandas":
        import pandas as pd

        return pd.concat(frames, ignore_index=True, sort=False)
    import polars as pl

    return pl.concat(frames, how="diagonal_relaxed")


def concatenate_arrays(arrays: list[Any]) -> Any:
    """Return sparse matrices (as CSR) or arrays of one width below each other."""
    if sparse.issparse(arrays[0]):
        return sparse.vstack(arrays, format="csr")
    if len({array.dtype.kind in "UTS" for array in arrays}) > 1:
        arrays = [array.astype(object) for array in arrays]  # NumPy would write the numbers out as strings
    return np.concatenate(arrays)


def append_column(X: Any, name: str, values: NDArray[Any]) -> Any:
    """Return `X` with one more column, the last; arrays and sparse matrices have no use for the name.

    An array keeps its dtype if that holds the values, is promoted if not, and becomes one of objects for
    values that are no numbers. Numbers that no promotion holds exactly raise.
    """
    kind = table_kind(X)
    if kind == "pandas":
        return X.assign(**{name: values.tolist()})
    if kind == "polars":
        import polars as pl

        return X.with_columns(pl.Series(name, values.tolist()))
    if values.dtype.kind not in "biuf" or X.dtype.kind not in "biuf":
        if kind == "sparse":
            raise TypeError(f"A sparse X holds numbers only, found {shown(values[0])} for the column {name!r}.")
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
        f"The values of column {name!r} must be held exactly by the dtype of X, found {shown(values.max())}, which "
        f"{column.dtype} cannot hold. Write them as strings."
    )


def plain_table(X: Any) -> Any:
    """Frames and arrays as they are, sparse matrices by rows, lists as arrays, texts as a table of one column."""
    if hasattr(X, "columns"):
        return X
    if sparse.issparse(X):
        return X.tocsr()
    X = np.asarray(X)
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
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
