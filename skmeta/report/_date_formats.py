"""The formats in which a date that stands in a cell may be written."""

from __future__ import annotations

import re

_DAY = r"(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?"
_MONTH = (
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(tember)?|oct(ober)?|nov(ember)?|"
    r"dec(ember)?)"
)
_TIME = re.compile(r"([T ]+)\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(?:(\s?)[ap]m)?", re.IGNORECASE)
DATE = re.compile(
    rf"""\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?([T ].*)? | \d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}([ ].*)?
    | \d{{1,2}}/\d{{4}} | (19|20)\d{{6}}(T\d{{4,6}}Z?)?
    | ({_DAY}[,.]?[ ])?(\d{{1,2}}[-. /]{{0,2}})?{_MONTH}[-., /]{{0,2}}(\d{{1,2}},?[ ])?(\d{{4}}|\d\d)([T ].*)?
    | \d{{4}}[-/. ]{_MONTH}[-/. ]\d{{1,2}}([T ].*)?""",
    re.VERBOSE | re.IGNORECASE,
)
EIGHT_DIGITS = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")  # 20240131


def formats_of(date: str, *, day_first: bool) -> list[str]:
    """Return the formats in which a date may be written, the likelier first.

    Of 3.4.2024, 3 is the day, of 3/4/2024 the month unless the day comes first.

    Parameters
    ----------
    date : str
        A cell.
    day_first : bool
        Whether the day comes first in a date with slashes.

    Returns
    -------
    list of str
        As `pandas.to_datetime` takes them.

    Examples
    --------
    >>> from skmeta.report._date_formats import formats_of
    >>> formats_of("31-Jan-2024", day_first=False)
    ['%d-%b-%Y', 'ISO8601']
    >>> formats_of("1/31/2024 3:04 PM", day_first=False)[:2]
    ['%m/%d/%Y %I:%M %p', '%m/%d/%y %I:%M %p']
    """
    time = _TIME.search(date)
    head = date[: time.start()] if time else date
    after = _time_format(time) if time and time.end() == len(date) else ""
    return [each + after for each in _formats_of_days(head, "." in head or day_first)] + ["ISO8601"]


def _time_format(time: re.Match[str]) -> str:
    before, seconds, fraction, blank = time.groups()
    hours = "%H" if blank is None else "%I"
    return f"{before}{hours}:%M{':%S' if seconds else ''}{'.%f' if fraction else ''}" + (
        "" if blank is None else f"{blank}%p"
    )


def _formats_of_days(date: str, day_first: bool) -> list[str]:
    if re.search("[a-z]{3}", date, re.IGNORECASE):
        return _formats_with_names(date)
    signs = re.findall(r"\D", date)
    if not signs:
        return ["%Y%m%d"]
    if re.match(r"\d{4}", date):
        return [signs[0].join(("%Y", "%m", "%d")[: len(signs) + 1])]
    if len(signs) == 1:
        return [f"%m{signs[0]}%Y"]
    orders = [("%d", "%m"), ("%m", "%d")] if day_first else [("%m", "%d"), ("%d", "%m")]
    return [signs[0].join((*order, year)) for order in orders for year in ("%Y", "%y")]


def _formats_with_names(date: str) -> list[str]:
    """Return the formats of a date whose month is a name; that of May is long and short."""
    n_numbers, has_century = len(re.findall(r"\d+", date)), re.search(r"\d{4}", date) is not None

    def part(found: re.Match[str]) -> str:
        token = found[0]
        if token.isdigit():
            last = not has_century and len(re.findall(r"\d+", date[: found.end()])) == n_numbers
            return "%Y" if len(token) == 4 else "%y" if last else "%d"
        if re.fullmatch(_MONTH, token, re.IGNORECASE):
            return "%b" if len(token) == 3 else "%B"
        return "%a" if len(token) == 3 else "%A"

    one = re.sub(r"\d+|[a-z]+", part, date, flags=re.IGNORECASE)
    return [one, one.replace("%b", "%B")] if "may" in date.lower() else [one]
