"""What the columns of a user's table hold, and the ColumnTransformer that makes features of them."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MAX_CATEGORIES = 20
DATE = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?")


def read_column(values: Any) -> Any:
    """Return a pandas column as float numbers (dates in days since 1970-01-01), or as categories (objects).

    Parameters
    ----------
    values : Series
        The column, as pandas read it.

    Returns
    -------
    Series
        Of dtype float64 or object, missing values as NaN.

    Raises
    ------
    ValueError
        If a number is infinite.
    """
    import pandas as pd

    if is_date(values):
        return _days(values)
    if pd.api.types.is_bool_dtype(values):
        return values.astype(object).where(values.notna(), np.nan)
    if pd.api.types.is_timedelta64_dtype(values):
        return values / pd.Timedelta(days=1)
    numbers = pd.to_numeric(values.astype(object) if values.dtype == "category" else values, errors="coerce")
    if numbers.notna().sum() < values.notna().sum():
        return values.astype(object).where(values.notna(), np.nan)
    numbers = numbers.astype("float64")
    if np.isinf(numbers).any():
        raise ValueError(f"Column {values.name} must hold finite numbers, found {np.isinf(numbers).sum()} infinite ones.")
    return numbers


def is_date(values: Any) -> bool:
    """Whether a pandas column holds dates, as such or as text in which every value is written like one."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    if pd.api.types.is_numeric_dtype(values):
        return False
    unique = values.dropna().unique()
    return len(unique) > 0 and all(isinstance(v, str) and DATE.fullmatch(v.strip()) for v in unique)


def _days(values: Any) -> Any:
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of formats that have to be guessed row by row
        dates = pd.to_datetime(values, utc=True)
    return (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)


def is_constant(values: Any) -> bool:
    """Whether a pandas column, of which `read_column` has made something, never changes."""
    return values.nunique(dropna=False) < 2


def is_identifier(name: str, values: Any, codes: NDArray[np.intp]) -> bool:
    """Whether a column only names rows or tasks, so that nothing in it can be true of others.

    Text does if most values occur once, or each value in one task and each task has one value. Numbers do if
    they count the rows, or are all different whole numbers in a column called id.
    """
    known = values[values.notna()]
    n_unique = known.nunique()
    if values.dtype.kind != "f":
        pairs = len(set(zip(known.tolist(), codes[values.notna()].tolist(), strict=True)))
        return n_unique > len(known) / 2 or n_unique == pairs == len(np.unique(codes))
    if n_unique < len(values) or (known % 1 != 0).any():
        return False
    return known.max() - known.min() == len(known) - 1 or re.search(r"(^|[^a-z])id$", name.lower()) is not None


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
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False
    )
    parts = [("numbers", make_pipeline(gaps, StandardScaler()), numbers), ("categories", one_hot, categories)]
    parts += [] if task is None else [("task", "passthrough", [task])]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=0.0)
