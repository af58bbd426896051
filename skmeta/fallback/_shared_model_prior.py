"""What the next task starts from: a fitted model of all past tasks, and a prior of its linear correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._keeps_rows import keeps_rows
from skmeta.base._matching import not_for
from skmeta.fallback._columns import beside
from skmeta.fallback._correction import NOTHING
from skmeta.linear_model import EmpiricalBayes
from skmeta.tasks import Tasks, take_rows

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SharedModelPrior(Prior):
    r"""One model of all past tasks, fitted once, and a prior of the linear model that corrects it for a task.

    .. math:: y \approx w_t^\top (f(x), z(x), 1), \qquad w_t \sim \text{correction}

    with the outputs :math:`f` of the shared model and, where held-out tasks asked for them, raw columns :math:`z`. The
    plain result is a Pipeline of both: what makes the columns, frozen, and the fitted linear model.

    Parameters
    ----------
    model : estimator
        Fitted to the rows of all past tasks, where ``outputs`` asks it; else not fitted. It is held once, whatever the number
        of tasks.
    outputs : transformer or None
        Fitted; makes the columns :math:`f` of raw rows, by asking ``model``; None where past tasks are better off without.
    columns : transformer or None
        Fitted; makes the columns :math:`z`, if there are any.
    correction : Prior
        Of the linear model.
    linear_model : estimator
        The unfitted linear model.
    description : str, default="output"
        What the linear model reads, for people.
    weight_unit : float, default=1.0
        What a row weighed on average where the prior was learned; weights are read in this unit.
    learner : EmpiricalBayes or LearnerOfCorrections, default=EmpiricalBayes()
        By which the correction learns on.
    """

    model: Any
    outputs: Any
    columns: Any
    correction: Any
    linear_model: Any
    description: str = "output"
    weight_unit: float = 1.0
    learner: Any = field(default_factory=EmpiricalBayes)

    def __repr__(self) -> str:
        keeps = ", keeps rows" if keeps_rows(self.model) else ""
        name = type(self.model).__name__
        how = f"corrected by a linear model of {self.description}" if self.description != NOTHING else "not corrected"
        if self.outputs is None:
            how = f"replaced by a linear model of {self.description}"
        return f"{type(self).__name__}({name} of all tasks, for each task {how}, n_tasks={self.n_tasks:.0f}{keeps})"

    @property
    def n_features_in(self) -> int | None:
        """Number of columns of rows that it reads."""
        return getattr(self.columns if self.outputs is None else self.outputs, "n_features_in_", None)

    def to_frame(self) -> Any:
        """That of the correction: a row a coefficient of the linear model, the shared model's outputs before raw columns.

        Returns
        -------
        DataFrame
            See `Prior.to_frame`.
        """
        return self.correction.to_frame()

    @property
    def inputs(self) -> Any:
        """One transformer that makes of raw rows all that the linear model reads."""
        parts = [part for part in (self.outputs, self.columns) if part is not None]
        return parts[0] if len(parts) == 1 else make_union(*parts)

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Correct the shared model for each of some tasks.

        Parameters
        ----------
        estimator : estimator
            Of the class of the shared model, which stands for it.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        CorrectedModels
            Pipelines of the shared model and a linear one.

        Raises
        ------
        TypeError
            If ``estimator`` is of another class than the shared model.
        """
        tasks = tasks.labelled_rows().weighed_in(self.weight_unit).weighty_rows()
        return self._corrected(estimator, tasks, self._read(tasks), n_jobs)

    def adapt_read(self, estimator: Any, tasks: Tasks, Z: Array, n_jobs: int | None = None) -> CorrectedModels:
        """The same where it is known already what the linear model reads of each row, and weights are in ``weight_unit``.

        Parameters
        ----------
        estimator, tasks, n_jobs
            As in `adapt_tasks`.
        Z : ndarray of shape (n_rows, n_columns)
            Outputs and columns.

        Returns
        -------
        CorrectedModels
            As from `adapt_tasks`.
        """
        return self._corrected(estimator, tasks, tasks.with_rows(Z, tasks.y), n_jobs)

    def columns_beside(self, outputs: Array, X: Any) -> Array:
        """What the linear model reads of rows whose outputs are known.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs)
            Of the shared model, or of one like it.
        X : table of shape (n_rows, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            The outputs first.
        """
        return beside(None if self.outputs is None else outputs, self.columns, X)

    def learned_on(self, tasks: Tasks, n_jobs: int | None = None) -> SharedModelPrior:
        """The same shared model with a correction that has learned on from new tasks.

        Parameters
        ----------
        tasks : Tasks
            That the shared model has not seen.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        SharedModelPrior
            A new value.
        """
        rows = self._read(tasks.labelled_rows().weighed_in(self.weight_unit))
        correction = clone(self.learner).learn_distinct(self.linear_model, rows, self.correction, n_jobs=n_jobs)
        known = {name: getattr(correction, name) for name in ("n_tasks", "n_rows", "class_prior")}
        return replace(self, correction=correction, **known)

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Log density of each task's targets given the shared model's outputs, see `Prior.log_evidence`."""
        return self.correction.log_evidence(
            self.linear_model, self._read(tasks.labelled_rows().weighed_in(self.weight_unit))
        )

    def aligned(self, feature_names: Sequence[str]) -> SharedModelPrior:
        """The same prior for frames whose columns stand in another order: plain results take that order too."""
        names = list(self.feature_names or feature_names)
        in_order = FunctionTransformer(itemgetter(names))
        in_order.feature_names_in_, in_order.n_features_in_ = np.array(feature_names, dtype=object), len(feature_names)
        outputs, columns = (
            None if part is None else make_pipeline(in_order, part) for part in (self.outputs, self.columns)
        )
        return replace(self, outputs=outputs, columns=columns, feature_names=tuple(feature_names))

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what `given` reads."""
        found: tuple[str, ...] = self.correction.context_names
        return found

    def given(self, **context: Any) -> Prior:
        """The prior of a task of which ``context`` is known; the shared model stays."""
        return replace(self, correction=self.correction.given(**context))

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator of another class than the shared model's, see `Prior.check_is_of`."""
        if type(estimator) is not type(self.model):
            raise not_for(self, type(self.model).__name__, estimator)

    def _corrected(self, estimator: Any, tasks: Tasks, rows: Tasks, n_jobs: int | None) -> CorrectedModels:
        self.check_is_of(estimator)
        corrected = self.correction.adapt_tasks(self.linear_model, rows, n_jobs=n_jobs)
        return CorrectedModels(self, estimator, tasks, corrected)

    def _read(self, tasks: Tasks) -> Tasks:
        """The tasks as the linear model reads them."""
        if not tasks.n_rows:
            return tasks.with_rows(np.empty((0, self.correction.n_features)), tasks.y)
        # A copy, as a shared model may write into what it is asked.
        return tasks.with_rows(self.inputs.transform(take_rows(tasks.X, np.arange(tasks.n_rows))), tasks.y)


class CorrectedModels(AdaptedEstimators):
    """The shared model with the linear correction of each task, as plain Pipelines; asked in one batch."""

    def __init__(self, prior: Any, model: Any, tasks: Tasks, corrected: Any) -> None:
        super().__init__(prior, model, tasks)
        self.corrected = corrected

    def estimator(self, code: int) -> Any:
        """A plain Pipeline: what makes the columns, frozen, and the fitted linear model."""
        linear = self.corrected.estimator(code)
        return Pipeline([("shared", FrozenEstimator(self.prior.inputs)), ("correction", linear)])

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        found: NDArray[Any] | None = self.corrected.classes
        return found

    @property
    def borrowed(self) -> Array:
        """Own rows that the prior was worth to each task's linear model."""
        found: Array = self.corrected.borrowed
        return found

    @property
    def unlike_past(self) -> Array:
        """Probability, by a task's rows, that its linear model is unlike those of past tasks."""
        found: Array = self.corrected.unlike_past
        return found

    def leave_one_out_scores(self, codes: NDArray[np.intp]) -> Array:
        """Log scores of rows, each predicted from the others of its task."""
        found: Array = self.corrected.leave_one_out_scores(codes)
        return found

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        return np.asarray(getattr(self.corrected, method)(self.prior.inputs.transform(X), codes))
