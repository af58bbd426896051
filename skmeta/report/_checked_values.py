"""Whether what a file held may be used: each value is of a listed type, and none names a file, a function or a way out."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from types import MethodType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer

from skmeta._sklearn import text_options
from skmeta.report._checked_trees import (
    DECISION_TREES,
    about_boosting,
    about_decision_tree,
    about_forest,
    about_gradient_boosting,
    about_one_hot,
    about_tree,
)
from skmeta.report._trusted_types import ANSWERS, functions, names_of_parts, public_classes

PLAIN = {type(None), bool, int, float, str}
TYPES = {bool, int, float, str, np.float32, np.float64, np.int64}  # that a parameter may be, such as ``dtype``
MT19937_LENGTH = 624  # of its state, in which a position is read without a check

# Parameters whose text is put into cells; the text of all others is one that scikit-learn lists, or their default.
TEXTS = {("SimpleImputer", "fill_value"), ("DummyClassifier", "constant")}
FORESTS = ("ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor")
GRADIENT_BOOSTING = ("GradientBoostingClassifier", "GradientBoostingRegressor")
BOOSTING = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")


class UnsafeValueError(ValueError):
    """Something that a prior from elsewhere may not hold; the message says what was found."""


def check_values(value: Any) -> None:
    """Raise unless a loaded object, and all that it holds, may be used.

    Parameters
    ----------
    value : object
        As skops made it; nothing of it was asked yet.

    Raises
    ------
    UnsafeValueError
        With what was found.
    """
    seen, todo = {}, [value]
    while todo:
        each = todo.pop()
        if id(each) not in seen:
            seen[id(each)] = each
            todo += _parts(each)


def _parts(value: Any) -> list[Any]:
    """What a value holds, if it may be used as far as that goes without looking at these parts."""
    if isinstance(value, type):
        return _refused_unless(value in TYPES, f"the class {_name(value)}")
    if isinstance(value, np.generic | np.dtype):
        return []
    return PARTS_OF.get(type(value), _checked_object)(value)


def _checked_object(value: Any) -> list[Any]:
    """The attributes of an object of a listed class."""
    kind, name = type(value), _name(type(value))
    fitted, unfitted = public_classes(), public_classes(unfitted=True)
    _refused_unless(kind in fitted or kind in unfitted or name in names_of_parts(), name)
    state = getattr(value, "__dict__", {})
    hidden = [key for key in state if _is_of_class(kind, key)]
    _refused_unless(not hidden, f"{kind.__name__} with another {', '.join(hidden)}")
    _refused_unless(
        kind not in unfitted or set(state) <= set(vars(kind())),
        f"a fitted {kind.__name__}, which compiled code reads without checks",
    )
    if isinstance(value, BaseEstimator) and name.startswith("sklearn."):
        _check_parameters(value)
    wrong = CHECKS.get(kind.__name__, _about_nothing)(value)
    _refused_unless(wrong is None, f"{kind.__name__} with {wrong}")
    if kind is FunctionTransformer:
        return _checked_functions(value)
    return list(state.values())


def _is_of_class(kind: type, name: str) -> bool:
    """Whether an attribute of an object would stand in place of a method of its class, or of what its class says of itself."""
    found = getattr(kind, name, None)
    is_said = issubclass(kind, BaseEstimator) and hasattr(kind, name) and not isinstance(found, property)
    return callable(found) or is_said


def _checked_functions(step: FunctionTransformer) -> list[Any]:
    """What a FunctionTransformer holds beside functions of the list, or answers of models to tables that they check."""
    held = dict(vars(step))
    for name, arguments in (("func", step.kw_args), ("inverse_func", step.inv_kw_args)):
        function = held.pop(name)
        if type(function) is MethodType:
            _refused_unless(
                function.__name__ in ANSWERS and not arguments, f"the method {function.__name__}({arguments or ''})"
            )
            held[name] = function.__self__
        else:
            _refused_unless(function is None or id(function) in functions(), f"the function {function!r}")
    return list(held.values())


def _check_parameters(estimator: Any) -> None:
    """Raise for a text that scikit-learn does not list: it might be a path, such as ``memory`` of a Pipeline."""
    kind = type(estimator)
    options = text_options(kind)
    for name, default in signature(kind).parameters.items():
        value = getattr(estimator, name, None)
        is_known = value == default.default or value in options[name] if isinstance(value, str) else True
        _refused_unless(is_known or (kind.__name__, name) in TEXTS, f"{kind.__name__}({name}={value!r})")
    started = getattr(estimator, "warm_start", False)  # compiled code takes the start as it is
    _refused_unless(started is False, f"{kind.__name__}(warm_start={started!r})")


def _checked_generator(random: Any) -> list[Any]:
    """Nothing, of a generator of random numbers that reads within its state."""
    bits = random.bit_generator.state if isinstance(random, np.random.Generator) else random.get_state(legacy=False)
    is_within = bits["bit_generator"] == "PCG64" or (
        bits["bit_generator"] == "MT19937" and 0 <= bits["state"]["pos"] <= MT19937_LENGTH
    )
    return _refused_unless(is_within, "a generator of random numbers that reads beyond its state")


def _about_parameters(prior: Any) -> str | None:
    """Nets are trained on by NumPy; compiled solvers of other models take the arrays that they start from as they are."""
    return None if prior.fits in ("MLPClassifier", "MLPRegressor") else f"parameters of {prior.fits}"


def _about_nothing(value: Any) -> None:
    """Of a class whose attributes NumPy alone reads."""


def _refused_unless(may_be_used: bool, found: str) -> list[Any]:
    if not may_be_used:
        raise UnsafeValueError(found)
    return []


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__name__}"


PARTS_OF: dict[type, Callable[[Any], list[Any]]] = {
    **dict.fromkeys(PLAIN, lambda value: []),
    **dict.fromkeys((list, tuple, set), list),
    **dict.fromkeys((np.random.RandomState, np.random.Generator), _checked_generator),
    dict: lambda value: [*value, *value.values()],
    slice: lambda value: [value.start, value.stop, value.step],
    np.ndarray: lambda value: np.ravel(value).tolist() if value.dtype.hasobject else [],
}
CHECKS: dict[str, Callable[[Any], str | None]] = {
    "Tree": about_tree,
    "OneHotEncoder": about_one_hot,
    "ParametersPrior": _about_parameters,
    **dict.fromkeys(DECISION_TREES, about_decision_tree),
    **dict.fromkeys(FORESTS, about_forest),
    **dict.fromkeys(GRADIENT_BOOSTING, about_gradient_boosting),
    **dict.fromkeys(BOOSTING, about_boosting),
}
