"""Losses by the names that libraries give them: which linear model has the same one, and how rows are judged by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    TweedieRegressor,
)

from skmeta.base._held_out import squared_errors

Array = NDArray[np.float64]

# Where a loss is named, what levels of quantiles are called, and powers of a Tweedie deviance: scikit-learn, LightGBM, XGBoost.
_LOSS_PARAMETERS = ("loss", "objective", "loss_function", "criterion")
_LEVELS = ("quantile", "quantile_alpha", "alpha")
_POWERS = ("tweedie_variance_power", "variance_power", "power")
# Where none is said: of LightGBM's "objective", CatBoost's "loss_function"; and of all boosters.
_LEVEL_OF = {"objective": 0.9, "loss_function": 0.5}
_POWER = 1.5


class Loss(NamedTuple):
    """The loss of a regressor.

    Parameters
    ----------
    linear_model : estimator
        The unfitted linear model that has it, or the one nearest to it.
    of_rows : callable
        ``of_rows(y, prediction)`` is that of each row.
    is_log_linked : bool, default=False
        Whether predictions are exponentials of scores.
    """

    linear_model: Any
    of_rows: Callable[[Array, Array], Array]
    is_log_linked: bool = False


def loss_of(regressor: Any) -> Loss:
    """The loss that a regressor says it has, by the name of the parameter and of the loss; squared errors if it says none.

    One that is made of others has theirs, where it is the same one.
    """
    params = regressor.get_params(deep=False)
    inner = [loss_of(each) for each in _inner(params)]
    if inner:
        return inner[0] if len({repr(each.linear_model) for each in inner}) == 1 else _SQUARED
    where = next((each for each in _LOSS_PARAMETERS if isinstance(params.get(each), str)), "")
    name = str(params.get(where, "")).lower()
    # CatBoost says options in the name.
    options = {
        option: [float(each) for each in said.split(",")] for option, said in re.findall(r"(\w+)=([\d.,]+)", name)
    }
    name = name.partition(":")[0] if options else name
    return _MADE.get(name, lambda params: _SQUARED)(params | options | {"where": where})


def _inner(params: dict[str, Any]) -> list[Any]:
    """The estimators that one's predictions are made of: the last where they stand in a row, else all of them."""
    if "final_estimator" in params:
        found = [params["final_estimator"]]
    elif "steps" in params:
        found = [params["steps"][-1][1]]
    else:
        found = [params.get("estimator"), *(each for _, each in params.get("estimators") or ())]
    return [each for each in found if hasattr(each, "get_params")]


def _absolute_errors(y: Array, prediction: Array) -> Array:
    return np.asarray(np.abs(y - prediction).reshape(len(y), -1).sum(axis=1))


def _pinball_losses(y: Array, prediction: Array, level: float) -> Array:
    error = y - prediction
    return np.maximum(level * error, (level - 1.0) * error)


def _poisson_deviances(y: Array, mean: Array) -> Array:
    return np.asarray(2.0 * (xlogy(y, y / mean) - y + mean))


def _gamma_deviances(y: Array, mean: Array) -> Array:
    return np.asarray(2.0 * (np.log(mean / y) + y / mean - 1.0))


def _tweedie_deviances(y: Array, mean: Array, power: float) -> Array:
    r"""For :math:`1 < p < 2`, :math:`2 \{y^{2-p} / ((1-p)(2-p)) - y \mu^{1-p} / (1-p) + \mu^{2-p} / (2-p)\}`."""
    one, two = 1.0 - power, 2.0 - power
    return np.asarray(2.0 * (y**two / (one * two) - y * mean**one / one + mean**two / two))


def _quantile(params: dict[str, Any]) -> Loss:
    said = next((params[name] for name in _LEVELS if params.get(name) is not None), _LEVEL_OF.get(params["where"], 0.5))
    levels = np.ravel(said)
    if len(levels) != 1 or not 0.0 < levels[0] < 1.0:
        raise ValueError(
            f"estimator: wanted one level of a quantile between 0 and 1, found {said!r}; fit a model for each level."
        )
    level = float(levels[0])
    return Loss(QuantileRegressor(quantile=level), partial(_pinball_losses, level=level))


def _tweedie(params: dict[str, Any]) -> Loss:
    power = float(np.ravel(next((params[name] for name in _POWERS if params.get(name) is not None), _POWER))[0])
    if power in _LIMITS:
        return _LIMITS[power]
    if not 1.0 < power < 2.0:
        raise ValueError(
            f"estimator: wanted a power of a Tweedie deviance from 1 (Poisson) to 2 (gamma), found {power:g}; "
            "choose one of these."
        )
    return Loss(TweedieRegressor(power=power, link="log"), partial(_tweedie_deviances, power=power), True)


def _robust(params: dict[str, Any]) -> Loss:
    return Loss(HuberRegressor(), _absolute_errors)


_SQUARED = Loss(Ridge(), squared_errors)
# Of Tweedie deviances, by their power.
_LIMITS = {
    1.0: Loss(PoissonRegressor(), _poisson_deviances, True),
    2.0: Loss(GammaRegressor(), _gamma_deviances, True),
}

# Names in lower case of scikit-learn, LightGBM, XGBoost and CatBoost.
_NAMES = {
    "poisson": ("poisson", "count:poisson"),
    "gamma": ("gamma", "reg:gamma"),
    "tweedie": ("tweedie", "reg:tweedie"),
    "quantile": ("quantile", "reg:quantileerror", "multiquantile"),
    "robust": (
        *("absolute_error", "huber"),
        *("regression_l1", "l1", "mean_absolute_error", "mae"),
        *("reg:absoluteerror", "reg:pseudohubererror"),
    ),
}
_MAKERS: dict[str, Callable[[dict[str, Any]], Loss]] = {
    "poisson": lambda params: _LIMITS[1.0],
    "gamma": lambda params: _LIMITS[2.0],
    "tweedie": _tweedie,
    "quantile": _quantile,
    "robust": _robust,
}
_MADE = {name: _MAKERS[kind] for kind, names in _NAMES.items() for name in names}
