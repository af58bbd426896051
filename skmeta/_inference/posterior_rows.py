"""Gaussian posteriors of tasks from matrices of rows by rows: all components of one output at once.

The targets of a task have the law ``N(Z mean, K + extra z z' + noise W^-1)`` with ``K = Z S Z'`` and ``z`` the
intercept's column. One factorisation of ``K + noise W^-1`` serves every component of that law and noise: what the
intercept varies beyond the law has rank one (Sherman and Morrison's formula), however large it is. Rows of weight zero
learn from the others of their task and teach them nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.contextual import intercept_shift, new_row_effects
from skmeta._inference.linalg import TINY, log_determinant, solve, spd_inverse
from skmeta._inference.moments import Rows, take_rows
from skmeta._inference.stack import Stack
from skmeta._inference.threads import blocks_of
from skmeta._inference.wide_rows import each_batch

Array = NDArray[np.float64]

_CELLS = 1 << 21  # numbers held at once in factorisations
_EPS = float(np.finfo(float).eps)


class RowPosterior:
    """What a batch of rows (see `wide_rows`) says of every node of a `Stack`: the dual of `ColumnPosterior`."""

    def __init__(self, batch: Any, y: Array, stack: Stack, strength: float = 1.0, n_rows: Array | None = None) -> None:
        self.batch, self.stack, self.strength = batch, stack, strength
        self.n_rows = batch.n_rows if n_rows is None else n_rows
        self._intercept = batch.times(np.eye(1, batch.width, batch.width - 1).T)[..., 0]
        self.has_intercept = (batch.weight * self._intercept).any(axis=1)
        self._views = [law.covariance.seen_by(batch) for law in stack.laws]
        self._kernels = [view.kernel() for view in self._views]
        self._context = self._column_means() if any(law.effects for law in stack.laws) else None
        self._centre()
        self._unique, self._place = stack.factorisations
        self._weigh(y)

    def _column_means(self) -> Array:
        table = self.batch.table(self.batch.cells(self.batch.weight))
        total = table.toarray() if sparse.issparse(table) else table
        return total[:, :-1] / np.maximum(self.batch.weight.sum(axis=1), TINY)[:, None]

    def _centre(self) -> None:
        """Expected targets under every law ``(G, b, n)``, and the intercept's variance beyond it ``(b, J)``."""
        offsets, self._shifts = [], []
        extra = np.tile(self.stack.extra, (len(self.n_rows), 1))
        for g, law in enumerate(self.stack.laws):
            offset, shift = self.batch.times(law.mean[:, None])[..., 0], np.zeros(len(self.n_rows))
            if law.effects is not None:
                shift, unknown = intercept_shift(*law.effects, self.n_rows, self._context)
                offset = offset + shift[:, None] * self._intercept
                extra[:, self.stack.law == g] += unknown[:, None]
            offsets.append(offset)
            self._shifts.append(shift)
        self._offset, self._extra = np.stack(offsets), extra

    def _weigh(self, y: Array) -> None:
        """Evidence of every node at strength one, and the dual coefficients ``(b, J, n)`` at the strength asked for."""
        law, level = self._unique[:, 0].astype(int), self._unique[:, 1]
        shape = (len(y), len(level), y.shape[1])
        root = np.sqrt(self.batch.weight[:, None] / level[:, None])
        sides = [(y - self._offset)[law].swapaxes(0, 1), np.broadcast_to(self._intercept[:, None], shape)]
        if self._context is not None:  # how rows vary with the intercept, for what they leave of it
            sides.append(np.stack([view.with_intercept() for view in self._views])[law].swapaxes(0, 1))
        all_sides = np.stack(sides) * root
        logdet, self._solved = np.empty(shape[:2]), np.empty_like(all_sides)
        at_one = np.empty((3, *shape[:2]))
        for some in blocks_of(shape[1], max(_CELLS // (shape[0] * shape[2] ** 2), 1)):
            kernel = np.stack([self._kernels[g] for g in law[some]], axis=1)
            kernel *= root[:, some, :, None] * root[:, some, None, :]
            r, z, *_ = given = all_sides[:, :, some]
            logdet[:, some], solved = _solve(kernel, given, 1.0)
            p, q, *_ = solved
            at_one[:, :, some] = (r * p).sum(axis=2), (z * p).sum(axis=2), (z * q).sum(axis=2)
            if self.strength != 1.0:
                _, solved = _solve(kernel, given, self.strength)
            self._solved[:, :, some] = solved * root[:, some]
        rr, rz, zz = at_one[:, :, self._place]
        self.logdet = logdet[:, self._place] + np.log1p(self._extra * zz)
        self.misfit = rr - self._extra * rz**2 / (1.0 + self._extra * zz)
        p, q = self._solved[:2, :, self._place]
        zp, zq = (p * self._intercept[:, None]).sum(axis=2), (q * self._intercept[:, None]).sum(axis=2)
        self._gain = self._extra * zp / (1.0 + self._extra * zq)  # extra z' pull, without cancellation
        self._pull = p - self._gain[..., None] * q
        self._q, self._zq = q, zq

    def means(self, weights: Array) -> Array:
        """The mean ``(b, p)`` of the nodes' coefficients by weights ``(b, J)``, as rows to predict have them."""
        found = np.zeros((len(weights), self.batch.width))
        left = self._left(weights)
        for g, law in enumerate(self.stack.laws):
            own = self.stack.law == g
            total, pull = weights[:, own].sum(axis=1), np.einsum("bj,bjn->bn", weights[:, own], self._pull[:, own])
            found += total[:, None] * law.mean + self._views[g].back(pull)
            found[:, -1] += total * self._shifts[g]
            if law.effects is not None:
                found += new_row_effects(*law.effects, self.n_rows, self._context, left[g])
        found[:, -1] += (weights * self._gain).sum(axis=1)
        return found

    def _left(self, weights: Array) -> list[Array]:
        """Share of the intercept's variance that the rows leave, summed over the nodes of each law with effects."""
        found = []
        for g, law in enumerate(self.stack.laws):
            share = np.zeros(len(weights))
            if law.effects is not None:
                own = self.stack.law == g
                extra, z = self._extra[:, own, None], self._intercept[:, None]
                k = self._views[g].with_intercept()[:, None] + extra * z
                p = self._solved[2][:, self._place[own]] + extra * self._q[:, own]
                p -= (
                    extra
                    * (p * z).sum(axis=2, keepdims=True)
                    / (1.0 + extra * self._zq[:, own, None])
                    * self._q[:, own]
                )
                variance = law.covariance.intercept_variance + extra[..., 0]
                share = (weights[:, own] * (1.0 - (k * p).sum(axis=2) / np.maximum(variance, TINY))).sum(axis=1)
            found.append(share)
        return found

    def _dual(self, u: int) -> Array:
        """``(K + strength noise W^-1)^-1`` of one law and noise ``(b, n, n)``, zero where rows have no weight."""
        law, level = int(self._unique[u, 0]), self._unique[u, 1]
        root = np.sqrt(self.batch.weight / level)
        scaled = self._kernels[law] * (root[:, :, None] * root[:, None, :])
        n = scaled.shape[-1]
        rounding = _EPS * n * np.diagonal(scaled, axis1=1, axis2=2).max(axis=1)
        inverse = spd_inverse(scaled + np.maximum(self.strength, rounding)[:, None, None] * np.eye(n))
        return root[:, :, None] * inverse * root[:, None, :]

    def at_rows(self, weights: Array) -> tuple[Array, Array]:
        """Mean and variance ``(b, n)`` of the linear predictor at the rows, those of weight zero included."""
        scales = weights * self.stack.units(self.n_rows, self.misfit)
        etas, inside = np.empty((weights.shape[1], *self._intercept.shape)), np.zeros_like(self._intercept)
        for u in range(len(self._unique)):
            K, C = self._kernels[int(self._unique[u, 0])], self._dual(u)
            own = np.diagonal(K, axis1=1, axis2=2) - np.einsum("bij,bij->bi", K @ C, K)
            rest = self._intercept - (K @ (C @ self._intercept[..., None]))[..., 0]
            for j in np.flatnonzero(self._place == u).tolist():
                extra = self._extra[:, [j]]
                variance = own + extra * rest**2 / (1.0 + extra * self._zq[:, [j]])
                inside += scales[:, [j]] * np.maximum(variance, 0.0) / self.strength
                etas[j] = self._predictor(j)
        centre = np.einsum("bj,jbn->bn", weights, etas)
        return centre, inside + np.einsum("bj,jbn->bn", weights, (etas - centre) ** 2)

    def _predictor(self, j: int) -> Array:
        """The linear predictor ``(b, n)`` under one node, as rows to predict have it."""
        g = int(self.stack.law[j])
        law, pull = self.stack.laws[g], self._pull[:, j]
        eta = self._offset[g] + (self._kernels[g] @ pull[..., None])[..., 0] + self._gain[:, [j]] * self._intercept
        if law.effects is None:
            return eta
        left = self._left(np.eye(len(self.stack.levels))[j] + np.zeros((len(pull), 1)))[g]
        moves = new_row_effects(*law.effects, self.n_rows, self._context, left)
        return eta + self.batch.along(moves)


def row_batches(rows: Rows) -> Iterator[Any]:
    """Batches of rows, one after the other; a sparse table stays sparse where its columns are not centred."""
    if sparse.issparse(rows.X) and np.any(rows.centre):
        rows = replace(rows, X=take_rows(rows.X, slice(None)))
    return each_batch(rows)


def _solve(kernel: Array, sides: Array, strength: float) -> tuple[Array, Array]:
    """``log |M|`` and ``M^-1`` times each of ``sides (s, ..., n)`` for ``M = kernel + strength I``."""
    n = kernel.shape[-1]
    rounding = _EPS * n * np.diagonal(kernel, axis1=-2, axis2=-1).max(axis=-1)
    held = np.maximum(strength, rounding)[..., None, None]  # no penalty at all would leave a singular matrix
    matrix = kernel + held * np.eye(n)
    return log_determinant(matrix), np.moveaxis(solve(matrix, np.moveaxis(sides, 0, -1)), -1, 0)
