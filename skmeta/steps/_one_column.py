"""A first step that reads one column, as those of texts do: what it gets of a table of one column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import column_or_1d, get_tags

from skmeta._dataframe import column, is_frame
from skmeta.steps._parts import is_nothing

Steps = Sequence[tuple[str, Any]]


def first_input(steps: Steps, X: Any) -> Any:
    """What the first step reads: a table, or for steps that read text its one column."""
    if X.shape[1] != 1 or not _reads_a_column(steps):
        return X
    return column(X, 0) if is_frame(X) else X[:, 0]


def from_tables(steps: Steps, input_names: tuple[str, ...] | None) -> list[tuple[str, Any]]:
    """The fitted steps of a plain Pipeline, so that it takes a table of one column as well as the column alone.

    A vectorizer that is given a frame reads the names of its columns, as if these were the texts.
    """
    if not _reads_a_column(steps) or len(input_names or "x") != 1:
        return list(steps)
    step: Any = FunctionTransformer(column_or_1d).set_output(transform="default")  # a column, whatever is set globally
    step.n_features_in_ = 1
    if input_names is not None:
        step.feature_names_in_ = np.array(input_names, dtype=object)
    return [(f"{steps[0][0]}-column", step), *steps]


def _reads_a_column(steps: Steps) -> bool:
    """Whether the first step that does something takes no table of two dimensions, nor was fitted to one of several columns."""
    first = next((step for _, step in steps if not is_nothing(step)), None)
    if first is None or not hasattr(first, "__sklearn_tags__") or getattr(first, "n_features_in_", 1) != 1:
        return False
    return not get_tags(first).input_tags.two_d_array
