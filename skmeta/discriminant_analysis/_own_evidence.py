"""Whether a task's own rows say that the plain estimator tells its classes apart better than what was learned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta.discriminant_analysis._class_sums import places_in_classes
from skmeta.tasks import take_rows

Fit = Callable[[Any, NDArray[Any]], Any]

_FOLDS = 5  # as cross_val_score has by default, or fewer where all classes have fewer rows


def own_is_better(estimator: Any, learned: Fit, X: Any, y: NDArray[Any]) -> bool:
    """Whether more rows of a task are told apart by the plain estimator, each fitted to the rows of other folds.

    Parameters
    ----------
    estimator : classifier
        The plain one.
    learned : callable
        ``learned(X, y)`` is one that was adapted to such rows.
    X : ndarray or sparse matrix of shape (n_rows, n_features)
        Rows of one task.
    y : ndarray of shape (n_rows,)
        Their labels.

    Returns
    -------
    bool
        False where no class has two rows, or the plain estimator cannot be fitted to the rows of some folds, and where as
        many rows are told apart.
    """
    place, size = places_in_classes(X, y)
    if size.max(initial=0) < 2:
        return False
    fold = np.where(size > 1, place % min(_FOLDS, int(size.max())), -1)  # a row that is alone teaches always
    more = 0
    for each in range(fold.max() + 1):
        asked, rest = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        query, truth, shots = take_rows(X, asked), y[asked], (take_rows(X, rest), y[rest])
        plain = _fitted(estimator, *shots)
        if plain is None:
            return False
        more += int(np.sum(plain.predict(query) == truth))
        more -= int(np.sum(learned(*shots).predict(query) == truth))
    return more > 0


def _fitted(estimator: Any, X: Any, y: NDArray[Any]) -> Any | None:
    """The plain estimator; None where rows are too few for it."""
    try:
        with warnings.catch_warnings():  # fits to so few rows that are there to be judged alone
            warnings.simplefilter("ignore")
            return clone(estimator).fit(X, y)
    except ValueError:
        return None
