"""What the columns of a user's table hold, and the ColumnTransformer that makes features of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmeta._dataframe import as_categories, as_days, as_floats

MAX_CATEGORIES = 20  # of a column; rarer ones are one


def read_column(values: Any) -> tuple[str, Any]:
    """Return what a pandas column holds, and its values as floats or, if they are categories, as objects.

    Parameters
    ----------
    values : Series
        The column, as pandas read it.

    Returns
    -------
    kind : {"number", "date", "category"}
        Text is dates if every value is written like one, else categories.
    values : Series
        Numbers; days since 1970-01-01, or of a duration; or whatever was found, missing values as NaN.

    Raises
    ------
    ValueError
        If a number is infinite.
    """
    numbers = as_floats(values)
    if numbers is None:
        days = as_days(values)
        return ("category", as_categories(values)) if days is None else ("date", days)
    n_infinite = int(np.isinf(numbers).sum())
    if n_infinite:
        raise ValueError(
            f"column {values.name}: wanted finite numbers, found {n_infinite} infinite ones; clip them or leave them empty."
        )
    return "number", numbers


def is_constant(values: Any) -> bool:
    """Whether a pandas column, of which `read_column` has made something, never changes."""
    return values.nunique(dropna=False) < 2


def is_identifier(kind: str, values: Any, codes: NDArray[np.intp]) -> bool:
    """Whether a column only names rows or tasks, so that nothing in it can be true of others.

    Text does if most values occur once, or each value in one task and each task has one value. Numbers do if
    they count the rows (some may be missing), or are all different whole numbers in a column called id.
    """
    known = values[values.notna()]
    n_unique = known.nunique()
    if kind == "category":
        pairs = len(set(zip(known.tolist(), codes[values.notna()].tolist(), strict=True)))
        return n_unique > len(known) / 2 or n_unique == pairs == len(np.unique(codes))
    if kind == "date" or n_unique < len(values) or (known % 1 != 0).any():
        return False
    counts_rows = known.max() - known.min() < 2 * len(known)
    return bool(counts_rows or re.search(r"(^|[^a-z])id$", str(values.name).lower()))


def make_features(numbers: list[Any], categories: list[Any], task: Any = None) -> ColumnTransformer:
    """Return the transformer of a table: gaps filled, numbers scaled, categories one-hot.

    Parameters
    ----------
    numbers, categories : list of str or int
        Columns by kind. Gaps in numbers are filled by the median, and a column says where; gaps in categories
        are one more category, rare categories share one.
    task : str or int, default=None
        A column of numbers to pass on, as the last one.

    Returns
    -------
    ColumnTransformer
        Not fitted; its output is an array.
    """
    gaps = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False)
    parts = [("numbers", make_pipeline(gaps, StandardScaler()), numbers), ("categories", one_hot, categories)]
    parts += [] if task is None else [("task", "passthrough", [task])]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0.0)
