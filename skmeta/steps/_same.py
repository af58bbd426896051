"""Whether two transformers are the same thing: one class, equal parameters, equal state, all the way down."""

from __future__ import annotations

from collections.abc import Container
from types import FunctionType
from typing import Any

import joblib
import numpy as np

from skmeta.steps._parts import is_nothing

Steps = tuple[tuple[str, Any], ...]


def difference_of_steps(wanted: Steps, found: Steps) -> str:
    """Which step differs and how, or an empty text."""
    names = [" -> ".join(_class_name(step) for _, step in steps) or "no steps" for steps in (wanted, found)]
    if len(wanted) != len(found):
        return f"{names[1]} where the prior has {names[0]}"
    for (_, ours), (name, theirs) in zip(wanted, found, strict=True):
        found_difference = difference(ours, theirs)
        if found_difference:
            return f"{names[1]}, whose step {name!r} has {found_difference}"
    return ""


def difference(wanted: Any, found: Any, path: str = "", skip: Container[str] = (), whose: str = "the prior") -> str:
    """How two values differ, by the path to the first parameter that does; an empty text if they do not.

    Parameters named in ``skip`` are not compared, at any depth.
    Values without an ``__eq__`` of their own, such as ``make_column_selector(...)``, are compared by their state.
    """
    if wanted is found or (is_nothing(wanted) and is_nothing(found)):
        return ""
    if type(wanted) is type(found):
        if hasattr(wanted, "get_params"):
            return _first_difference(_params(wanted, skip), _params(found, skip), path, skip, whose)
        if isinstance(wanted, dict):
            return _first_difference(wanted, found, path, skip, whose)
        if isinstance(wanted, list | tuple) and len(wanted) == len(found):
            return _first_difference(dict(enumerate(wanted)), dict(enumerate(found)), path, skip, whose)
        if _same_value(wanted, found):
            return ""
    return f"{path or 'class'} {_shown(found)} where {whose} has {_shown(wanted)}"


def _params(estimator: Any, skip: Container[str]) -> dict[str, Any]:
    return {name: value for name, value in estimator.get_params(deep=False).items() if name not in skip}


def _first_difference(
    wanted: dict[Any, Any], found: dict[Any, Any], path: str, skip: Container[str], whose: str
) -> str:
    if wanted.keys() != found.keys():
        return f"{path or 'parameters'} {sorted(map(str, found))} where {whose} has {sorted(map(str, wanted))}"
    found_difference = (difference(wanted[key], found[key], f"{path}.{key}".lstrip("."), skip, whose) for key in wanted)
    return next(filter(None, found_difference), "")


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, FunctionType):
        return a.__code__ == b.__code__ and a.__defaults__ == b.__defaults__
    if isinstance(a, float):
        return a == b or bool(np.isnan([a, b]).all())
    try:
        return bool(joblib.hash(a) == joblib.hash(b))
    except (AttributeError, TypeError, ValueError, OSError):  # what cannot be pickled says itself whether it is equal
        return bool(a == b)


def _class_name(step: Any) -> str:
    return step if isinstance(step, str) else type(step).__name__


def _shown(value: Any) -> str:
    return value.__name__ if isinstance(value, FunctionType) else repr(value)[:80]
