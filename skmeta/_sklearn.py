"""The only file that touches private scikit-learn names; a test fails when they move."""

from __future__ import annotations

from typing import Any

# BaseSearchCV: all that users know from a search, around the loop which a search fills in; not exported. The other
# makes the columns of parameters of cv_results_, masked where a candidate has none.
from sklearn.model_selection._search import BaseSearchCV, _yield_masked_array_for_each_param

__all__ = [
    "BaseSearchCV",
    "check_parameters",
    "every_fit_failed",
    "param_columns",
    "param_names",
    "prepare_glm",
    "routed_params",
]


def check_parameters(estimator: Any) -> None:
    """Raise scikit-learn's own error for a parameter out of its range, as the class's ``fit`` would."""
    if hasattr(estimator, "_parameter_constraints"):  # what other packages derive from BaseEstimator may have none
        estimator._validate_params()


def param_names(cls: type) -> list[str]:
    """Names of the constructor's parameters of a class of estimators; none where it does not say."""
    return cls._get_param_names() if hasattr(cls, "_get_param_names") else []


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
