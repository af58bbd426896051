"""What the rows of a task say of how frequent its classes are: "rows", they tell; "past", past tasks do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import drawn_by_class

CLASS_PRIORS = ("rows", "past")


def checked_class_prior(value: Any, classes: Any) -> NDArray[np.float64]:
    """Shares of classes, which sum to one; ValueError unless there is a positive one for each of ``classes``."""
    shares = np.array(value, dtype=float)
    wanted = None if classes is None else np.shape(classes)
    if shares.shape != wanted or not np.all(np.isfinite(shares)) or shares.min() <= 0.0:
        raise ValueError(
            f"class_prior: wanted a positive share for each of the prior's classes, {classes}, found {value}; give "
            "classes=[...], and class_prior= in their order."
        )
    total = shares.sum()
    return shares if abs(total - 1.0) <= len(shares) * np.finfo(float).eps else shares / total


def as_drawn(tasks: Tasks, prior: Any, class_prior: str) -> Tasks:
    """The tasks; with "past" their rows are taken to be drawn by their class, which is as frequent as in past tasks.

    Raises
    ------
    ValueError
        If the prior does not know how frequent classes were.
    """
    if class_prior == "rows":
        return tasks
    check_knows_classes(prior, class_prior)
    return drawn_by_class(tasks, prior.classes, prior.class_prior) if tasks.n_rows else tasks


def check_knows_classes(prior: Any, class_prior: str) -> None:
    """Raise for "past", if a prior does not know how frequent classes were."""
    if class_prior == "rows" or prior.class_prior is not None:
        return
    if prior.own_labels:
        raise ValueError(
            "class_prior: wanted 'rows' where each task has labels of its own, as past tasks do not say how frequent those of "
            "a new one are, found 'past'; use class_prior='rows'."
        )
    raise ValueError(
        "class_prior: wanted a prior that knows how frequent classes were in past tasks for class_prior='past', found "
        f"{prior!r}, which does not; learn it from tasks, write GaussianPrior(..., class_prior=[...]), or use "
        "class_prior='rows'."
    )
