"""Frames of pandas and polars, the only file that knows either.

A frame is recognised by its methods, so that neither library is imported before a frame of it is met. Columns are asked
for by position, as a name may stand for several of them; text files and new frames are pandas'.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

DELIMITERS = ",;\t|"
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?")


# What it is -----------------------------------------------------------------------------------------


def library_of(data: Any) -> str | None:
    """Return "pandas" for its frames and series, "polars" for its frames, None for all else."""
    if isinstance(data, np.ndarray):  # most are, and an attribute that is not there takes long
        return None
    if hasattr(data, "iloc"):
        return "pandas"
    return "polars" if hasattr(data, "get_column_index") else None


def is_frame(data: Any) -> bool:
    """Whether something is a frame, with columns that have labels."""
    return not isinstance(data, np.ndarray) and hasattr(data, "columns")


def column_labels(data: Any) -> list[Any] | None:
    """Return the labels of a frame's columns, None for what is no frame."""
    return list(data.columns) if is_frame(data) else None


def has_dates(frame: Any) -> bool:
    """Whether a column of a frame holds dates, times of day or durations by its type."""
    return any(map(_is_temporal, frame.dtypes))


def _is_temporal(dtype: Any) -> bool:
    return getattr(dtype, "kind", "") in ("m", "M") or bool(getattr(dtype, "is_temporal", bool)())


def categorical_columns(data: Any) -> list[Any]:
    """Return the labels of a frame's columns whose type says that they hold categories, whatever these are."""
    labels = column_labels(data)
    return (
        []
        if labels is None
        else [name for name, kind in zip(labels, data.dtypes, strict=True) if _is_categorical(kind)]
    )


def _is_categorical(dtype: Any) -> bool:
    return type(dtype).__name__ in ("CategoricalDtype", "Categorical", "Enum")


def missing_values(frame: Any) -> NDArray[np.bool_]:
    """Return where a frame has no value (null, None or NaN), of its shape."""
    if library_of(frame) == "pandas":
        return np.asarray(frame.isna())
    import polars as pl

    return np.asarray(frame.fill_nan(None).select(pl.all().is_null()))


# Parts of it, and more of it ------------------------------------------------------------------------


def rows(data: Any, positions: NDArray[np.intp] | slice) -> Any:
    """Return rows of a pandas frame or series, or of a polars frame, by position."""
    return data.iloc[positions] if library_of(data) == "pandas" else data[positions]


def columns(frame: Any, positions: Sequence[int]) -> Any:
    """Return some columns, in the order asked for."""
    if library_of(frame) == "pandas":
        return frame.iloc[:, list(positions)]
    return frame.select([frame.columns[k] for k in positions])


def column(frame: Any, position: int) -> Any:
    """Return one column as a series."""
    return frame.iloc[:, position] if library_of(frame) == "pandas" else frame.to_series(position)


def values(data: Any) -> Any:
    """Return a frame or series of either library as an array, all else as it is."""
    return data.to_numpy() if hasattr(data, "to_numpy") else data


def column_lists(frame: Any) -> dict[str, list[Any]]:
    """Return each column as a list of Python values."""
    if library_of(frame) == "pandas":
        return {name: frame[name].tolist() for name in frame.columns}
    return dict(frame.to_dict(as_series=False))


def with_column(frame: Any, name: str, column_values: list[Any]) -> Any:
    """Return the frame with one more column, the last."""
    if library_of(frame) == "pandas":
        return frame.assign(**{name: column_values})
    import polars as pl

    return frame.with_columns(pl.Series(name, column_values))


def concatenate(frames: list[Any]) -> Any:
    """Return frames below each other: columns by name, in order of first appearance, gaps missing."""
    if library_of(frames[0]) == "pandas":
        import pandas as pd

        return pd.concat(frames, ignore_index=True, sort=False)
    import polars as pl

    return pl.concat(frames, how="diagonal_relaxed")


# New ones -------------------------------------------------------------------------------------------


def _pandas(needed_by: str) -> ModuleType:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"{needed_by}: wanted pandas, found it not installed; pip install 'skmeta[frames]'."
        ) from error
    return pd


def make_frame(content: Mapping[str, Any], needed_by: str) -> Any:
    """Return a pandas frame of columns; `needed_by` is named where pandas is not installed."""
    return _pandas(needed_by).DataFrame(dict(content))


def make_series(content: list[Any], needed_by: str) -> Any:
    """Return a series of numbers where they can be; None is a value, which a column of numbers would make a gap."""
    series = _pandas(needed_by).Series(content, dtype=object)
    return series if any(value is None for value in content) else series.infer_objects()


def read_parquet(path: Path, needed_by: str) -> Any:
    """Return a Parquet file as a pandas frame whose columns are named by text."""
    return _pandas(needed_by).read_parquet(path).rename(columns=str)


def read_csv(path: Path, needed_by: str) -> Any:
    """Return a text table: its delimiter divides its header into most columns, its decimal sign makes most numbers."""
    read = _pandas(needed_by).read_csv
    delimiter = max(DELIMITERS, key=lambda each: len(read(path, sep=each, nrows=0).columns))
    signs = "." if delimiter == "," else ".,"
    tables = [read(path, sep=delimiter, decimal=sign, low_memory=False) for sign in signs]
    return max(tables, key=lambda table: table.select_dtypes("number").shape[1])


# What a column of pandas holds ----------------------------------------------------------------------


def as_floats(series: Any) -> Any:
    """Return a column of numbers as floats, one of durations in days; None if it holds anything else."""
    import pandas as pd

    if pd.api.types.is_timedelta64_dtype(series):
        series = series / pd.Timedelta(days=1)
    return series.astype("float64") if pd.api.types.is_any_real_numeric_dtype(series) else None


def as_days(series: Any) -> Any:
    """Return a column of dates as days since 1970-01-01; None if it holds anything else. Of 3.4.2024, 3 is the day."""
    import pandas as pd

    dates = _as_dates(series)
    return None if dates is None else (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)


def _as_dates(series: Any) -> Any:
    """Text is dates if every value is written like one."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series):
        return pd.to_datetime(series, utc=True)
    known = series.dropna()
    if known.empty or not all(isinstance(v, str) and _DATE.fullmatch(v) for v in known.unique()):
        return None
    dotted = "." in known.iloc[0]
    for day_first in (dotted, not dotted):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of formats that were guessed
            dates = pd.to_datetime(series, dayfirst=day_first, utc=True, errors="coerce")
        if dates.notna().sum() == len(known):
            return dates
    return None


def as_categories(series: Any) -> Any:
    """Return a column as objects, missing values as NaN."""
    return series.astype(object).where(series.notna(), np.nan)
