"""What is known of the levels of crossed factors together: means, and the covariance of any of them, by a Schur complement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import symmetrize
from skmeta._inference.messages import Beliefs
from skmeta._inference.threads import blocks_of

Array = NDArray[Any]
Codes = NDArray[np.intp]

_CELLS = 1 << 22  # numbers of a dense matrix held at once: 32 MB


@dataclass(frozen=True, eq=False)
class Joint:
    """Of factors with levels ``v ~ N(0, I)`` before the rows, and of their mean's coefficients ``(p,)``, which stand last.

    ``means[f] (n_f, k_f)`` and ``mean (p,)`` are expected. The factor ``first`` was eliminated: ``half (n, k, k)`` are the
    inverse factors of its blocks, ``coupling (n k, q)`` is how these, whitened, hang together with the ``q`` coefficients of
    the other factors, one after the other, and of the mean, whose covariance is ``inverse (q, q)``.
    """

    first: int
    means: list[Array]
    mean: np.ndarray
    half: np.ndarray
    coupling: sparse.csr_array
    inverse: np.ndarray

    @property
    def widths(self) -> list[int]:
        """How many coefficients of each factor vary."""
        return [means.shape[1] for means in self.means]

    def place(self, f: int) -> int:
        """Where the coefficients of a factor that was not eliminated begin among the others'."""
        return sum(self.means[g].size for g in range(f) if g != self.first)

    def doubts(self, f: int) -> Array:
        """Covariances ``(n_f, k_f, k_f)`` of all levels of a factor."""
        n, k = self.means[f].shape
        if f != self.first:
            at = self.place(f) + np.arange(n * k).reshape(n, k)
            return self.inverse[at[:, :, None], at[:, None, :]]
        found = [self._of_first(levels)[1] for levels in self._chunks(np.arange(n))]
        return np.concatenate(found) if found else np.zeros((n, k, k))

    def _chunks(self, levels: Codes) -> list[Codes]:
        at_once = max(_CELLS // max(self.half.shape[1] * len(self.inverse), 1), 1)
        return [levels[block] for block in blocks_of(len(levels), at_once)]

    def _of_first(self, levels: Codes) -> tuple[Array, Array]:
        """Of some levels of the eliminated factor the covariances with the others ``(n, k, q)`` and their own ``(n, k, k)``."""
        k = self.half.shape[1]
        rows = (levels[:, None] * k + np.arange(k)).ravel()
        whitened = self.coupling[rows]
        seen = (whitened @ self.inverse).reshape(len(levels), k, -1)
        dense = whitened.toarray().reshape(len(levels), k, -1)
        back = np.swapaxes(self.half[levels], -1, -2)
        inner = np.eye(k) + seen @ np.swapaxes(dense, -1, -2)
        return -(back @ seen), symmetrize(back @ inner @ self.half[levels])

    def beliefs(self, roots: list[Array], codes: dict[int, Codes], base: Array) -> Beliefs:
        """What is known of ``base mu + sum over some factors of R v`` at levels ``codes[f] (n,)`` of these.

        ``roots[f] (p, k_f)`` and ``base (p, p)`` may be those of other units.
        """
        if self.first not in codes:
            return self._beliefs(roots, codes, base, None)
        order = np.argsort(codes[self.first], kind="stable")
        parts, where = [], []
        levels, starts = np.unique(codes[self.first][order], return_index=True)
        ends = np.r_[starts[1:], len(order)]
        for some in self._chunks(np.arange(len(levels))):
            rows = order[starts[some[0]] : ends[some[-1]]]
            own = {f: each[rows] for f, each in codes.items()}
            local = np.searchsorted(levels[some], own[self.first])
            parts.append(self._beliefs(roots, own, base, (local, *self._of_first(levels[some]))))
            where.append(rows)
        back = np.argsort(np.concatenate(where))
        mean, covariance = (np.concatenate([getattr(p, n) for p in parts])[back] for n in ("mean", "covariance"))
        return Beliefs(mean, covariance)

    def _beliefs(self, roots: list[Array], codes: dict[int, Codes], base: Array, known: Any) -> Beliefs:
        """``known``, of the eliminated factor if there is one, are `_of_first` of some levels, and which of these is wanted."""
        others = sorted(f for f in codes if f != self.first)
        n = len(next(iter(codes.values()))) if codes else 1
        q, p = len(self.inverse), len(self.mean)
        at = [self.place(f) + codes[f][:, None] * self.widths[f] + np.arange(self.widths[f]) for f in others]
        places = np.concatenate([*at, np.broadcast_to(np.arange(q - p, q), (n, p))], axis=1)
        spread = np.concatenate([*(roots[f] for f in others), base], axis=1)
        mean = self.mean @ base.T + sum(self.means[f][codes[f]] @ roots[f].T for f in codes)
        covariance = spread @ self.inverse[places[:, :, None], places[:, None, :]] @ spread.T
        if known is not None:
            local, seen, own = known
            root, each = roots[self.first], np.arange(seen.shape[1])
            cross = root @ seen[local[:, None, None], each[:, None], places[:, None, :]] @ spread.T
            covariance = covariance + root @ own[local] @ root.T + cross + np.swapaxes(cross, -1, -2)
        return Beliefs(np.broadcast_to(mean, (n, p)), symmetrize(covariance))
