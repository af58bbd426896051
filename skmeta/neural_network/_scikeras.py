"""Nets of scikeras: the weights of their keras models as arrays by name, and scikeras's own training from there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

Array = NDArray[Any]

EPOCHS = "epochs"


def parameters_of(net: Any) -> dict[str, Array]:
    """The arrays of an initialised net by name, copied: weights, and what layers keep besides, such as moving means.

    Parameters
    ----------
    net : BaseWrapper
        Initialised.

    Returns
    -------
    dict of str to ndarray
        Named by the paths of the variables within the model, ``dense/kernel`` say. Keras numbers the names that it gives to
        layers on and on through a session; here the first dense layer is always ``dense``, the second ``dense_1``.

    Raises
    ------
    ValueError
        If two have one name.
    """
    model = net.model_
    names = _names(model)
    if len({*names}) < len(names):
        raise ValueError(f"model: wanted a name of its own for each array, found {names}; give names to layers.")
    return {name: np.array(each.numpy()) for name, each in zip(names, model.weights, strict=True)}


def set_parameters(net: Any, parameters: Mapping[str, Array]) -> None:
    """Give an initialised net copies of arrays, in place, in the precision that it has.

    Parameters
    ----------
    net : BaseWrapper
        Initialised, with arrays of these names and shapes.
    parameters : mapping of str to ndarray
        As `parameters_of` gives them.
    """
    for name, variable in zip(_names(net.model_), net.model_.weights, strict=True):
        array = np.array(parameters[name])
        variable.assign(array if "float" in variable.dtype else np.rint(array))


def _names(model: Any) -> list[str]:
    """Paths of a model's weights, in which names that keras made up are numbered from the first of the model on."""
    made_up = {layer.name for layer in _layers_of(model) if _is_made_up(layer)}
    numbered: dict[str, dict[str, int]] = {}
    names = []
    for variable in model.weights:
        *layers, own = variable.path.removeprefix(f"{model.name}/").split("/")  # a copy's paths lack the model's name
        for place, name in enumerate(layers):
            if name in made_up:
                kind = _without_number(name)
                number = numbered.setdefault(kind, {}).setdefault(name, len(numbered[kind]))
                layers[place] = f"{kind}_{number}" if number else kind
        names.append("/".join([*layers, own]))
    return names


def _layers_of(model: Any) -> Iterator[Any]:
    yield model
    for layer in getattr(model, "layers", ()):
        yield from _layers_of(layer)


def _is_made_up(layer: Any) -> bool:
    """Whether a layer has the name of its class, as those have that users give none."""
    return _without_number(layer.name).replace("_", "") == type(layer).__name__.lower()


def _without_number(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def untrained(estimator: Any, n_features: int, classes: Array | None = None, n_outputs: int = 1) -> Any:
    """An initialised clone that has not moved, with the weights that keras draws for it.

    Parameters
    ----------
    estimator : BaseWrapper
        The model of one task.
    n_features : int
        Columns of rows.
    classes : ndarray of shape (n_classes,), default=None
        Labels of a classifier.
    n_outputs : int, default=1
        Targets of a regressor.

    Returns
    -------
    BaseWrapper
        It knows the classes, and takes rows of either precision.
    """
    y = np.array([0.5, 1.5]) if classes is None else np.asarray(classes)  # which are no labels
    if classes is None and n_outputs > 1:
        y = np.tile(y[:, None], n_outputs)
    return clone(estimator).initialize(np.zeros((len(y), n_features)), y)


def forget(net: Any) -> None:
    """A net that has been trained is compiled again: its optimiser is as before the first epoch.

    Parameters
    ----------
    net : BaseWrapper
        Initialised; its weights stay.
    """
    if not hasattr(net, "history_"):
        return
    net.model_.compile_from_config(net.model_.get_compile_config())
    del net.history_


def go_on(net: Any, X: Any, y: Array, weighed: dict[str, Any]) -> None:
    """Scikeras's own ``fit`` under ``warm_start``: ``epochs`` epochs from where the net stands.

    Parameters
    ----------
    net : BaseWrapper
        Initialised; changed in place.
    X, y : table and ndarray
        Rows of one task.
    weighed : dict
        Weights of the rows as a keyword, if there are any.
    """
    classes, own = getattr(net, "classes_", None), net.warm_start
    net.warm_start = True
    try:
        net.fit(X, y.astype(net.y_dtype_), **weighed)
    finally:
        net.warm_start = own
        if classes is not None:
            net.classes_ = classes  # which its fit takes away


def losses_of(net: Any) -> list[float]:
    """Mean loss of each epoch.

    Parameters
    ----------
    net : BaseWrapper
        Trained.

    Returns
    -------
    list of float
        As in ``net.history_``.
    """
    return list(getattr(net, "history_", {}).get("loss", []))


def loss_name(net: Any) -> str:
    """The loss's name.

    Parameters
    ----------
    net : BaseWrapper
        Initialised or not.

    Returns
    -------
    str
        The text, or the name of its class or of the function; "" where the model itself says it.
    """
    if net.loss is None or isinstance(net.loss, str):
        return net.loss or ""
    return str(getattr(net.loss, "__name__", type(net.loss).__name__))
