"""Candidates of a search beside what today's space and past tasks see in them."""

from typing import Any, NamedTuple

import numpy as np

from skmeta.tuning._surrogates.gp import Fitted, expected_scores, posterior_sd, usual_kernel
from skmeta.tuning._trial_sources import other_params


class Candidates(NamedTuple):
    """Candidates ``(m)``, their coordinates, and what past tasks expect of them.

    Parameters
    ----------
    params : list of dict
        Values as a user writes them.
    today : ndarray of shape (m, d)
        Coordinates of the space.
    joint : ndarray of shape (m, e)
        Coordinates of the past, and those of the space for what the past has none for.
    expected : ndarray of shape (n_tasks, m)
        Expected normal scores on past tasks; no rows without a past.
    """

    params: list
    today: np.ndarray
    joint: np.ndarray
    expected: np.ndarray

    def take(self, places):
        """Some of them."""
        return Candidates(
            [self.params[i] for i in places], self.today[places], self.joint[places], self.expected[:, places]
        )

    def __add__(self, other):
        return Candidates(
            self.params + other.params,
            np.concatenate([self.today, other.today]),
            np.concatenate([self.joint, other.joint]),
            np.concatenate([self.expected, other.expected], axis=1),
        )


class Viewer:
    """Sees candidates as `Candidates`.

    Parameters
    ----------
    space : Space
        Today's.
    past : PastTasks or None
        Models of past tasks.
    estimator : estimator, default=None
        Today's: what it has beside the searched parameters, the past may have searched.
    """

    def __init__(self, space, past, estimator=None):
        self.space, self.past = space, past
        known = () if past is None else past.axes.names
        self._new = np.array([name not in known for name in space.column_names], dtype=bool)
        usual = np.exp(usual_kernel(space.groups.max(initial=0) + 1)[0][0])
        lengths = np.empty(0) if past is None else past.lengths
        self.joint_lengths = np.append(lengths, np.full(self._new.sum(), usual))
        self._fitted: Any = None if past is None else past.fitted
        self._others = _OtherParams(estimator, space.names)

    def view(self, params):
        """Candidates with all that is known of them."""
        today = self.space.encode(params)
        if self.past is None:
            return Candidates(params, today, today, np.empty((0, len(params))))
        past = self.past.axes.encode([self._others.of(own) | self.space.plain(own) for own in params])
        expected = expected_scores(self.past.kernel, self._fitted, past)
        return Candidates(params, today, np.hstack([past, today[:, self._new]]), expected)

    def sds(self, candidates, tasks=slice(None)):
        """How unsure past tasks are of what they expect ``(n_tasks, m)``."""
        points = candidates.joint[:, : len(self.past.lengths)]
        fitted = Fitted(*(part[tasks] for part in self._fitted))
        return posterior_sd(self.past.kernel, fitted, self.past.known[tasks], points)


class _OtherParams:
    """What an estimator has beside a candidate's parameters: a step that is chosen brings its own."""

    def __init__(self, estimator, names):
        self._estimator = estimator
        usual = {} if estimator is None else other_params(estimator, [{}])[0]
        self._steps = [name for name in names if any(key.startswith(f"{name}__") for key in usual)]
        # With the steps: an id means something only as long as its object is there.
        self._of_steps: dict = {(): ({}, usual)}

    def of(self, candidate):
        """The other parameters, as plain values."""
        steps = {name: candidate[name] for name in self._steps if name in candidate}
        key = tuple((name, id(value)) for name, value in steps.items())
        if key not in self._of_steps:
            self._of_steps[key] = steps, other_params(self._estimator, [steps])[0]
        return self._of_steps[key][1]
