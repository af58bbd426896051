"""Values as messages print them: as the user wrote them, without NumPy's wrappers, and not too many."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

LIMIT = 5
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")  # of a date, where it says nothing


def shown(value: Any) -> str:
    """Return a value as one writes it: ``0`` for ``np.int64(0)``, dates by their digits, arrays as lists.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks._words import shown
    >>> shown(np.int64(0)), shown(np.str_("a")), shown(np.datetime64("2024-01-30T00:00:00"))
    ('0', "'a'", '2024-01-30')
    """
    if isinstance(value, tuple):  # a path
        return f"({', '.join(map(shown, value))})"
    if isinstance(value, np.datetime64 | np.timedelta64) or hasattr(value, "isoformat"):
        return _MIDNIGHT.sub("", str(value))
    if isinstance(value, np.ndarray):
        return f"[{listed(value.ravel())}]" if value.ndim else shown(value[()])
    return repr(value.item() if isinstance(value, np.generic) else value)


def listed(values: Iterable[Any], limit: int = LIMIT) -> str:
    """Return the first of some values, and whether there are more.

    Examples
    --------
    >>> from skmeta.tasks._words import listed
    >>> listed(["a", "b", "c"], limit=2)
    "'a', 'b', ..."
    """
    values = list(values)
    return ", ".join(map(shown, values[:limit])) + (", ..." if len(values) > limit else "")


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT or pandas.NA."""
    if value is None:
        return True
    same = value == value  # noqa: PLR0124 - NaN is not equal to itself, and pandas.NA gives no answer
    return not isinstance(same, bool | np.bool_) or not same
