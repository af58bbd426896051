"""On which scale the outputs of a shared model and the targets meet, and which linear model corrects them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, xlogy
from sklearn.base import is_classifier
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, Ridge
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import has_fit_parameter

from skmeta.tasks import Tasks

Array = NDArray[np.float64]

# Names that libraries give to the loss of a model whose predictions are exp(score), by what they are part of.
_OFFSETS = ("init_score", "base_margin")  # LightGBM's and XGBoost's name of scores that a fit starts from
_LOSS_PARAMETERS = ("loss", "objective", "loss_function", "criterion")


def _squared_errors(y: Array, mean: Array) -> Array:
    """Of each row, summed over the outputs."""
    return np.asarray(((y - mean) ** 2).reshape(len(y), -1).sum(axis=1))


def _poisson_deviances(y: Array, mean: Array) -> Array:
    return np.asarray(2.0 * (xlogy(y, y / mean) - y + mean))


def _gamma_deviances(y: Array, mean: Array) -> Array:
    return np.asarray(2.0 * (np.log(mean / y) + y / mean - 1.0))


_LOG_LINKED: dict[str, tuple[Any, Any]] = {
    "poisson": (PoissonRegressor, _poisson_deviances),
    "gamma": (GammaRegressor, _gamma_deviances),
}


@dataclass(frozen=True)
class Link:
    """How a shared model's outputs become columns of a linear model.

    Parameters
    ----------
    method : {"predict", "predict_proba", "decision_function"}
        What the shared model is asked.
    scale : {"identity", "log", "logit"}
        What is made of its answers.
    corrects : estimator
        The unfitted linear model.
    deviances : callable, default=squared errors
        ``deviances(y, mean)`` are the losses of rows of a regressor.
    """

    method: str
    scale: str
    corrects: Any
    deviances: Callable[[Array, Array], Array] = _squared_errors

    @property
    def is_additive(self) -> bool:
        """Whether a correction can be taken away from the targets, so that the shared model is fitted to the rest."""
        return self.scale == "identity" and not is_classifier(self.corrects)

    def scores(self, adapted: Any, X: Any, codes: NDArray[np.intp]) -> Array:
        """Linear predictors of rows: log-odds of classifiers, logarithms where the scale is that."""
        if is_classifier(self.corrects):
            return np.asarray(adapted.decision_function(X, codes))
        found = np.asarray(adapted.predict(X, codes))
        return np.log(found) if self.scale == "log" else found

    def losses(self, adapted: Any, tasks: Tasks) -> Array:
        """Of each row, from the linear models adapted to its task: squared error, deviance, or log loss of its label."""
        if not is_classifier(self.corrects):
            return self.deviances(np.asarray(tasks.y, dtype=float), adapted.predict(tasks.X, tasks.codes))
        chance = adapted.predict_proba(tasks.X, tasks.codes)
        return np.asarray(
            -np.log(chance[np.arange(tasks.n_rows), np.searchsorted(adapted.classes, np.asarray(tasks.y))])
        )

    def residuals(self, outputs: Array, y: NDArray[Any]) -> Array:
        """What outputs leave of targets ``(n_rows, n_outputs)``: of labels, indicators less probabilities."""
        if not is_classifier(self.corrects):
            mean = np.exp(outputs) if self.scale == "log" else outputs
            return np.asarray(y.reshape(mean.shape) - mean)
        labels = np.unique(y)
        indicators = y[:, None] == (labels[1:] if outputs.shape[1] == 1 else labels)
        return np.asarray(indicators - expit(outputs))

    def in_units(self, losses: Array) -> Array:
        """Mean losses of tasks, squared errors as roots: in squares a single task that is far off outweighs all others."""
        return np.sqrt(losses) if self.is_additive else losses

    def columns_of(self, outputs: Array) -> list[tuple[str, FunctionTransformer]]:
        """Steps that make columns of answers like ``outputs``: plain functions of NumPy and SciPy, one after the other.

        Logarithms need bounds: an output of zero stands for half of the least that is not.
        """
        steps: list[tuple[str, FunctionTransformer]] = []
        if self.scale != "identity":
            positive = outputs[outputs > 0.0]
            least = float(positive.min()) / 2.0 if len(positive) else np.finfo(float).tiny
            if self.scale == "logit":  # one less it has to be less than one
                least = max(least, np.finfo(float).eps)
            steps += [("clip", _step(np.clip, a_min=least, a_max=None if self.scale == "log" else 1.0 - least))]
            steps += [(self.scale, _step(np.log if self.scale == "log" else logit))]
        if outputs.ndim == 1:
            steps += [("column", _step(np.expand_dims, axis=1))]
        elif self.scale == "logit" and outputs.shape[1] == 2:
            steps += [("second class", _step(np.take, indices=[1], axis=1))]  # the first is its negative
        return steps


def offset_parameter(estimator: Any) -> str | None:
    """How the ``fit`` of an estimator calls scores to start from, which its predictions then leave out; None if it cannot."""
    return next((name for name in _OFFSETS if has_fit_parameter(estimator, name)), None)


def link_of(estimator: Any) -> Link:
    """The link of an estimator: by what it is, by its methods, and by the name of its loss.

    Raises
    ------
    TypeError
        If a classifier tells neither probabilities nor scores.
    """
    if is_classifier(estimator):
        corrects = LogisticRegression()
        if hasattr(estimator, "predict_proba"):
            return Link("predict_proba", "logit", corrects)
        if hasattr(estimator, "decision_function"):
            return Link("decision_function", "identity", corrects)
        raise TypeError(
            f"estimator: wanted a classifier with predict_proba or decision_function, found {type(estimator).__name__}, which "
            "has neither; put a CalibratedClassifierCV around it."
        )
    loss = _loss_of(estimator)
    for name, (regressor, deviances) in _LOG_LINKED.items():
        if name in loss:
            return Link("predict", "log", regressor(), deviances)
    return Link("predict", "identity", Ridge())


def _loss_of(estimator: Any) -> str:
    params = estimator.get_params(deep=False)
    found = (params.get(name) for name in _LOSS_PARAMETERS)
    return next((loss.lower() for loss in found if isinstance(loss, str)), "")


def _step(function: Any, **options: Any) -> FunctionTransformer:
    return FunctionTransformer(function, kw_args=options or None)
