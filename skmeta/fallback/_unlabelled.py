"""Estimators of scikit-learn that read rows without label, and how these are marked for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

_MARK = -1  # what stands for no label in scikit-learn's semi-supervised estimators


def reads_unlabelled(estimator: Any) -> bool:
    """Whether an estimator takes rows without label too."""
    return isinstance(estimator, LabelPropagation | LabelSpreading | SelfTrainingClassifier)


def marked(y: NDArray[Any], labelled: NDArray[np.bool_]) -> NDArray[Any]:
    """Labels, with scikit-learn's mark in rows that have none.

    Raises
    ------
    ValueError
        If the mark is itself a label.
    """
    if np.any(y[labelled] == _MARK):
        raise ValueError(
            f"y: wanted other labels than {_MARK}, which says to scikit-learn that a row has none, found it beside rows "
            "without label; give that class another name."
        )
    found = y.astype(object) if y.dtype.kind in "OU" else y.copy()
    found[~labelled] = _MARK
    return found
