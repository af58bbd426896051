"""The only file that touches private scikit-learn names; a test fails when they move."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

# BaseSearchCV: all that users know from a search, around the loop which a search fills in; not exported. The other
# makes the columns of parameters of cv_results_, masked where a candidate has none.
from sklearn.model_selection._search import BaseSearchCV, _yield_masked_array_for_each_param
from sklearn.utils.parallel import _get_threadpool_controller

__all__ = [
    "BaseSearchCV",
    "check_parameters",
    "every_fit_failed",
    "forget_best_weights",
    "param_columns",
    "param_names",
    "prepare_glm",
    "routed_params",
    "text_options",
    "threadpool_controller",
    "training_diverged",
]


_PLAIN = (bool, int, float, str, type(None))
_MOST = 1024  # speed: sets of values of a class that are known to be in range
_NAMES: WeakKeyDictionary[type, list[str]] = WeakKeyDictionary()
_IN_RANGE: WeakKeyDictionary[type, set[Any]] = WeakKeyDictionary()


def check_parameters(estimator: Any) -> None:
    """Raise scikit-learn's own error for a parameter out of its range, as the class's ``fit`` would.

    What a class said of plain values is asked once, as asking takes a tenth of a small model's fit.
    """
    if not hasattr(estimator, "_parameter_constraints"):  # what other packages derive from BaseEstimator may have none
        return
    cls = type(estimator)
    if cls not in _NAMES:
        _NAMES[cls] = param_names(cls)
    values = tuple(getattr(estimator, name, None) for name in _NAMES[cls])
    if any(type(value) not in _PLAIN for value in values):
        estimator._validate_params()
        return
    known, asked = _IN_RANGE.setdefault(cls, set()), tuple((type(value), value) for value in values)
    if asked not in known:
        estimator._validate_params()
        if len(known) < _MOST:
            known.add(asked)


def param_names(cls: type) -> list[str]:
    """Names of the constructor's parameters of a class of estimators; none where it does not say."""
    return cls._get_param_names() if hasattr(cls, "_get_param_names") else []


def threadpool_controller() -> Any:
    """Who limits the threads of BLAS: made once for all, as scikit-learn finds the libraries."""
    return _get_threadpool_controller()


def prepare_glm(estimator: Any) -> Any:
    """Give an unfitted generalised linear regressor what its ``predict`` needs beside the coefficients."""
    estimator._base_loss = estimator._get_loss()
    return estimator


def param_columns(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """``param_...`` of each parameter as cv_results_ has them: scikit-learn knows which dtype, and what to mask."""
    return dict(_yield_masked_array_for_each_param(candidates))


def every_fit_failed(error: BaseException) -> bool:
    """Whether a search ended because every fit of a batch failed: told by the text, as it has no class of its own."""
    return type(error) is ValueError and str(error).startswith("\nAll the ") and " fits failed." in str(error)


def routed_params(search: Any, params: dict[str, Any]) -> Any:
    """What of a search's fit parameters goes where, as ``estimator.fit`` and ``splitter.split``: it knows both ways."""
    return search._get_routed_params_for_fit(params)


def forget_best_weights(net: Any) -> None:
    """Let the weights of a net stand for the best ones that early stopping has seen."""
    net._best_coefs = [array.copy() for array in net.coefs_]
    net._best_intercepts = [array.copy() for array in net.intercepts_]


def training_diverged(error: ValueError) -> bool:
    """Whether nets or stochastic gradient descent gave up because weights overflowed: told by the text, as above."""
    return str(error).startswith(("Solver produced non-finite parameter weights", "Floating-point under-/overflow"))


def text_options(cls: type) -> dict[str, set[Any]]:
    """The texts that scikit-learn lists for each parameter of a class of its own; none where it takes no text, or any."""
    constraints = getattr(cls, "_parameter_constraints", {})
    listed = {name: constraints.get(name, ()) for name in param_names(cls)}
    return {
        name: {option for each in kinds for option in getattr(each, "options", ())}
        if isinstance(kinds, list)
        else set()
        for name, kinds in listed.items()
    }
