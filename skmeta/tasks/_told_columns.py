"""Which columns of a table an error may be about, told by what the user calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta.tasks._column_error import ColumnError, column_list
from skmeta.tasks._numbers import column_names, non_numeric_by_position
from skmeta.tasks._tables import column_values
from skmeta.tasks._task_columns import TaskColumns
from skmeta.tasks._words import is_missing, shown

TEXT = re.compile("string|text|convert|numeric|dtype")  # words of errors about it


@contextmanager
def telling_columns(
    features: Any, X: Any = None, task: str | int | Sequence[str | int] | None = None
) -> Iterator[None]:
    """Let errors of what reads the features of a table name them; ``X`` is the table if it has a task column too."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if len(getattr(features, "shape", ())) == 2:  # no list, nor a column of texts
            X = features if X is None else X
            tell_columns(error, features, TaskColumns.of_table(X, task).labels(X))
        raise


def tell_columns(error: Exception, X: Any, labels: Sequence[Any], which: str = "X", *, of_step: bool = False) -> None:
    """Let an error name columns as the user does: one that found them has the labels from now on, others get a note.

    Parameters
    ----------
    error : TypeError or ValueError
        What a model or a step raised.
    X : table of shape (n_rows, n_columns)
        What it had read.
    labels : sequence
        What the user calls the columns.
    which : str, default="X"
        What these are columns of.
    of_step : bool, default=False
        Whether a step raised it: steps fail for text in many words, models that read text for other reasons.
    """
    if isinstance(error, ColumnError):
        users = dict(zip(column_names(X) or (), labels, strict=False))
        error.labels = labels if error.labels is None else [users.get(label, label) for label in error.labels]
        return
    holding = _gaps_in(X, labels, str(error))
    if not holding and (of_step or TEXT.search(str(error))):
        holding = _text_in(X, labels, str(error))
    if holding:
        error.add_note(f"Columns of {which} that hold {holding}")


def _text_in(X: Any, labels: Sequence[Any], message: str) -> str:
    """Columns with text, and the way out unless it was taken: encoders raise for categories too."""
    found = non_numeric_by_position(X)
    columns = ", ".join(f"{shown(labels[k])} ({what})" for k, what in found.items())
    way_out = " Make numbers of them before what cannot read them, by a make_column_transformer(...)."
    return f"no numbers: {columns}.{'' if 'categories' in message else way_out}" if found else ""


def _gaps_in(X: Any, labels: Sequence[Any], message: str) -> str:
    """Columns with NaN, or with infinity, where a message has the word."""
    tests = {"NaN": np.isnan, "infinity": np.isinf}
    word = next((word for word in tests if word in message.replace("NAType", "NaN")), None)
    columns = () if word is None else _columns_where(tests[word], X)
    return f"{word}: {column_list(labels, columns)}." if len(columns) else ""


def _columns_where(test: Any, X: Any) -> NDArray[np.intp]:
    """Positions of the columns of numbers in which something is true of some."""
    if sparse.issparse(X):
        return np.unique(X.tocoo().col[test(X.tocoo().data)])
    numbers = sorted(set(range(X.shape[1])) - set(non_numeric_by_position(X)))
    return np.array([k for k in numbers if test(_floats(column_values(X, k))).any()], dtype=np.intp)


def _floats(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind == "O":
        values = np.array([np.nan if is_missing(value) else value for value in values])
    return values.astype(np.float64)
