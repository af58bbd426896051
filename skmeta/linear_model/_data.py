"""Features and targets as the engine takes them: numeric, complete, matched by name, labels encoded."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from skmeta.linear_model._families import family_of
from skmeta.tasks import TaskIndex
from skmeta.tasks._numbers import (
    as_numbers,
    check_complete,
    check_finite_target,
    check_labels_known,
    column_list,
    column_names,
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


def read_collection(estimator, X, y, tasks, sample_weight, *, classes=None):
    """Check and encode what the steps before the model made of a collection."""
    names = column_names(X)
    X = numeric_features(X)
    if X.shape[0] != len(y):
        raise ValueError(
            f"y: wanted as many targets as rows of X, {X.shape[0]}, found {len(y)} (inconsistent numbers of samples)."
        )
    check_complete(X, tasks, names)
    Y, n_targets, classes = encode_target(y, estimator, classes)
    weight = row_weights(sample_weight, estimator, y, X.shape[0])
    return TaskData(X, Y, tasks, weight, names, n_targets, classes)


def as_table(X):
    """Frames and arrays as they are, sparse matrices by rows, lists as arrays, texts as a table of one."""
    if hasattr(X, "columns"):
        return X
    if sparse.issparse(X):
        return X.tocsr()
    X = np.asarray(X)
    if X.ndim == 1 and X.dtype.kind in "OUT" and all(isinstance(value, str) for value in X):
        return X[:, None]
    if X.ndim != 2:
        raise ValueError(
            f"X: Expected 2D array, got {X.ndim}D array instead, of shape {X.shape}. Reshape your data: "
            "array.reshape(-1, 1) if it has a single feature, array.reshape(1, -1) if it is a single row."
        )
    return X


def read_input(prior, X):
    """``X`` as a table whose columns, where names are known, are those of the prior (or of its steps)."""
    X = as_table(X)
    wanted, found = prior.input_names if prior.steps else prior.feature_names, column_names(X)
    if wanted is not None and found is not None:
        _compare_names(wanted, found)
    return X


def column_or_matrix(y):
    """``y`` as an array; a column is a vector."""
    if y is None:
        raise ValueError("y: requires y to be passed, but the target y is None.")
    y = np.asarray(y)
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def one_task(n_rows):
    """The index of a single task of ``n_rows`` rows."""
    rows = np.arange(n_rows)
    return TaskIndex(np.zeros(1, int), np.zeros(n_rows, int), rows, np.array([0, n_rows]))


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
        _compare_names(prior.feature_names, names)
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


def select_inputs(prior, X):
    """The columns of a frame that the prior's frozen steps expect, in their order."""
    names = column_names(X)
    if prior.input_names is None or names in (None, prior.input_names):
        return X
    return X[list(prior.input_names)]


def _compare_names(wanted, found):
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if missing or extra:
        found = [f"{what} {names}" for what, names in (("missing", missing), ("unexpected", extra)) if names]
        hint = " (A task that lacks a column keeps it, filled with NaN.)" if missing else ""
        raise ValueError(
            f"X: The feature names should match those that the prior was learned from: found {', '.join(found)}.{hint}"
        )


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
    _check_labels(y)
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


def _check_labels(y):
    if y.ndim != 1:
        raise ValueError(f"y: wanted one column of labels, found shape {y.shape}.")
    check_labels_known(y)
    if y.dtype.kind == "O" and len({isinstance(label, str) for label in y}) > 1:
        odd = next(label for label in y if not isinstance(label, str))
        raise ValueError(f"y: wanted labels of one type, all text or all numbers, found text and {shown(odd)}.")
    if y.dtype.kind == "f":
        check_finite_target(y)
    try:
        check_classification_targets(y)
    except ValueError as error:
        raise ValueError(f"y: wanted class labels. {error}") from None


def row_weights(sample_weight, estimator, y, n_rows):
    """Weights ``(n,)`` of the rows, a classifier's ``class_weight`` included, or None for ones."""
    weight = None if sample_weight is None else _own_weights(sample_weight, n_rows)
    by_class = getattr(estimator, "class_weight", None)
    if by_class is not None and n_rows:
        balance = compute_sample_weight(by_class, np.asarray(y))
        weight = balance if weight is None else weight * balance
    return weight


def _own_weights(sample_weight, n_rows):
    weight = check_array(sample_weight, ensure_2d=False, dtype=float, input_name="sample_weight", ensure_min_samples=0)
    weight = np.full(n_rows, float(weight)) if weight.ndim == 0 else weight
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight: wanted shape ({n_rows},), found {weight.shape}.")
    if n_rows and (weight.min() < 0 or weight.max() == 0):
        raise ValueError(
            "sample_weight: wanted weights that are not negative and not all zero, found a range of "
            f"{weight.min():.3g} to {weight.max():.3g}."
        )
    return weight
