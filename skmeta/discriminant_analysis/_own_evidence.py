"""Whether a task's own rows say that the plain estimator tells its classes apart better than what was learned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone

from skmeta.base._matching import weights_if_taken
from skmeta.discriminant_analysis._class_sums import places_in_classes

Fit = Callable[[Any], Any]

_ROUNDING = 1e-9  # guard: sums of weights that differ by no more are alike
_FOLDS = 5  # as cross_val_score has by default, or fewer where all classes have fewer rows


def own_is_better(estimator: Any, learned: Fit, own: Any) -> bool:
    """Whether more rows of a task, by weight, are told apart by the plain estimator, each fitted to the rows of other folds.

    Ties go to the past. A margin of one standard error was left out, as it let a past that misleads
    stand at five rows of each class (``benchmarks/misled_classes.py``).

    Parameters
    ----------
    estimator : classifier
        The plain one.
    learned : callable
        ``learned(own)`` is one that was adapted to such rows.
    own : OwnRows
        Rows of one task.

    Returns
    -------
    bool
        False where no class has two rows, or the plain estimator cannot be fitted to the rows of some folds.
    """
    place, size = places_in_classes(own.X, own.y)
    if size.max(initial=0) < 2:
        return False
    fold = np.where(size > 1, place % min(_FOLDS, int(size.max())), -1)  # a row that is alone teaches always
    more = 0.0
    with warnings.catch_warnings():  # fits to so few rows that are there to be judged alone
        warnings.simplefilter("ignore")
        for each in range(fold.max() + 1):
            query, shots = own.take(np.flatnonzero(fold == each)), own.take(np.flatnonzero(fold != each))
            plain = _fitted(estimator, shots)
            if plain is None:
                return False
            own_hits, hits = ((model.predict(query.X) == query.y) @ query.weight for model in (plain, learned(shots)))
            more += float(own_hits - hits)
    return more > _ROUNDING * float(own.weight.sum())


def _fitted(estimator: Any, own: Any) -> Any | None:
    """The plain estimator; None where rows are too few for it."""
    try:
        return clone(estimator).fit(own.X, own.y, **weights_if_taken(estimator, own.fit_weight))
    except (ValueError, IndexError):  # the latter is what linear discriminants raise for rows that are all the same
        return None
