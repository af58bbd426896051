"""Which tasks of a wide collection are held out: those whose rows look like those of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import TINY
from skmeta._inference.moments import Rows, standardise

Array = NDArray[Any]

_HELD_OUT = 3  # one task in so many is held out
_DIGITS = 9  # guard: of what orders tasks: ties are no matter of rounding


def held_out(rows: Rows) -> Array:
    """A mask of tasks: every third in order of what their rows hold, whatever the tasks are called.

    Tasks are told apart by sums over their rows, to the digits that do not depend on how these were added.
    """
    task = np.repeat(np.arange(rows.n_tasks), np.diff(rows.starts))
    weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight
    squares = (rows.Y**2).sum(axis=1), _squares(rows)
    n_rows, target, size = (
        np.bincount(task, v[rows.order], rows.n_tasks) for v in (weight, *(weight * s for s in squares))
    )
    mean = [each / np.maximum(n_rows, TINY) for each in (size, target)]
    return np.argsort(np.lexsort([np.round(each / max(each.max(), TINY), _DIGITS) for each in mean])) % _HELD_OUT == 1


def _squares(rows: Rows) -> Array:
    """The standardised columns' squares, summed for each row of the table ``(n,)``."""
    if sparse.issparse(rows.X):
        return np.asarray(rows.X.multiply(rows.X) @ rows.scale**-2.0).ravel()
    return np.asarray((standardise(rows.X, rows.centre, rows.scale) ** 2).sum(axis=1))


def some_tasks(rows: Rows, mask: Array) -> Rows:
    """The rows of the tasks of a ``mask (n_tasks,)``."""
    parts = [rows.order[rows.starts[t] : rows.starts[t + 1]] for t in np.flatnonzero(mask)]
    return replace(rows, order=np.concatenate(parts), starts=np.r_[0, np.cumsum([len(part) for part in parts])])
