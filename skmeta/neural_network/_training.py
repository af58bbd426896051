"""The training of an estimator itself, started at given parameters: nothing else moves a weight."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import compute_class_weight

from skmeta._sklearn import forget_best_weights, training_diverged
from skmeta.base._matching import weights_if_taken
from skmeta.neural_network._held_out import check_rows_to_hold_out
from skmeta.neural_network._other_packages import package_of
from skmeta.neural_network._parameters import Array, are_finite, is_net, parameters_of, set_parameters
from skmeta.neural_network._step_sizes import train_by_step_sizes
from skmeta.tasks._warn_caller import warn_caller

_EPOCHS = 5  # of a linear model whose task lacks classes: its own rule to stop is not at hand in partial_fit
# Training whose loss has grown so many times has diverged, though it may end before weights overflow.
_LOST = 1e6  # guard: of numbers that are of no use
_AT_ONCE = 1e300  # guard: a tolerance at which training ends where it begins


def untrained(estimator: Any, n_features: int, classes: Array | None = None, n_outputs: int = 1) -> Any:
    """A fitted clone that has not moved: of a net, with the weights that it draws for itself.

    Parameters
    ----------
    estimator : estimator
        The model of one task.
    n_features : int
        Columns of rows.
    classes : ndarray of shape (n_classes,), default=None
        Labels of a classifier, two at least.
    n_outputs : int, default=1
        Targets of a regressor.

    Returns
    -------
    estimator
        With all arrays in place, and the parameters of ``estimator``.
    """
    package = package_of(estimator)
    if package is not None:
        return package.untrained(estimator, n_features, classes, n_outputs)
    y = np.zeros((2, n_outputs) if n_outputs > 1 else 2) if classes is None else np.asarray(classes)
    own = clone(estimator).get_params(deep=False)
    still: dict[str, Any] = {"max_iter": 1, "early_stopping": False, "warm_start": False, "verbose": 0}
    if is_net(estimator):
        still |= {"solver": "lbfgs", "tol": _AT_ONCE}  # stops before its first step, and keeps no optimiser's state
    changed = {name: value for name, value in still.items() if name in own}
    model = clone(estimator).set_params(**changed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged, as is meant
        model.fit(np.zeros((len(y), n_features)), y)
    return model.set_params(
        **{name: own[name] for name in [*changed, *(["random_state"] if "random_state" in own else [])]}
    )


def start_at(model: Any, parameters: Mapping[str, Array], X: Any = None, names: Any = None) -> Any:
    """Put a fitted estimator where training is to begin, with no memory of any training before.

    Parameters
    ----------
    model : estimator
        Fitted; changed in place.
    parameters : mapping of str to ndarray
        Where it begins.
    X : table of shape (n_rows, n_features), default=None
        Rows to come, whose precision nets have too.
    names : sequence of str, default=None
        Names of the columns.

    Returns
    -------
    estimator
        The same.
    """
    package = package_of(model)
    if package is not None:
        package.forget(model)
        package.set_parameters(model, parameters)
        return model
    single = is_net(model) and getattr(X, "dtype", None) == np.float32
    set_parameters(model, parameters, np.float32 if single else None)
    if names is not None:
        model.feature_names_in_ = np.array(names, dtype=object)
    if hasattr(model, "t_"):
        model.t_ = 0 if is_net(model) else 1.0  # as each class begins
    if hasattr(model, "n_iter_"):
        model.n_iter_ = 0
    if is_net(model):
        _forget(model)
    return model


def _forget(net: Any) -> None:
    """What a net remembers of its losses is what it has before its first epoch."""
    net.loss_ = np.nan
    if net.solver == "lbfgs":
        return
    net.loss_curve_ = []
    net.best_loss_ = None if net.early_stopping else np.inf
    net.validation_scores_ = [] if net.early_stopping else None
    net.best_validation_score_ = -np.inf if net.early_stopping else None
    forget_best_weights(net)


def train(
    model: Any, X: Any, y: Array, weight: Any = None, step_sizes: Mapping[str, Array] | None = None
) -> tuple[Any, str]:
    """Train an estimator from where it stands, by its own rules.

    Training that diverges is repeated up to the epoch with the least loss, or taken back altogether.

    Parameters
    ----------
    model : estimator
        What `start_at` returned; changed in place.
    X, y : table and ndarray
        Labelled rows of one task, one at least.
    weight : ndarray of shape (n_rows,), default=None
        Weights of the rows.
    step_sizes : mapping of str to ndarray, default=None
        A step size of each weight of a net; None for the estimator's own.

    Returns
    -------
    model : estimator
        The same, its parameters finite.
    diverged : str
        In which epoch it diverged, with what loss, and what was done; empty where it did not.
    """
    start = {name: array.copy() for name, array in parameters_of(model).items()}
    if succeeds(model, X, y, weight, step_sizes):
        return model, ""
    losses = losses_of(model)
    best = int(np.nanargmin(losses)) if np.isfinite(losses).any() else 0  # a loss is that before the epoch's steps
    said = f"{_where_it_diverged(losses)}; {f'it ends after epoch {best}' if best else 'these stay'}"
    start_at(model, start)
    if best:
        package = package_of(model)
        epochs = "max_iter" if package is None else package.EPOCHS
        own = getattr(model, epochs)
        if not succeeds(model.set_params(**{epochs: best}), X, y, weight, step_sizes):
            start_at(model, start)
        model.set_params(**{epochs: own})
    return model, said


def _where_it_diverged(losses: NDArray[np.float64]) -> str:
    """The epoch whose steps made the first loss that is none, or the last one, and that loss."""
    if not len(losses):
        return "in its steps"
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~(losses <= _LOST * losses[0]))
    at = int(bad[0]) if len(bad) else len(losses) - 1
    return f"in epoch {max(at, 1)}, with a loss of {losses[at]:.3g}"


def losses_of(model: Any) -> NDArray[np.float64]:
    """Losses of the epochs of a net with a stochastic solver; empty for others."""
    package = package_of(model)
    if package is not None:
        return np.asarray(package.losses_of(model), dtype=float)
    return np.asarray(getattr(model, "loss_curve_", []), dtype=float)


def succeeds(model: Any, X: Any, y: Array, weight: Any = None, step_sizes: Mapping[str, Array] | None = None) -> bool:
    """Train from where an estimator stands, and tell whether that did not diverge, see `train`."""
    with np.errstate(over="ignore", invalid="ignore"):  # of steps too large, which is told
        try:
            if step_sizes:
                train_by_step_sizes(model, X, y, weight, step_sizes)
            else:
                _go_on(model, X, y, weight)
        except ValueError as error:
            if not training_diverged(error):
                raise
            return False
    losses = losses_of(model)
    grown = bool(len(losses)) and losses[-1] > _LOST * losses[0]
    return not grown and are_finite(parameters_of(model))


def _go_on(model: Any, X: Any, y: Array, weight: Any) -> None:
    weighed = weights_if_taken(model, weight)
    package = package_of(model)
    if package is not None:
        package.go_on(model, X, y, weighed)
        return
    classes = getattr(model, "classes_", None)
    if classes is None or len(np.unique(y)) == len(classes):
        _fit_warm(model, X, y, weighed)
    elif is_net(model):
        model.classes_ = np.unique(y)  # those that it is asked whether it knows them; its outputs are those of all
        try:
            _fit_warm(model, X, y, weighed)
        finally:
            model.classes_ = classes
    elif hasattr(model, "partial_fit"):
        _fit_in_epochs(model, X, y, weighed)
    else:
        warn_caller(
            f"y: wanted rows of all classes {classes.tolist()}, found {np.unique(y).tolist()} alone, from which "
            f"{type(model).__name__} cannot be trained; the learned parameters stay."
        )


def _fit_warm(model: Any, X: Any, y: Array, weighed: dict[str, Any]) -> None:
    """One ``fit`` from where it stands; an estimator that knows no start is fitted as ever."""
    check_rows_to_hold_out(model, y)
    own = getattr(model, "warm_start", None)
    if own is None:
        model.fit(X, y, **weighed)
        return
    # By the attribute: thousands of trainings ask, and asking for all parameters takes a fifth of one.
    model.warm_start = True
    try:
        model.fit(X, y, **weighed)
    finally:
        model.warm_start = own


def _fit_in_epochs(model: Any, X: Any, y: Array, weighed: dict[str, Any]) -> None:
    """Epochs of a linear model on rows that lack some of its classes."""
    own = model.get_params(deep=False)
    changed = {"early_stopping": False, "average": False, "class_weight": _class_weight(own.get("class_weight"), y)}
    model.set_params(**{name: value for name, value in changed.items() if name in own})
    try:
        for _ in range(own["max_iter"] if own["tol"] is None else min(own["max_iter"], _EPOCHS)):
            model.partial_fit(X, y, **weighed)
    finally:
        model.set_params(**{name: own[name] for name in changed if name in own})


def _class_weight(given: Any, y: Array) -> Any:
    """The weights of classes as ``partial_fit`` takes them, which balances nothing itself."""
    if given != "balanced":
        return given
    present = np.unique(y)
    return dict(zip(present.tolist(), compute_class_weight("balanced", classes=present, y=y).tolist(), strict=True))
