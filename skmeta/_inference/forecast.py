"""Forecasts of tasks in time: each from those before it in its chain, and from what other chains say of the chain's mean.

The way forward is Kalman's filter (1960, Journal of Basic Engineering 82) with the chain's mean as an unknown that states are
linear in (de Jong, 1991, Annals of Statistics 19): of all chains at once, one step after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference import messages as of
from skmeta._inference.drift import Filtered
from skmeta._inference.linalg import symmetrize, times
from skmeta._inference.messages import Beliefs, Messages
from skmeta._inference.tree import cavities, flat_root

Array = NDArray[Any]


def forecasts(filtered: Filtered, shrink: Array) -> Beliefs:
    """What is known of each task's mean ``m + s`` before its own rows and those of later tasks, in the tasks' order."""
    chains, told, steps = filtered.chains, filtered.told, filtered.steps
    starts, lengths = chains.runs
    n, p = told.pull.shape
    mean, covariance = np.empty((n, p)), np.empty((n, p, p))
    past = _Past.of(filtered.state, _means_before(filtered, shrink).take(chains.chain[chains.order[starts]]))
    for i in range(lengths.max()):
        nodes = starts[lengths > i] + i
        past = past.take(slice(len(nodes))).moved(steps.kept[nodes], steps.new[nodes])
        found = past.of_tasks()
        mean[nodes], covariance[nodes] = found.mean, found.covariance
        past = past.seen(told.take(nodes))
    return Beliefs(mean, covariance).take(chains.place[: len(chains.counts)])


def _means_before(filtered: Filtered, shrink: Array) -> Messages:
    """What is known of each chain's mean from the other chains alone."""
    up = filtered.up
    if not up.deviations:
        return flat_root(shrink)
    others, root = cavities(up, shrink), up.deviations[-1].root
    return of.informed(Beliefs(others.mean, symmetrize(others.covariance + root @ root.T)))


@dataclass(frozen=True, eq=False)
class _Past:
    """Of each chain's state, given its mean ``m``: normal around ``offset - gain m``; and the ``messages`` about ``m``."""

    root: np.ndarray
    offset: np.ndarray
    gain: np.ndarray
    covariance: np.ndarray
    messages: Messages

    @classmethod
    def of(cls, root: Array, messages: Messages) -> _Past:
        """Nothing of the states."""
        (n, p), k = messages.pull.shape, root.shape[1]
        return cls(root, np.zeros((n, k)), np.zeros((n, k, p)), np.zeros((n, k, k)), messages)

    def take(self, chains: Any) -> _Past:
        """Of some chains."""
        own = self.offset[chains], self.gain[chains], self.covariance[chains]
        return _Past(self.root, *own, self.messages.take(chains))

    def moved(self, kept: Array, new: Array) -> _Past:
        """A step in time: a share of the state is ``kept (n,)``, a share ``new (n,)`` of its variance comes."""
        f, identity = kept[:, None, None], np.eye(self.root.shape[1])
        covariance = f**2 * self.covariance + new[:, None, None] * identity
        return _Past(self.root, kept[:, None] * self.offset, f * self.gain, covariance, self.messages)

    def of_tasks(self) -> Beliefs:
        """What is known of the tasks' means."""
        mean, through = of.belief(self.messages), self._through
        covariance = self.root @ self.covariance @ self.root.T
        covariance = covariance + through @ mean.covariance @ np.swapaxes(through, -1, -2)
        return Beliefs(self.offset @ self.root.T + times(through, mean.mean), symmetrize(covariance))

    def seen(self, told: Messages) -> _Past:
        """Having seen what is ``told`` of the tasks' means."""
        seen, score = self.root.T @ told.precision, told.pull @ self.root
        square, identity = seen @ self.root, np.eye(self.root.shape[1])
        covariance = symmetrize(np.linalg.solve(identity + self.covariance @ square, self.covariance))
        offset = self.offset + times(covariance, score - times(square, self.offset))
        gain = self.gain + covariance @ (seen - square @ self.gain)
        # What it says of the chain's mean, the state integrated out.
        back = np.swapaxes(seen, -1, -2) @ covariance
        precision, pull = symmetrize(told.precision - back @ seen), told.pull - times(back, score)
        turned, pull = np.swapaxes(self._through, -1, -2), pull - times(precision, self.offset @ self.root.T)
        about = Messages(turned @ precision @ self._through, times(turned, pull), np.zeros(len(pull)))
        return _Past(self.root, offset, gain, covariance, self.messages + about)

    @property
    def _through(self) -> Array:
        """How tasks' means move with the chain's."""
        return np.eye(len(self.root)) - self.root @ self.gain
