"""The ColumnTransformer that makes features of the columns of a user's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmeta.report._columns import Column

MAX_CATEGORIES = 20  # of a column; rarer ones are one


def make_features(
    numbers: list[Any], categories: list[Any], task: Any = None, read: Mapping[Any, Column] | None = None
) -> ColumnTransformer:
    """Return the transformer of a table: gaps filled, numbers scaled, categories one-hot.

    Parameters
    ----------
    numbers, categories : list of str or int
        Columns by kind. Gaps in numbers are filled by the median, and a column says where; gaps in categories
        are one more category, rare categories share one.
    task : str or int, default=None
        A column of numbers to pass on, as the last one.
    read : mapping of str to Column, default=None
        Columns of numbers that the table has as they are written, such as dates, and which are made numbers first.

    Returns
    -------
    ColumnTransformer
        Not fitted; its output is an array.
    """
    read = {} if read is None else read
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)
    plain = [name for name in numbers if name not in read]
    parts = [("numbers", make_pipeline(*_scaled()), plain)]
    parts += [(f"read {name}", make_pipeline(each.reader, *_scaled(each.missing)), name) for name, each in read.items()]
    parts += [("categories", one_hot, categories)]
    parts += [] if task is None else [("task", "passthrough", [task])]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0.0)


def _scaled(missing: float = float("nan")) -> list[Any]:
    """Return the steps from numbers with gaps to numbers of one scale without."""
    gaps = SimpleImputer(missing_values=missing, strategy="median", add_indicator=True, keep_empty_features=True)
    return [gaps, StandardScaler()]
