"""Gaussian posteriors of tasks from matrices of columns by columns: all components of one output at once.

In coordinates ``v`` with ``w = mean + R v`` the prior of a law is a standard normal; its components differ by the noise,
which divides the whole, and by the intercept's variance: the root of a covariance is triangular, the intercept last, so
that more variance of the intercept stretches the last coordinate alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Stack
from skmeta._inference.contextual import intercept_shift, new_row_effects
from skmeta._inference.linalg import logdet_and_quadratic, spd_inverse
from skmeta._inference.moments import Moments, whitened

Array = NDArray[np.float64]

_TINY = 1e-150


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
        for j in range(shape[1]):
            gram, score, _ = self._node(j)
            identity = np.eye(gram.shape[-1])
            self.logdet[:, j], quadratic = logdet_and_quadratic(gram + identity, score)
            self.misfit[:, j] = self._parts[stack.law[j]][2] / stack.levels[j] - quadratic

    def _centre(self) -> None:
        """Every law's expected coefficients, the intercept's variance beyond the law's, and the whitened statistics."""
        self._means: list[Array] = []
        self._roots = [law.covariance.root for law in self.stack.laws]
        extra = np.tile(self.stack.extra, (self.moments.n_tasks, 1))
        for g, law in enumerate(self.stack.laws):
            mean = np.tile(law.mean, (self.moments.n_tasks, 1))
            if law.effects is not None:
                shift, unknown = intercept_shift(*law.effects, self.moments.n_rows, self.moments.context)
                mean[:, -1] += shift
                extra[:, self.stack.law == g] += unknown[:, None]
            self._means.append(mean)
        last = np.array([max(abs(root[-1, -1]), _TINY) for root in self._roots])[self.stack.law]
        self._stretch = np.sqrt(1.0 + extra / last**2)
        pairs = zip(self._means, self._roots, strict=True)
        self._parts = [whitened(self.moments, mean, root, 1.0) for mean, root in pairs]

    def _node(self, j: int) -> tuple[Array, Array, Array]:
        """``(gram, score, stretch)`` of one node, at a noise of one."""
        gram, score, _ = self._parts[self.stack.law[j]]
        stretch = np.ones_like(score)
        stretch[:, -1] = self._stretch[:, j]
        level = self.stack.levels[j]
        return gram * (stretch[:, :, None] * stretch[:, None, :] / level), score * stretch / level, stretch

    def means(self, weights: Array) -> Array:
        """The mean ``(n_tasks, p)`` of the nodes' means by weights ``(n_tasks, J)``."""
        return sum((w[:, None] * self._mean(j) for j, w in enumerate(weights.T)), np.zeros_like(self._means[0]))

    def _mean(self, j: int) -> Array:
        """Coefficients ``(n_tasks, p)`` of one node, as rows to predict have them."""
        gram, score, stretch = self._node(j)
        g, identity = self.stack.law[j], np.eye(gram.shape[-1])
        law, root = self.stack.laws[g], self._roots[g]
        intercept = root[-1] * stretch
        sides = np.stack([score, intercept][: 1 + (law.effects is not None)], axis=2)
        solved = np.linalg.solve(gram + self.strength * identity, sides)
        mean = self._means[g] + (stretch * solved[..., 0]) @ root.T
        if law.effects is None:
            return mean
        left = self.strength * (solved[..., 1] * intercept).sum(axis=1) / (intercept**2).sum(axis=1)
        coef, ratio = law.effects
        return mean + new_row_effects(coef, ratio, self.n_rows, self.moments.context, left)

    def covariances(self, weights: Array) -> Array:
        """The covariances ``(n_tasks, p, p)`` of the mixture of the nodes: within them and between their means."""
        scales = weights * self.stack.units(self.n_rows, self.misfit)
        means = [self._mean(j) for j in range(weights.shape[1])]
        centre = sum(w[:, None] * mean for w, mean in zip(weights.T, means, strict=True))
        inside: list[Array] = [np.zeros_like(gram) for gram, _, _ in self._parts]
        found = np.zeros_like(self.moments.gram)
        for j, mean in enumerate(means):
            gram, _, stretch = self._node(j)
            V = spd_inverse(gram + self.strength * np.eye(gram.shape[-1]))
            inside[self.stack.law[j]] += (scales[:, [j]] * stretch)[:, :, None] * V * stretch[:, None, :]
            off = mean - centre
            found += weights[:, j, None, None] * off[:, :, None] * off[:, None, :]
        return found + sum(root @ V @ root.T for root, V in zip(self._roots, inside, strict=True))
