"""What the shells are given and get back, checked: rows, what a learner learned, whether a prior suits an estimator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skmeta.base import Prior
from skmeta.steps import split_prior


def check_rows(X: Any, hint: str) -> None:
    """Raise where there are no rows; the hint is the way out."""
    if X.shape[0] == 0:
        raise ValueError(f"X: Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required; {hint}.")


def checked_prior(learner: Any, prior: Any) -> Prior:
    """What a learner of somebody's own has learned is a prior."""
    if isinstance(prior, Prior):
        return prior
    raise TypeError(
        f"learner: wanted a learner whose learn returns a Prior, found {type(learner).__name__}, which returned "
        f"{type(prior).__name__}; make its values a subclass of skmeta.base.Prior."
    )


@contextmanager
def naming_the_prior(prior: Any, model: Any) -> Iterator[None]:
    """Where a given prior cannot fill an estimator, the error names both."""
    try:
        yield
    except TypeError as error:
        if prior is None:
            raise
        raise TypeError(
            f"prior: wanted one for {type(model).__name__}, found {split_prior(prior)[1]!r}, which cannot fill it ({error}) "
            "Learn a prior with this estimator, or use the estimator that this one was learned with."
        ) from error
