"""How well a model's answers to some rows are: the loss that decides, of every task, and other scores of classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

Array = NDArray[np.float64]

BESIDE = ("ROC AUC", "Brier score", "average precision")  # of classifiers, beside their log loss


def scoring_of(model: Any) -> str:
    """Return the name of the score; a classifier without probabilities is judged by its labels."""
    if not is_classifier(model):
        return "neg_root_mean_squared_error"
    return "neg_log_loss" if hasattr(model, "predict_proba") else "neg_zero_one_loss"


def answers_of(model: Any, X: Any, scoring: str, classes: NDArray[Any]) -> NDArray[Any]:
    """Return what is scored of a model: predictions or, for log losses, probabilities of all classes.

    The model need not know them all: a class may be missing from its training rows.
    """
    if scoring != "neg_log_loss":
        return np.asarray(model.predict(X))
    proba = np.zeros((X.shape[0], len(classes)))
    proba[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(X)
    return proba


def row_losses(answers: NDArray[Any], y: NDArray[Any], scoring: str, classes: NDArray[Any]) -> Array:
    """Return squared error, minus the logarithm of the label's probability, or 1 for a wrong label, of every row."""
    if scoring == "neg_log_loss":
        chance = answers[np.arange(len(y)), np.searchsorted(classes, y)]
        return np.asarray(-np.log(np.maximum(chance, np.finfo(np.float64).eps)))
    return np.asarray((answers != y).astype(np.float64) if scoring == "neg_zero_one_loss" else (y - answers) ** 2)


def task_errors(losses: Array, codes: Array, scoring: str) -> Array:
    """Return the mean loss of every task in `codes`, in their order; of squared errors its root."""
    _, rows_of, counts = np.unique(codes, return_inverse=True, return_counts=True)
    means = np.bincount(rows_of, losses) / counts
    return np.asarray(np.sqrt(means) if scoring == "neg_root_mean_squared_error" else means)


def scores_beside(proba: Array, y: NDArray[Any], classes: NDArray[Any]) -> Array:
    """Return the scores named in `BESIDE`, over all rows; the first and the last are means over the classes there are.

    Of two classes they are about the second, as in scikit-learn.
    """
    there = [k for k, label in enumerate(classes) if 0 < np.count_nonzero(y == label) < len(y)]
    asked = there[-1:] if len(classes) == 2 else there
    ranked = [
        np.mean([score(y == classes[k], proba[:, k]) for k in asked]) if asked else np.nan
        for score in (roc_auc_score, average_precision_score)
    ]
    brier = brier_score_loss(y, proba[:, 1] if len(classes) == 2 else proba, labels=classes, **_about(classes))
    return np.array([ranked[0], brier, ranked[1]])


def _about(classes: NDArray[Any]) -> dict[str, Any]:
    return {"pos_label": classes[1]} if len(classes) == 2 else {}
