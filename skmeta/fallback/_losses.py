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
    """The loss that a regressor says it has, by the name of the parameter and of the loss; squared errors if it says none."""
    params = regressor.get_params(deep=False)
    where = next((each for each in _LOSS_PARAMETERS if isinstance(params.get(each), str)), "")
    name = str(params.get(where, "")).lower()
    # CatBoost says options in the name.
    params |= {option: float(value) for option, value in re.findall(r"(\w+)=([\d.]+)", name)} | {"where": where}
    return next((made(params) for part, made in _MADE.items() if part in name), Loss(Ridge(), squared_errors))


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
    power = float(next((params[name] for name in _POWERS if params.get(name) is not None), _POWER))
    return Loss(TweedieRegressor(power=power, link="log"), partial(_tweedie_deviances, power=power), True)


def _robust(params: dict[str, Any]) -> Loss:
    return Loss(HuberRegressor(), _absolute_errors)


# By a part of the name in lower case.
_MADE: dict[str, Callable[[dict[str, Any]], Loss]] = {
    "poisson": lambda params: Loss(PoissonRegressor(), _poisson_deviances, True),
    "gamma": lambda params: Loss(GammaRegressor(), _gamma_deviances, True),
    "tweedie": _tweedie,
    "quantile": _quantile,
    "absolute": _robust,
    "huber": _robust,
    "mae": _robust,
    "l1": _robust,
}
