"""Categories and labels of a later table as those that were learned, whichever way both are written."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from skmeta import _dataframe

DIGITS = {"0": False, "1": True}


def as_known(series: Any, known: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
    """Return a column with its values as those that were learned, and the cells whose value was not.

    Values are the same if they are written alike, if both say true or false in words or by their type, or if one is a
    number and the other its digits. Where nothing but truths, or 1 and 0, was learned, these are the same.

    Parameters
    ----------
    series : Series
        The column.
    known : sequence
        The values that were learned.

    Returns
    -------
    series : Series
        Values that were learned; others as they are.
    unknown : tuple
        The cells that hold others.

    Examples
    --------
    >>> import pandas as pd
    >>> from skmeta.report._known_values import as_known
    >>> series, unknown = as_known(pd.Series(["TRUE", "maybe", "1"]), [False, True])
    >>> series.tolist(), unknown
    ([True, 'maybe', True], ('maybe',))
    """
    exactly = {(isinstance(value, bool), value): value for value in known}
    digits = DIGITS if all(_key(value) in (True, False, *DIGITS) for value in known) else {}
    alike = {_key(value, digits): value for value in known}

    def found(value: Any) -> tuple[bool, Any]:
        exact, key = (isinstance(value, bool), value), _key(value, digits)
        return (True, exactly[exact]) if exact in exactly else (key in alike, alike.get(key, value))

    answers = {value: found(value) for value in dict.fromkeys(series.dropna().tolist())}
    unknown = tuple(value for value in series.dropna().tolist() if not answers[value][0])
    values = [
        value if missing else answers[value][1] for value, missing in zip(series.tolist(), series.isna(), strict=True)
    ]
    return _dataframe.make_objects(values, series), unknown


def _key(value: Any, digits: Mapping[str, bool] | None = None) -> Hashable:
    """What two ways to write one value have in common: a truth, or text."""
    if isinstance(value, bool):
        return value
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return _dataframe.TRUTHS.get(text, (digits or {}).get(text, text))
