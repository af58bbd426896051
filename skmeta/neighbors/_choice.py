"""Which linear map suits held-out tasks best, for neighbours among a task's own rows and among those of all others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from skmeta.base import AdaptedEstimators
from skmeta.base._held_out import ENOUGH_FOR_HALVES, SHOTS, halves_of, held_out_losses, mean_of_tasks, simplest
from skmeta.neighbors._metrics import AS_GIVEN, linear_maps
from skmeta.neighbors._neighbors_prior import NeighborsPrior, OwnNeighbors
from skmeta.neighbors._scatter import scatter_of, target_columns
from skmeta.tasks import Tasks, spread_rows

Array = NDArray[np.float64]


class Limits(NamedTuple):
    """How much is looked at, see `NeighborsLearner`: tasks, rows that may be neighbours, rows of one that are compared."""

    tasks: int
    rows: int
    task_rows: int


class Chosen(NamedTuple):
    """Names of the maps for a task's own rows and for rows of all."""

    own: str
    shared: str


def choose_maps(
    estimator: Any, X: Array | None, tasks: Tasks, names: Iterable[str], limits: Limits, *, one_space: bool
) -> Chosen:
    """The simplest maps that no later one beats by more than a standard error.

    Parameters
    ----------
    estimator : estimator
        Of neighbours.
    X : ndarray of shape (n_rows, n_features) or None
        The rows as numbers; None where they are to be compared as they are.
    tasks : Tasks
        Of labelled rows.
    names : iterable of str
        The maps that there are.
    limits : Limits
        How much is looked at.
    one_space : bool
        Whether labels mean the same in all tasks, so that rows of other tasks can be neighbours.

    Returns
    -------
    Chosen
        Rows as they are, where tasks are too few to be held out.
    """
    codes = tasks.some(limits.tasks, np.flatnonzero(tasks.counts > 1))
    some = tasks.take(codes)
    if X is None or len(some) < ENOUGH_FOR_HALVES:
        return Chosen(AS_GIVEN, AS_GIVEN)
    rows = np.concatenate([tasks.rows_of(int(code)) for code in codes])
    some = some.with_rows(X[rows], some.y)
    own: dict[str, Array] = {}
    shared: dict[str, Array] = {}
    for learn, judge in halves_of(some):
        teach, asked = some.take(learn), some.take(judge)
        for name, matrix in linear_maps(scatter_of(teach.X, teach, estimator.n_neighbors, limits.task_rows)).items():
            own.setdefault(name, np.full(len(some), -np.inf))[judge] = _own_scores(estimator, asked.X, asked, matrix)
            if one_space:
                shared.setdefault(name, np.full(len(some), -np.inf))[judge] = _shared_scores(
                    estimator, teach, asked, matrix, limits.rows
                )
    return Chosen(_simplest(own, names), _simplest(shared, names) if one_space else AS_GIVEN)


def _simplest(scores: dict[str, Array], names: Iterable[str]) -> str:
    """Of the maps under which every task can be judged; rows as they are come first."""
    asked = (name for name in names if name in scores and np.isfinite(scores[name]).all())
    return simplest([(AS_GIVEN, scores[AS_GIVEN]), *((name, scores[name]) for name in asked)])


def _own_scores(estimator: Any, X: Any, tasks: Tasks, matrix: Array | None) -> Array:
    """Minus the mean loss of each task's rows, but for some that are the neighbours."""
    Z = X if matrix is None else X @ matrix
    shots, query = tasks.with_rows(Z, tasks.y).shots_and_query(SHOTS)
    labels = None if tasks.classes is None else np.unique(np.concatenate(tasks.classes))
    prior = NeighborsPrior(None, AS_GIVEN, None, np.zeros(1), 1.0, classes=labels)
    adapted = OwnNeighbors(prior, estimator, shots)
    return -mean_of_tasks(held_out_losses(adapted, query), query)


def _shared_scores(estimator: Any, teach: Tasks, asked: Tasks, matrix: Array | None, max_rows: int) -> Array:
    """Minus the mean loss of each task's rows by neighbours among those of other tasks; a level is no loss."""
    some = spread_rows(np.column_stack([teach.X, target_columns(teach)]), max_rows)
    X, Z = (each if matrix is None else each @ matrix for each in (teach.X[some], asked.X))
    y: NDArray[Any] = np.asarray(asked.y)
    model = clone(estimator).set_params(n_neighbors=min(estimator.n_neighbors, len(some)))
    model.fit(X, np.asarray(teach.y)[some])
    if is_classifier(model):
        n_known = np.full(len(y), float(model.n_neighbors))
        return -mean_of_tasks(held_out_losses(_Pooled(model), asked.with_rows(Z, y), n_known=n_known), asked)
    residual = (y - model.predict(Z)).reshape(len(y), -1)
    level = np.column_stack([mean_of_tasks(each, asked) for each in residual.T])
    return mean_of_tasks(-((residual - level[asked.codes]) ** 2).sum(axis=1), asked)


class _Pooled(AdaptedEstimators):
    """One fitted model for all tasks."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        found: NDArray[Any] = self.model.classes_
        return found

    def estimator(self, code: int) -> Any:
        """That one."""
        return self.model
