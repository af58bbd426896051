"""Nets of other packages: which file here knows how their weights are read, set and trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]

_FILES = {"skorch": "_skorch", "scikeras": "_scikeras"}  # imported where an estimator is of the package, and only there


class NetPackage(Protocol):
    """What such a file has; its functions are those of the same names for the estimators of scikit-learn."""

    EPOCHS: str  # the parameter of estimators that says how long they train
    parameters_of: Callable[[Any], dict[str, Array]]
    set_parameters: Callable[[Any, Mapping[str, Array]], None]
    untrained: Callable[..., Any]  # estimator, columns, classes, targets
    forget: Callable[[Any], None]  # all that training has left behind but the weights
    go_on: Callable[[Any, Any, Array, dict[str, Any]], None]  # model, rows, targets, weights of rows as a keyword
    losses_of: Callable[[Any], Any]  # of each epoch
    loss_name: Callable[[Any], str]


def package_of(estimator: Any) -> NetPackage | None:
    """The file of the package that an estimator's class, or one of its bases, comes from.

    Parameters
    ----------
    estimator : estimator
        Any, fitted or not.

    Returns
    -------
    NetPackage or None
        None for scikit-learn's own, and all others.
    """
    kind: Any = type(estimator)
    found: NetPackage | None = _file_of(kind)
    return found


@cache
def _file_of(cls: Any) -> Any:
    for base in cls.__mro__:
        name = _FILES.get(base.__module__.partition(".")[0])
        if name is not None:
            return import_module(f"skmeta.neural_network.{name}")
    return None
