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
    import pandas as pd

    if pd.api.types.is_timedelta64_dtype(values):
        values = values / pd.Timedelta(days=1)
    is_text = not pd.api.types.is_any_real_numeric_dtype(values)
    dates = read_dates(values) if is_text else None
    if dates is not None:
        return "date", (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    if is_text:
        return "category", values.astype(object).where(values.notna(), np.nan)
    numbers = values.astype("float64")
    n_infinite = int(np.isinf(numbers).sum())
    if n_infinite:
        raise ValueError(f"Column {values.name} must hold finite numbers, found {n_infinite} infinite ones.")
    return "number", numbers


def read_dates(values: Any) -> Any:
    """Return the dates in a pandas column, or None if it holds anything else; of 3.4.2024, 3 is the day."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values):
        return pd.to_datetime(values, utc=True)
    known = values.dropna()
    if known.empty or not all(isinstance(v, str) and DATE.fullmatch(v) for v in known.unique()):
        return None
    dotted = "." in known.iloc[0]
    for day_first in (dotted, not dotted):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of formats that were guessed
            dates = pd.to_datetime(values, dayfirst=day_first, utc=True, errors="coerce")
        if dates.notna().sum() == len(known):
            return dates
    return None


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
