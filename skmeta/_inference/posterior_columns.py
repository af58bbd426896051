"""Gaussian posteriors of tasks from matrices of columns by columns: all components of one output at once.

In coordinates ``v`` with ``w = mean + R v`` the prior of a law is a standard normal; its components differ by the noise,
which divides the whole, and by the intercept's variance: the root of a covariance is triangular, the intercept last, so
that more variance of the intercept lengthens the last coordinate alone.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.contextual import intercept_shift, new_row_effects
from skmeta._inference.linalg import logdet_and_quadratic, solve, spd_inverse
from skmeta._inference.moments import Moments, whitened
from skmeta._inference.stack import Stack
from skmeta._inference.threads import blocks_of

Array = NDArray[np.float64]

_TINY = 1e-150  # guard: least root of a variance that divides
_CELLS = 1 << 18  # numbers in the matrices that are worked with at once, where they are many: near the processor


class ColumnPosterior:
    """What `Moments` of one output say of every node of a `Stack`, the prior ``strength`` times as strong as learned.

    ``logdet``, ``misfit (n_tasks, J)`` are at strength one: whether a task is of a kind does not depend on how much is
    borrowed.
    """

    def __init__(self, moments: Moments, stack: Stack, strength: float = 1.0) -> None:
        self.moments, self.stack, self.strength = moments, stack, strength
        self.n_rows = moments.n_rows
        self.has_intercept = moments.gram[:, -1, -1] > 0
        self._centre()
        shape = (moments.n_tasks, len(stack.levels))
        self.logdet, self.misfit = np.empty(shape), np.empty(shape)
        square = np.stack([part[2] for part in self._parts], axis=1)[:, stack.law] / stack.levels
        for some in self._chunks():
            gram, score, _ = self._nodes(some)
            self.logdet[:, some], quadratic = logdet_and_quadratic(gram + np.eye(gram.shape[-1]), score)
            self.misfit[:, some] = square[:, some] - quadratic

    def _chunks(self) -> list[slice]:
        """Nodes that are worked with at once: all of them for few small tasks, one for many."""
        return blocks_of(len(self.stack.levels), max(_CELLS // max(self.moments.gram.size, 1), 1))

    def _centre(self) -> None:
        """Every law's expected coefficients, the intercept's variance beyond the law's, and the whitened statistics."""
        self._means: list[Array] = []
        self._roots = [law.covariance.root for law in self.stack.laws]
        n_tasks, p = self.moments.cross.shape
        extra = np.broadcast_to(self.stack.extra.T, (n_tasks, len(self.stack.levels))).copy()
        for g, law in enumerate(self.stack.laws):
            mean = np.broadcast_to(law.mean, (n_tasks, p)).copy()
            if law.effects is not None:
                shift, unknown = intercept_shift(*law.effects, self.moments.n_rows, self.moments.context)
                mean[:, -1] += shift
                extra[:, self.stack.law == g] += unknown[:, None]
            self._means.append(mean)
        last = np.stack(np.broadcast_arrays(*(root[..., -1, -1] for root in self._roots)))[self.stack.law].T
        self._widening = np.sqrt(1.0 + extra / np.maximum(np.abs(last), _TINY) ** 2)
        pairs = zip(self._means, self._roots, strict=True)
        self._parts = [whitened(self.moments, mean, root, 1.0) for mean, root in pairs]

    def _nodes(self, some: slice) -> tuple[Array, Array, Array]:
        """``(gram, score, widening)`` of some nodes ``(n_tasks, j, ...)``, at a noise of one."""
        law, level = self.stack.law[some], self.stack.levels[some]
        gram, score = (np.stack([self._parts[g][i] for g in law], axis=1) for i in (0, 1))
        widening = np.ones_like(score)
        widening[..., -1] = self._widening[:, some]
        gram *= widening[..., :, None] * widening[..., None, :] / level[:, None, None]
        return gram, score * widening / level[:, None], widening

    @cached_property
    def _each(self) -> Array:
        """Coefficients ``(n_tasks, J, p)`` of every node, as rows to predict have them."""
        found = np.empty((*self.logdet.shape, self.moments.gram.shape[-1]))
        for some in self._chunks():
            found[:, some] = self._means_of(some)
        return found

    def _means_of(self, some: slice) -> Array:
        gram, score, widening = self._nodes(some)
        law = self.stack.law[some]
        rows = np.stack(np.broadcast_arrays(*(root[..., -1, :] for root in self._roots)), axis=-2)
        intercept = rows[..., law, :] * widening
        effects = any(each.effects is not None for each in self.stack.laws)
        sides = np.stack([score, intercept][: 1 + effects], axis=-1)
        solved = solve(gram + self.strength * np.eye(gram.shape[-1]), sides)
        moved, found = widening * solved[..., 0], np.empty_like(score)
        for g, root in enumerate(self._roots):
            found[:, law == g] = self._means[g][:, None] + moved[:, law == g] @ np.swapaxes(root, -1, -2)
        if effects:
            left = self.strength * (solved[..., 1] * intercept).sum(axis=2) / (intercept**2).sum(axis=2)
            self._add_effects(found, law, left)
        return found

    def _add_effects(self, means: Array, law: NDArray[np.intp], left: Array) -> None:
        """What a row to predict adds where laws have contextual effects; ``left`` is of the intercept's variance."""
        for j, g in enumerate(law):
            effects = self.stack.laws[g].effects
            if effects is not None:
                coef, ratio, centre = effects
                means[:, j] += new_row_effects(coef, ratio, centre, self.n_rows, self.moments.context, left[:, j])

    def means(self, weights: Array) -> Array:
        """The mean ``(n_tasks, p)`` of the nodes' means by weights ``(n_tasks, J)``."""
        mean: Array = (weights[:, None, :] @ self._each)[:, 0]
        return mean

    def covariances(self, weights: Array) -> Array:
        """The covariances ``(n_tasks, p, p)`` of the mixture of the nodes: within them and between their means."""
        scales = weights * self.stack.units(self.n_rows, self.misfit)
        off = (self._each - self.means(weights)[:, None]) * np.sqrt(weights)[..., None]
        found: Array = np.swapaxes(off, 1, 2) @ off
        inside: list[Array] = [np.zeros_like(gram) for gram, _, _ in self._parts]
        for some in self._chunks():
            gram, _, widening = self._nodes(some)
            V = spd_inverse(gram + self.strength * np.eye(gram.shape[-1]))
            V *= (scales[:, some, None] * widening)[..., None] * widening[..., None, :]
            for g in range(len(inside)):
                inside[g] += V[:, self.stack.law[some] == g].sum(axis=1)
        parts = zip(self._roots, inside, strict=True)
        return found + sum(root @ V @ np.swapaxes(root, -1, -2) for root, V in parts)
