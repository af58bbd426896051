"""The estimator to use, by the name that it was given or by what the target holds, and the target as it takes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta.report._collection import Collection
from skmeta.report._names import estimator_named
from skmeta.tasks import take_rows
from skmeta.tasks._words import listed, shown

MAX_CLASSES = 50  # of a target
SHOWN = 10  # names of classes in a note
COMMON = 0.05  # share of the rows that the rarest of a few whole numbers has, if they are classes


def settle(collection: Collection, name: str | None = None) -> tuple[Collection, Any]:
    """Return the collection with its target as the estimator takes it, and the estimator.

    Parameters
    ----------
    collection : Collection
        The table, its target as it was read.
    name : str, default=None
        Name of an estimator, as `estimator_named` knows it. None is ridge for numbers, logistic for classes.

    Returns
    -------
    collection : Collection
        Its target finite floats, or labels; rows of a class that only one task knows are left out, as nothing
        about it can be learned from others.
    estimator : estimator
        Not fitted.

    Raises
    ------
    ImportError, TypeError, ValueError
        If there is no such estimator, or the target is not what it takes.
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(
            f"name: wanted one such as 'ridge', as --estimator takes it, found {shown(name)}; models of your own are compared "
            "by shot_curve(make_baselines(estimator, task=...), X, y, task=...)."
        )
    y = collection.y
    if len(set(y.tolist())) == 1:
        raise ValueError(
            f"--target: wanted values that differ, found {collection.names[1]} to be {shown(y[0])} in every row."
        )
    model = _default(holds_classes(y)) if name is None else estimator_named(name, holds_classes(y))
    if not is_classifier(model):
        return replace(collection, y=_numbers(y, model)), model
    if y.dtype.kind == "f" and np.mod(y, 1).any():
        fraction = y[np.mod(y, 1) != 0][0]
        raise ValueError(f"--target: wanted classes for {type(model).__name__}, found numbers such as {fraction:.6g}.")
    collection = _without_lone_classes(replace(collection, y=as_labels(y)))
    _check_classes(collection.y, model)
    return collection, model


def _default(classes: bool) -> Any:
    return LogisticRegression() if classes else Ridge()


def holds_classes(y: NDArray[Any]) -> bool:
    """Whether a target holds class labels: text, booleans, two whole numbers, or few that are all common.

    Counts are whole numbers too, but the large ones among them are rare.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        The target.

    Returns
    -------
    bool
        Labels, or numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.report._estimators import holds_classes
    >>> rng = np.random.default_rng(0)
    >>> holds_classes(rng.integers(0, 3, 500)), holds_classes(rng.poisson(1.0, 500))
    (True, False)
    """
    if y.dtype.kind not in "fiu":
        return True
    values, counts = np.unique(y, return_counts=True)
    if not np.all(np.mod(values, 1) == 0):
        return False
    return bool(len(values) == 2 or (len(values) <= 10 and counts.min() >= COMMON * len(y)))


def as_labels(y: Any) -> NDArray[Any]:
    """Return a target of classes: numbers as they are, all else as text."""
    return y if y.dtype.kind in "biuf" else np.array([str(value) for value in y.tolist()])


def _check_classes(y: NDArray[Any], model: Any) -> None:
    n_classes = len(np.unique(y))
    if not 2 <= n_classes <= MAX_CLASSES:
        raise ValueError(
            f"--target: wanted 2 to {MAX_CLASSES} classes for {type(model).__name__}, each in several tasks, found "
            f"{n_classes}, such as {listed(np.unique(y)[:3])}; if it is meant to hold numbers, see that all are written as "
            "numbers."
        )


def _without_lone_classes(collection: Collection) -> Collection:
    """Return the collection without rows of classes that only one task has."""
    codes = collection.index.codes
    classes, labels = np.unique(collection.y, return_inverse=True)
    pairs = np.unique(np.column_stack([labels, codes]), axis=0)
    lone = np.bincount(pairs[:, 0].astype(int)) < 2
    if not lone.any() or lone.all():
        return collection
    keep = np.flatnonzero(~lone[labels])
    dropped = len(collection.y) - len(keep)
    if dropped > len(keep):
        raise ValueError(
            f"--target: wanted classes that several tasks have in {collection.names[1]}, found {dropped} of "
            f"{len(collection.y)} rows with one that a single task has, such as {listed(classes[lone][:3])}; if it is meant "
            "to hold numbers, see that all are written as numbers."
        )
    names = ", ".join([*map(str, classes[lone][:SHOWN]), *(["..."] if lone.sum() > SHOWN else [])])
    note = f"Left out, {dropped} rows of classes that one task alone has: {names}."
    X = take_rows(collection.X, keep)
    return replace(collection, X=X, y=collection.y[keep], notes=(*collection.notes, note))


def _numbers(y: NDArray[Any], model: Any) -> NDArray[Any]:
    try:
        y = y.astype(np.float64)
    except (TypeError, ValueError):
        text = next(value for value in y.tolist() if isinstance(value, str))
        raise ValueError(
            f"--target: wanted numbers for {type(model).__name__}, found {shown(text)}; for classes name a classifier, such as "
            "--estimator logistic."
        ) from None
    if not np.isfinite(y).all():
        raise ValueError("--target: wanted finite numbers, found infinite ones; leave these rows out.")
    return y
