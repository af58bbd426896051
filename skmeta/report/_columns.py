"""What a column of a user's table holds: numbers, dates or categories, and the cells that are slips."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skmeta import _dataframe
from skmeta.report._date_formats import DATE, EIGHT_DIGITS, formats_of
from skmeta.report._written_numbers import NumberStyle, is_gap, numbers_in, style_of

MOST = 0.9  # share of the filled cells that are written in one way, if a column holds numbers or dates
HALF = 0.5  # share of the filled cells, or of the different ones, that are, if the others have to be told
N_CELLS = 1000  # speed: of a column, different ones, that tell the decimal mark of a file
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
NO_DATE = float(np.iinfo(np.int64).min)  # what NumPy makes of a missing date


@dataclass(frozen=True, eq=False)
class Column:
    """What a column holds.

    Parameters
    ----------
    kind : {"number", "date", "category"}
        What it holds; a date counts as a number.
    values : Series
        Numbers, days since 1970-01-01, or objects; gaps are NaN.
    written : Series
        What stands in the table, slips as gaps.
    reader : transformer, default=None
        Makes numbers of shape ``(n_rows, 1)`` of what is written, which holds none yet.
    missing : float, default=nan
        What `reader` makes of a gap.
    slips : tuple of str, default=()
        The cells that hold neither a value of this kind nor nothing.
    most : Column, default=None
        Of a category of whose cells, or different cells, half are numbers or dates: the column of these.
    """

    kind: str
    values: Any
    written: Any
    reader: Any = None
    missing: float = float("nan")
    slips: tuple[str, ...] = ()
    most: Column | None = None

    @property
    def unit(self) -> str:
        """The currency and the unit of its numbers."""
        style = getattr(self.reader, "style", NumberStyle())
        return f"{style.prefix} {style.suffix}".strip()

    @property
    def words(self) -> tuple[str, ...]:
        """The cells of a category that are neither numbers nor dates nor gaps, where half are numbers or dates."""
        return () if self.most is None else tuple(cell for cell in self.most.slips if not is_gap(cell))

    @property
    def example(self) -> tuple[str, float] | None:
        """A cell that is not written as 12.5 is, and the number in it, if there is one."""
        for cell, number in zip(self.written.tolist(), self.values.tolist(), strict=True):
            if isinstance(cell, str) and not PLAIN.fullmatch(cell.strip()):
                return cell, number
        return None


class WrittenNumbers(TransformerMixin, BaseEstimator):
    """Makes numbers of a column in which they are written with a currency, a unit or marks of thousands.

    Parameters
    ----------
    style : NumberStyle
        How they are written.
    """

    def __init__(self, style: NumberStyle) -> None:
        self.style = style

    def fit(self, X: Any, y: Any = None) -> WrittenNumbers:
        """Learn nothing."""
        return self

    def transform(self, X: Any) -> Any:
        """Return the numbers of a series, of shape ``(n_rows, 1)``; NaN where a cell holds none."""
        return numbers_in(np.asarray(X, dtype=object).ravel().tolist(), self.style)[:, None]

    def __sklearn_is_fitted__(self) -> bool:
        """Whether it can transform: always."""
        return True


def read_column(series: Any, decimal: str = ".") -> Column:
    """Return what a column holds.

    Parameters
    ----------
    series : Series
        The column. Text is numbers, or dates, if at least nine of ten of its cells are written as such.
    decimal : {".", ","}, default="."
        The decimal mark of cells that could be read with either.

    Returns
    -------
    Column
        Kind and values.

    Raises
    ------
    ValueError
        If a number is infinite.
    """
    numbers = _dataframe.as_floats(series)
    if numbers is not None:
        return _finite(Column("number", numbers, numbers))
    counts = _dataframe.counts_of(series) if _dataframe.is_text(series) else {}
    is_filled = series.notna() & ~series.isin([cell for cell in counts if is_gap(cell)])
    kinds = [_written_column, _date_column] if counts else [_date_column]
    kinds = kinds[::-1] if all(map(EIGHT_DIGITS.fullmatch, counts)) else kinds
    tried = []
    for read in kinds:
        column = read(series, counts, decimal)
        if column is not None and column.values.notna().sum() >= MOST * is_filled.sum():
            return _finite(column)
        tried += [] if column is None else [column]
    categories = _dataframe.as_categories(series)
    return Column("category", categories, categories, most=_mostly(tried, series, is_filled))


def _mostly(tried: list[Column], series: Any, is_filled: Any) -> Column | None:
    """Return what half of the filled cells of a column, or of the different ones, hold: numbers or dates."""
    found = max(tried, key=lambda each: each.values.notna().sum(), default=None)
    if found is None or not found.slips:
        return None
    is_read = found.values.notna()
    pairs = ((is_read.sum(), is_filled.sum()), (series[is_read].nunique(), series[is_filled].nunique()))
    return found if any(n_read >= HALF * n_filled for n_read, n_filled in pairs) else None


def _written_column(series: Any, counts: Mapping[str, int], decimal: str) -> Column | None:
    """Return a column of text with the numbers in it, if there are any."""
    if decimal == ".":
        plain = _dataframe.plain_numbers(series)
        if plain is not None:
            return Column("number", plain, plain)
    other = {".": ",", ",": "."}[decimal]
    style, n_written = max((style_of(counts, each) for each in (decimal, other)), key=lambda found: found[1])
    if not n_written:
        return None
    values = _as_series(numbers_in(_with_gaps(series), style), series)
    slips = _slips(values, series)
    return Column("number", values, series.where(values.notna()), WrittenNumbers(style), slips=slips)


def _date_column(series: Any, counts: Mapping[str, int], decimal: str) -> Column | None:
    """Return a column with the dates in it, if there are any; they need no package but pandas to be read again."""
    options = _dataframe.date_options(series, DATE, partial(formats_of, day_first=decimal == ","))
    if options is None:
        return None
    dates = _dataframe.to_datetime()(series, **options)
    reader = make_pipeline(
        FunctionTransformer(_dataframe.to_datetime(), kw_args=options),
        FunctionTransformer(np.asarray, kw_args={"dtype": "datetime64[s]"}),
        FunctionTransformer(np.expand_dims, kw_args={"axis": 1}),
        FunctionTransformer(np.asarray, kw_args={"dtype": float}),
    )
    values = _dataframe.days(dates)
    return Column("date", values, series.where(values.notna()), reader, NO_DATE, _slips(values, series))


def _with_gaps(series: Any) -> list[Any]:
    return [None if missing else cell for cell, missing in zip(series.tolist(), series.isna(), strict=True)]


def _as_series(numbers: Any, like: Any) -> Any:
    return _dataframe.make_series(numbers.tolist(), "numbers").set_axis(like.index).rename(like.name)


def _slips(values: Any, series: Any) -> tuple[str, ...]:
    """Return the filled cells that gave no value, blank ones left out."""
    return tuple(cell for cell in map(str, series[values.isna() & series.notna()].tolist()) if cell.strip())


def _finite(column: Column) -> Column:
    n_infinite = int(np.isinf(column.values).sum())
    if n_infinite:
        raise ValueError(
            f"column {column.values.name}: wanted finite numbers, found {n_infinite} infinite ones; clip them or leave them "
            "empty."
        )
    return column


def decimal_mark(series: list[Any], delimiter: str) -> str:
    """Return the decimal mark with which most cells of a file are numbers.

    Where both read the same number, it is a comma in a file whose cells are divided by semicolons, as programs write them
    in countries that have decimal commas.
    """
    counted = [dict(islice(_dataframe.counts_of(each).items(), N_CELLS)) for each in series if _dataframe.is_text(each)]
    read = {mark: sum(style_of(counts, mark)[1] for counts in counted) for mark in (".", ",")}
    if read[","] == read["."]:
        return "," if delimiter == ";" and read[","] else "."
    return "," if read[","] > read["."] else "."
