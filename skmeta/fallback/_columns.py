"""Raw columns that a correction may read beside a shared model's outputs, as plain transformers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skmeta._dataframe import categorical_columns
from skmeta.linear_model import EmpiricalBayes
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._numbers import column_names, non_numeric_columns
from skmeta.tasks._tables import column_values

Index = NDArray[np.intp]

_MANY = 100  # speed: of more columns than this there are no squares, nor are parts of them tried
_CATEGORIES = 20  # speed: of a column of names, the most frequent ones get a column each, all others share one


class Candidate(NamedTuple):
    """Columns that a correction may read beside the outputs, and what learns its prior.

    Parameters
    ----------
    columns : transformer or None
        Fitted; None for no columns.
    learner : EmpiricalBayes or LearnerOfCorrections
        Of the linear model.
    narrows : bool, default=False
        Whether the columns that vary most between tasks are candidates too.
    reads_outputs : bool, default=True
        Whether the linear model reads the shared model's outputs; without them it is that of a linear estimator.
    taken : ndarray of int, default=None
        Which of the columns that the transformer makes; None for all.
    wider : (transformer, ndarray of int), default=None
        One that makes the same columns among others, and where.
    """

    columns: Any
    learner: Any = EmpiricalBayes()
    narrows: bool = False
    reads_outputs: bool = True
    taken: Index | None = None
    wider: tuple[Any, Index] | None = None

    @property
    def transformer(self) -> Any:
        """What makes the columns that are taken, fitted; None for no columns."""
        if self.taken is None:
            return self.columns
        taken = FunctionTransformer(np.take, kw_args={"indices": self.taken, "axis": 1})
        return Pipeline([("columns", self.columns), ("taken", taken)])

    def reads(self, X: Any, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the linear model reads of rows: the outputs, then the columns."""
        return beside(outputs if self.reads_outputs else None, self.transformer, X)


def beside(outputs: NDArray[np.float64] | None, columns: Any, X: Any) -> NDArray[np.float64]:
    """Outputs, then what a transformer makes of rows; either may be None."""
    made = None if columns is None else columns.transform(X)
    return np.hstack([part for part in (outputs, made) if part is not None])


Candidates = dict[str, Candidate]


def united(candidates: Sequence[Candidate], n_outputs: int, X: Any) -> tuple[Candidate, list[Index]]:
    """One candidate that reads all that some read, and where in this the columns of each stand.

    Parameters
    ----------
    candidates : sequence of Candidate
        What linear models read.
    n_outputs : int
        Columns that are the shared model's outputs.
    X : table of shape (n_rows, n_features)
        Some rows.

    Returns
    -------
    candidate : Candidate
        Whose columns are made once.
    places : list of ndarray of int
        Of each of ``candidates``, in its order.
    """
    made_by = [each.columns for each in candidates]
    reads = [
        each.wider if each.wider and _is_among(each.wider[0], made_by) else (each.columns, each.taken)
        for each in candidates
    ]
    parts = [part for i, (part, _) in enumerate(reads) if part and not _is_among(part, [p for p, _ in reads[:i]])]
    some, with_outputs = take_rows(X, np.arange(1)), any(each.reads_outputs for each in candidates)
    ends = np.cumsum([n_outputs * with_outputs] + [part.transform(some).shape[1] for part in parts])
    ranges = [np.arange(start, end) for start, end in pairwise(ends)]
    places = []
    for each, (part, taken) in zip(candidates, reads, strict=True):
        at = next((here for here, other in zip(ranges, parts, strict=True) if other is part), np.arange(0))
        places.append(np.r_[np.arange(n_outputs * each.reads_outputs), at if taken is None else at[taken]])
    columns = parts[0] if len(parts) == 1 else make_union(*parts) if parts else None
    return Candidate(columns, reads_outputs=with_outputs), places


def _is_among(part: Any, others: Sequence[Any]) -> bool:
    return any(part is other for other in others)


def column_candidates(tasks: Tasks, correction: Any) -> Candidates:
    """Candidates by name, the first without any columns: held-out tasks will say which is best.

    Parameters
    ----------
    tasks : Tasks
        The collection.
    correction : "auto", None or transformer
        "auto" tries no columns; all of them, with the outputs and without, with slopes of a task's own and in common; all
        with the squares of numbers; and of the last set those columns that vary most between tasks. Else what the user wants.

    Returns
    -------
    dict
        Of at least one entry, simpler ones first.
    """
    if correction is None:
        return {"output": Candidate(None)}
    if not isinstance(correction, str):
        return {"output, columns by correction=": Candidate(clone(correction).fit(tasks.X, tasks.y))}
    if correction != "auto":
        raise ValueError(
            f"correction: wanted 'auto', None for none but the shared model's output, or a transformer, found {correction!r}."
        )
    numbers, names = _usable(tasks.X)
    few, found = len(numbers) + len(names) <= _MANY, {"output": Candidate(None)}
    curved = [column for column in numbers if few and _is_curved(tasks.X, column)]
    squares = _standardised(tasks.X, numbers, names, squares=curved) if curved else None
    if numbers or names:
        columns = _standardised(tasks.X, numbers, names, squares=[])
        wider = None if squares is None else (squares, _without_squares(columns, len(numbers), len(curved), tasks.X))
        found["columns"] = Candidate(columns, reads_outputs=False, wider=wider)
        found["output, columns"] = Candidate(columns, narrows=few and not curved, wider=wider)
        in_common = EmpiricalBayes(varying="intercept")
        found["columns in common"] = found["columns"]._replace(learner=in_common)
        found["output, columns in common"] = found["output, columns"]._replace(learner=in_common, narrows=False)
    if curved:
        found["output, columns, squares"] = Candidate(squares, narrows=True)
    return found


def _without_squares(columns: Any, n_numbers: int, n_squares: int, X: Any) -> Index:
    """Where the columns without squares stand in those with them: squares stand after the numbers."""
    place = np.arange(columns.transform(take_rows(X, np.arange(1))).shape[1])
    return place + n_squares * (place >= n_numbers)


def narrowed(name: str, candidate: Candidate, scores: NDArray[np.float64]) -> Candidates:
    """The columns of a candidate whose slopes most surely vary between tasks: a half of them, a quarter, down to one.

    A slope that does not vary costs each task as if it did, since what is learned of its variance is never quite zero.

    Parameters
    ----------
    name, candidate : str and Candidate
        The set of columns.
    scores : ndarray of shape (n_columns,)
        How surely the slope of each column varies.

    Returns
    -------
    dict
        Larger sets first; empty where there is one column.
    """
    order, found, n = np.argsort(-scores, kind="stable"), {}, len(scores) // 2
    while n:
        part = candidate._replace(taken=np.sort(order[:n]), narrows=False)
        found[f"{name} ({n} of {len(scores)}, those that vary most)"] = part
        n //= 2
    return found


def _usable(X: Any) -> tuple[list[int], list[int]]:
    """Positions of columns of numbers and of names; none of sparse tables, nor of what is no table.

    By positions a ColumnTransformer takes arrays too; columns of frames it finds by their names nevertheless.
    """
    if sparse.issparse(X) or len(X.shape) != 2:
        return [], []
    labels = list(column_names(X) or range(X.shape[1]))
    text = non_numeric_columns(X)
    dates = {label for label, what in text.items() if what == "dates"}
    categories = set(categorical_columns(X)) | (set(text) - dates)
    numbers = [at for at, label in enumerate(labels) if label not in categories | dates]
    return numbers, [at for at, label in enumerate(labels) if label in categories]


def _standardised(X: Any, numbers: list[int], names: list[int], squares: list[int]) -> Any:
    """Numbers in units of their spread, gaps at the mean, squares beside them; names as indicators."""
    one = OneHotEncoder(handle_unknown="ignore", max_categories=_CATEGORIES, sparse_output=False)
    parts = [(_scaled(), numbers)] if numbers else []
    parts += [(_squared(X, squares), squares)] if squares else []
    parts += [(one, names)] if names else []
    return make_column_transformer(*parts).fit(X)


def _scaled() -> Pipeline:
    return make_pipeline(StandardScaler(), SimpleImputer(keep_empty_features=True))


def _squared(X: Any, columns: list[int]) -> Pipeline:
    """Squares, beyond the range of past rows as at its end: a row far out would be predicted by its square alone."""
    values = make_column_transformer((_scaled(), columns)).fit_transform(X)
    in_range = FunctionTransformer(np.clip, kw_args={"a_min": values.min(axis=0), "a_max": values.max(axis=0)})
    return make_pipeline(_scaled(), in_range, FunctionTransformer(np.square), StandardScaler())


def _is_curved(X: Any, position: int) -> bool:
    """Whether the square of a column of numbers says more than the column: of two values it does not."""
    values = column_values(X, position).astype(float)
    return len(np.unique(values[np.isfinite(values)])) > 2
