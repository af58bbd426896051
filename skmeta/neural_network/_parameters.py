"""The parameters of fitted estimators as arrays by name: of a net those of each layer, of a linear model two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.neural_network._other_packages import package_of

Array = NDArray[Any]

_LAYERS = ("coefs_", "intercepts_")  # lists, an array a layer
_LINEAR = ("coef_", "intercept_")


def is_net(estimator: Any) -> bool:
    """Whether an estimator has layers, fitted or not."""
    return hasattr(estimator, "hidden_layer_sizes")


def draws_weights(estimator: Any) -> bool:
    """Whether an estimator begins at weights that it draws for itself: nets, of whatever package."""
    return is_net(estimator) or package_of(estimator) is not None


def layer_names(n_layers: int) -> tuple[str, ...]:
    """Names of the arrays of a net with that many layers of weights: ``coefs_0``, ..., ``intercepts_0``, ..."""
    return tuple(f"{name}{k}" for name in _LAYERS for k in range(n_layers))


def parameters_of(model: Any) -> dict[str, Array]:
    """The arrays of a fitted estimator by name, not copied.

    Parameters
    ----------
    model : estimator
        Fitted, with ``coefs_`` and ``intercepts_``, or ``coef_`` and ``intercept_``.

    Returns
    -------
    dict of str to ndarray
        Of a net ``coefs_0``, ``coefs_1``, ... and ``intercepts_0``, ...; of those of other packages as these name them.

    Raises
    ------
    TypeError
        If it has neither.
    """
    package = package_of(model)
    if package is not None:
        return package.parameters_of(model)
    if all(hasattr(model, name) for name in _LAYERS):
        arrays = [*model.coefs_, *model.intercepts_]
        return dict(zip(layer_names(len(model.coefs_)), map(np.asarray, arrays), strict=True))
    if all(hasattr(model, name) for name in _LINEAR):
        return {name: np.asarray(getattr(model, name)) for name in _LINEAR}
    raise TypeError(
        f"estimator: wanted one whose parameters are arrays, coefs_ and intercepts_ or coef_ and intercept_, found "
        f"{type(model).__name__}; use MLPRegressor() or SGDRegressor(), say."
    )


def set_parameters(model: Any, parameters: Mapping[str, Array], dtype: Any = None) -> None:
    """Give a fitted estimator copies of arrays, in place.

    Parameters
    ----------
    model : estimator
        Fitted, with arrays of these names and shapes.
    parameters : mapping of str to ndarray
        As `parameters_of` gives them.
    dtype : dtype, default=None
        Of the copies; None for that of the arrays. Nets of other packages keep theirs.
    """
    package = package_of(model)
    if package is not None:
        package.set_parameters(model, parameters)
        return
    copies = {name: np.array(array, dtype=dtype) for name, array in parameters.items()}
    if set(copies) == set(_LINEAR):
        for name, array in copies.items():
            setattr(model, name, array if array.ndim else float(array))
        return
    for name in _LAYERS:
        setattr(model, name, [copies[f"{name}{k}"] for k in range(len(copies) // 2)])


def are_finite(parameters: Mapping[str, Array]) -> bool:
    """Whether all numbers of some arrays are finite."""
    return all(bool(np.isfinite(array).all()) for array in parameters.values())
