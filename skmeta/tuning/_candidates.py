"""Candidates of a search beside what today's space and past tasks see in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._past_tasks import PastTasks
from skmeta.tuning._space import Space
from skmeta.tuning._surrogates.gp import Fitted, kernel_hyperprior, posterior_sd
from skmeta.tuning._trial_sources import other_params


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates ``(m)``, their coordinates, and what past tasks expect of them.

    Parameters
    ----------
    params : list of dict
        Values as a user writes them.
    points : ndarray of shape (m, d)
        Coordinates of the space.
    joint_points : ndarray of shape (m, e)
        Coordinates of the past, and those of the space for what the past has none for.
    past_means : ndarray of shape (n_tasks, m)
        Expected normal scores on past tasks; no rows without a past.
    """

    params: list[dict[str, Any]]
    points: NDArray[np.float64]
    joint_points: NDArray[np.float64]
    past_means: NDArray[np.float64]

    def take(self, places: Sequence[int] | NDArray[np.intp]) -> Candidates:
        """Some of them."""
        params = [self.params[i] for i in places]
        return Candidates(params, self.points[places], self.joint_points[places], self.past_means[:, places])

    def __add__(self, other: Candidates) -> Candidates:
        return Candidates(
            self.params + other.params,
            np.concatenate([self.points, other.points]),
            np.concatenate([self.joint_points, other.joint_points]),
            np.concatenate([self.past_means, other.past_means], axis=1),
        )


class CandidateEncoder:
    """Makes `Candidates` of parameters.

    Parameters
    ----------
    space : Space
        Today's.
    past : PastTasks or None
        Models of past tasks.
    estimator : estimator, default=None
        Today's: what it has beside the searched parameters, the past may have searched.
    """

    def __init__(self, space: Space, past: PastTasks | None, estimator: Any = None) -> None:
        self.space, self.past = space, past
        known = () if past is None else past.encoder.names
        self._new = np.array([name not in known for name in space.column_names], dtype=bool)
        usual = np.exp(kernel_hyperprior(space.groups.max(initial=0) + 1)[0][0])
        lengths = np.empty(0) if past is None else past.lengths
        self.joint_lengths = np.append(lengths, np.full(self._new.sum(), usual))
        self._others = _OtherParams(estimator, space.names)

    def encode(self, params: list[dict[str, Any]]) -> Candidates:
        """Candidates with all that is known of them."""
        points = self.space.encode(params)
        if self.past is None:
            return Candidates(params, points, points, np.empty((0, len(params))))
        past = self.past.encoder.encode([self._others.of(each) | self.space.plain(each) for each in params])
        return Candidates(params, points, np.hstack([past, points[:, self._new]]), self.past.means(past))

    def past_sds(self, candidates: Candidates, tasks: slice | NDArray[np.intp] = slice(None)) -> NDArray[np.float64]:
        """Standard deviations ``(n_tasks, m)`` of what past tasks expect."""
        if self.past is None:
            return np.empty((0, len(candidates.params)))
        points = candidates.joint_points[:, : len(self.past.lengths)]
        fitted = Fitted(*(part[tasks] for part in self.past.fitted))
        return posterior_sd(self.past.kernel, fitted, self.past.known[tasks], points)


class _OtherParams:
    """What an estimator has beside a candidate's parameters: a step that is chosen brings its own."""

    def __init__(self, estimator: Any, names: Sequence[str]) -> None:
        self._estimator = estimator
        usual = {} if estimator is None else other_params(estimator, [{}])[0]
        self._steps = [name for name in names if any(key.startswith(f"{name}__") for key in usual)]
        # With the steps: an id means something only as long as its object is there.
        self._of_steps: dict[tuple[Any, ...], tuple[dict[str, Any], dict[str, Any]]] = {(): ({}, usual)}

    def of(self, candidate: dict[str, Any]) -> dict[str, Any]:
        """The other parameters, as plain values."""
        steps = {name: candidate[name] for name in self._steps if name in candidate}
        key = tuple((name, id(value)) for name, value in steps.items())
        if key not in self._of_steps:
            self._of_steps[key] = steps, other_params(self._estimator, [steps])[0]
        return self._of_steps[key][1]
