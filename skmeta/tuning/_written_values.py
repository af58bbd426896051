"""Values of parameters that went through text: what they were before."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skmeta._dataframe import TRUTHS
from skmeta.tasks._warn_caller import warn_caller

_WORDS: dict[str, bool | None] = {**TRUTHS, "None": None, "null": None}
# What parameters of scikit-learn take in place of a number.
CHOICES = ("scale", "auto", "sqrt", "log2", "balanced", "mle", "all", "none")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)
_NUMPY = re.compile(r"np\.[a-z]+\d*_?\((.*)\)")  # as NumPy 2 writes its scalars
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")  # or a number with three decimals
_NEARLY = re.compile(r"[(€$£]?\s*[+-]?\d[\d.,' ]*([eE][+-]?\d+)?\s*([)%€$£]|[A-Za-z]{1,3})?")


def written_value(text: str) -> Any:
    """Return what a text was written from: a number, a truth value, None, a tuple, list or dict, or the text itself.

    Examples
    --------
    >>> from skmeta.tuning._written_values import written_value
    >>> [written_value(text) for text in ("1", "1e-3", "True", "scale", "np.float64(0.1)", "(100, 50)")]
    [1, 0.001, True, 'scale', 0.1, (100, 50)]
    """
    bare = _NUMPY.sub(r"\1", text.strip())
    if bare in _WORDS:
        return _WORDS[bare]
    if bare[:1] + bare[-1:] in ("()", "[]", "{}"):
        meant = parsed(bare, text)
        return meant if isinstance(meant, tuple | list | dict) else text
    if not _NUMBER.fullmatch(bare):
        return bare or text
    return int(bare) if re.fullmatch(r"[+-]?\d{1,4000}", bare) else float(bare)


def column_as_meant(name: str, values: Sequence[Any]) -> list[Any]:
    """Return a column of a table with text as what it was written from; a comma may be the decimal mark.

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
        If a text is nearly a number, or stands among numbers and is none.
    """
    if not any(isinstance(value, str) for value in values):
        return list(values)
    commas = _has_decimal_commas([value.strip() for value in values if isinstance(value, str)])
    known = {
        text: written_value(text.replace(",", ".") if commas and _WITH_COMMA.fullmatch(text.strip()) else text)
        for text in {value for value in values if isinstance(value, str)}
    }
    meant = _each(values, lambda value: known[value] if isinstance(value, str) else value)
    numbers = [value for value in meant if isinstance(value, int | float) and not isinstance(value, bool)]
    odd = [value for value in meant if isinstance(value, str) and value not in CHOICES]
    nearly = odd if len(numbers) >= len(odd) else [value for value in odd if _NEARLY.fullmatch(value.strip())]
    if nearly:
        warn_caller(
            f"{name}: wanted numbers, as in {len(numbers)} of {len(meant)} trials, found {nearly[0]!r}, which counts as a "
            "choice of its own; write it as a number, if it is one."
        )
    return meant


def _has_decimal_commas(texts: list[str]) -> bool:
    """Whether commas in a column of numbers are decimal marks: no point beside, and not all before three digits."""
    commas = [text for text in texts if _WITH_COMMA.fullmatch(text)]
    others = [text for text in texts if "," in text or "." in text]
    return len(commas) == len(others) and not all(map(_THOUSANDS.fullmatch, commas))


def whole_numbers(values: list[Any]) -> list[Any]:
    """Return a column of a frame with whole floats as whole numbers, where there is a gap: frames make floats of these."""
    known = [value for value in values if value is not np.ma.masked]
    whole = len(known) < len(values) and all(isinstance(value, float) and value.is_integer() for value in known)
    return _each(values, int) if whole else values


def params_as_meant(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return dicts of parameters with text as what it was written from, each parameter over all trials."""
    names = dict.fromkeys(name for params in candidates for name in params)
    columns = {name: column_as_meant(name, [params.get(name, np.ma.masked) for params in candidates]) for name in names}
    return [{name: columns[name][at] for name in params} for at, params in enumerate(candidates)]


def written_dicts(values: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Return dicts from their text, as Python prints it or JSON; None if one cannot be read."""
    found = [value if isinstance(value, Mapping) else parsed(value, None) for value in values]
    return None if any(not isinstance(params, Mapping) for params in found) else [dict(params) for params in found]


def parsed(text: Any, otherwise: Any) -> Any:
    """Return what a text of Python or JSON stands for, NumPy's numbers as Python's; something else if it is none."""
    if not isinstance(text, str):
        return otherwise
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # regular expressions have backslashes
            return ast.literal_eval(_Plain().visit(ast.parse(text.strip(), mode="eval")))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise


class _Plain(ast.NodeTransformer):
    """Makes constants of ``nan``, ``inf``, ``np.float64(0.5)`` and ``np.True_``, which are no literals."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(float(node.id)) if node.id in ("nan", "inf") else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return ast.Constant(node.attr == "True_") if node.attr in ("True_", "False_") else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        of_numpy = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "np" and len(node.args) == 1
        return self.visit(node.args[0]) if of_numpy else node


def _each(values: Sequence[Any], change: Callable[[Any], Any]) -> list[Any]:
    return [value if value is np.ma.masked else change(value) for value in values]
