"""Clusters adapted to tasks under the prior of past ones or, where a task's rows contradict it, under a diffuse one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skmeta.base import AdaptedEstimators
from skmeta.cluster._adapt_clusters import ExpectedClusters, diffuse
from skmeta.cluster._learn_clusters import log_density, statistics_of
from skmeta.cluster._lloyd import Rows, rows_of
from skmeta.cluster._tasks_of_rows import rows_of_task
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


class AdaptedClusters(AdaptedEstimators):
    """Plain fitted clusterers, made when they are asked for, once; a family gives ``_clusters`` and ``_plain``.

    Parameters
    ----------
    prior, model, tasks
        As in `AdaptedEstimators`.
    numbers : Tasks
        The same with arrays of numbers for rows.
    """

    def __init__(self, prior: Any, model: Any, tasks: Tasks, numbers: Tasks) -> None:
        super().__init__(prior, model, tasks)
        self.numbers = numbers
        self._priors = prior.clusters_prior, diffuse(prior.clusters_prior)
        self._made: dict[int, Any] = {}
        self._found: dict[int, list[Any]] = {}

    def _clusters(self, rows: Rows, prior: ExpectedClusters) -> Any:
        """The clusters of a task under a prior; they have ``labels``."""
        raise NotImplementedError

    def _plain(self, rows: Rows, clusters: Any) -> Any:
        """A plain fitted estimator with these clusters."""
        raise NotImplementedError

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task."""
        if code not in self._made:
            self._made[code] = self._plain(self._rows(code), self._clusters_of(code))
        return self._made[code]

    def _clusters_of(self, code: int) -> Any:
        """The clusters of a task under the prior that its rows speak for."""
        unlike = code >= 0 and self._lies_anywhere[code] > 0.5
        return self._under_both_priors(code)[int(unlike)]

    @cached_property
    def _lies_anywhere(self) -> Array:
        r"""Probability, by its rows, that a task's centres lie anywhere among the rows of past tasks, see `diffuse`.

        Before any rows the odds are :math:`1 : T`, one task beside the :math:`T` past ones: an urn from which the next draw is
        of a new kind with probability :math:`1 / (T + 1)` (Blackwell and MacQueen, 1973, Annals of Statistics 1).
        """
        density = np.array([self._log_densities(code) for code in range(len(self.tasks))])
        return np.asarray(expit(density.reshape(-1, 2) @ [-1.0, 1.0] - np.log(max(self.prior.n_tasks, 1.0))))

    @property
    def unlike_past(self) -> Array:
        """Probability, by its rows, that a task's centres lie anywhere."""
        return self._lies_anywhere

    @property
    def borrowed(self) -> Array:
        r"""Rows that the means of the centres were worth to each task, :math:`\sum_k 1 / (\tau + \omega_k)`.

        A centre varies around its mean by :math:`(\tau + \omega_k) \sigma^2`, the mean of :math:`n` rows by
        :math:`\sigma^2 / n`.
        """
        return np.full(len(self.tasks), np.sum(1.0 / (self.prior.shift_variance + self.prior.center_variance)))

    def _log_densities(self, code: int) -> list[float]:
        rows, K = [self._rows(code)], len(self.prior.clusters_prior.shares)
        pairs = zip(self._priors, self._under_both_priors(code), strict=True)
        return [log_density(prior, statistics_of(rows, [found.labels], K)) for prior, found in pairs]

    def _under_both_priors(self, code: int) -> list[Any]:
        """The clusters of a task under the prior, and under the diffuse one."""
        if code not in self._found:
            self._found[code] = [self._clusters(self._rows(code), prior) for prior in self._priors]
        return self._found[code]

    def _rows(self, code: int) -> Rows:
        if code < 0:
            return rows_of(np.zeros((0, self.prior.centers.shape[1])))
        return rows_of_task(self.numbers, code, self.prior.weight_unit)
