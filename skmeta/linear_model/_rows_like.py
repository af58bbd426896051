"""Rows as those of an adapted task may be: its own, and some like those of the collection that its prior was learned from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import square_root
from skmeta._inference.moments import take_rows
from skmeta.linear_model._families import Adaptation
from skmeta.linear_model._units import Units

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_PAIRS = 16  # of rows like those of the collection, on both sides of its centre
_OWN_PAIRS = 64  # speed: of own rows that are looked at
_TYPICAL: WeakKeyDictionary[Units, TypicalRows] = WeakKeyDictionary()


class RowsLike:
    """Rows to judge plain coefficients by; ``scores(X, codes) (n, K)`` are those of the adapted ones.

    ``units`` say what rows of the collection are like; if they are not known (None), or columns are too many for a
    correlation, a task's own rows do. The collection's count as many rows as there are coefficients.
    """

    def __init__(self, here: Adaptation, scores: Callable[[Any, Codes], Array], units: Units | None) -> None:
        self._here, self._scores = here, scores
        known = units is not None and units.correlation is not None
        self._typical = typical_rows(units, units.correlation) if known else None  # type: ignore[union-attr, arg-type]

    def of(self, code: int) -> tuple[Any, Array]:
        """Rows as a task may have them, and their weights; -1 is a task without rows."""
        if code < 0:
            return self._of_collection(self._unseen)
        here = self._here
        own, counted = here.rows.order[here.rows.starts[code] : here.rows.starts[code + 1]], here.rows.counted
        own, total = own[counted[own] > 0], float(counted[own].sum())
        if len(own) > 2 * _OWN_PAIRS:
            by_score = own[np.argsort(self._scores(here.data.X[own], np.full(len(own), code))[:, 0], kind="stable")]
            low = np.linspace(0, (len(own) - 1) // 2, _OWN_PAIRS).astype(int)  # the same where labels change places
            own = by_score[np.r_[low, len(own) - 1 - low[::-1]]]
        mine, each = take_rows(here.data.X, own), counted[own]
        each = each if here.data.stands_for is None else each * here.data.stands_for[own]
        if self._typical is None:
            return mine, each
        rows, often = self._of_collection(here.posterior.coef[code])
        return np.concatenate([mine, rows]), np.r_[each * total / max(each.sum(), 1.0), often]

    def _of_collection(self, coef: Array) -> tuple[Array, Array]:
        """Those of the collection for coefficients ``(K, p)`` of the engine; none where nothing is known of them."""
        if self._typical is None:
            return np.empty((0, self._here.rows.width - 1)), np.empty(0)
        rows = self._typical.seen_by(coef[:, :-1])
        return rows, np.full(len(rows), self._here.rows.width / len(rows))

    @property
    def _unseen(self) -> Array:
        """Coefficients ``(K, p)`` of the engine of a task without rows."""
        mixture = self._here.mixture
        each = [sum(w * c.mean for w, c in zip(mixture.unseen, own, strict=True)) for own in mixture.components]
        return np.stack(each)


def typical_rows(units: Units, correlation: Array) -> TypicalRows:
    """`TypicalRows`, kept as long as the units are: one prior adapts many tasks."""
    if units not in _TYPICAL:
        _TYPICAL[units] = TypicalRows(units, correlation)
    return _TYPICAL[units]


class TypicalRows:
    """Rows like those of the collection that units were taken from: normal, in pairs on both sides of the centre."""

    def __init__(self, units: Units, correlation: Array) -> None:
        d = len(units.centre)
        draws = np.random.default_rng(0).standard_normal((_PAIRS, d))
        if d <= _PAIRS:  # as many directions can be spread exactly evenly
            draws = np.sqrt(float(_PAIRS)) * np.linalg.qr(draws)[0]
        self._even, self._centre, self._scale = np.concatenate([draws, -draws]), units.centre, np.asarray(units.scale)
        self._root = square_root(correlation)

    def seen_by(self, slopes: Array) -> Array:
        """``(m, d)`` for a task of ``slopes (K, d)``: whose columns the draws follow, whatever their order and signs."""
        order = np.argsort(-(slopes**2).sum(axis=0), kind="stable")
        turned = np.empty_like(self._even)
        turned[:, order] = self._even
        turned *= np.where((slopes**3).sum(axis=0) < 0, -1.0, 1.0)
        return np.asarray(self._centre + self._scale * (turned @ self._root))
