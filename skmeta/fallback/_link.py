"""On which scale the outputs of a shared model and the targets meet, and which linear model corrects them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import is_classifier
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, Ridge
from sklearn.preprocessing import FunctionTransformer

Array = NDArray[np.float64]

# Names that libraries give to the loss of a model whose predictions are exp(score), by what they are part of.
_LOSS_PARAMETERS = ("loss", "objective", "loss_function", "criterion")
_LOG_LINKED = {"poisson": PoissonRegressor, "gamma": GammaRegressor}


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
        The unfitted linear model; a score of one unit of the right column is its mean answer.
    """

    method: str
    scale: str
    corrects: Any

    @property
    def is_additive(self) -> bool:
        """Whether a correction can be taken away from the targets, so that the shared model is fitted to the rest."""
        return self.scale == "identity" and not is_classifier(self.corrects)

    def columns_of(self, outputs: Array) -> list[tuple[str, FunctionTransformer]]:
        """Steps that make columns of answers like ``outputs``: plain functions of NumPy and SciPy, one after the other.

        Logarithms need bounds: an output of zero stands for half of the least that is not.
        """
        steps: list[tuple[str, FunctionTransformer]] = []
        if self.scale != "identity":
            positive = outputs[outputs > 0.0]
            least = float(positive.min()) / 2.0 if len(positive) else np.finfo(float).tiny
            steps += [("clip", _step(np.clip, a_min=least, a_max=None if self.scale == "log" else 1.0 - least))]
            steps += [(self.scale, _step(np.log if self.scale == "log" else logit))]
        if outputs.ndim == 1:
            steps += [("column", _step(np.expand_dims, axis=1))]
        elif self.scale == "logit" and outputs.shape[1] == 2:
            steps += [("second class", _step(np.take, indices=[1], axis=1))]  # the first is its negative
        return steps


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
    linked = next((_LOG_LINKED[name] for name in _LOG_LINKED if name in _loss_of(estimator)), None)
    return Link("predict", "identity", Ridge()) if linked is None else Link("predict", "log", linked())


def _loss_of(estimator: Any) -> str:
    params = estimator.get_params(deep=False)
    found = (params.get(name) for name in _LOSS_PARAMETERS)
    return next((loss.lower() for loss in found if isinstance(loss, str)), "")


def _step(function: Any, **options: Any) -> FunctionTransformer:
    return FunctionTransformer(function, kw_args=options or None)
