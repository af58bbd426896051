"""What the next task starts from: a shared booster, a prior of its correction, and how new trees are grown on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._evidence import leave_one_out_scores
from skmeta.ensemble._boosters import grown, with_trees
from skmeta.fallback import CorrectedModels, SharedModelPrior
from skmeta.tasks import Tasks, take_rows

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BoostingPrior(SharedModelPrior):
    r"""A shared model, a prior of its linear correction, and new trees for what the corrected model leaves.

    .. math:: y \approx w_t^\top (f(x), z(x), 1) + s_n\, g_t(x)

    with trees :math:`g_t` grown on the task's :math:`n` residuals, less their mean, and the strength :math:`s_n` that
    held-out rows of past tasks asked for. Of fewer rows than ``n_shots[0]`` no trees are grown. The plain result is a
    `StackingRegressor` whose final model adds the corrected model and the trees.

    Parameters
    ----------
    booster : estimator
        Unfitted; grows the trees of a task.
    n_shots : ndarray of shape (n_sizes,)
        Numbers of rows, ascending: a task is taken as the largest of these that it has.
    strength : ndarray of shape (n_sizes,)
        What the trees are multiplied by.
    error_ratio : ndarray of shape (n_sizes,)
        Squared error of past tasks' held-out rows with the trees over that without.
    """

    booster: Any
    n_shots: Any
    strength: Any
    error_ratio: Any

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, new trees from {self.n_shots[0]} rows on)"

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Log score of each row predicted from the task's others, see `Prior.log_evidence`."""
        return Prior.log_evidence(self, estimator, tasks)

    def _corrected(self, estimator: Any, tasks: Tasks, rows: Tasks, n_jobs: int | None) -> BoostedModels:
        corrected = super()._corrected(estimator, tasks, rows, n_jobs).corrected
        return BoostedModels(self, estimator, tasks, corrected)


class BoostedModels(CorrectedModels):
    """Corrected shared models with new trees of each task's own, which are grown when they are asked for."""

    def __init__(self, prior: BoostingPrior, model: Any, tasks: Tasks, corrected: Any) -> None:
        super().__init__(prior, model, tasks, corrected)
        self._grown: dict[int, Any] = {}

    def estimator(self, code: int) -> Any:
        """A plain StackingRegressor that adds a Pipeline and trees; the Pipeline alone where there are no trees."""
        corrected, size = super().estimator(code), self._size(code)
        if size < 0:
            return corrected
        rows = self.tasks.rows_of(code)
        X, y = take_rows(self.tasks.X, rows), np.asarray(self.tasks.y)[rows]
        return with_trees(corrected, self.trees(code), float(self.prior.strength[size]), X, y)

    def trees(self, code: int) -> Any:
        """The fitted trees of one task.

        Parameters
        ----------
        code : int
            The task, from 0; it has rows enough.

        Returns
        -------
        estimator
            Of the shared model's class.
        """
        if code not in self._grown:
            rows, read = self.tasks.rows_of(code), self.corrected.tasks
            residual = np.asarray(read.y)[rows] - self.corrected.predict(read.X[rows], read.codes[rows])
            weight = None if self.tasks.sample_weight is None else self.tasks.sample_weight[rows]
            self._grown[code] = grown(self.prior.booster, take_rows(self.tasks.X, rows), residual, weight)
        return self._grown[code]

    def of_trees(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """What the trees add to the predictions of rows.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Zero where a task has none.
        """
        found = np.zeros(len(codes))
        for code in np.unique(codes):
            size = self._size(code)
            if size >= 0:
                rows = np.flatnonzero(codes == code)
                found[rows] = self.prior.strength[size] * self.trees(code).predict(take_rows(X, rows))
        return found

    def std(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """That of the corrected model, smaller by what the trees explained of past tasks' held-out rows."""
        ratio = np.append(self.prior.error_ratio, 1.0)[self._sizes(codes)]
        return super().std(X, codes) * np.sqrt(ratio)

    def leave_one_out_scores(self, codes: NDArray[np.intp]) -> Array:
        """Log scores of rows, each predicted from the others of its task, trees grown anew."""
        places = self.tasks.with_rows(np.arange(self.tasks.n_rows)[:, None], self.tasks.y)
        return leave_one_out_scores(_Read(self), self.model, places.take(codes))

    def _size(self, code: int) -> int:
        """Which of the prior's numbers of rows a task is taken as; -1 if it has fewer."""
        return int(self._sizes(np.array([code]))[0])

    def _sizes(self, codes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The same of many tasks; -1 is one without rows."""
        return np.searchsorted(self.prior.n_shots, np.append(self.tasks.counts, 0)[codes], side="right") - 1

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        found = super()._by_task(method, X, codes)
        return found + self.of_trees(X, codes) if method == "predict" else found


class _Read:
    """A prior for tasks whose rows are places in others, of which it is known what the correction reads."""

    def __init__(self, of: BoostedModels) -> None:
        self.of = of

    def adapt_tasks(self, estimator: Any, places: Tasks) -> _ReadModels:
        return _ReadModels(self.of, estimator, places)


class _ReadModels(AdaptedEstimators):
    """Estimators adapted to rows that are places in others, and asked for such."""

    def __init__(self, of: BoostedModels, estimator: Any, places: Tasks) -> None:
        super().__init__(of.prior, estimator, places)
        self.of = of
        rows = places.X[:, 0]
        tasks = places.with_rows(take_rows(of.tasks.X, rows), places.y)
        self._adapted = of.prior.adapt_read(estimator, tasks, of.corrected.tasks.X[rows])

    def predict(self, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        rows = X[:, 0]
        found = self._adapted.corrected.predict(self.of.corrected.tasks.X[rows], codes)
        return found + self._adapted.of_trees(take_rows(self.of.tasks.X, rows), codes)
