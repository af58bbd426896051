"""Values of parameters that went through text: what they were before."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

_WORDS = {"True": True, "False": False, "None": None, "true": True, "false": False, "null": None}
CHOICES = ("scale", "auto", "sqrt", "log2", "balanced")  # what parameters of scikit-learn take in place of a number
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def written_value(text: str) -> Any:
    """Return what a text was written from: a number, a truth value, None, or the text itself.

    Examples
    --------
    >>> from skmeta.tuning._written_values import written_value
    >>> [written_value(text) for text in ("1", "1e-3", "True", "scale", "0,1")]
    [1, 0.001, True, 'scale', '0,1']
    """
    bare = text.strip()
    if bare in _WORDS:
        return _WORDS[bare]
    if not _NUMBER.fullmatch(bare):
        return text
    return int(bare) if re.fullmatch(r"[+-]?\d+", bare) else float(bare)


def column_as_meant(name: str, values: Sequence[Any]) -> list[Any]:
    """Return a column of a table with text as what it was written from, and whole floats beside gaps as whole numbers.

    Tables make floats of whole numbers where one is missing.

    Parameters
    ----------
    name : str
        The parameter.
    values : sequence
        Masked where there is none.

    Returns
    -------
    list
        The values.

    Warns
    -----
    UserWarning
        If a text among numbers has digits and still is no number.
    """
    known = [value for value in values if value is not np.ma.masked]
    gaps = len(known) < len(values)
    if gaps and all(isinstance(value, float) and float(value).is_integer() for value in known):
        return _each(values, int)
    if not any(isinstance(value, str) for value in known):
        return list(values)
    meant = _each(values, lambda value: written_value(value) if isinstance(value, str) else value)
    numbers = [value for value in meant if isinstance(value, int | float) and not isinstance(value, bool)]
    odd = [value for value in meant if isinstance(value, str) and value not in CHOICES]
    if odd and len(numbers) >= len(odd):
        warnings.warn(
            f"{name}: wanted numbers, as in {len(numbers)} of {len(known)} trials, found {odd[0]!r}, which counts as a choice "
            "of its own; write it as a number, if it is one.",
            UserWarning,
            stacklevel=5,
        )
    return meant


def _each(values: Sequence[Any], change: Callable[[Any], Any]) -> list[Any]:
    return [value if value is np.ma.masked else change(value) for value in values]


def written_params(values: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Return dicts of parameters from their text, as Python prints it or JSON; None if one cannot be read."""
    found = [value if isinstance(value, Mapping) else _parsed(value) for value in values]
    return None if any(not isinstance(params, Mapping) for params in found) else [dict(params) for params in found]


def _parsed(text: Any) -> Any:
    for read in (ast.literal_eval, json.loads):
        try:
            return read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None
