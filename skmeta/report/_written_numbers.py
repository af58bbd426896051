"""How the numbers of a column of text are written, and the numbers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What stands in a cell for no value: what pandas.read_csv takes for one (na_values), what databases and spreadsheets write,
# and signs.
GAP = re.compile(
    r"#?n/?a|<na>|n\.a\.|-?nan|-?1\.#(ind|qnan)|\(?null\)?|\\N|none|missing|#(div/0!|value!|ref!|name\?|num!|null!)|"
    "[-–—.?*…]*",
    re.IGNORECASE,
)
# Of ISO 4217 the most traded ones, and what people write for them in letters (Unicode CLDR, narrow symbols).
CURRENCY = re.compile(
    "USD|EUR|JPY|GBP|CNY|AUD|CAD|CHF|HKD|SGD|SEK|KRW|NOK|NZD|INR|MXN|TWD|ZAR|BRL|DKK|PLN|"
    r"(Rs|kr|Fr|SFr|Rp)\.?|RM|zł|Kč|Ft|lei"
)
THOUSANDS = {".": ",'’ _\u00a0\u2009\u202f", ",": ".'’ _\u00a0\u2009\u202f"}  # the marks that go with a decimal mark
AS_TEXT = re.compile("""='?"(.*)"|'(.*)""")  # how spreadsheets keep a cell from being read: ="3.10", '3.10


def _pattern(decimal: str) -> re.Pattern[str]:
    point, marks = re.escape(decimal), re.escape(THOUSANDS[decimal])
    lakh = "," if decimal == "." else "(?!)"  # 12,34,567 as in India
    return re.compile(
        rf"""(?P<opening>\()?\s* (?P<sign>[+\-−])?\s*
        (?P<prefix>[^\W\d_]{{1,4}}\.|[^\d\s.,()+\-−]{{1,4}})?\s* (?P<inner>[+\-−])?
        (?P<digits> [1-9]\d{{0,2}}(?P<mark>[{marks}])\d{{3}}(?:(?P=mark)\d{{3}})*(?:{point}\d*)?
            | [1-9]\d?(?P<lakh>{lakh})(?:\d\d{lakh})+\d{{3}}(?:{point}\d*)?
            | (?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)? | (?i:inf(?:inity)?) )
        (?P<none>(?<=[.,])[-–—])? (?P<behind>[-−])?
        \s*(?P<suffix>(?:[^\W\d_]|[%‰°€$£¥₹/]){{1,6}})? (?P<closing>\))?""",
        re.VERBOSE,
    )


_PATTERNS = {decimal: _pattern(decimal) for decimal in THOUSANDS}


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : {".", ","}, default="."
        The decimal mark.
    prefix, suffix : str, default=""
        What stands before and after every number: a currency, a unit.
    """

    decimal: str = "."
    prefix: str = ""
    suffix: str = ""


def numbers_in(cells: Iterable[Any], style: NumberStyle) -> NDArray[np.float64]:
    """Return the numbers in cells of one style, NaN where there is none.

    Parentheses make a number negative, as in accounts, and so does a sign behind it. Numbers stay as they are.

    Parameters
    ----------
    cells : iterable
        Text, numbers or missing values.
    style : NumberStyle
        How numbers are written.

    Returns
    -------
    ndarray of shape (n_cells,)
        The numbers.

    Examples
    --------
    >>> from skmeta.report._written_numbers import NumberStyle, numbers_in
    >>> numbers_in(["1,234.50", "(3)", "3 kg", "-", 2.5], NumberStyle())
    array([1234.5,   -3. ,    nan,    nan,    2.5])
    >>> numbers_in(["1.234,50 €", "-2 €"], NumberStyle(",", suffix="€"))
    array([1234.5,   -2. ])
    """
    known: dict[Any, float] = {}
    return np.array([known[c] if c in known else known.setdefault(c, _number(c, style)) for c in cells], np.float64)


def _number(cell: Any, style: NumberStyle) -> float:
    if not isinstance(cell, str):
        return float("nan") if cell is None else float(cell)
    parts = _parts(cell, style.decimal)
    return parts[1] if parts is not None and parts[0] == style else float("nan")


def _parts(cell: str, decimal: str) -> tuple[NumberStyle, float] | None:
    """Return how the number of a cell is written, and the number; None if the cell holds none."""
    written = AS_TEXT.fullmatch(cell.strip())
    found = _PATTERNS[decimal].fullmatch((written[written.lastindex or 0] if written else cell).strip())
    if found is None:
        return None
    part = found.groupdict(default="")
    signs = part["sign"] + part["inner"] + part["opening"] + part["behind"]
    if len(signs) > 1 or bool(part["opening"]) != bool(part["closing"]) or not _is_currency(part["prefix"]):
        return None
    mark = part["mark"] or part["lakh"]
    digits = part["digits"].replace(mark, "") if mark else part["digits"]
    number = float(digits.replace(decimal, "."))
    return NumberStyle(decimal, part["prefix"], part["suffix"]), number if signs in ("", "+") else -number


@cache
def _is_currency(text: str) -> bool:
    has_sign = any(unicodedata.category(sign) == "Sc" for sign in text)
    return not text or has_sign or CURRENCY.fullmatch(text) is not None


def style_of(counts: Mapping[str, int], decimal: str) -> tuple[NumberStyle, int]:
    """Return the style in which most cells are written, and how many are.

    Parameters
    ----------
    counts : mapping of str to int
        The different cells, and how often each stands there.
    decimal : {".", ","}
        The decimal mark.

    Returns
    -------
    style : NumberStyle
        The most common one.
    n_cells : int
        Cells of that style.

    Examples
    --------
    >>> from skmeta.report._written_numbers import style_of
    >>> style_of({"$3.10": 5, "$4": 1, "-": 2}, ".")
    (NumberStyle(decimal='.', prefix='$', suffix=''), 6)
    """
    styles = Counter[NumberStyle]()
    for cell, count in counts.items():
        parts = _parts(cell, decimal)
        if parts is not None:
            styles[parts[0]] += count
    return max(styles.items(), key=lambda pair: pair[1], default=(NumberStyle(decimal), 0))


def is_gap(cell: Any) -> bool:
    """Whether a cell is text that says that there is no value."""
    return isinstance(cell, str) and GAP.fullmatch(cell.strip()) is not None
