r"""Messages: what rows say of the mean of their task's coefficients, as Gaussian likelihoods in information form.

.. math:: -2 \log p(y \mid m) = m^\top A m - 2 b^\top m + c

Those of independent data about one mean add up. Where ``w = m + R v`` with ``v ~ N(0, I)``, a message about ``w`` becomes one
about ``m`` by integrating ``v`` out; nothing is inverted that may be singular, neither ``A`` (few rows) nor ``R R'`` (no
variance). Going back, what is known of ``m`` becomes what is known of ``w`` (Pearl, 1988, Probabilistic Reasoning in
Intelligent Systems, section 4.3; for Gaussians Lauritzen, 1996, Graphical Models, section 6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import (
    cholesky_root,
    diagonal,
    inverse_and_logdet,
    logdet_and_quadratic,
    spd_inverse,
    symmetrize,
    times,
)
from skmeta._inference.moments import Moments

Array = NDArray[Any]

_ROUNDED = 1e-13  # guard: share of a precision by which rounding may be wrong


@dataclass(frozen=True, eq=False)
class Messages:
    """Of ``n`` nodes: ``precision (n, p, p)`` A, ``pull (n, p)`` b and ``constant (n,)`` c."""

    precision: np.ndarray
    pull: np.ndarray
    constant: np.ndarray

    def summed(self, parent: NDArray[np.intp], n_parents: int, counts: Array | None = None) -> Messages:
        """What the children of each of ``n_parents`` nodes say of it together, each as often as it ``counts (n,)``."""
        n, p = self.pull.shape
        often = np.ones(n) if counts is None else counts
        children = sparse.csr_array((often, (parent, np.arange(n))), shape=(n_parents, n))
        precision = (children @ self.precision.reshape(n, p * p)).reshape(n_parents, p, p)
        return Messages(precision, children @ self.pull, children @ self.constant)

    def summed_in_runs(self, starts: NDArray[np.intp]) -> Messages:
        """The sums of runs of nodes that follow each other, each from one of ``starts`` to the next."""
        each = (self.precision, self.pull, self.constant)
        return Messages(*(np.add.reduceat(part, starts, axis=0) for part in each))

    def __add__(self, other: Messages) -> Messages:
        return Messages(self.precision + other.precision, self.pull + other.pull, self.constant + other.constant)

    def __sub__(self, other: Messages) -> Messages:
        return Messages(self.precision - other.precision, self.pull - other.pull, self.constant - other.constant)

    def counted(self, counts: Array) -> Messages:
        """The same, each as often as it ``counts (n,)``."""
        return Messages(self.precision * counts[:, None, None], self.pull * counts[:, None], self.constant * counts)

    def moved(self, linear: Array, offset: Array) -> Messages:
        """Messages about ``v`` where ``m = linear v + offset``, up to constants."""
        pull = self.pull - times(self.precision, offset)
        return Messages(linear.T @ self.precision @ linear, pull @ linear, self.constant)

    def followed_by(self, other: Messages) -> Messages:
        """Those of these nodes and then of others."""
        names = ("precision", "pull", "constant")
        return Messages(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))

    def take(self, nodes: Any) -> Messages:
        """Those of some nodes."""
        return Messages(self.precision[nodes], self.pull[nodes], self.constant[nodes])


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What is known of the coefficients of ``n`` nodes: normal, ``mean (n, p)`` and ``covariance (n, p, p)``."""

    mean: np.ndarray
    covariance: np.ndarray

    def take(self, nodes: Any) -> Beliefs:
        """Those of some nodes."""
        return Beliefs(self.mean[nodes], self.covariance[nodes])


def of_rows(moments: Moments, noise: Array) -> Messages:
    """What the rows of each task say of its coefficients, at its ``noise (n,)``."""
    scale = 1.0 / np.asarray(noise)
    constant = moments.square * scale + moments.n_rows * np.log(2.0 * np.pi * noise)
    return Messages(moments.gram * scale[:, None, None], moments.cross * scale[:, None], constant)


@dataclass(frozen=True, eq=False)
class Deviation:
    """Coefficients ``w = m + R v`` around a mean, with the messages about ``w`` and what they leave of ``v``.

    ``root (p, k)`` is R; ``seen (n, k, p)`` is ``R' A``, ``left (n, k, k)`` is ``V = (I + R' A R)^-1`` and ``logdet (n,)`` is
    that of its inverse.
    """

    root: np.ndarray
    messages: Messages
    seen: np.ndarray
    left: np.ndarray
    logdet: np.ndarray

    @classmethod
    def of(cls, messages: Messages, root: Array) -> Deviation:
        """That of a root of the covariance around the mean."""
        seen = root.T @ messages.precision
        return cls(root, messages, seen, *inverse_and_logdet(np.eye(root.shape[1]) + seen @ root))

    def integrated(self) -> Messages:
        """Messages about the mean ``m``."""
        seen, told, root = self.seen, self.messages, self.root
        score = told.pull @ root
        solved = times(self.left, score)
        precision = without_rounding(told.precision, np.swapaxes(seen, -1, -2) @ (self.left @ seen))
        pull = told.pull - (solved[:, None, :] @ seen)[:, 0]
        return Messages(precision, pull, told.constant - (score * solved).sum(axis=-1) + self.logdet)

    def around(self, mean: Beliefs) -> tuple[Beliefs, Array]:
        """What is known of ``w`` where ``mean`` is known of ``m``, with these messages; and ``E[v v'] (n, k, k)``."""
        seen, root, told = self.seen, self.root, self.messages
        gain = self.left @ seen
        v = times(self.left, told.pull @ root) - times(gain, mean.mean)
        doubt = gain @ mean.covariance
        square = symmetrize(self.left + v[:, :, None] * v[:, None, :] + doubt @ np.swapaxes(gain, -1, -2))
        kept = np.eye(root.shape[0]) - root @ gain
        covariance = root @ self.left @ root.T + kept @ mean.covariance @ np.swapaxes(kept, -1, -2)
        return Beliefs(mean.mean + v @ root.T, symmetrize(covariance)), square


def without_rounding(known: Array, spent: Array) -> Array:
    """``known - spent`` of precisions ``(n, p, p)``, which is one though both may be nearly the same."""
    held = _ROUNDED * diagonal(known)[..., None] * np.eye(known.shape[-1])
    return symmetrize(known - spent) + held


def belief(messages: Messages) -> Beliefs:
    """What messages alone tell, where they are enough."""
    covariance = spd_inverse(messages.precision)
    return Beliefs(times(covariance, messages.pull), covariance)


def informed(beliefs: Beliefs) -> Messages:
    """A belief as a message, up to its constant: the way back from `belief`."""
    precision = spd_inverse(beliefs.covariance)
    return Messages(precision, times(precision, beliefs.mean), np.zeros(len(precision)))


def without(beliefs: Beliefs, messages: Messages) -> Beliefs:
    """Beliefs without what these messages, which they know, have told."""
    left = np.eye(beliefs.mean.shape[1]) - beliefs.covariance @ messages.precision
    mean = beliefs.mean - times(beliefs.covariance, messages.pull)
    found = np.linalg.solve(left, np.concatenate([mean[..., None], beliefs.covariance], axis=-1))
    return Beliefs(found[..., 0], symmetrize(found[..., 1:]))


def evidence(messages: Messages, prior: Array) -> Array:
    r"""``log p(y)`` of each node, its mean integrated out under ``N(0, diag(prior)^-1)``; a precision of zero is flat.

    With all of them flat it is the restricted likelihood (Harville, 1974, Biometrika 61, equation 2).
    """
    flat = prior <= 0.0
    logdet, quadratic = logdet_and_quadratic(messages.precision + np.diag(prior), messages.pull)
    known = np.log(np.where(flat, 1.0, prior)).sum() + flat.sum() * np.log(2.0 * np.pi)
    return np.asarray(-0.5 * (messages.constant - quadratic + logdet - known))


def evidence_under(messages: Messages, known: Beliefs) -> Array:
    """``log p(y)`` of each node whose mean is ``known`` as well."""
    root = cholesky_root(known.covariance)
    score = messages.pull - times(messages.precision, known.mean)
    back = np.swapaxes(root, -1, -2)
    whitened = np.eye(root.shape[-1]) + back @ messages.precision @ root
    logdet, quadratic = logdet_and_quadratic(symmetrize(whitened), times(back, score))
    square = messages.constant - ((messages.pull + score) * known.mean).sum(axis=-1)
    return np.asarray(-0.5 * (square + logdet - quadratic))


def trace_of_products(one: Array, other: Array) -> Array:
    """``tr(M_t N_t)`` of symmetric ``(n, p, p)`` matrices."""
    return np.asarray((one * other).sum(axis=(-2, -1)))
