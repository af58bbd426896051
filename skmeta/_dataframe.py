"""Frames of pandas and polars, the only file that knows either.

A frame is recognised by its methods, so that neither library is imported before a frame of it is met. Columns are asked
for by position, as a name may stand for several of them; text files and new frames are pandas'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

# What pandas.read_csv takes for no value, and for true and false.
NO_VALUE = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
     "NaN", "None", "n/a", "nan", "null")
)  # fmt: skip
TRUTHS = {word: truth for truth in (True, False) for word in (str(truth), str(truth).upper(), str(truth).lower())}


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


def ranks_of_ordered(frame: Any, position: int) -> NDArray[np.float64] | None:
    """Return the places of a column's values among its categories, NaN where missing; None if it has no order of its own."""
    series = column(frame, position)
    if library_of(frame) == "pandas":
        if not getattr(series.dtype, "ordered", False):
            return None
        codes = np.asarray(series.cat.codes, dtype=np.float64)
        return np.where(codes < 0, np.nan, codes)
    return series.to_physical().cast(float).to_numpy() if type(series.dtype).__name__ == "Enum" else None


def levels_of_index(data: Any) -> list[Any]:
    """Return the names of the levels of a pandas index; polars has none."""
    return [name for name in data.index.names if name is not None] if hasattr(data, "iloc") else []


def check_in_memory(data: Any) -> None:
    """Raise for a frame that is not there yet: lazy ones of polars, those of dask."""
    kind = type(data).__name__
    if hasattr(data, "collect_schema") and not hasattr(data, "get_column_index"):
        raise TypeError(f"X: wanted a frame in memory, found a {kind}; X.collect() makes one.")
    if hasattr(data, "npartitions"):
        raise TypeError(
            f"X: wanted a frame in memory, found a {kind} of {type(data).__module__.split('.')[0]} in {data.npartitions} "
            "parts; X.compute() makes one, and SufficientStatistics.from_table takes one part after the other."
        )


def check_columns(frame: Any) -> None:
    """Raise for columns of several levels."""
    if getattr(getattr(frame, "columns", None), "nlevels", 1) > 1:
        raise ValueError(
            f"X: wanted columns with one name each, found {frame.columns.nlevels} levels, such as {frame.columns[0]!r}; "
            "X.columns = ['_'.join(map(str, names)) for names in X.columns] makes one of them."
        )


def missing_values(frame: Any) -> NDArray[np.bool_]:
    """Return where a frame has no value (null, None or NaN), of its shape."""
    if library_of(frame) == "pandas":
        return np.asarray(frame.isna())
    import polars as pl

    return np.asarray(frame.fill_nan(None).select(pl.all().is_null()))


def same_rows(frame: Any, other: Any) -> bool:
    """Whether two frames or series of pandas have the same rows, by their index."""
    return len(frame) == len(other) and bool(frame.index.equals(other.index))


def indexed_as(content: NDArray[Any], frame: Any) -> Any:
    """Return numbers as a series, or as a frame if they have columns, with the index of a frame of pandas."""
    import pandas as pd

    return (pd.Series if content.ndim == 1 else pd.DataFrame)(content, index=frame.index)


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


def make_objects(content: list[Any], like: Any) -> Any:
    """Return a series of values as they are, with the name and the rows of another one."""
    return type(like)(content, index=like.index, name=like.name, dtype=object)


def read_parquet(path: Path, needed_by: str) -> Any:
    """Return a Parquet file as a pandas frame whose columns are named by text; an index that has a name is a column."""
    frame = _pandas(needed_by).read_parquet(path)
    check_columns(frame)
    names = [name for name in levels_of_index(frame) if name not in frame.columns]
    return (frame.reset_index(names) if names else frame).reset_index(drop=True).rename(columns=str)


def read_text_cells(text: TextIO, delimiter: str, n_columns: int, needed_by: str) -> Any:
    """Return the rows of a text table without header as a frame of text, in which empty cells alone are missing."""
    return _pandas(needed_by).read_csv(
        text, sep=delimiter, header=None, names=range(n_columns), index_col=False, dtype=str, keep_default_na=False,
        na_values=[""],
    )  # fmt: skip


# What a column of pandas holds ----------------------------------------------------------------------


def is_text(series: Any) -> bool:
    """Whether a column holds text, and nothing else but missing values."""
    import pandas as pd

    return pd.api.types.infer_dtype(series, skipna=True) in ("string", "empty")


def is_flat(series: Any) -> bool:
    """Whether cells hold one value each, no lists or structures, as Parquet files may have them."""
    return series.dtype != object or all(isinstance(value, Hashable) for value in series.tolist())


def counts_of(series: Any) -> dict[str, int]:
    """Return the different values of a column, and how often each stands there; missing ones are left out."""
    return dict(series.value_counts().items())


def as_floats(series: Any) -> Any:
    """Return a column of numbers as floats, one of durations in days; None if it holds anything else."""
    import pandas as pd

    if pd.api.types.is_timedelta64_dtype(series):
        series = series / pd.Timedelta(days=1)
    is_number = pd.api.types.is_any_real_numeric_dtype(series) or pd.api.types.infer_dtype(series) == "decimal"
    return series.astype("float64") if is_number else None


def plain_numbers(series: Any) -> Any:
    """Return a column of text as floats if every cell is a plain number, such as 12.5; else None."""
    import pandas as pd

    numbers = pd.to_numeric(series, errors="coerce").astype("float64")
    return numbers if numbers.notna().sum() == series.notna().sum() else None


def date_options(series: Any, pattern: re.Pattern[str], formats: Callable[[str], list[str]]) -> dict[str, Any] | None:
    """Return the options with which `pandas.to_datetime` reads most dates of a column; None if there are none.

    Of text, those are dates that look like one, in that format of the first which reads the most.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series) or pd.api.types.infer_dtype(series) in ("date", "datetime"):
        return {"utc": True, "errors": "coerce"}
    known = series.dropna()
    like_dates = known[[isinstance(v, str) and bool(pattern.fullmatch(v.strip())) for v in known.tolist()]]
    if like_dates.empty:
        return None
    tried = [{"format": each, "utc": True, "errors": "coerce"} for each in formats(like_dates.iloc[0].strip())]
    n_read = [int(to_datetime()(like_dates, **options).notna().sum()) for options in tried]
    return tried[int(np.argmax(n_read))] if max(n_read) else None


def to_datetime() -> Any:
    """Return the function of pandas that makes dates of text."""
    import pandas as pd

    return pd.to_datetime


def dates_of(days: Any) -> Any:
    """Return days since 1970-01-01 as dates."""
    import pandas as pd

    return pd.to_datetime(days, unit="D", utc=True)


def days(dates: Any) -> Any:
    """Return dates as days since 1970-01-01."""
    import pandas as pd

    return (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)


def as_categories(series: Any) -> Any:
    """Return a column as `pandas.read_csv` gives categories: text, or true and false; missing values as NaN."""
    known = series.where(series.notna() & ~series.isin(list(NO_VALUE))).astype(object)
    truths = [TRUTHS.get(value) if isinstance(value, str) else None for value in known.dropna().unique()]
    if truths and None not in truths:
        known = known.map(TRUTHS)
    return known.where(known.notna(), np.nan)
