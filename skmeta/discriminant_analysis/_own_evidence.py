"""Whether a task's own rows say that the plain estimator tells its classes apart better than what was learned."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from skmeta.base._held_out import gains
from skmeta.discriminant_analysis._class_sums import places_in_classes

Fit = Callable[[Any], Any]

_FOLDS = 5  # as cross_val_score has by default, or fewer where all classes have fewer rows


def own_is_better(plain: Fit, learned: Fit, own: Any) -> bool:
    """Whether more rows of a task are told apart by the plain estimator, each fitted to the rows of other folds.

    By more than one standard error of the mean over rows, as in every choice by what was held out: of few rows one more is
    chance.

    Parameters
    ----------
    plain : callable
        ``plain(own)`` is the plain estimator fitted to such rows; it raises ValueError where they are too few for it.
    learned : callable
        ``learned(own)`` is one that was adapted to them.
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
    more = np.full(len(own.y), np.nan)
    with warnings.catch_warnings():  # fits to so few rows that are there to be judged alone
        warnings.simplefilter("ignore")
        for each in range(fold.max() + 1):
            asked = np.flatnonzero(fold == each)
            query, shots = own.take(asked), own.take(np.flatnonzero(fold != each))
            try:
                found = plain(shots).predict(query.X)
            except (ValueError, IndexError):  # the latter of a linear discriminant of rows that are all the same
                return False
            more[asked] = (found == query.y) - (learned(shots).predict(query.X) == query.y).astype(float)
    return gains(more, own.weight)
