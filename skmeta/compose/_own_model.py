"""The estimator fitted to a task's own rows alone, as a prior that knows nothing of other tasks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import PredefinedSplit
from sklearn.utils.validation import has_fit_parameter

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._evidence import root_mean_square_left_out
from skmeta.base._matching import weights_if_taken
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import representative_weights

Array = NDArray[np.float64]

_FOLDS = 5  # as CalibratedClassifierCV has by default, or fewer where a class has fewer rows
_REFUSALS = ("CatBoostError", "LightGBMError")  # of packages whose errors of what a fit was given are no ValueErrors
_ROUNDING = 1e-12  # guard: weights that differ by no more are alike


@dataclass(frozen=True, eq=False, repr=False)
class OwnModelPrior(Prior):
    """Nothing is known of the next task: its model is the plain estimator, fitted to its own rows.

    It stands in mixtures for tasks that the past misleads. Of a task whose rows the estimator cannot be fitted to (too
    few, or without one of the labels) it has no evidence. A classifier without probabilities gets them from its scores, by
    `CalibratedClassifierCV`. Where rows were drawn
    by their class they are weighed so that they stand for all; of an estimator that takes no weights there is no evidence
    then.
    """

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Fit ``estimator`` to each of some tasks, when it is asked for.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Not used.

        Returns
        -------
        OwnModels
            Plain clones.
        """
        return OwnModels(self, estimator, tasks)

    def aligned(self, feature_names: Sequence[str]) -> OwnModelPrior:
        """The same for columns in another order."""
        return replace(self, feature_names=tuple(feature_names))

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Log score of each task's rows, each predicted by a fit to the others, see `Prior.log_evidence`.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks,)
            Minus infinity where the estimator cannot be fitted.
        """
        return np.array([self._evidence_of_one(estimator, tasks.take(np.array([code]))) for code in range(len(tasks))])

    def _evidence_of_one(self, estimator: Any, task: Tasks) -> float:
        if task.n_rows < 2 or not self.can_vote(estimator, task):
            return -np.inf
        try:
            with warnings.catch_warnings():  # fits to so few rows that are there to be judged alone
                warnings.simplefilter("ignore")
                return float(super().log_evidence(estimator, task)[0])
        except ValueError:  # rows that are too few, or of one label
            return -np.inf

    def can_vote(self, estimator: Any, task: Tasks) -> bool:
        """Whether the probabilities of one task's own model could be averaged with those of a model of all labels.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        task : Tasks
            That task alone.

        Returns
        -------
        bool
            True of numbers.
        """
        if task.classes is None:
            return True
        if _lacks_weights(estimator, task):
            return False
        labels = self.classes if self.classes is not None else task.classes[0]
        return len(task.classes[0]) >= max(len(labels), 2)


def _stands_for(task: Tasks) -> Array | None:
    """Weights of rows that were drawn by their class; None where they are alike."""
    weight = representative_weights(task)
    return None if weight is None or np.ptp(weight) <= _ROUNDING else weight


def _lacks_weights(estimator: Any, task: Tasks) -> bool:
    return _stands_for(task) is not None and not has_fit_parameter(estimator, "sample_weight")


def _telling_probabilities(estimator: Any, task: Tasks) -> Any:
    """A clone that can vote: Platt's sigmoid of held-out scores, where it tells no probabilities itself."""
    if not is_classifier(estimator) or hasattr(estimator, "predict_proba"):
        return clone(estimator)
    task = task.labelled_rows()
    n_folds = min(_FOLDS, int(np.unique(np.asarray(task.y), return_counts=True)[1].min()))
    fold = np.empty(task.n_rows, dtype=int)
    fold[task.by_target(np.arange(task.n_rows))] = np.arange(task.n_rows) % n_folds  # whatever order rows stand in
    return CalibratedClassifierCV(clone(estimator), cv=PredefinedSplit(fold), ensemble=False)


def _fitted(estimator: Any, X: Any, y: NDArray[Any], weights: dict[str, Array]) -> Any:
    """Fitted to the rows of one task; those of all tasks it could be fitted to, so what it cannot take is a task's alone."""
    try:
        return estimator.fit(X, y, **weights)
    except Exception as error:
        if not {cls.__name__ for cls in type(error).__mro__} & set(_REFUSALS):
            raise  # a ValueError, or what nobody expects of rows
        raise ValueError(f"{type(estimator).__name__}.fit refused the rows of one task: {error}") from error


class OwnModels(AdaptedEstimators):
    """Plain clones of the estimator, each fitted once, when it is asked for."""

    def __init__(self, prior: OwnModelPrior, model: Any, tasks: Tasks) -> None:
        super().__init__(prior, model, tasks)
        self._fitted: dict[int, Any] = {}

    def estimator(self, code: int) -> Any:
        """The clone fitted to the rows of one task."""
        if code < 0:
            raise ValueError("prior: wanted a prior that knows something of a task without rows, found OwnModelPrior.")
        if code not in self._fitted:
            task = self.tasks.take(np.array([code]))
            (X, y, weight), more = next(iter(task)), _stands_for(task)
            if more is not None:
                more = more if task.labelled is None else more[task.labelled]
                weight = more if weight is None else weight * more
            own = _telling_probabilities(self.model, task)
            self._fitted[code] = _fitted(own, X, y, weights_if_taken(self.model, weight))
        return self._fitted[code]

    @property
    def borrowed(self) -> Array:
        """None."""
        return np.zeros(len(self.tasks))

    def std(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """Root mean square of a task's residuals, each row predicted from the others; nan of a single row."""
        asked, place = np.unique(codes, return_inverse=True)
        return root_mean_square_left_out(self.prior, self.model, self.tasks.take(asked))[place]
