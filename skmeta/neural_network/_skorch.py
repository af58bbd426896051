"""Nets of skorch: the state of their torch modules as arrays by name, and skorch's own training from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from skmeta.base._matching import classifies
from skmeta.tasks import take_rows
from skmeta.tasks._words import shown

Array = NDArray[Any]

EPOCHS = "max_epochs"


def parameters_of(net: Any) -> dict[str, Array]:
    """The arrays of an initialised net by name, not copied: weights, and what modules keep besides, such as running means.

    Parameters
    ----------
    net : NeuralNet
        Initialised.

    Returns
    -------
    dict of str to ndarray
        Named as in ``net.module_.state_dict()``; those of further modules and of the criterion have its name before theirs.

    Raises
    ------
    ValueError
        If some have no size yet.
    """
    found = {}
    for prefix, module in _modules(net):
        for name, tensor in module.state_dict().items():
            if hasattr(tensor, "materialize"):
                raise ValueError(
                    f"module: wanted weights of known sizes, found {prefix}{name} of a lazy layer; give the number of inputs."
                )
            found[prefix + name] = tensor.detach().cpu().numpy()
    return found


def set_parameters(net: Any, parameters: Mapping[str, Array]) -> None:
    """Give an initialised net copies of arrays, in place, in the precision that it has.

    Parameters
    ----------
    net : NeuralNet
        Initialised, with arrays of these names and shapes.
    parameters : mapping of str to ndarray
        As `parameters_of` gives them.
    """
    from torch import tensor

    for prefix, module in _modules(net):
        own = module.state_dict()
        module.load_state_dict(
            {name: tensor(_in_kind(parameters[prefix + name], each), dtype=each.dtype) for name, each in own.items()}
        )


def _in_kind(array: Array, tensor: Any) -> Array:
    """Numbers as a tensor takes them: counts of batches, say, are whole ones."""
    return np.asarray(array) if tensor.is_floating_point() else np.rint(array)


def _modules(net: Any) -> Iterator[tuple[str, Any]]:
    """The modules of a net, and what their names begin with."""
    for name in [*net._modules, *net._criteria]:
        found = getattr(net, f"{name}_")
        if hasattr(found, "state_dict"):
            yield "" if name == "module" else f"{name}.", found


def untrained(estimator: Any, n_features: int | None, classes: Array | None = None, n_outputs: int = 1) -> Any:
    """An initialised clone that has not moved, with the weights that torch draws for it.

    Parameters
    ----------
    estimator : NeuralNet
        The model of one task.
    n_features, n_outputs : int
        Not read: the module says its own.
    classes : ndarray of shape (n_classes,), default=None
        Labels of a classifier.

    Returns
    -------
    NeuralNet
        It knows the classes.

    Raises
    ------
    ValueError
        For labels that are not 0, 1, ..., which are all that skorch can predict.
    """
    net = clone(estimator)
    if classes is not None and not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError(
            f"y: wanted the labels 0, 1, ... of {type(net).__name__}, which predicts positions of outputs, found "
            f"{shown(np.asarray(classes).tolist())}; encode them, by LabelEncoder() say."
        )
    net.initialize()
    _know_classes(net, classes)
    return net


def _know_classes(net: Any, classes: Any) -> None:
    """The classes of all outputs, whichever of them the last rows had."""
    if classes is not None and getattr(net, "classes", None) is None and "classes" in net.get_params(deep=False):
        net.classes_inferred_ = np.asarray(classes)


def forget(net: Any) -> None:
    """A net that has been trained is initialised again: optimiser, callbacks and history as before the first epoch.

    Parameters
    ----------
    net : NeuralNet
        Initialised; its weights are drawn anew where it has a history.
    """
    if not len(net.history):
        return
    verbose, net.verbose = net.verbose, 0
    try:
        net.initialize()
    finally:
        net.verbose = verbose


def go_on(net: Any, X: Any, y: Array, weighed: dict[str, Any]) -> None:
    """Skorch's own ``partial_fit``: ``max_epochs`` epochs from where the net stands.

    Parameters
    ----------
    net : NeuralNet
        Initialised; changed in place.
    X, y : ndarray
        Rows of one task. Targets of regressors, and labels of a single output, are given in the type and shape of the output.
    weighed : dict
        Empty: skorch's ``fit`` takes no weights.

    Raises
    ------
    ValueError
        With what is to be changed, where the module takes rows in the precision of its weights alone, or where ``train_split``
        refuses these.
    """
    classes = net.classes_ if classifies(net) else None
    try:
        targets = _as_output(net, X, y)
        with _telling_split(net, len(y)):
            net.partial_fit(X, targets, **weighed)
    except (RuntimeError, TypeError, ValueError) as error:
        if not _takes_only_arrays_of_its_precision(net, X):
            raise
        raise ValueError(_wrong_rows(net, X)) from error
    _know_classes(net, classes)


def _as_output(net: Any, X: Any, y: Array) -> Array:
    """Targets in the precision and the shape of the module's output, as torch wants them; labels of many as integers."""
    if hasattr(net, "classes"):
        return y.astype(np.int64)
    y = y.astype(_precision(net))
    is_column = y.ndim == 1 and not classifies(net) and net.predict(X[:1]).shape == (1, 1)
    return y[:, None] if is_column else y


def _precision(net: Any) -> Any:
    """The type of the floating-point numbers of a net's weights."""
    kinds = [array.dtype for array in parameters_of(net).values() if array.dtype.kind == "f"]
    return kinds[0] if kinds else np.dtype(np.float32)


def _takes_only_arrays_of_its_precision(net: Any, X: Any) -> bool:
    """Whether a net refuses a row as it is, and takes it as an array in the precision of its weights."""
    wanted = _precision(net)
    if isinstance(X, np.ndarray) and X.dtype == wanted:
        return False
    row = take_rows(X, np.array([0]))
    array = np.asarray(row.toarray() if sparse.issparse(row) else row)
    return array.dtype.kind in "fiub" and not _takes(net, row) and _takes(net, array.astype(wanted))


def _takes(net: Any, rows: Any) -> bool:
    try:
        net.forward(rows)
    except Exception:  # of whatever class: a module may raise any
        return False
    return True


def _wrong_rows(net: Any, X: Any) -> str:
    wanted, found = _precision(net), X.dtype if isinstance(X, np.ndarray) else type(X).__name__
    return (
        f"X: wanted an array of {wanted}, as the weights of {type(net).__name__} are, found {found}; put a step before the "
        f"net: make_pipeline(StandardScaler(), FunctionTransformer(np.{wanted}), net)."
    )


@contextmanager
def _telling_split(net: Any, n_rows: int) -> Iterator[None]:
    """What refuses to split the rows of a task says so, and of no other error that is said."""
    split = net.train_split

    def telling(*args: Any, **more: Any) -> Any:
        try:
            return split(*args, **more)
        except ValueError as error:
            raise ValueError(
                f"train_split: wanted rows enough to hold some out in each task, found {n_rows}, which {type(net).__name__} "
                f"cannot split ({error}); use train_split=None."
            ) from error

    if split:
        net.train_split = telling
    try:
        yield
    finally:
        net.train_split = split


def losses_of(net: Any) -> list[float]:
    """Mean loss of each epoch; empty of a net that logs none.

    Parameters
    ----------
    net : NeuralNet
        Trained.

    Returns
    -------
    list of float
        As in ``net.history``.
    """
    return [float(row["train_loss"]) for row in net.history if "train_loss" in row]


def loss_name(net: Any) -> str:
    """The criterion's name.

    Parameters
    ----------
    net : NeuralNet
        Initialised or not.

    Returns
    -------
    str
        Of its class, or of the function.
    """
    criterion = net.criterion
    return str(getattr(criterion, "__name__", type(criterion).__name__))
