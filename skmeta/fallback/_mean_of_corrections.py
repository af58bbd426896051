"""Several linear corrections of one shared model, of which held-out tasks do not say which is the best: their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn.base import clone, is_classifier

from skmeta._dataframe import make_frame
from skmeta.base import AdaptedEstimators, FrozenValue, Prior
from skmeta.base._prior import given_what_is_known
from skmeta.compose import mean_of_coefficients
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class MeanOfCorrections(Prior):
    r"""Priors of linear models that read some columns each; a task's model is the mean of theirs.

    .. math:: \eta(z) = \sum_k \pi_k\, w_{t,k}^\top z_{S_k}

    on the scale of the linear predictor, so that it is one linear model of all columns.

    Parameters
    ----------
    parts : sequence of Prior
        Of the linear models.
    places : sequence of ndarray of int
        Columns :math:`S_k` that each reads.
    weights : ndarray of shape (n_parts,)
        They sum to one.
    n_features : int
        Columns that there are.
    is_log : bool, default=False
        Whether predictions are exponentials of linear predictors.
    use : float, default=1.0
        Probability that the first part whose slopes vary is of any use for tasks that were not learned from.
    """

    parts: Sequence[Prior]
    places: Sequence[NDArray[np.intp]]
    weights: Array
    n_features: int
    is_log: bool = False
    use: float = 1.0

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt each linear model to some tasks.

        Parameters
        ----------
        estimator : linear estimator
            The model of one task.
        tasks : Tasks
            Of all columns.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        MeanOfModels
            One plain linear estimator a task.
        """
        adapted = [
            part.adapt_tasks(estimator, read, n_jobs=n_jobs)
            for part, read in zip(self.parts, self._read(tasks), strict=True)
        ]
        return MeanOfModels(self, estimator, tasks, adapted)

    def log_evidence(self, estimator: Any, tasks: Tasks) -> Array:
        """Log density of each task's targets, the parts being a mixture, see `Prior.log_evidence`."""
        found = [part.log_evidence(estimator, read) for part, read in zip(self.parts, self._read(tasks), strict=True)]
        return np.asarray(logsumexp(np.transpose(found), axis=1, b=self.weights))

    def to_frame(self) -> Any:
        """Those of the parts, one below the other: a row a coefficient.

        Returns
        -------
        DataFrame
            Of pandas: ``part``, its ``weight``, and the columns of its own frame, in which features are numbered as all are.
        """
        frames = [part.to_frame() for part in self.parts]
        sizes = [len(frame) for frame in frames]
        names = [[*(f"x{j}" for j in place), "intercept"][:n] for place, n in zip(self.places, sizes, strict=True)]
        columns = {"part": np.repeat(np.arange(len(sizes)), sizes), "weight": np.repeat(self.weights, sizes)}
        columns |= {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}
        return make_frame(columns | {"feature": np.concatenate(names)}, "prior.to_frame()")

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what `given` reads of any of the parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.context_names))

    def given(self, **context: Any) -> Prior:
        """The mean of what the parts say of a task of which ``context`` is known."""
        return replace(self, parts=[given_what_is_known(part, context) for part in self.parts])

    def _read(self, tasks: Tasks) -> list[Tasks]:
        return _as_read(tasks, self.places)


@dataclass(frozen=True, eq=False, repr=False)
class LearnerOfCorrections(FrozenValue):
    """Learns a `MeanOfCorrections`: each part by a learner of its own.

    Parameters
    ----------
    learners : sequence of EmpiricalBayes
        Of the parts.
    places, weights, is_log
        As of the mean.
    """

    learners: Sequence[Any]
    places: Sequence[NDArray[np.intp]]
    weights: Array
    is_log: bool = False

    def learn_distinct(
        self, estimator: Any, tasks: Tasks, prior: Any = None, *, n_jobs: int | None = None
    ) -> MeanOfCorrections:
        """Learn the parts, see `EmpiricalBayes.learn_distinct`.

        Parameters
        ----------
        estimator : linear estimator
            The model of one task.
        tasks : Tasks
            Of all columns.
        prior : MeanOfCorrections, default=None
            What was known before.
        n_jobs : int, default=None
            Threads; the answer does not depend on it.

        Returns
        -------
        MeanOfCorrections
            What is known now.
        """
        past = [None] * len(self.learners) if prior is None else prior.parts
        parts: list[Any] = [
            clone(learner).learn_distinct(estimator, read, known, n_jobs=n_jobs)
            for learner, read, known in zip(self.learners, _as_read(tasks, self.places), past, strict=True)
        ]
        known = {name: getattr(parts[0], name) for name in ("n_tasks", "n_rows", "classes", "class_prior")}
        # Where slopes are in common, nothing is said of how useful they are.
        judged = [part.use for part, learner in zip(parts, self.learners, strict=True) if learner.varying == "all"]
        return MeanOfCorrections(
            parts, self.places, self.weights, tasks.X.shape[1], self.is_log, use=judged[0] if judged else 1.0, **known
        )


def _as_read(tasks: Tasks, places: Sequence[NDArray[np.intp]]) -> list[Tasks]:
    """The tasks as each part reads them."""
    return [tasks.with_rows(tasks.X[:, at], tasks.y) for at in places]


class MeanOfModels(AdaptedEstimators):
    """Linear models of some columns each, and their mean."""

    def __init__(self, prior: MeanOfCorrections, model: Any, tasks: Tasks, adapted: Sequence[Any]) -> None:
        super().__init__(prior, model, tasks)
        self.adapted = adapted

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        found: NDArray[Any] | None = self.adapted[0].classes
        return found

    def estimator(self, code: int) -> Any:
        """One plain linear estimator of all columns, whose coefficients are means."""
        prior, wide = self.prior, []
        for each, at in zip(self.adapted, prior.places, strict=True):
            narrow = each.estimator(code)
            coef = np.zeros((*narrow.coef_.shape[:-1], prior.n_features))
            coef[..., at] = narrow.coef_
            narrow.coef_, narrow.n_features_in_ = coef, prior.n_features
            wide.append(narrow)
        return mean_of_coefficients(wide, prior.weights)

    def predict(self, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        """Targets or labels of rows."""
        if is_classifier(self.model):
            score, labels = self.decision_function(X, codes), np.asarray(self.classes)
            return np.asarray(labels[score.argmax(axis=1) if score.ndim > 1 else (score > 0).astype(int)])
        if self.prior.is_log:
            return np.exp(self._mean([np.log(each) for each in self._asked("predict", X, codes)]))
        return self._mean(self._asked("predict", X, codes))

    def decision_function(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """Scores of the classes: means of the linear predictors."""
        return self._mean(self._asked("decision_function", X, codes))

    def predict_proba(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """Geometric means of the models' probabilities, as those of a mean of linear predictors are."""
        with np.errstate(divide="ignore"):  # a class that is ruled out
            return np.asarray(softmax(self._mean([np.log(p) for p in self._asked("predict_proba", X, codes)]), axis=1))

    def std(self, X: Any, codes: NDArray[np.intp]) -> Array:
        """Standard deviation of the mixture: that of the models, and of their means around each other."""
        means, spreads = (self._asked(name, X, codes) for name in ("predict", "std"))
        square = self._mean([spread**2 + mean**2 for mean, spread in zip(means, spreads, strict=True)])
        return np.sqrt(np.maximum(square - self._mean(means) ** 2, 0.0))

    @property
    def borrowed(self) -> Array:
        """Own rows that the priors were worth, their mean."""
        return self._mean([each.borrowed for each in self.adapted])

    @property
    def unlike_past(self) -> Array:
        """Probability that a task is unlike past ones, the mean of what the models say."""
        return self._mean([each.unlike_past for each in self.adapted])

    def _asked(self, method: str, X: Any, codes: NDArray[np.intp]) -> list[NDArray[Any]]:
        places = zip(self.adapted, self.prior.places, strict=True)
        return [getattr(each, method)(X[:, at], codes) for each, at in places]

    def _mean(self, found: Sequence[Array]) -> Array:
        return np.asarray(sum(weight * each for weight, each in zip(self.prior.weights, found, strict=True)))
