"""Whether a task has rows enough to hold some out, as early stopping does: counted before training."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from skmeta.base._matching import classifies
from skmeta.neural_network._parameters import Array, is_net


def check_rows_to_hold_out(model: Any, y: Array) -> None:
    """Raise if a ``fit`` would stop early and cannot split these rows.

    Parameters
    ----------
    model : estimator
        A net or a linear model of scikit-learn, fitted before.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets or labels of all classes that it is to learn.

    Raises
    ------
    ValueError
        With what is to be changed.
    """
    if _stops_early(model) and not _can_split(model, y):
        raise ValueError(
            f"early_stopping: wanted rows enough to hold some out in each task, of each class of a classifier, found {len(y)} "
            f"rows that {type(model).__name__} cannot split; use early_stopping=False."
        )


def _stops_early(model: Any) -> bool:
    """Whether it is asked to, and a validation fraction has a say: not with lbfgs."""
    return bool(getattr(model, "early_stopping", False)) and getattr(model, "solver", None) != "lbfgs"


def _can_split(model: Any, y: Array) -> bool:
    """Whether both parts have rows enough: one, or two to score a net by, and one of each class where these are kept apart.

    Nets keep two classes apart, and no more: it is several outputs that they are split by then.
    """
    held = ceil(model.validation_fraction * len(y))
    kept = len(y) - held
    least = 2 if is_net(model) else 1
    if not classifies(model) or (is_net(model) and model.n_outputs_ > 1):
        return kept >= 1 and held >= least
    counts = np.unique(y, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(kept, held) >= len(counts) and held >= least)
