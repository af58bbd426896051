"""Tables without any feature: what models get of them, and what is handed back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.preprocessing import FunctionTransformer

from skmeta.base._matching import classifies
from skmeta.steps._parts import Parts

_NO_FEATURES = np.empty((1, 0))


def with_constant_column(parts: Parts) -> Parts:
    """An estimator of tables without any feature: its first step gives them one column of zeros.

    scikit-learn's models want a column; with one of zeros all that they fit is an intercept.
    """
    zeros = FunctionTransformer(np.pad, kw_args={"pad_width": ((0, 0), (0, 1))})
    return replace(parts, steps=(("constant", zeros), *parts.steps))


def as_constant(fitted: Any) -> Any:
    """What a fitted estimator of tables without any feature says of every row, as scikit-learn's dummy estimator.

    That of a regressor predicts the same number, that of a classifier the same probabilities or, where it has none, label.
    """
    answer = fitted.predict(_NO_FEATURES)
    if not classifies(fitted):
        return DummyRegressor().fit(_NO_FEATURES, answer)
    if not hasattr(fitted, "predict_proba"):
        share = (fitted.classes_ == answer).astype(float)
    else:
        share = fitted.predict_proba(_NO_FEATURES)[0]
    return DummyClassifier(strategy="prior").fit(np.empty((len(share), 0)), fitted.classes_, sample_weight=share)
