"""Estimators of tasks that were adapted at different times, as one: what each piece holds, and where each task is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from skmeta.base._adapted_estimators import AdaptedEstimators, assembled
from skmeta.base._gathered import GatheredEstimators
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._joined_rows import joined_rows

_ABSORBS = 2  # speed: a new piece takes in those with at most so many times its rows, which keeps them few

Codes = NDArray[np.intp]


class Piece(NamedTuple):
    """Tasks that were adapted together."""

    tasks: Tasks
    adapted: AdaptedEstimators


class AdaptedInPieces(GatheredEstimators):
    """The estimators of tasks that got rows at different times: only those that get more are adapted anew.

    Parameters
    ----------
    pieces : sequence of Piece
        The first of them is that of the fit, which is never taken into another.
    piece : ndarray of int of shape (n_tasks,)
        Which piece has the estimator of each task.
    code : ndarray of int of shape (n_tasks,)
        Which of the tasks of that piece it is.
    """

    def __init__(self, pieces: Sequence[Piece], piece: Codes, code: Codes) -> None:
        self._pieces = list(pieces)
        self._piece, self._code = piece, code

    @classmethod
    def whole(cls, tasks: Tasks, adapted: AdaptedEstimators) -> Self:
        """All in one piece.

        Parameters
        ----------
        tasks : Tasks
            The tasks.
        adapted : AdaptedEstimators
            Theirs.

        Returns
        -------
        AdaptedInPieces
            In the order of the tasks.
        """
        return cls([Piece(tasks, adapted)], np.zeros(len(tasks), np.intp), np.arange(len(tasks)))

    def in_first(self, codes: Codes) -> NDArray[np.bool_]:
        """Which of some tasks still have the estimators that they got by the fit.

        Parameters
        ----------
        codes : ndarray of int
            The tasks.

        Returns
        -------
        ndarray of bool
            One a task.
        """
        return np.asarray(self._piece[codes] == 0)

    def with_rows(
        self,
        tasks: Tasks,
        known: Codes,
        new: Codes,
        n_tasks: int,
        kept: Callable[[Tasks], Tasks],
        adapt: Callable[[Tasks], AdaptedEstimators],
    ) -> Self:
        """The same with more rows: their tasks are adapted anew from all that is kept of their rows then.

        Parameters
        ----------
        tasks : Tasks
            The new rows.
        known, new : ndarray of int
            Where the tasks known before, and those of the new rows, stand among all.
        n_tasks : int
            How many there are then.
        kept : callable
            ``kept(tasks)`` are the rows that are kept of tasks.
        adapt : callable
            ``adapt(tasks)`` makes the estimators.

        Returns
        -------
        AdaptedInPieces
            A new one; this one stays as it is.
        """
        piece, code = np.full(n_tasks, -1), np.full(n_tasks, -1)
        piece[known], code[known] = self._piece, self._code
        touched = np.zeros(n_tasks, dtype=bool)
        touched[new] = True
        touched |= self._absorbed(piece, code, touched, tasks.n_rows)
        asked = np.flatnonzero(touched)
        place = np.cumsum(touched) - 1
        parts = [
            (kept(self._pieces[k].tasks.take(code[own])), place[own])
            for k in np.unique(piece[asked][piece[asked] >= 0])
            for own in [asked[piece[asked] == k]]
        ]
        joined = kept(joined_rows([*parts, (kept(tasks), place[new])], len(asked)))
        pieces = [*self._pieces, Piece(joined, adapt(joined))]
        piece[asked], code[asked] = len(self._pieces), np.arange(len(asked))
        used = np.unique(np.r_[0, piece])
        return type(self)([pieces[k] for k in used], np.searchsorted(used, piece), code)

    def _absorbed(self, piece: Codes, code: Codes, touched: NDArray[np.bool_], n_rows: int) -> NDArray[np.bool_]:
        """Tasks of pieces that are adapted anew with those touched: of small ones, and of those that most tasks have left."""
        found = np.zeros(len(piece), dtype=bool)
        left = []
        for k, (tasks, _) in enumerate(self._pieces):
            n_rows += int(tasks.counts[code[(piece == k) & touched]].sum())
            left.append(int(tasks.counts[code[(piece == k) & ~touched]].sum()))
        for k in reversed(range(1, len(self._pieces))):
            if left[k] <= _ABSORBS * n_rows or 2 * left[k] < self._pieces[k].tasks.n_rows:
                found |= piece == k
                n_rows += left[k]
        return found

    # -- what the estimators say --------------------------------------------------------------------

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task.

        Parameters
        ----------
        code : int
            The task, from 0; -1 is a task without rows.

        Returns
        -------
        estimator
            A fitted scikit-learn estimator.
        """
        if code < 0:
            return self._pieces[0].adapted.estimator(-1)
        return self._pieces[self._piece[code]].adapted.estimator(int(self._code[code]))

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to, sorted; None for regressors."""
        found = [each.adapted.classes for each in self._pieces]
        return None if found[0] is None else np.unique(np.concatenate([own for own in found if own is not None]))

    def labels_of(self, code: int) -> NDArray[Any]:
        """The labels that the rows of one task show, see `AdaptedEstimators.labels_of`."""
        return self._pieces[self._piece[code]].adapted.labels_of(int(self._code[code]))

    def _gathered(self, name: str) -> NDArray[np.float64]:
        values = [np.asarray(getattr(each.adapted, name)) for each in self._pieces]
        starts = np.cumsum([0, *map(len, values)])[:-1]
        return np.asarray(np.concatenate(values)[starts[self._piece] + self._code])

    def _by_task(self, method: str, X: Any, codes: Codes) -> NDArray[Any]:
        """Rows of each piece are asked together."""
        piece = np.where(codes < 0, 0, self._piece[codes])
        own = np.where(codes < 0, -1, self._code[codes])
        parts = []
        for k in np.unique(piece):
            rows, adapted = np.flatnonzero(piece == k), self._pieces[k].adapted
            answer = getattr(adapted, method)(take_rows(X, rows), own[rows])
            if method in ("predict_proba", "decision_function") and adapted.classes is not None:
                absent = 0.0 if method == "predict_proba" else -np.inf
                answer = self._in_all_classes(answer, adapted.classes, absent)
            parts.append((rows, answer))
        return assembled(parts)
