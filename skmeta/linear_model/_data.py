"""Features and targets as the engine takes them: numeric, complete, matched by name, labels encoded."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import compute_sample_weight

from skmeta.base import check_names
from skmeta.linear_model._families import family_of
from skmeta.tasks import TaskIndex
from skmeta.tasks._numbers import (
    as_numbers,
    check_complete,
    check_finite_target,
    check_labels_known,
    column_list,
    numeric_features,
)
from skmeta.tasks._words import shown


@dataclass(frozen=True, eq=False)
class TaskData:
    """A collection ready for the engine: ``X (n, d)`` dense or CSR, ``Y (n, K)``, where the tasks' rows are.

    ``feature_names`` is None for arrays; ``n_targets`` is None where ``y`` was one-dimensional; ``classes``
    is None for regressors.
    """

    X: object
    Y: np.ndarray
    tasks: TaskIndex
    weight: np.ndarray | None
    feature_names: tuple | None
    n_targets: int | None
    classes: np.ndarray | None

    def labels(self):
        """The class labels that ``Y`` stands for, of a classifier's collection."""
        assert self.classes is not None
        if len(self.classes) == 2:
            return self.classes[(self.Y[:, 0] > 0.5).astype(int)]
        return self.classes[np.argmax(self.Y, axis=1)]


def read_collection(estimator, tasks, *, classes=None):
    """Check and encode the rows and targets of `Tasks`."""
    if tasks.labelled is not None:
        check_labels_known(tasks.y)
        check_finite_target(tasks.y)
    index = TaskIndex(tasks.ids, tasks.codes, tasks.order, tasks.starts)
    X = numeric_features(tasks.X)
    check_complete(X, index, tasks.feature_names)
    Y, n_targets, classes = encode_target(tasks.y, estimator, classes)
    weight = row_weights(tasks.sample_weight, estimator, tasks.y)
    return TaskData(X, Y, index, weight, tasks.feature_names, n_targets, classes)


def check_known_columns(data):
    """A column that every task lacks teaches nothing: it is legal only where a prior knows it."""
    if sparse.issparse(data.X) or np.isfinite(data.X.sum()):
        return
    nowhere = np.isnan(data.X).all(axis=0)
    if nowhere.any():
        raise ValueError(
            f"X: Input X contains NaN in every row of column(s) "
            f"{column_list(data.feature_names, np.flatnonzero(nowhere))}; wanted at least one task that has them. "
            "Leave them out."
        )


def match_features(prior, names, n_features):
    """The prior with its columns in the order of the data's; raises and names what is missing or extra."""
    if prior.feature_names is not None and names is not None:
        check_names(prior.feature_names, names)
        position = {name: i for i, name in enumerate(prior.feature_names)}
        return prior.reorder([position[name] for name in names])
    if prior.feature_names is not None and prior.n_features == n_features:
        warnings.warn(
            "X does not have valid feature names, but the prior has them: columns are taken in its order.",
            UserWarning,
            stacklevel=4,
        )
    if prior.n_features == n_features + 1 and prior.feature_names is None and not prior.knows_intercept:
        return prior.with_last_as_intercept()
    if prior.n_features != n_features:
        known = f" {list(prior.feature_names)}" if prior.feature_names else ""
        raise ValueError(
            f"X: X has {n_features} features, but the prior is expecting {prior.n_features} "
            f"features{known} as input. Give it the columns it was learned from."
        )
    return prior


def encode_target(y, estimator, classes=None):
    """``(Y (n, K), n_targets, classes)``: numbers, or indicator columns of the classes for classifiers."""
    family = family_of(estimator)
    if family.classifies:
        return _encode_labels(y, classes)
    Y = as_numbers(y, estimator)
    if Y.ndim == 2 and not family.many_targets:
        raise ValueError(
            f"y: wanted one target for {type(estimator).__name__}, found {Y.shape[1]}; use Ridge, or one "
            "model a target (MultiOutputRegressor)."
        )
    _check_support(Y, family, estimator)
    return Y.reshape(len(Y), -1), (None if Y.ndim == 1 else Y.shape[1]), None


def _check_support(Y, family, estimator):
    if family.likelihood == "gaussian" or not Y.size:
        return
    power = {"poisson": 1.0, "gamma": 2.0}.get(family.likelihood, getattr(estimator, "power", 0.0))
    positive = power >= 2
    if Y.min() < 0 or (positive and Y.min() == 0):
        wanted = "positive" if positive else "non-negative"
        raise ValueError(f"y: wanted {wanted} targets for {type(estimator).__name__}, found {Y.min():.6g}.")


def _encode_labels(y, classes):
    found = np.unique(y) if len(y) else np.array([])
    classes = found if classes is None else classes
    known = set(classes.tolist())
    new = [label for label in found.tolist() if label not in known]
    if new:
        raise ValueError(
            f"y: wanted the classes that the prior knows, {classes.tolist()}, found new {new}; learn the "
            "prior anew with tasks that have them."
        )
    if len(classes) < 2:
        raise ValueError(
            "y: This solver needs samples of at least 2 classes in the data, but the data contains only "
            f"one class: {shown(classes[0])}. (A task may have one class; a collection may not.)"
        )
    one_hot = (y[:, None] == classes[None, :]).astype(float) if len(y) else np.zeros((0, len(classes)))
    return (one_hot[:, 1:] if len(classes) == 2 else one_hot), None, classes


def row_weights(weight, estimator, y):
    """Weights ``(n,)`` of the rows, a classifier's ``class_weight`` included, or None for ones."""
    by_class = getattr(estimator, "class_weight", None)
    if by_class is None or not len(y):
        return weight
    balance = compute_sample_weight(by_class, np.asarray(y))
    return balance if weight is None else weight * balance
