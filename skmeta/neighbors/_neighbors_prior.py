"""What the next task's neighbours start from: a linear map of rows, and whose rows are near ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._evidence import root_mean_square_left_out
from skmeta.base._linear_map import as_transformer
from skmeta.base._matching import not_for
from skmeta.fallback import CorrectedModels
from skmeta.neighbors._metrics import AS_GIVEN
from skmeta.neighbors._scatter import Scatter
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import representative_weights
from skmeta.tasks._own_labels import no_own_rows

Array = NDArray[np.float64]

_ROUNDING = 1e-12  # guard: weights that differ by no more are alike


@dataclass(frozen=True, eq=False, repr=False)
class NeighborsPrior(Prior):
    r"""A linear map under which rows are compared, and of whom the neighbours are.

    Either they are rows of the task itself: the plain result is a Pipeline of the map and the neighbours' estimator, with
    ``n_neighbors`` no larger than the number of rows. Without rows it predicts the typical target, or the typical shares of
    the labels. Or they are rows of all past tasks: then ``shared`` is a `SharedModelPrior` of that Pipeline, which keeps
    these rows, and the task's own correct its answers.

    Parameters
    ----------
    matrix : ndarray of shape (n_features, rank) or None
        Rows are compared as ``X @ matrix``; None for rows as they are.
    description : str
        Name of the map.
    scatter : Scatter or None
        That it was made from; None where it was not asked.
    typical : ndarray of shape (n_outputs,) or (n_classes,)
        Mean over past tasks of their mean targets, or of their labels' shares.
    spread : float or ndarray of shape (n_outputs,)
        Standard deviation of past targets around the typical one, or that of indicators of the labels.
    shared : Prior, default=None
        Of the Pipeline, where rows of all past tasks are neighbours.
    n_features : int, default=1
        Number of columns.
    """

    matrix: Any
    description: str
    scatter: Scatter | None
    typical: Any
    spread: Any
    shared: Any = None
    n_features: int = 1

    def __repr__(self) -> str:
        of = "rows of the task" if self.shared is None else "rows of all tasks, which it keeps"
        return f"NeighborsPrior({of}, compared {self.description}, n_tasks={self.n_tasks:.0f})"

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that it is about."""
        return self.n_features

    @property
    def metric(self) -> FunctionTransformer:
        """The linear map as a plain step."""
        return as_transformer(self.matrix)

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : KNeighborsClassifier or KNeighborsRegressor
            Its parameters are the user's.
        tasks : Tasks
            The tasks; rows without a target are left out.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        AdaptedEstimators
            Plain Pipelines.

        Raises
        ------
        TypeError
            If ``estimator`` is none of neighbours, or not of the class that the prior holds a fitted one of.
        """
        self.check_is_of(estimator)
        tasks = tasks.labelled_rows()
        if self.shared is None:
            return OwnNeighbors(self, estimator, tasks)
        return SharedNeighbors(self, estimator, self.shared.adapt_tasks(self.compared(estimator), tasks, n_jobs=n_jobs))

    def check_is_of(self, estimator: Any) -> None:
        """Raise for one without neighbours, or not of the class that the prior holds, see `Prior.check_is_of`."""
        wanted = "models with n_neighbors and a metric" if self.shared is None else type(self.shared.model[-1]).__name__
        has_neighbours = {"n_neighbors", "metric"} <= estimator.get_params(deep=False).keys()
        if not has_neighbours or (self.shared is not None and type(self.shared.model[-1]) is not type(estimator)):
            raise not_for(self, wanted, estimator)

    def compared(self, estimator: Any) -> Pipeline:
        """The unfitted Pipeline of the map and an estimator.

        Parameters
        ----------
        estimator : estimator
            Of neighbours.

        Returns
        -------
        Pipeline
            Of clones.
        """
        return Pipeline([("metric", self.metric), ("neighbors", clone(estimator))])

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Log density of each task's targets, see `Prior.log_evidence`.

        Parameters
        ----------
        estimator, tasks
            As in `adapt_tasks`.

        Returns
        -------
        ndarray of shape (n_tasks,)
            Minus infinity where own rows lack one of the labels: their votes could not be averaged with those of all; and
            where own rows were drawn by their class: neighbours take no weights.
        """
        tasks = tasks.labelled_rows()
        if self.shared is None:
            found = super().log_evidence(estimator, tasks)
            if self.classes is None:
                return found
            complete = np.array([len(own) == len(self.classes) for own in tasks.classes or ()])
            return np.where(complete & ~_drawn_by_class(tasks), found, -np.inf)
        return np.asarray(self.shared.log_evidence(self.compared(estimator), tasks))

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what `given` reads."""
        found: tuple[str, ...] = () if self.shared is None else self.shared.context_names
        return found

    def given(self, **context: Any) -> Prior:
        """The prior of a task of which ``context`` is known; the map stays."""
        return self if self.shared is None else replace(self, shared=self.shared.given(**context))


def _drawn_by_class(tasks: Tasks) -> NDArray[np.bool_]:
    """Which tasks have rows that stand for unlike numbers of others."""
    weight = representative_weights(tasks)
    if weight is None:
        return np.zeros(len(tasks), dtype=bool)
    return np.bincount(tasks.codes, np.abs(weight - 1.0) > _ROUNDING, minlength=len(tasks)) > 0.0


class OwnNeighbors(AdaptedEstimators):
    """Plain Pipelines of the map and neighbours among a task's own rows, made when asked for."""

    def estimator(self, code: int) -> Any:
        """The plain Pipeline of one task; of one without rows it ends in a dummy estimator."""
        metric = self.prior.metric
        if code < 0 or not self.tasks.counts[code]:
            nowhere = np.zeros((1, self.prior.n_features))
            return Pipeline([("metric", metric.fit(nowhere)), ("neighbors", self._typical)])
        X, y, _ = next(iter(self.tasks.take(np.array([code]))))
        model = clone(self.model).set_params(n_neighbors=min(self.model.n_neighbors, len(y)))
        return Pipeline([("metric", metric), ("neighbors", model)]).fit(X, y)

    @cached_property
    def _typical(self) -> Any:
        """What is said of every row where there is none to compare it with."""
        labels, typical = self.classes, self.prior.typical
        if not is_classifier(self.model):
            mean = typical[None] if len(typical) > 1 else typical
            return DummyRegressor().fit(np.zeros((1, 1)), mean)
        if self.prior.classes is None or labels is None:
            raise no_own_rows()
        return DummyClassifier(strategy="prior").fit(np.zeros((len(labels), 1)), labels, sample_weight=typical)

    def std(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """Root mean square of a task's residuals, each row predicted from the others; past targets' spread without any."""
        found = self._residual_std[codes]
        return found[:, 0] if found.shape[1] == 1 and np.asarray(self.tasks.y).ndim == 1 else found

    @cached_property
    def _residual_std(self) -> Array:
        """Of each task, and last of one without rows ``(n_tasks + 1, n_outputs)``."""
        spread = np.broadcast_to(self.prior.spread, self.prior.typical.shape)
        found = root_mean_square_left_out(self.prior, self.model, self.tasks)
        found = found[:, None] if found.ndim == 1 else found
        return np.vstack([np.where(self.tasks.counts[:, None] > 1, found, spread), spread])

    @property
    def unlike_past(self) -> Array:
        """Zero where rows are compared as they are: then the past said nothing that could mislead."""
        return np.full(len(self.tasks), float(self.prior.description != AS_GIVEN))


class SharedNeighbors(CorrectedModels):
    """Answers of neighbours among all past rows, as corrected for each task; all is asked of the corrected models."""

    def __init__(self, prior: NeighborsPrior, model: Any, corrected: AdaptedEstimators) -> None:
        super().__init__(prior, model, corrected.tasks, corrected)

    def estimator(self, code: int) -> Any:
        """A plain Pipeline of what makes columns by neighbours among past rows, frozen, and a fitted linear model."""
        return self.corrected.estimator(code)

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        return np.asarray(getattr(self.corrected, method)(X, codes))
