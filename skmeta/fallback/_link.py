"""On which scale the outputs of a shared model and the targets meet, and which linear model corrects them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import has_fit_parameter

from skmeta.base._held_out import held_out_losses, squared_errors
from skmeta.base._matching import classifies
from skmeta.fallback._losses import loss_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

# What LightGBM, XGBoost and CatBoost call scores that a fit starts from.
_OFFSETS = ("init_score", "base_margin", "baseline")


@dataclass(frozen=True)
class Link:
    """How a shared model's outputs become columns of a linear model.

    Parameters
    ----------
    method : {"predict", "predict_proba", "decision_function"}
        What the shared model is asked.
    scale : {"identity", "log", "logit"}
        What is made of its answers.
    linear_model : estimator
        The unfitted linear model.
    of_rows : callable, default=squared_errors
        ``of_rows(y, prediction)`` are the losses of rows of a regressor.
    """

    method: str
    scale: str
    linear_model: Any
    of_rows: Callable[[Array, Array], Array] = squared_errors

    @property
    def is_additive(self) -> bool:
        """Whether a correction can be taken away from the targets, so that the shared model is fitted to the rest."""
        return self.scale == "identity" and not is_classifier(self.linear_model)

    @property
    def is_squared(self) -> bool:
        """Whether rows are judged by squared errors."""
        return self.of_rows is squared_errors and not is_classifier(self.linear_model)

    def level_shift(self, noise: Array) -> Array:
        r"""How far the linear model lies above the mean: of quantile regression :math:`\sigma \Phi^{-1}(q)`, of others zero."""
        level = self.linear_model.get_params().get("quantile", 0.5)
        return np.asarray(np.sqrt(noise) * ndtri(level))

    def scores(self, adapted: Any, X: Any, codes: NDArray[np.intp]) -> Array:
        """Linear predictors of rows: log-odds of classifiers, logarithms where the scale is that."""
        if is_classifier(self.linear_model):
            return np.asarray(adapted.decision_function(X, codes))
        found = np.asarray(adapted.predict(X, codes))
        return np.log(found) if self.scale == "log" else found

    def losses(self, adapted: Any, tasks: Tasks) -> Array:
        """Of each row, from the linear models adapted to its task: squared error, deviance, or log loss of its label."""
        return held_out_losses(adapted, tasks, self.of_rows)

    def residuals(self, outputs: Array, y: NDArray[Any]) -> Array:
        """What outputs leave of targets ``(n_rows, n_outputs)``: of labels, indicators less probabilities."""
        if not is_classifier(self.linear_model):
            mean = np.exp(outputs) if self.scale == "log" else outputs
            return np.asarray(y.reshape(mean.shape) - mean)
        labels = np.unique(y)
        indicators = y[:, None] == (labels[1:] if outputs.shape[1] == 1 else labels)
        return np.asarray(indicators - expit(outputs))

    def in_units(self, losses: Array) -> Array:
        """Mean losses of tasks, squared errors as roots: in squares a single task that is far off outweighs all others."""
        return np.sqrt(losses) if self.is_squared else losses

    def columns_of(self, outputs: Array) -> list[tuple[str, FunctionTransformer]]:
        """Steps that make columns of answers like ``outputs``: plain functions of NumPy and SciPy, one after the other.

        Logarithms need bounds, see `_bounds`.
        """
        steps: list[tuple[str, FunctionTransformer]] = []
        if self.scale != "identity":
            least, most = _bounds(outputs, self.scale)
            steps += [("clip", _step(np.clip, a_min=least, a_max=most))]
            steps += [(self.scale, _step(np.log if self.scale == "log" else logit))]
        if outputs.ndim == 1:
            steps += [("column", _step(np.expand_dims, axis=1))]
        elif self.scale == "logit" and outputs.shape[1] == 2:
            steps += [("second class", _step(np.take, indices=[1], axis=1))]  # the first is its negative
        return steps


def columns_from(answers: Array, steps: list[tuple[str, FunctionTransformer]]) -> Array:
    """What the steps of `Link.columns_of` make of answers."""
    for _, step in steps:
        answers = step.transform(answers)
    return answers


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
    if classifies(estimator):
        linear_model = LogisticRegression()
        if hasattr(estimator, "predict_proba"):
            return Link("predict_proba", "logit", linear_model)
        if hasattr(estimator, "decision_function"):
            return Link("decision_function", "identity", linear_model)
        raise TypeError(
            f"estimator: wanted a classifier with predict_proba or decision_function, found {type(estimator).__name__}, which "
            "has neither; put a BaggingClassifier around it, whose probabilities are shares of votes."
        )
    loss = loss_of(estimator)
    return Link("predict", "log" if loss.is_log_linked else "identity", loss.linear_model, loss.of_rows)


def _bounds(outputs: Array, scale: str) -> tuple[float, float | None]:
    """Between which values outputs are taken: beyond all others by half of the distance that the nearest have to the end.

    Where a classifier is always certain, as a tree grown to the end, the end is half a row of all rows away.
    """
    if scale == "log":
        positive = outputs[outputs > 0.0]
        return (float(positive.min()) / 2.0 if len(positive) else np.finfo(float).tiny), None
    distance = np.minimum(outputs, 1.0 - outputs)
    inside = distance[distance > np.finfo(float).eps]
    least = float(inside.min()) / 2.0 if len(inside) else 0.5 / len(outputs)
    return least, 1.0 - least


def _step(function: Any, **options: Any) -> FunctionTransformer:
    return FunctionTransformer(function, kw_args=options or None)
